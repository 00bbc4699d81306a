/**
 * Functions of which others hold the body, such as generic ones: no patch crate can put another body in their place. But it can have
 * another function of that name, as of one whose signature has changed: all that mention it come along then, and are the only ones to
 * have an instance of it.
 */
import type { CompiledText } from "../../edits/baseline.js";
import { functionsOf } from "../../edits/classify.js";
import type { ItemChange } from "../../edits/itemChange.js";
import type { BodyRef } from "../../source/functions.js";
import { type Item, type Items, itemsIn } from "../../source/items.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { holdsItems } from "./exposedBodies.js";

/** A function as an item, and where it stands. */
interface Found {
  readonly item: Item;
  readonly modules: readonly string[];
  /** The inherent impl. */
  readonly impl: Item | undefined;
}

/** The function as another item of its name; undefined where that has no form. `before`: the text that the crate lane compiled. */
export function promoted(
  fn: BodyRef,
  now: CompiledText,
  before: string,
  hasTests: boolean,
  cache: SourceCache,
): ItemChange | undefined {
  if (fn.isNested || fn.isTraitImpl || fn.isTraitDefault || holdsItems(fn)) return undefined;
  // (A plain test is what it is to the harness, whatever its body.)
  if (fn.isTest && !fn.isMadeTest) return undefined;
  const find = (text: string): Found | undefined => {
    const source = cache.get(now.file, text);
    if (typeof source.outline === "string" || source.root === undefined) return undefined;
    const functions = functionsOf(source.outline, hasTests);
    const [own, ...others] = functions.filter(({ path }) => path === fn.path);
    if (own === undefined || others.length > 0) return undefined;
    const ignored = hasTests ? source.outline.inertDocs : [...source.outline.inertDocs, ...source.outline.testOnly];
    const items = itemsIn(source.root, { start: 0, end: text.length }, { text, functions, ignored });
    return itemAt(items, own.span.start, [], undefined);
  };
  const after = find(now.text);
  const old = find(before);
  if (after === undefined || old === undefined || (after.impl?.attributes.length ?? 0) > 0) return undefined;
  const { item, modules, impl } = after;
  const sides = { before: old.item, after: item };
  return { type: "function_item", name: item.name, modules, impl: impl?.impl?.type, ...sides, origin: "edit" };
}

function itemAt({ list }: Items, start: number, modules: readonly string[], impl: Item | undefined): Found | undefined {
  for (const item of list) {
    if (item.fn?.span.start === start) return { item, modules, impl };
    if (item.inner === undefined || start < item.span.start || item.span.end <= start) continue;
    if (item.type === "mod_item") return itemAt(item.inner, start, [...modules, item.name], undefined);
    return item.impl?.isOfTrait === false ? itemAt(item.inner, start, modules, item) : undefined;
  }
  return undefined;
}
