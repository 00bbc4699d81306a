/** What a patch crate has of one file. */
import type { Node } from "web-tree-sitter";
import { refuse } from "../../edits/refusal.js";
import type { BodyRef } from "../../source/functions.js";
import type { Item } from "../../source/items.js";
import type { Source } from "../../source/sourceCache.js";
import type { Instances } from "./instanceRoots.js";
import type { Step } from "./moduleTree.js";

/** An edited function. */
export interface PatchedFunction {
  readonly fn: BodyRef;
  /** Of a generic one. */
  readonly instances: Instances | undefined;
}

/** The edited functions of one file, and its new items. */
export interface PatchedFile {
  readonly source: Source;
  readonly functions: readonly PatchedFunction[];
  readonly items: readonly NewItem[];
  /** To the file's module. */
  readonly steps: readonly Step[];
}

/** An item that the twin has not, or not like this. */
export type NewItem = Pick<Item, "type" | "start" | "visibility" | "name">;

/** The node of an item that was found in another tree of the same text. */
export function itemNode({ root }: Source, { type, start }: NewItem): Node {
  let node = root?.descendantForIndex(start, start + 1) ?? null;
  while (node !== null && !(node.type === type && node.startIndex === start)) node = node.parent;
  if (node === null) refuse("lostFunction");
  return node;
}
