/**
 * What kind of edit lies between two texts of a file, as a developer would call it. It knows nothing of lanes: what they take changes,
 * and the kinds stay.
 */
import type { Node } from "web-tree-sitter";
import { LexError, comparable } from "../../server/src/core/source/lexer.js";
import type { Source, SourceCache } from "../../server/src/core/source/sourceCache.js";

/** From what a lane has the least to do for to what it has the most; an edit of several kinds is the last of them. */
export const KINDS = [
  "comments, white space, nothing",
  "tests only, in a build without tests",
  "bodies of functions",
  "a function added or removed",
  "the body of a function under an attribute macro",
  "an import",
  "a signature, an attribute of a function",
  "a type, an impl, a constant, a static",
  "a macro",
  "a module, a file, the rest",
] as const;
export type Kind = (typeof KINDS)[number];

/** The kind of an edit of several. */
export function hardest(kinds: readonly Kind[]): Kind {
  return KINDS[Math.max(0, ...kinds.map((kind) => KINDS.indexOf(kind)))] ?? "a module, a file, the rest";
}

/** The kind of an edit of a file; undefined texts: there was none, or is none. */
export function kindOf(cache: SourceCache, file: string, before: string | undefined, after: string | undefined): Kind {
  if (before === after) return "comments, white space, nothing";
  if (before === undefined || after === undefined) return "a module, a file, the rest";
  return cache.compare(file, before, after, (old, now) => {
    try {
      return kindOfSources(old, now);
    } catch (error) {
      if (error instanceof LexError) return "a module, a file, the rest";
      throw error;
    }
  });
}

function kindOfSources(before: Source, after: Source): Kind {
  if (before.root === undefined || after.root === undefined) return "a module, a file, the rest";
  const [old, now] = [itemsOf(before, before.root), itemsOf(after, after.root)];
  const kinds: Kind[] = [];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [left, right] = [old.get(key) ?? [], now.get(key) ?? []];
    const difference = differenceOf(left, right);
    if (difference !== undefined) kinds.push(difference);
  }
  return hardest(kinds);
}

interface Item {
  readonly type: string;
  readonly isTest: boolean;
  readonly hasMacro: boolean;
  /** Its tokens, those of its attributes and header apart from those of its body. */
  readonly header: string;
  readonly body: string;
}

/** How items of one name differ; undefined: they do not. */
function differenceOf(left: readonly Item[], right: readonly Item[]): Kind | undefined {
  const textOf = ({ header, body }: Item): string => `${header}\0${body}`;
  if (left.map(textOf).join("\0\0") === right.map(textOf).join("\0\0")) return undefined;
  const all = [...left, ...right];
  if (all.every(({ isTest }) => isTest)) return "tests only, in a build without tests";
  const type = all[0]?.type ?? "";
  if (type === "function_item") {
    if (left.length !== right.length) return "a function added or removed";
    if (left.some(({ header }, i) => header !== right[i]?.header)) return "a signature, an attribute of a function";
    const isOurs = all.some(({ hasMacro }) => hasMacro);
    return isOurs ? "the body of a function under an attribute macro" : "bodies of functions";
  }
  return KIND_OF_ITEM[type] ?? "a module, a file, the rest";
}

const TYPES = "a type, an impl, a constant, a static";
const KIND_OF_ITEM: Readonly<Record<string, Kind>> = {
  use_declaration: "an import",
  function_signature_item: "a signature, an attribute of a function",
  struct_item: TYPES,
  enum_item: TYPES,
  union_item: TYPES,
  trait_item: TYPES,
  impl_item: TYPES,
  const_item: TYPES,
  static_item: TYPES,
  type_item: TYPES,
  associated_type: TYPES,
  macro_definition: "a macro",
  macro_invocation: "a macro",
};

/** Attributes that are no macros, by their first name. */
const INERT = new Set(
  (
    "allow warn deny expect forbid cfg cfg_attr doc inline cold must_use deprecated track_caller test ignore should_panic no_mangle " +
    "unsafe export_name link_name link_section target_feature automatically_derived non_exhaustive derive rustfmt clippy repr"
  ).split(" "),
);

/** The items in a file or in an item, by a name that tells them apart. Functions' bodies are not looked into. */
function itemsOf(source: Source, parent: Node, prefix = "", isTest = false): Map<string, Item[]> {
  const items = new Map<string, Item[]>();
  let attributes: Node[] = [];
  const words = (start: number, end: number): string => comparable(source.text, start, end).join(" ");
  for (const node of parent.namedChildren) {
    if (node.type.endsWith("_comment")) continue;
    if (node.type === "attribute_item") {
      attributes.push(node);
      continue;
    }
    const own = attributes.map(({ startIndex, endIndex }) => words(startIndex, endIndex));
    const isOwnTest =
      isTest || own.some((text) => /^#\0? ?\[ ?(cfg ?\( ?test ?\)|(\w+ ?:\0? ?:\0? ?)*test)/.test(text));
    const hasMacro = own.some((text) => !INERT.has(/\w+/.exec(text)?.[0] ?? ""));
    attributes = [];
    const body = node.childForFieldName("body");
    const bodyStart = body?.startIndex ?? node.endIndex;
    const headerOf = [...own, words(node.startIndex, bodyStart)].join(" ");
    const name =
      node.type === "use_declaration" ? words(node.startIndex, node.endIndex) : nameOf(source, node, headerOf);
    const key = `${prefix}${node.type} ${name}`;
    const isContainer = body !== null && ["mod_item", "impl_item", "trait_item"].includes(node.type);
    const item: Item = {
      type: node.type,
      isTest: isOwnTest,
      hasMacro,
      header: headerOf,
      body: isContainer ? "" : words(bodyStart, node.endIndex),
    };
    items.set(key, [...(items.get(key) ?? []), item]);
    if (!isContainer) continue;
    for (const [inner, found] of itemsOf(source, body, `${key}::`, isOwnTest))
      items.set(inner, [...(items.get(inner) ?? []), ...found]);
  }
  return items;
}

function nameOf({ text }: Source, node: Node, header: string): string {
  if (node.type === "impl_item") return header;
  const name = node.childForFieldName("name") ?? node.childForFieldName("macro");
  return name === null ? "" : text.slice(name.startIndex, name.endIndex);
}
