/** What a patch crate says, module by module. */
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
