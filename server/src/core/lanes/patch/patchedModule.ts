/** What a patch crate says, module by module. */
import { wordsIn } from "./imports.js";
import type { MacroFacts } from "./moduleFacts.js";
import type { Step } from "./moduleTree.js";
import type { Piece } from "./placing.js";
import type { ModulePath } from "./privacy.js";

/** The trait that a new method is one of. It is in scope where the method may be used. */
export interface NewTrait {
  readonly path: string;
  readonly scope: ModulePath;
  readonly isPublic: boolean;
}

/** What is said of a module, by its path. */
export interface ModuleText {
  readonly steps: readonly Step[];
  readonly pieces: Piece[];
  readonly roots: string[];
  readonly traits: string[];
  /** Macros that its functions may use, by name. */
  readonly macros: Map<string, MacroFacts>;
  /** Identifiers of its functions. */
  readonly words: Set<string>;
  /** Names of its functions that are no methods. */
  readonly defined: Set<string>;
}

/** A file of a patch crate. */
export interface PatchText {
  readonly text: string;
  /** The module that an offset in it is part of. */
  readonly moduleAt: (offset: number) => ModulePath;
}

/** A patch crate as it is to be compiled. */
export interface PatchTexts {
  /** By path. */
  readonly files: ReadonlyMap<string, PatchText>;
  /** Paths of the traits of new methods that other crates may use. */
  readonly traits: readonly string[];
}

/** How many traits and statics a patch crate may have, and more. */
export const NUMBERS = 10_000;

/** Items whose documentation macros may see. */
export const MAY_BE_DERIVED = new Set(["struct_item", "enum_item", "union_item", "trait_item", "impl_item"]);

/** Whether a word stands in anything that is in some modules. */
export function isMentioned(word: string, modules: Iterable<ModuleText>): boolean {
  return [...modules].some(({ words, macros }) => {
    return (
      words.has(word) || [...macros.values()].some(({ text }) => text === undefined || wordsIn(text).includes(word))
    );
  });
}
