/**
 * What a module consists of, as far as a patch crate has to repeat or to name it: plain data, so that it may be kept when the
 * syntax tree is gone.
 */
import type { Node } from "web-tree-sitter";
import { Refusal } from "../../edits/refusal.js";
import { LexError, type Span, tokensOf } from "../../source/lexer.js";

/** A module's own text: a file's, or that between an inline module's braces. */
export interface ModuleFacts {
  /** `#![…]`, each on one line. */
  readonly innerAttributes: readonly string[];
  /** `use` and `extern crate` declarations with their attributes, each on one line. */
  readonly imports: readonly string[];
  readonly hasGlobImports: boolean;
  /** Names of its own items that other modules could name. */
  readonly names: ReadonlySet<string>;
  /** Those of them that are traits. */
  readonly traits: ReadonlySet<string>;
  /** Those of them that are types: no trait can have the name. */
  readonly types: ReadonlySet<string>;
  /** Macros are called among its items, or in its impls and traits. */
  readonly hasMacroCalls: boolean;
  readonly macros: readonly MacroFacts[];
  readonly children: readonly ChildFacts[];
}

/** A `macro_rules!` definition. */
export interface MacroFacts {
  readonly name: string;
  readonly start: number;
  /** `#[macro_export]`: it can be named by a path, from other crates as well. */
  readonly isExported: boolean;
  /** The definition on one line; undefined when it has tokens of several lines. */
  readonly text: string | undefined;
}

/** A module's declaration. */
export interface ChildFacts {
  readonly name: string;
  /** From the first attribute to the name, on one line: `#[cfg(unix)] mod name`. Public, whatever it was. */
  readonly declaration: string;
  readonly span: Span;
  /** `#[path = "…"]`. */
  readonly path: string | undefined;
  /** `#[macro_use]`: its macros are in scope behind it. */
  readonly usesMacros: boolean;
  /** An inline module's content. */
  readonly inline: ModuleFacts | undefined;
}

const NAMED = new Set([
  ..."function_item struct_item enum_item union_item trait_item type_item const_item static_item".split(" "),
]);

const TYPES = new Set("struct_item enum_item union_item type_item".split(" "));

/** Reads the facts of a file, or of an inline module's `declaration_list`. Throws `LexError`. */
export function moduleFacts(text: string, container: Node): ModuleFacts {
  const innerAttributes: string[] = [];
  const imports: string[] = [];
  const names = new Set<string>();
  const macros: MacroFacts[] = [];
  const children: ChildFacts[] = [];
  const traits = new Set<string>();
  const types = new Set<string>();
  let hasGlobImports = false;
  let hasMacroCalls = false;
  let attributes: string[] = [];
  let start: number | undefined;
  for (const node of container.namedChildren) {
    const line = (): string | undefined => oneLine(text, node.startIndex, node.endIndex);
    if (node.type === "attribute_item") {
      attributes.push(line() ?? "");
      start ??= node.startIndex;
      continue;
    }
    if (node.type === "line_comment" || node.type === "block_comment") continue;
    const name = node.childForFieldName("name");
    const own = name === null ? "" : text.slice(name.startIndex, name.endIndex);
    if (node.type === "inner_attribute_item") innerAttributes.push(line() ?? "");
    else if (node.type === "use_declaration" || node.type === "extern_crate_declaration") {
      const declaration = line() ?? "";
      imports.push([...attributes, declaration].join(" "));
      hasGlobImports ||= declaration.includes("*");
    } else if (node.type === "macro_definition") {
      const isExported = attributes.some((attribute) => attribute.includes("macro_export"));
      macros.push({ name: own, start: node.startIndex, isExported, text: line() });
    } else if (node.type === "mod_item") {
      children.push(childFacts(text, node, own, attributes, start));
    } else if (NAMED.has(node.type)) names.add(own);
    if (node.type === "trait_item") traits.add(own);
    if (TYPES.has(node.type) && !attributes.some((attribute) => attribute.includes("cfg"))) types.add(own);
    hasMacroCalls ||= callsMacros(node);
    attributes = [];
    start = undefined;
  }
  return { innerAttributes, imports, hasGlobImports, names, traits, types, hasMacroCalls, macros, children };
}

/** Whether an item is a call of a macro, or holds one in the place of an item. */
function callsMacros(node: Node): boolean {
  if (isMacroCall(node)) return true;
  const holds = node.type === "impl_item" || node.type === "trait_item";
  return holds && (node.childForFieldName("body")?.namedChildren ?? []).some(callsMacros);
}

/** Whether an item is a call of a macro. */
export function isMacroCall({ type, namedChildren }: Node): boolean {
  return type === "macro_invocation" || (type === "expression_statement" && namedChildren.some(isMacroCall));
}

function childFacts(
  text: string,
  node: Node,
  name: string,
  attributes: readonly string[],
  start: number | undefined,
): ChildFacts {
  const body = node.childForFieldName("body");
  const path = attributes
    .map((attribute) => /^#\[ ?path ?= ?"(.*)" ?\]$/.exec(attribute)?.[1])
    .find((it) => it !== undefined);
  return {
    name,
    declaration: [...attributes, "pub mod", name].join(" "),
    span: { start: start ?? node.startIndex, end: node.endIndex },
    path,
    usesMacros: attributes.includes("#[macro_use]"),
    inline: body === null ? undefined : moduleFacts(text, body),
  };
}

/**
 * The tokens between two offsets on one line, without comments and documentation; undefined when a token has several lines. Blanks are
 * one or none, as there were any or not, so that joined punctuation stays joined.
 */
export function oneLine(text: string, start: number, end: number): string | undefined {
  let out = "";
  let at = start;
  for (const token of tokensOf(text, start, end)) {
    if (token.kind === "innerDoc" || token.kind === "outerDoc") continue;
    const word = text.slice(token.start, token.end);
    if (word.includes("\n")) return undefined;
    out += (out === "" || token.start === at ? "" : " ") + word;
    at = token.end;
  }
  return out;
}

/** The facts of a file's text, or why there are none. */
export function factsOf(text: string, root: Node): ModuleFacts | Refusal {
  try {
    return moduleFacts(text, root);
  } catch (error) {
    if (error instanceof LexError) return new Refusal("unreadable", error.message);
    throw error;
  }
}

/** The names of all types and traits of a file's modules. */
export function allTypes({ types, traits, children }: ModuleFacts): readonly string[] {
  return [...types, ...traits, ...children.flatMap(({ inline }) => (inline === undefined ? [] : allTypes(inline)))];
}

/** All macros of a module and of the inline modules in it. */
export function allMacros({ macros, children }: ModuleFacts): readonly MacroFacts[] {
  return [...macros, ...children.flatMap(({ inline }) => (inline === undefined ? [] : allMacros(inline)))];
}
