/**
 * The items of a text, each with everything that belongs to it: attributes, documentation, and whatever stands in front of it. Together
 * they cover the text, so two texts whose items are the same are the same. Plain data.
 */
import type { Node } from "web-tree-sitter";
import type { BodyRef } from "./functions.js";
import { type Span, comparable } from "./lexer.js";

export interface Item {
  /** What the grammar calls it: `function_item`, `use_declaration`. */
  readonly type: string;
  /** Empty for what has none: imports, impls, calls of macros. */
  readonly name: string;
  /** From the end of what stands before it to its own end. */
  readonly span: Span;
  /** Where its first token behind the attributes is. */
  readonly start: number;
  /** Of that token, and of the last one; from 1. */
  readonly lines: readonly [number, number];
  /** Its attributes, as they are written. */
  readonly attributes: readonly string[];
  /** `pub(crate)`, as it is written. */
  readonly visibility: string | undefined;
  /** All of it, as it is written. */
  readonly text: string;
  /** What rustc sees of it, attributes included: equal texts if and only if it is the same. */
  readonly words: string;
  /** The same without the body of a function, or the items of a container. */
  readonly header: string;
  /** A function's. */
  readonly fn: BodyRef | undefined;
  /** Of an impl. */
  readonly impl: ImplHead | undefined;
  /** Of a module, an impl or a trait: the items in it. */
  readonly inner: Items | undefined;
}

export interface ImplHead {
  /** The type's path as it is written, without arguments. */
  readonly type: string;
  /** The type, and the trait if it is of one, with all that they are of, as they are written. */
  readonly self: string;
  readonly trait: string | undefined;
  readonly isOfTrait: boolean;
  /** It has parameters other than lifetimes. */
  readonly isGeneric: boolean;
}

/** What stands in a file, or between a container's braces. */
export interface Items {
  readonly list: readonly Item[];
  /** What rustc sees behind the last one. */
  readonly rest: string;
}

/** What a text's items are read with. */
export interface ItemContext {
  readonly text: string;
  /** Its functions, outermost only. */
  readonly functions: readonly BodyRef[];
  /** Stretches that take no part: documentation that nobody reads, what only tests have. */
  readonly ignored: readonly Span[];
}

const CONTAINERS = new Set(["mod_item", "impl_item", "trait_item"]);

/** Reads the items of a file, or those between two offsets in a container. What is compared later may throw `LexError`. */
export function itemsIn(container: Node, within: Span, context: ItemContext): Items {
  const list: Item[] = [];
  let before = within.start;
  let attributes: string[] = [];
  for (const node of container.namedChildren) {
    if (node.type.endsWith("comment")) continue;
    if (node.type === "attribute_item") {
      attributes.push(context.text.slice(node.startIndex, node.endIndex));
      continue;
    }
    const isIgnored = context.ignored.some((span) => span.start <= node.startIndex && node.endIndex <= span.end);
    if (!isIgnored) list.push(itemOf(node, { start: before, end: node.endIndex }, attributes, context));
    before = node.endIndex;
    attributes = [];
  }
  return { list, rest: wordsOf({ start: before, end: within.end }, context) };
}

function itemOf(node: Node, span: Span, attributes: readonly string[], context: ItemContext): Item {
  const { text, functions } = context;
  const body = node.childForFieldName("body");
  const hasItems = body !== null && CONTAINERS.has(node.type);
  const isFunction = body !== null && node.type === "function_item";
  const visibility = node.namedChildren.find((child) => child.type === "visibility_modifier");
  const slice = (part: Node): string => text.slice(part.startIndex, part.endIndex);
  const name = node.childForFieldName("name");
  const headerEnd = hasItems || isFunction ? body.startIndex : span.end;
  let words: string | undefined;
  return {
    type: node.type,
    name: name === null ? "" : slice(name),
    span,
    start: node.startIndex,
    lines: [node.startPosition.row + 1, node.endPosition.row + 1],
    attributes,
    visibility: visibility === undefined ? undefined : slice(visibility),
    text: text.slice(span.start, span.end),
    // (Most items are the same to the letter, and nobody asks.)
    get words() {
      return (words ??= wordsOf(span, context));
    },
    get header() {
      return wordsOf({ start: span.start, end: headerEnd }, context);
    },
    fn: isFunction ? functions.find((fn) => fn.span.start === node.startIndex) : undefined,
    impl: node.type === "impl_item" ? implHead(node, slice) : undefined,
    inner: hasItems ? itemsIn(body, { start: body.startIndex + 1, end: body.endIndex - 1 }, context) : undefined,
  };
}

function implHead(node: Node, slice: (part: Node) => string): ImplHead {
  const type = node.childForFieldName("type");
  const trait = node.childForFieldName("trait");
  const parameters = node.childForFieldName("type_parameters")?.namedChildren ?? [];
  return {
    type: type === null ? "" : (slice(type).split("<")[0]?.replace(/\s/g, "") ?? ""),
    self: type === null ? "" : slice(type),
    trait: trait === null ? undefined : slice(trait),
    isOfTrait: trait !== null,
    isGeneric: parameters.some((child) => !slice(child).startsWith("'")),
  };
}

function wordsOf({ start, end }: Span, { text, ignored }: ItemContext): string {
  const near = ignored.filter((span) => span.start < end && start < span.end);
  return comparable(text, start, end, near).join("\n");
}

/** The functions of an item: itself, or those in it. */
export function functionsOfItem({ fn, inner }: Item): readonly BodyRef[] {
  return fn === undefined ? (inner?.list ?? []).flatMap(functionsOfItem) : [fn];
}
