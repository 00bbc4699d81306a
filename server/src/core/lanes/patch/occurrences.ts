/** Where a name stands in a text, and as what: read off the syntax tree, macros' arguments and attributes included. */
import type { Node } from "web-tree-sitter";
import type { BodyRef, Outline } from "../../source/functions.js";
import type { Source } from "../../source/sourceCache.js";
import { useLeaves } from "../../source/useTrees.js";
import { refuse } from "../../edits/refusal.js";

export type OccurrenceKind =
  /** A name without a path, or a segment of a path that others follow. */
  | "plain"
  /** Behind `::`. */
  | "qualified"
  /** A method that is called, behind a dot. */
  | "method"
  /** A field, or the name of something that is declared: nothing that another item could be. */
  | "declared"
  /** A function or a constant of an impl without a trait: where it is declared. */
  | "inherent"
  /** What an import brings under this name. */
  | "leaf"
  /** Elsewhere in an import. */
  | "import"
  /** In the definition of a macro by example. */
  | "macro"
  /** In the arguments of a macro, or in an attribute: who knows what becomes of it. */
  | "verbatim";

export interface Occurrence {
  readonly kind: OccurrenceKind;
  readonly offset: number;
  /** The function that it stands in, outermost. */
  readonly fn: BodyRef | undefined;
  /** In that function's parameters, as a name for one. */
  readonly isParameter: boolean;
  /** In that function's body. */
  readonly isInBody: boolean;
  /** `::` and another segment stand behind it. */
  readonly isPathStart: boolean;
  /** Of an import: what it imports by way of the name, first segments first. */
  readonly imported: readonly (readonly string[])[];
  /** The plain path in front of it, first segments first; empty where there is none. */
  readonly pathBefore: readonly string[];
  /** The type of the impl that it stands in, as it is written, without arguments; empty elsewhere. */
  readonly self: string;
  /** What stands in front of it, whatever it is part of: `.`, or the last name of a path before `::`. Empty for anything else. */
  readonly owner: string;
  /** Behind it come arguments, of a call or generic ones. */
  readonly isCalled: boolean;
  /** Its node. */
  readonly node: Node | undefined;
}

/** All places of a name in a source. What is not known to be harmless is one of them. */
export function occurrencesOf(name: string, { text, root, outline }: Source): readonly Occurrence[] {
  if (!text.includes(name)) return [];
  if (root === undefined || typeof outline === "string") refuse("unreadable");
  const found: Occurrence[] = [];
  const pattern = new RegExp(`(?<![\\p{XID_Continue}])${name}(?![\\p{XID_Continue}])`, "gu");
  for (const { index: offset } of text.matchAll(pattern)) {
    const node = root.descendantForIndex(offset, offset + name.length);
    const kind = node === null ? "verbatim" : kindOf(node);
    if (kind === undefined) continue;
    const fn = functionAt(outline, offset);
    const parameter = node?.parent?.type === "parameter" ? node.parent.childForFieldName("pattern") : undefined;
    found.push({
      kind,
      offset,
      fn,
      isInBody: fn !== undefined && fn.body.start <= offset && offset < fn.body.end,
      isParameter: node !== null && parameter?.id === node.id,
      isPathStart: /^\s*::(?!\s*<)/.test(text.slice(offset + name.length, offset + name.length + 64)),
      imported: (kind === "import" || kind === "leaf") && node !== null ? importedBy(node, name, text) : [],
      pathBefore: kind === "qualified" && node !== null ? pathBefore(node, text) : [],
      self: node === null ? "" : selfAt(node, text),
      owner: ownerAt(text, offset),
      isCalled: /^\s*(?:\(|::)/.test(text.slice(offset + name.length, offset + name.length + MAX_OWNER)),
      node: node ?? undefined,
    });
  }
  return found;
}

function functionAt({ functions }: Outline, offset: number): BodyRef | undefined {
  return functions.find(({ span }) => span.start <= offset && offset < span.end);
}

/** What a name belongs to, read off the text: macros' arguments have no tree. `>`: who knows. */
function ownerAt(text: string, offset: number): string {
  const before = text.slice(Math.max(0, offset - MAX_OWNER), offset);
  if (/(?<!\.)\.\s*$/u.test(before)) return ".";
  const [, name = ""] = /([\p{XID_Start}_]\p{XID_Continue}*)\s*::\s*$/u.exec(before) ?? [];
  return name === "" && /::\s*$/u.test(before) ? ">" : name;
}

/** No name, nor the blanks beside it, are longer. */
const MAX_OWNER = 512;

/** What macros get of a text. (`macro_definition` comes first where one is in the other.) */
const SEEN_BY_MACROS = new Set(["token_tree", "attribute_item", "inner_attribute_item"]);

/** Undefined where it says nothing to rustc: in comments, in literals that no macro sees, as a trait's in `<T as Trait>::name`. */
function kindOf(node: Node): OccurrenceKind | undefined {
  if (node.hasError || node.isError) return "verbatim";
  if (isDeclared(node)) return isInherent(node.parent) ? "inherent" : "declared";
  let isLiteral = false;
  let isSeen = false;
  for (let outer: Node | null = node; outer !== null; outer = outer.parent) {
    const { type } = outer;
    if (type.includes("comment")) return undefined;
    if (type === "macro_definition") return "macro";
    if (type === "use_declaration") return isLeaf(node) ? "leaf" : "import";
    isLiteral ||= /_literal$|^string_content$|^escape_sequence$/.test(type);
    isSeen ||= SEEN_BY_MACROS.has(type);
  }
  if (isSeen) return "verbatim";
  const { parent } = node;
  if (isLiteral || node.type === "lifetime" || parent?.type === "lifetime" || parent?.type === "label")
    return undefined;
  if (node.type === "field_identifier") {
    if (parent?.type !== "field_expression") return "declared";
    const caller = parent.parent;
    const isCalled = caller?.type === "call_expression" && caller.childForFieldName("function")?.id === parent.id;
    return isCalled || caller?.type === "generic_function" ? "method" : "declared";
  }
  if (parent === null || !/^scoped_(type_)?identifier$/.test(parent.type))
    return isVariable(node) ? "declared" : "plain";
  if (parent.childForFieldName("name")?.id !== node.id) return "plain";
  return isOfTrait(parent.childForFieldName("path")) ? undefined : "qualified";
}

/** What sees no variables of what is around it. */
const ITEMS: ReadonlySet<string> = new Set(
  "function_item impl_item trait_item mod_item const_item static_item struct_item enum_item union_item".split(" "),
);

/** Whether it is certain to be a variable: a `let` declares it that cannot be a pattern of a constant, as it takes every value. */
function isVariable(node: Node): boolean {
  if (node.type !== "identifier") return false;
  const { parent } = node;
  const isPattern = parent?.type === "let_declaration" && parent.childForFieldName("pattern")?.id === node.id;
  if (isPattern) return declaresVariable(parent, node.text);
  for (let inner = node, outer = node.parent; outer !== null && !ITEMS.has(inner.type); outer = outer.parent) {
    if (outer.type === "block") {
      for (let before = inner.previousNamedSibling; before !== null; before = before.previousNamedSibling) {
        if (declaresVariable(before, node.text)) return true;
      }
    }
    inner = outer;
  }
  return false;
}

function declaresVariable(node: Node, name: string): boolean {
  if (node.type !== "let_declaration" || node.childForFieldName("alternative") !== null) return false;
  const pattern = node.childForFieldName("pattern");
  return pattern?.type === "identifier" && pattern.text === name;
}

/** Whether a path is `<Type as Trait>`. */
function isOfTrait(path: Node | null): boolean {
  return path?.type === "bracketed_type" && path.namedChildren.some(({ type }) => type === "qualified_type");
}

/** Whether an import brings what it names by this node, under the same name. */
function isLeaf(node: Node): boolean {
  let leaf = node;
  const { parent } = node;
  if (parent?.type === "scoped_identifier") {
    if (parent.childForFieldName("name")?.id !== node.id) return false;
    leaf = parent;
  }
  const outer = leaf.parent?.type ?? "";
  return outer === "use_list" || outer === "use_declaration";
}

const DECLARATIONS = new Set([
  ..."function_item function_signature_item struct_item enum_item union_item trait_item type_item const_item".split(
    " ",
  ),
  ..."static_item mod_item associated_type enum_variant field_declaration macro_definition".split(" "),
  ..."type_parameter const_parameter".split(" "),
]);

/** Whether it is the name of what its parent declares. */
function isDeclared(node: Node): boolean {
  const { parent } = node;
  return parent !== null && DECLARATIONS.has(parent.type) && parent.childForFieldName("name")?.id === node.id;
}

function isInherent(declaration: Node | null): boolean {
  const impl = declaration?.parent?.parent;
  return impl?.type === "impl_item" && impl.childForFieldName("trait") === null;
}

/** The paths of an import that a name is a segment of. */
function importedBy(node: Node, name: string, text: string): readonly (readonly string[])[] {
  let outer: Node | null = node;
  while (outer !== null && outer.type !== "use_declaration") outer = outer.parent;
  const leaves = outer === null ? [] : useLeaves(text.slice(outer.startIndex, outer.endIndex));
  return leaves.filter((leaf) => leaf.path.includes(name)).map((leaf) => leaf.path);
}

/** The segments in front of the last one of a path, where all of them are names. */
function pathBefore({ parent }: Node, text: string): readonly string[] {
  const path = parent?.childForFieldName("path");
  const written = path === null || path === undefined ? "" : text.slice(path.startIndex, path.endIndex);
  return /^(\w+\s*::\s*)*\w+$/.test(written) ? written.split("::").map((segment) => segment.trim()) : [];
}

function selfAt(node: Node, text: string): string {
  for (let outer: Node | null = node; outer !== null; outer = outer.parent) {
    const type = outer.type === "impl_item" ? outer.childForFieldName("type") : null;
    if (type !== null) return text.slice(type.startIndex, type.endIndex).split("<")[0]?.replace(/\s/g, "") ?? "";
  }
  return "";
}

/** Whether an item of a module may be meant. A name that is imported as it is, is that of whatever has it: who uses it is another mention. */
export function isMention({ kind, isInBody }: Occurrence): boolean {
  switch (kind) {
    case "plain":
    case "qualified":
    case "import":
    case "macro":
    case "verbatim":
      return true;
    case "leaf":
      return isInBody;
    case "declared":
    case "inherent":
    case "method":
      return false;
  }
}

/** Whether a method or a constant of a trait may be meant. */
export function isMemberUse({ kind }: Occurrence): boolean {
  return kind === "method" || kind === "qualified" || kind === "verbatim" || kind === "macro";
}
