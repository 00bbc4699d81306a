/** An item that an edit has changed. */
import type { BodyRef } from "../source/functions.js";
import type { Item } from "../source/items.js";

/** The kinds of items that a change may be of. */
export type ChangedType = NamedType | WholeType;
export type NamedType = "function_item" | "const_item" | "type_item" | "use_declaration";
/** What is new, or gone, with all that is in it. */
export type WholeType =
  "struct_item" | "enum_item" | "union_item" | "trait_item" | "impl_item" | "static_item" | "mod_item";

/** An item that is new, gone, or another one under its name. */
export interface ItemChange {
  readonly type: ChangedType;
  /** Empty for an import or an impl. */
  readonly name: string;
  /** The inline modules of the file around it, outermost first. */
  readonly modules: readonly string[];
  /** The type whose inherent impl it stands in, as it is written there; undefined for an item of a module. */
  readonly impl: string | undefined;
  /** In the text that the crate lane compiled; undefined for a new one. */
  readonly before: Item | undefined;
  /** As it is now; undefined for one that is gone. */
  readonly after: Item | undefined;
  /** It was changed itself, stands in a module that is new, or comes along with a type that was changed. */
  readonly origin: "edit" | "newModule" | "carried";
}

/** Whether other crates may see an item, before the change or after it. */
export function isVisibleOutside({ before, after }: ItemChange): boolean {
  return [before, after].some((item) => item?.visibility === "pub");
}

/** A function in both texts. */
export interface FunctionPair {
  readonly before: BodyRef;
  readonly after: BodyRef;
}
