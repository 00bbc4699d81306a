/** What an edit of a library is to the crates that use it, and how their patch crates come to be compiled with each other. */
import type { ItemChange } from "../../edits/itemChange.js";
import type { ModulePath, RestrictedName } from "./privacy.js";
import type { Twin } from "./twin.js";

/** A name of a library that an edit changed, and that a crate which uses the library has as a word. */
export interface ForeignChange {
  readonly name: string;
  /**
   * What to do with mentions: `item` as `change` says; `gone`: there must be none; `traitMember`: a trait is new that has a method, or a
   * constant, of this name.
   */
  readonly kind: "item" | "gone" | "traitMember";
  readonly change: ItemChange;
  /** The library's module that it belongs to. */
  readonly module: ModulePath;
  /** The engine finds out whether anything means the one of before: it may be tried without the crates that use the library. */
  readonly isLeftToEngine: boolean;
}

/** A member of a type that has another name in patch crates (`changedMethods.ts`). */
export interface RenamedMember {
  readonly name: string;
  readonly other: string;
  /** Last names of the types that have it. */
  readonly types: ReadonlySet<string>;
  /** Some of what means it may be found by its name only. */
  readonly isStrict: boolean;
}

/** A changed name of a module, which is its own or comes to it by a public import. */
export interface HandedOn {
  /** The crate's unit, by its key. */
  readonly unit: string;
  readonly module: ModulePath;
  readonly name: string;
  /** There was nothing of the name before. */
  readonly isNew: boolean;
}

/** What a crate is, and what it uses. */
export interface HandingCrate {
  readonly unit: string;
  /** Units of the workspace's libraries, by the names under which it uses them. */
  readonly libraries: ReadonlyMap<string, string>;
}

/** What the patch crate of a library has for those of the crates that use it. */
export interface Exports {
  readonly changes: readonly ForeignChange[];
  readonly names: readonly HandedOn[];
  readonly metadata: string;
  /** Traits of ours whose members all may use, by their paths in the patch crate. */
  readonly traits: readonly string[];
  readonly members: readonly RenamedMember[];
}

/** What a patch crate is compiled with. */
export interface PatchLink {
  /** Its own twin, of those that know each other. */
  readonly twin: Twin;
  /** Of the libraries that it uses, directly or not. */
  readonly exports: readonly Exports[];
  /** Those of their changes that have to do with it. */
  readonly foreign: readonly ForeignChange[];
  /** The units of the workspace's libraries that it uses, by the names that these have there. */
  readonly libraries: ReadonlyMap<string, string>;
  /** What only these libraries themselves may use, and has no mark. */
  readonly restricted: readonly RestrictedName[];
  /** Others come to changed names through it, so that there has to be a patch crate whatever is in it. */
  readonly isFacade: boolean;
}

/** The name of a library's patch crate in another one, by its number among the `exports`. */
export function linkName(number: number): string {
  return `__cranefly_link_${number}`;
}
