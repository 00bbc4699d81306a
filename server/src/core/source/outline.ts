/**
 * A file's functions: where their bodies are, and what decides whether a body may be edited alone or blanked.
 *
 * Built from a syntax tree; what it says of one function is checked by the lexer, so two readings have to agree.
 */
import { type Attributes, NO_ATTRIBUTES, readAttributes } from "./attributes.js";
import { type BodyFacts, bodyFacts, makesItems } from "./bodyFacts.js";
import { byteOffsets } from "./bytes.js";
import type { Node } from "web-tree-sitter";
import { type ImportedMacros, importedMacros } from "./importedMacros.js";
import { type FunctionHeader, containerHeader, functionHeader } from "./header.js";
import type { Span } from "./lexer.js";
import {
  type BodyRef,
  type Exposure,
  type FutureRoot,
  type InnerItem,
  type Lines,
  type Outline,
  type Root,
  withoutLifetimes,
} from "./functions.js";

const CONTAINERS = new Set(["mod_item", "impl_item", "trait_item"]);
const ITEMS = new Set([
  ..."function_item function_signature_item struct_item enum_item union_item type_item const_item static_item".split(
    " ",
  ),
  ..."macro_definition extern_crate_declaration foreign_mod_item use_declaration associated_type".split(" "),
  ...CONTAINERS,
]);
/** Items whose doc comments a derive may read. */
const DERIVABLE = new Set(["struct_item", "enum_item", "union_item"]);

/** What surrounds an item. */
interface Context {
  readonly path: string;
  readonly isGeneric: boolean;
  readonly isConst: boolean;
  readonly isTrait: boolean;
  readonly isTraitImpl: boolean;
  readonly isNested: boolean;
  readonly isTestOnly: boolean;
  readonly macros: readonly string[];
  /** A macro boxes the futures of its functions; its lines, and those behind it up to the impl's first. */
  readonly boxedBy: Lines | undefined;
  /** A function's name as its module sees it: `<Type as Trait>::name`. */
  readonly qualifier: (name: string) => string;
  /** Where items can be added to the module; null: nowhere, undefined: at the end of the file. */
  readonly place: number | null | undefined;
}

const TOP: Context = {
  path: "",
  isGeneric: false,
  isConst: false,
  isTrait: false,
  isTraitImpl: false,
  isNested: false,
  isTestOnly: false,
  macros: [],
  boxedBy: undefined,
  qualifier: (name) => name,
  place: undefined,
};

/** Reads the outline of a file. Throws `LexError` when the lexer cannot read an item's header. */
export function outlineOf(text: string, root: Node): Outline {
  const collector = new Collector(text);
  collector.items(root.namedChildren, TOP);
  if (root.hasError && root.type === "ERROR") collector.damageAt(root.startIndex);
  return collector.outline();
}

/** The items in a function's body, outermost only; `outer` is the function. Throws `LexError`. */
export function innerItems(text: string, body: Node, outer: BodyRef): InnerItem[] {
  const collector = new Collector(text);
  const context: Context = { ...TOP, path: outer.path, isNested: true, macros: outer.attributeMacros };
  return collector.bodyItems(body, context);
}

class Collector {
  private readonly functions: BodyRef[] = [];
  private readonly inertDocs: Span[] = [];
  private readonly testOnly: Span[] = [];
  private readonly denied = new Set<string>();
  private readonly imported: ImportedMacros;
  private readonly toBytes: (offset: number) => number;
  private damage: number | undefined;

  constructor(private readonly text: string) {
    this.imported = importedMacros(text);
    this.toBytes = byteOffsets(text);
  }

  outline(): Outline {
    const { functions, inertDocs, testOnly, damage } = this;
    return { functions, inertDocs, testOnly, damage, denied: [...this.denied] };
  }

  damageAt(offset: number): void {
    this.damage ??= offset;
  }

  /** The items of a file, module, impl or trait. */
  items(nodes: readonly Node[], context: Context): void {
    let attributes: string[] = [];
    let docs: Span[] = [];
    let start: number | undefined;
    let within = context;
    for (const node of nodes) {
      switch (node.type) {
        case "attribute_item":
          attributes.push(this.slice(node));
          start ??= node.startIndex;
          continue;
        case "inner_attribute_item":
          within = this.withMacros(within, this.attributes([this.slice(node)]));
          continue;
        case "line_comment":
        case "block_comment":
          docs.push(spanOf(node));
          continue;
        default:
          break;
      }
      const own = this.attributes(attributes);
      const inner = this.contextOf(node, own, start, { ...within, isTestOnly: within.isTestOnly || own.isTestOnly });
      if (own.isTestOnly && !within.isTestOnly && inner.macros.length === 0 && ITEMS.has(node.type)) {
        this.testOnly.push({ start: start ?? node.startIndex, end: node.endIndex });
      }
      const isDerivable = DERIVABLE.has(node.type) && own.names.includes("derive");
      if (inner.macros.length === 0 && !isDerivable && ITEMS.has(node.type)) this.inertDocs.push(...docs);
      this.item(node, own, inner);
      attributes = [];
      docs = [];
      start = undefined;
    }
    this.inertDocs.push(...docs.filter(() => within.macros.length === 0));
  }

  private item(node: Node, attributes: Attributes, context: Context): void {
    if (node.type === "function_item") this.functionItem(node, attributes, context);
    else if (CONTAINERS.has(node.type)) this.container(node, context);
    else if (node.hasError) this.damageAt(node.startIndex);
  }

  private container(node: Node, context: Context): void {
    const body = node.childForFieldName("body");
    if (node.hasError && (body === null || hasOwnError(node, body))) this.damageAt(node.startIndex);
    if (body === null) return;
    this.items(body.namedChildren, this.inside(node, body, context));
    // An error among the items themselves has been seen there; a missing brace belongs to no item.
    if (body.hasError && body.children.some((child) => child.isMissing)) this.damageAt(body.startIndex);
  }

  private inside(node: Node, body: Node, context: Context): Context {
    const header = containerHeader(this.text, node.startIndex, body.startIndex);
    const isTrait = node.type === "trait_item";
    const isModule = node.type === "mod_item";
    return {
      path: context.path === "" ? header.label : `${context.path}::${header.label}`,
      isGeneric: !isModule && (isTrait || header.isGeneric),
      isConst: header.isConst,
      isTrait,
      isTraitImpl: isImplOfTrait(node),
      isNested: context.isNested,
      isTestOnly: context.isTestOnly,
      macros: context.macros,
      boxedBy: context.boxedBy,
      qualifier: isModule ? TOP.qualifier : this.qualifier(node),
      place: isModule ? this.placeIn(body) : context.place,
    };
  }

  /** How a method is named outside of its impl. */
  private qualifier(node: Node): (name: string) => string {
    const type = node.childForFieldName("type");
    const trait = node.childForFieldName("trait");
    if (type === null) return (name) => name;
    const self = withoutLifetimes(this.slice(type));
    if (trait === null) return (name) => `<${self}>::${name}`;
    const path = withoutLifetimes(this.slice(trait));
    // Nobody may call a destructor but the compiler.
    if (/(?:^|::)Drop$/.test(path)) return () => `::core::ptr::drop_in_place::<${self}>`;
    return (name) => `<${self} as ${path}>::${name}`;
  }

  /** In front of a module's closing brace, unless that would move something on the same line. */
  private placeIn(body: Node): number | null {
    const newline = this.text.indexOf("\n", body.endIndex);
    const rest = this.text.slice(body.endIndex, newline < 0 ? undefined : newline);
    return rest.trim() === "" ? body.endIndex - 1 : null;
  }

  private functionItem(node: Node, attributes: Attributes, context: Context): void {
    const body = node.childForFieldName("body");
    const header = body === null ? undefined : functionHeader(this.text, node.startIndex, body.startIndex);
    if (body === null || header === undefined) {
      this.damageAt(node.startIndex);
      return;
    }
    if (node.hasError && hasOwnError(node, body)) this.damageAt(node.startIndex);
    this.functions.push(this.bodyRef(node, body, header, attributes, context));
  }

  private bodyRef(node: Node, body: Node, header: FunctionHeader, own: Attributes, context: Context): BodyRef {
    const span = spanOf(node);
    const bodySpan = spanOf(body);
    const facts = bodyFacts(this.text, bodySpan);
    const isConst = header.isConst || context.isConst;
    const isGeneric = header.isGeneric || context.isGeneric;
    const isAsync = header.isAsync && !own.made.isBlocking && context.boxedBy === undefined;
    const exposed = exposure({ ...header, isAsync }, isConst, context);
    const future = isAsync ? { arity: arityOf(node), isUnsafe: header.isUnsafe } : undefined;
    const isDamaged = facts.isDamaged || body.hasError;
    return {
      path: context.path === "" ? header.name : `${context.path}::${header.name}`,
      name: header.name,
      span,
      body: bodySpan,
      bytes: { span: this.bytes(span), body: this.bytes(bodySpan) },
      line: node.startPosition.row + 1,
      bodyLine: body.startPosition.row + 1,
      endLine: node.endPosition.row + 1,
      isConst,
      isAsync,
      isUnsafe: header.isUnsafe,
      isExtern: header.isExtern,
      isGeneric,
      returnsImpl: header.returnsImpl,
      inline: own.inline,
      isTest: own.names.includes("test") || own.names.includes("bench"),
      isTestOnly: own.isTestOnly || context.isTestOnly,
      isTraitDefault: context.isTrait,
      isTraitImpl: context.isTraitImpl,
      isNested: context.isNested,
      hasItems: facts.hasItems,
      hasOtherItems: facts.hasOtherItems,
      hasUnknownMacros: facts.hasUnknownMacros,
      attributes: own.names,
      attributeMacros: context.macros,
      isRewritten: own.isRewritten || context.boxedBy !== undefined,
      boxedBy: context.boxedBy,
      isMadeTest: own.made.isTest,
      root: isGeneric ? undefined : rootOf(header.name, future, context),
      exposed,
      whole: exposed?.kind ?? wholeFunction(header, own) ?? wholeBody(facts, isDamaged),
      isDamaged,
    };
  }

  /** Items anywhere in a body: also in blocks, closures and match arms. */
  bodyItems(parent: Node, context: Context): InnerItem[] {
    const found: InnerItem[] = [];
    let attributes: string[] = [];
    let start: number | undefined;
    for (const node of parent.namedChildren) {
      if (node.type === "attribute_item") {
        attributes.push(this.slice(node));
        start ??= node.startIndex;
        continue;
      }
      if (node.type === "macro_invocation" && this.mayMakeItems(node)) {
        found.push({ kind: node.type, span: spanOf(node), functions: [] });
      } else if (ITEMS.has(node.type)) {
        const collector = new Collector(this.text);
        const own = this.attributes(attributes);
        collector.item(node, own, this.contextOf(node, own, start, context));
        const span = { start: start ?? node.startIndex, end: node.endIndex };
        found.push({ kind: node.type, span, functions: collector.functions });
      } else {
        found.push(...this.bodyItems(node, context));
      }
      if (node.type !== "line_comment" && node.type !== "block_comment") {
        attributes = [];
        start = undefined;
      }
    }
    return found;
  }

  private mayMakeItems(node: Node): boolean {
    const name = node.childForFieldName("macro");
    const opening = node.lastChild?.firstChild?.type ?? "";
    return makesItems(name === null ? "" : this.slice(name), opening);
  }

  private attributes(texts: readonly string[]): Attributes {
    if (texts.length === 0) return NO_ATTRIBUTES;
    const read = readAttributes(texts, this.imported);
    for (const lint of read.denied) this.denied.add(lint);
    return read;
  }

  /** What an item's attributes say of what is in it. `start`: where they begin, if it has some. */
  private contextOf(node: Node, own: Attributes, start: number | undefined, context: Context): Context {
    const isBoxing = own.boxing.length > 0 && isImplOfTrait(node);
    const boxedBy = isBoxing
      ? ([this.lineOf(start ?? node.startIndex), node.startPosition.row + 1] as const)
      : node.type === "function_item"
        ? context.boxedBy
        : undefined;
    const macros = isBoxing ? own.macros.filter((name) => !own.boxing.includes(name)) : own.macros;
    return this.withMacros({ ...context, boxedBy }, { macros });
  }

  private lineOf(offset: number): number {
    return this.text.slice(0, offset).split("\n").length;
  }

  private withMacros(context: Context, { macros }: Pick<Attributes, "macros">): Context {
    return macros.length === 0 ? context : { ...context, macros: [...context.macros, ...macros] };
  }

  private bytes(span: Span): Span {
    return { start: this.toBytes(span.start), end: this.toBytes(span.end) };
  }

  private slice(node: Node): string {
    return this.text.slice(node.startIndex, node.endIndex);
  }
}

function rootOf(
  name: string,
  future: FutureRoot | undefined,
  { isNested, isTrait, qualifier, place }: Context,
): Root | undefined {
  if (isNested || isTrait || place === null) return undefined;
  return { path: qualifier(name), place, future };
}

/** How many parameters a function has. */
function arityOf(node: Node): number {
  const parameters = node.childForFieldName("parameters")?.namedChildren ?? [];
  return parameters.filter(({ type }) => type === "parameter" || type === "self_parameter").length;
}

/** Why a function's callers, or the compiler itself, look into its body. */
function exposure(
  header: FunctionHeader,
  isConst: boolean,
  { isNested, macros }: Pick<Context, "isNested" | "macros">,
): Exposure | undefined {
  if (isConst) return { kind: "constFn" };
  // The engine finds out whether the future stays as it is; it cannot tell two of them in one function apart.
  if (header.isAsync && isNested) return { kind: "nestedAsync" };
  if (header.isGenerator) return { kind: "genFn" };
  if (header.returnsImpl) return { kind: "implTrait" };
  if (macros.length > 0) return { kind: "attributeMacro", detail: macros.map((name) => `#[${name}]`).join(", ") };
  return undefined;
}

function isImplOfTrait(node: Node): boolean {
  return node.type === "impl_item" && node.childForFieldName("trait") !== null;
}

/** Why a function keeps its body, besides what is in the body. */
function wholeFunction(header: FunctionHeader, own: Attributes): string | undefined {
  if (header.isAsync) return "the body decides the type of the future";
  if (own.isRewritten) return "a macro makes its body";
  return own.names.includes("naked") ? "a naked function" : undefined;
}

function wholeBody(facts: BodyFacts, isDamaged: boolean): string | undefined {
  if (isDamaged) return "a syntax error";
  if (facts.hasItems) return "items in the body";
  if (facts.hasInnerAttributes) return "attributes in the body";
  if (facts.isUnsteady) return "characters of several bytes on the last line";
  return facts.isShort ? "no room for the replacement" : undefined;
}

function spanOf(node: Node): Span {
  return { start: node.startIndex, end: node.endIndex };
}

/** Whether a node has an error outside of its body. */
function hasOwnError(node: Node, body: Node): boolean {
  return node.children.some((child) => child.id !== body.id && (child.hasError || child.isMissing || child.isError));
}
