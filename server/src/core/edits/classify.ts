/**
 * What an edit of a file is: bodies of functions, or more than that. Whatever is in doubt is more.
 *
 * Both texts are cut at the bodies of their functions. What lies between the bodies must consist of the same tokens; a body whose
 * tokens differ is an edited function, as long as nothing outside of it can depend on it.
 */
import type { Node } from "web-tree-sitter";
import { LexError, type Span, comparable } from "../source/lexer.js";
import { innerItems } from "../source/outline.js";
import type { BodyRef, InnerItem, Outline } from "../source/functions.js";
import { type Source, type SourceCache, differenceOf } from "../source/sourceCache.js";
import { Refusal, type TextRefusalKind, Refused, refuse } from "./refusal.js";

export type Edit =
  /** The texts are the same. */
  | { readonly kind: "unchanged" }
  /**
   * Only comments and white space differ: no instruction changes, but lines may have moved, and with them what `line!()`,
   * panic locations and debug info say.
   */
  | { readonly kind: "positions" }
  /** Bodies of these functions, as they are in the new text; innermost functions first named by the outer one's path. */
  | { readonly kind: "bodies"; readonly functions: readonly BodyRef[] }
  /** Anything else: a job for the crate lane. */
  | { readonly kind: "items"; readonly refusal: Refusal };

/**
 * Classifies the change of one file. `file` is only a key of the cache. `hasTests`: the build has what `#[cfg(test)]` and
 * `#[test]` stand on; otherwise a change there is none.
 */
export function classify(cache: SourceCache, file: string, oldText: string, newText: string, hasTests = true): Edit {
  if (oldText === newText) return { kind: "unchanged" };
  return cache.compare(file, oldText, newText, (before, after) => {
    try {
      return compareSources(before, after, hasTests);
    } catch (error) {
      if (error instanceof Refused) return { kind: "items", refusal: error.refusal };
      if (error instanceof LexError) return { kind: "items", refusal: new Refusal("unreadable", error.message) };
      throw error;
    }
  });
}

function compareSources(before: Source, after: Source, hasTests: boolean): Edit {
  const functions = compareItem(wholeFile(before, hasTests), wholeFile(after, hasTests));
  return functions.length === 0 ? { kind: "positions" } : { kind: "bodies", functions };
}

function wholeFile(source: Source, hasTests: boolean): ItemPiece {
  const outline = readable(source);
  const span = { start: 0, end: source.text.length };
  const functions = functionsOf(outline, hasTests);
  if (hasTests) return { source, span, ignored: outline.inertDocs, functions };
  // rustc parses what it then leaves out.
  const damaged = outline.functions.find((fn) => fn.isDamaged && !functions.includes(fn));
  if (damaged !== undefined) refuse("syntaxError", damaged.path);
  return { source, span, ignored: [...outline.inertDocs, ...outline.testOnly], functions };
}

/** The functions of a file that a build has. */
export function functionsOf({ functions, testOnly }: Outline, hasTests: boolean): readonly BodyRef[] {
  const isIn = (inner: Span, outer: Span): boolean => outer.start <= inner.start && inner.end <= outer.end;
  return hasTests ? functions : functions.filter(({ span }) => !testOnly.some((item) => isIn(span, item)));
}

function readable(source: Source): Outline {
  const { outline } = source;
  if (typeof outline === "string") refuse("unreadable", outline);
  if (outline.damage !== undefined) {
    const line = source.text.slice(0, outline.damage).split("\n").length;
    refuse("unknownSyntax", `${line}`);
  }
  return outline;
}

/** A stretch of one text. */
interface Piece {
  readonly source: Source;
  readonly span: Span;
  readonly ignored: readonly Span[];
}

/** A file, or an item in a body, with the functions whose bodies are cut out of it. */
interface ItemPiece extends Piece {
  readonly functions: readonly BodyRef[];
}

/** The functions of an item whose bodies changed; throws when something else did. */
function compareItem(before: ItemPiece, after: ItemPiece): BodyRef[] {
  const oldGaps = gaps(
    before.span,
    before.functions.map(({ body }) => body),
  );
  const newGaps = gaps(
    after.span,
    after.functions.map(({ body }) => body),
  );
  if (oldGaps.length !== newGaps.length) refuse("functionSet");
  for (const [i, gap] of newGaps.entries()) {
    const oldGap = oldGaps[i];
    if (oldGap === undefined) refuse("functionSet");
    const [oldPiece, newPiece] = [
      { ...before, span: oldGap },
      { ...after, span: gap },
    ];
    if (!isSame(oldPiece, newPiece)) throw new Refused(describeDifference(oldPiece, newPiece));
  }
  return after.functions.flatMap((fn, i) => {
    const old = before.functions[i];
    return old === undefined ? [] : compareBody(before.source, old, after.source, fn);
  });
}

/** The function, and functions nested in it, if their bodies differ. */
function compareBody(before: Source, old: BodyRef, after: Source, fn: BodyRef): BodyRef[] {
  const oldText = before.text.slice(old.body.start, old.body.end);
  const newText = after.text.slice(fn.body.start, fn.body.end);
  if (oldText === newText) return [];
  if (old.isDamaged || fn.isDamaged) refuse("syntaxError", fn.path);
  const exposed = old.exposed ?? fn.exposed;
  const oldPiece: Piece = { source: before, span: old.body, ignored: [] };
  const newPiece: Piece = { source: after, span: fn.body, ignored: [] };
  if (isSame(oldPiece, newPiece)) return [];
  if (exposed !== undefined) throw new Refused(new Refusal(exposed.kind, exposed.detail, [`\`${fn.path}\``]));

  const oldItems = innerItems(before.text, bodyNode(before, old), old);
  const newItems = innerItems(after.text, bodyNode(after, fn), fn);
  const nested = compareInner(before, oldItems, after, newItems, fn);
  const oldOwn = gaps(old.body, spans(oldItems)).flatMap((span) => comparable(before.text, span.start, span.end));
  const newOwn = gaps(fn.body, spans(newItems)).flatMap((span) => comparable(after.text, span.start, span.end));
  if (innerAttributes(oldOwn) !== innerAttributes(newOwn)) {
    refuse("innerAttribute", fn.path);
  }
  return equalWords(oldOwn, newOwn) ? nested : [fn, ...nested];
}

/** Items in a body: they must be the same but for the bodies of their functions. */
function compareInner(
  before: Source,
  oldItems: readonly InnerItem[],
  after: Source,
  newItems: readonly InnerItem[],
  outer: BodyRef,
): BodyRef[] {
  // A `use` alone names things for this body; with other items in it, for these, too.
  const isUse = (item: InnerItem): boolean => item.kind === "use_declaration";
  if (oldItems.every(isUse) && newItems.every(isUse)) return [];
  if (oldItems.length !== newItems.length) refuse("innerItem", outer.path);
  return newItems.flatMap((item, i) => {
    const old = oldItems[i];
    if (old?.kind !== item.kind) refuse("innerItem", outer.path);
    return compareItem(
      { source: before, span: old.span, ignored: [], functions: old.functions },
      { source: after, span: item.span, ignored: [], functions: item.functions },
    );
  });
}

function spans(items: readonly InnerItem[]): Span[] {
  // `use` is part of the body: its change is a change of the function.
  return items.filter(({ kind }) => kind !== "use_declaration").map(({ span }) => span);
}

function bodyNode(source: Source, fn: BodyRef): Node {
  const node = source.bodyNode(fn.body.start);
  if (node?.startIndex !== fn.body.start || node.endIndex !== fn.body.end) {
    refuse("lostBody", fn.path);
  }
  return node;
}

/** What lies between holes. */
function gaps(span: Span, holes: readonly Span[]): Span[] {
  const out: Span[] = [];
  let { start } = span;
  for (const hole of holes) {
    out.push({ start, end: hole.start });
    start = hole.end;
  }
  out.push({ start, end: span.end });
  return out;
}

function isSame(before: Piece, after: Piece): boolean {
  const slice = ({ source, span }: Piece): string => source.text.slice(span.start, span.end);
  if (slice(before) === slice(after)) return true;
  const words = ({ source, span, ignored }: Piece): string[] => comparable(source.text, span.start, span.end, ignored);
  return equalWords(words(before), words(after));
}

function equalWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

/** The attributes that a body begins with, as text. */
function innerAttributes(words: readonly string[]): string {
  let end = 1;
  while (words[end]?.startsWith("#") === true && words[end + 1]?.startsWith("!") === true) end += 3;
  return words.slice(1, end).join(" ");
}

/** Names the item in which two pieces begin to differ. */
function describeDifference(before: Piece, after: Piece): Refusal {
  const slice = ({ source, span }: Piece): string => source.text.slice(span.start, span.end);
  const start = after.span.start + differenceOf(slice(before), slice(after)).start;
  const { text } = after.source;
  const { root } = after.source;
  for (let node = root?.descendantForIndex(start, start) ?? null; node !== null; node = node.parent) {
    const kind = KINDS[node.type];
    if (kind === undefined) continue;
    const name = node.childForFieldName("name") ?? node.childForFieldName("type") ?? node.childForFieldName("macro");
    return new Refusal(kind, name === null ? undefined : text.slice(name.startIndex, name.endIndex));
  }
  return new Refusal("otherText", `${text.slice(0, start).split("\n").length}`);
}

const KINDS: Readonly<Record<string, TextRefusalKind>> = {
  function_item: "signature",
  function_signature_item: "requiredSignature",
  struct_item: "struct",
  enum_item: "enum",
  union_item: "union",
  trait_item: "trait",
  impl_item: "impl",
  mod_item: "module",
  const_item: "constant",
  static_item: "static",
  type_item: "type",
  macro_definition: "macro",
  macro_invocation: "macroCall",
  use_declaration: "import",
  attribute_item: "attribute",
  inner_attribute_item: "moduleAttribute",
  extern_crate_declaration: "externCrate",
  foreign_mod_item: "externBlock",
};
