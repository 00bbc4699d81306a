/** The lines of changed items in both texts, for the engine. */
import type { EditedRange } from "../../../../../shared/src/protocol.js";
import type { ItemChange } from "../../edits/itemChange.js";
import type { BodyRef } from "../../source/functions.js";
import { type Item, functionsOfItem } from "../../source/items.js";

/** No lines at all. */
const NOWHERE: [number, number] = [1, 0];

/** A function that is new has no old lines, and one that is gone no new ones. */
export function rangesOf(file: string, { type, before, after }: ItemChange): readonly EditedRange[] {
  // (What stands in a module is a change of its own.)
  if (type === "mod_item") return [];
  const [gone, fresh] = [before, after].map((item) => (item === undefined ? [] : linesOfItem(item)));
  return [
    ...(gone ?? []).map((lines) => ({ file, old: lines, new: NOWHERE, generic: false })),
    ...(fresh ?? []).map((lines) => ({ file, old: NOWHERE, new: lines, generic: false })),
  ];
}

/** Whether such an item is a type of its own. */
export function isType(type: string): boolean {
  return type === "struct_item" || type === "enum_item" || type === "union_item";
}

/** Where debug info says that an item's functions are: those of derives are in the attributes. */
function linesOfItem(item: Item): readonly [number, number][] {
  if (!isType(item.type)) return functionsOfItem(item).map(linesOf);
  const first = item.attributes[0];
  const from = first === undefined ? -1 : item.text.indexOf(first);
  const above = from < 0 ? "" : item.text.slice(from, item.start - item.span.start);
  return [[item.lines[0] - (above.split("\n").length - 1), item.lines[1]]];
}

function linesOf({ line, endLine }: BodyRef): [number, number] {
  return [line, endLine];
}
