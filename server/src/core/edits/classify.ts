/**
 * What an edit of a file is: bodies of functions, items, or more than that. Whatever is in doubt is more.
 *
 * Both texts are cut at the bodies of their functions. If what lies between the bodies consists of the same tokens, a body whose
 * tokens differ is an edited function, as long as nothing outside of it can depend on it. Else the texts are compared item by item.
 */
import type { Node } from "web-tree-sitter";
import { LexError, type Span, comparable } from "../source/lexer.js";
import { innerItems } from "../source/outline.js";
import { ownItems } from "./ownItems.js";
import { type Items, itemsIn } from "../source/items.js";
import type { FunctionPair, ItemChange } from "./itemChange.js";
import { itemDifference } from "./itemChanges.js";
import { itemsOfNew } from "./newModules.js";
import type { BodyRef, InnerItem, Outline } from "../source/functions.js";
import type { Source, SourceCache } from "../source/sourceCache.js";
import { Refusal, Refused, refuse } from "./refusal.js";

export type Edit =
  /** The texts are the same. */
  | { readonly kind: "unchanged" }
  /**
   * Only comments and white space differ: no instruction changes, but lines may have moved, and with them what `line!()`,
   * panic locations and debug info say.
   */
  | { readonly kind: "positions"; readonly isReordered?: true }
  /** Bodies of these functions, as they are in the new text; innermost functions first named by the outer one's path. */
  | ({ readonly kind: "bodies" } & EditedBodies)
  /** Items besides bodies: they can be named, one by one. */
  | ({ readonly kind: "items"; readonly items: readonly ItemChange[] } & EditedBodies)
  /** Anything else: a job for the crate lane. */
  | { readonly kind: "refused"; readonly refusal: Refusal };

export interface EditedBodies {
  readonly functions: readonly BodyRef[];
  /** The outermost functions around them, in both texts. */
  readonly pairs: readonly FunctionPair[];
  /** Functions have changed places. */
  readonly isReordered?: true;
}

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
      if (error instanceof Refused) return { kind: "refused", refusal: error.refusal };
      if (error instanceof LexError) return { kind: "refused", refusal: new Refusal("unreadable", error.message) };
      throw error;
    }
  });
}

/** The items of a file that the crate has not had yet. Throws `Refused`, and `LexError`. */
export function itemsOfNewFile(
  cache: SourceCache,
  file: string,
  text: string,
  hasTests: boolean,
): readonly ItemChange[] {
  return itemsOfNew(itemsOfSource(cache.get(file, text), hasTests), []);
}

/** The items of a file. Throws `Refused`, and `LexError`. */
export function itemsOfSource(source: Source, hasTests: boolean): Items {
  return itemsOf(wholeFile(source, hasTests));
}

function compareSources(before: Source, after: Source, hasTests: boolean): Edit {
  const [old, now] = [wholeFile(before, hasTests), wholeFile(after, hasTests)];
  let functions: readonly BodyRef[];
  try {
    functions = compareItem(old, now);
  } catch (error) {
    if (!(error instanceof MoreThanBodies)) throw error;
    return compareItems(old, now);
  }
  if (functions.length === 0) return { kind: "positions" };
  const pairs = now.functions.flatMap((fn, i) => {
    const other = old.functions[i];
    const isEdited = functions.some(({ span }) => fn.span.start <= span.start && span.end <= fn.span.end);
    return isEdited && other !== undefined ? [{ before: other, after: fn }] : [];
  });
  return { kind: "bodies", functions, pairs };
}

/** What changed where it is more than bodies of functions. */
function compareItems(before: ItemPiece, after: ItemPiece): Edit {
  const { changes, functions: pairs } = itemDifference(itemsOf(before), itemsOf(after));
  const edited = pairs.map((pair) => ({
    pair,
    functions: compareBody(before.source, pair.before, after.source, pair.after),
  }));
  const bodies = {
    functions: edited.flatMap(({ functions }) => functions),
    pairs: edited.flatMap(({ pair, functions }) => (functions.length === 0 ? [] : pair)),
  };
  if (changes.length > 0) return { kind: "items", items: changes, ...bodies };
  const isReordered = true;
  return bodies.functions.length === 0
    ? { kind: "positions", isReordered }
    : { kind: "bodies", ...bodies, isReordered };
}

function itemsOf({ source, span, functions, ignored }: ItemPiece): Items {
  const { root, text } = source;
  if (root === undefined) refuse("unreadable", "it has no tree");
  return itemsIn(root, span, { text, functions, ignored });
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

/** What lies between bodies has changed. */
class MoreThanBodies extends Error {}

/** The functions of an item whose bodies changed; throws `MoreThanBodies` when something else did. */
function compareItem(before: ItemPiece, after: ItemPiece): BodyRef[] {
  const oldGaps = gaps(
    before.span,
    before.functions.map(({ body }) => body),
  );
  const newGaps = gaps(
    after.span,
    after.functions.map(({ body }) => body),
  );
  const isOther = (gap: Span, i: number): boolean => {
    const oldGap = oldGaps[i];
    return oldGap === undefined || !isSame({ ...before, span: oldGap }, { ...after, span: gap });
  };
  if (oldGaps.length !== newGaps.length || newGaps.some(isOther)) throw new MoreThanBodies();
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
  // Nobody else sees those.
  const areLocal = hasLocalItems(before, old, oldItems) && hasLocalItems(after, fn, newItems);
  const nested = compareInner(before, oldItems, after, newItems, fn, areLocal);
  if (nested === undefined) return [fn];
  const oldOwn = gaps(old.body, spans(oldItems)).flatMap((span) => comparable(before.text, span.start, span.end));
  const newOwn = gaps(fn.body, spans(newItems)).flatMap((span) => comparable(after.text, span.start, span.end));
  if (innerAttributes(oldOwn) !== innerAttributes(newOwn)) {
    refuse("innerAttribute", fn.path);
  }
  return equalWords(oldOwn, newOwn) ? nested : [fn, ...nested];
}

/** Items that a body may have other ones of. */
const LOCAL = new Set(["const_item", "static_item", "function_item", "use_declaration"]);

/** Whether the items of a body are its own, so that it may have other ones. */
function hasLocalItems(source: Source, fn: BodyRef, items: readonly InnerItem[]): boolean {
  if (items.every((item) => isLocal(item, source.text))) return true;
  // Others hold the bodies of generic and inline functions, and a future's type has the body's types in it.
  if (fn.isGeneric || fn.isAsync || fn.isTraitDefault || (fn.inline !== undefined && fn.inline !== "never"))
    return false;
  const own = ownItems(source.text, bodyNode(source, fn));
  return own?.items.every((item) => item.attributes.every((attribute) => PLAIN.test(attribute))) === true;
}

/** Attributes of types that make nothing but impls for them, if anything. */
const PLAIN =
  /^#\s*\[\s*(?:(?:allow|warn|expect|doc|must_use|repr|default|non_exhaustive|serde|inline|cold)\b[^\]]*|derive\s*\((?:\s*(?:Debug|Clone|Copy|PartialEq|Eq|PartialOrd|Ord|Hash|Default|Serialize|Deserialize)\s*,?)*\)\s*)\]$/;

/** Whether an item of a body is nothing but a name that the body has. */
function isLocal({ kind, span }: InnerItem, text: string): boolean {
  const attributes = /^(?:#\s*\[\s*(?:allow|warn|expect|doc|inline|cold|must_use|rustfmt|clippy)\b[^\]]*\]\s*)*/;
  return LOCAL.has(kind) && !text.slice(span.start, span.end).replace(attributes, "").startsWith("#");
}

/** Items in a body: they must be the same but for the bodies of their functions. Undefined: they are others, which may be (`areLocal`). */
function compareInner(
  before: Source,
  oldItems: readonly InnerItem[],
  after: Source,
  newItems: readonly InnerItem[],
  outer: BodyRef,
  areLocal: boolean,
): BodyRef[] | undefined {
  // A `use` alone names things for this body; with other items in it, for these, too.
  const isUse = (item: InnerItem): boolean => item.kind === "use_declaration";
  if (oldItems.every(isUse) && newItems.every(isUse)) return [];
  const found: BodyRef[] = [];
  try {
    if (oldItems.length !== newItems.length) throw new MoreThanBodies();
    for (const [i, item] of newItems.entries()) {
      const old = oldItems[i];
      if (old?.kind !== item.kind) throw new MoreThanBodies();
      const [left, right] = [old, item].map(({ span, functions }) => ({ span, ignored: [], functions }));
      if (left === undefined || right === undefined) throw new MoreThanBodies();
      found.push(...compareItem({ source: before, ...left }, { source: after, ...right }));
    }
    return found;
  } catch (error) {
    if (!(error instanceof MoreThanBodies)) throw error;
    return areLocal ? undefined : refuse("innerItem", outer.path);
  }
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
