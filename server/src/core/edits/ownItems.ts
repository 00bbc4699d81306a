/**
 * Types, traits and impls in a function's body that are the body's own: nobody else has their names, and rustc, which takes impls into
 * account wherever they stand, finds them for nothing else.
 */
import type { Node } from "web-tree-sitter";
import { hasItemsBesides } from "../source/bodyFacts.js";
import { type Item, itemsIn } from "../source/items.js";

/** By what the grammar calls them, how those items begin that a body may have besides functions, constants, statics and imports. */
const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ["struct_item", "struct"],
  ["enum_item", "enum"],
  ["union_item", "union"],
  ["trait_item", "trait"],
  ["type_item", "type"],
  ["associated_type", "type"],
  ["impl_item", "impl"],
]);

export interface OwnItems {
  readonly items: readonly Item[];
  /** The imports in the body, as they are written. */
  readonly imports: readonly string[];
}

/** Reads such items of a body; undefined if others may see some of what is in it, or if that is not known. Throws `LexError`. */
export function ownItems(text: string, body: Node): OwnItems | undefined {
  const known = new Set<number>();
  const containers: Node[] = [];
  collect(body, known, containers);
  if (hasItemsBesides(text, { start: body.startIndex, end: body.endIndex }, known)) return undefined;
  const all = containers.flatMap((container) => itemsOf(container, text));
  const items = all.filter(({ type }) => KEYWORDS.has(type));
  const names = new Set(items.flatMap(({ name }) => (name === "" ? [] : name)));
  const isOwn = items.every((item) => item.type !== "impl_item" || isAbout(item, names));
  const imports = all.filter(({ type }) => type === "use_declaration");
  return isOwn ? { items, imports: imports.map((item) => item.text.slice(item.start - item.span.start)) } : undefined;
}

/** Finds the items in a body, by the offsets of their keywords, and whatever has some of them in it. */
function collect(node: Node, known: Set<number>, containers: Node[]): void {
  let hasItems = false;
  for (const child of node.namedChildren) {
    const keyword = KEYWORDS.get(child.type);
    const word = keyword === undefined ? undefined : child.children.find(({ type }) => type === keyword);
    if (word !== undefined) known.add(word.startIndex);
    hasItems ||= keyword !== undefined || child.type === "use_declaration";
    collect(child, known, containers);
  }
  if (hasItems) containers.push(node);
}

function itemsOf(container: Node, text: string): readonly Item[] {
  const within = { start: container.startIndex, end: container.endIndex };
  return itemsIn(container, within, { text, functions: [], ignored: [] }).list;
}

/** Whether an impl is one for a type of these names, or of a trait of one of them. */
function isAbout({ impl }: Item, names: ReadonlySet<string>): boolean {
  const words = (text: string): readonly string[] => text.match(/[\p{XID_Start}_]\p{XID_Continue}*/gu) ?? [];
  const trait = impl?.trait?.split("<")[0]?.trim() ?? "";
  return names.has(trait) || words(impl?.self ?? "").some((name) => names.has(name));
}
