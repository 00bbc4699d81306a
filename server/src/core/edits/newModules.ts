/** New modules: everything in them is new, and the files that they are in are sources that no record knows yet. */
import * as path from "node:path";
import type { Item, Items } from "../source/items.js";
import type { ItemChange } from "./itemChange.js";
import { type TextRefusalKind, refuse } from "./refusal.js";

/** What a module consists of, all of which is new. `modules`: the inline modules of the file on the way to it. Throws `Refused`. */
export function itemsOfNew({ list, rest }: Items, modules: readonly string[]): readonly ItemChange[] {
  if (rest !== "") refuse("otherText", "at the end");
  return list.flatMap((after) => {
    const { type, name, inner, text } = after;
    // Both are known by the module's facts.
    if (type === "macro_definition" && !after.attributes.some((attribute) => /macro_(export|use)/.test(attribute)))
      return [];
    if (type === "inner_attribute_item" && /^\s*#!\s*\[\s*(allow|warn|expect|doc)\b/.test(withoutComments(text)))
      return [];
    if (!isKnown(type)) refuse(NEVER_HELD[type] ?? "otherText", name === "" ? undefined : name);
    const change = { type, name, modules, impl: undefined, before: undefined, after, origin: "newModule" as const };
    return [change, ...(type === "mod_item" && inner !== undefined ? itemsOfNew(inner, [...modules, name]) : [])];
  });
}

const KNOWN = new Set<string>([
  ..."function_item const_item type_item use_declaration struct_item enum_item union_item trait_item impl_item".split(
    " ",
  ),
  ..."static_item mod_item".split(" "),
]);

/** What refuses an item that a patch crate never holds. */
export const NEVER_HELD: Readonly<Record<string, TextRefusalKind>> = {
  macro_definition: "macro",
  macro_invocation: "macroCall",
  expression_statement: "macroCall",
  inner_attribute_item: "moduleAttribute",
  extern_crate_declaration: "externCrate",
  foreign_mod_item: "externBlock",
};

function isKnown(type: string): type is ItemChange["type"] {
  return KNOWN.has(type);
}

/** An item's text behind the comments in front of it. */
function withoutComments(text: string): string {
  return text.replace(/^(\s*\/\/[^\n]*\n|\s*\/\*[^]*?\*\/)*/, "");
}

/**
 * The files in which rustc looks for a module, if no `#[path]` on the way says otherwise. `declared`: in that file, the crate's root being
 * `root`.
 *
 * Source: the Rust reference, "Module source filenames".
 */
export function filesOfModule(declared: string, root: string, { name, modules }: ItemChange): readonly string[] {
  const { dir, name: stem } = path.parse(declared);
  const own = declared === root || stem === "mod" ? dir : path.join(dir, stem);
  const folder = path.join(own, ...modules);
  return [path.join(folder, `${name}.rs`), path.join(folder, name, "mod.rs")];
}

/** The new modules among changes that are in files of their own. */
export function modulesInFiles(changes: readonly ItemChange[]): readonly ItemChange[] {
  return changes.filter(({ type, before, after }) => isDeclaration(type, after) && before === undefined);
}

function isDeclaration(type: string, item: Item | undefined): boolean {
  return type === "mod_item" && item !== undefined && item.inner === undefined;
}
