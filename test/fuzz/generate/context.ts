/** What the generators of expressions and statements share while one body is made. */
import type { FunctionSignature } from "./signatures.js";
import type { Random } from "./random.js";
import type { Scope } from "./scope.js";
import type { Type, Types } from "./types.js";

/** The program around the body. */
export interface Surroundings {
  readonly types: Types;
  /** The functions that it may call: those that are not made after it, so that calls end. */
  readonly callees: readonly FunctionSignature[];
  /** Statics by type: tables are `[T; 8]`, atomics `AtomicT`. */
  readonly tables: readonly { readonly name: string; readonly item: Type }[];
  readonly atomics: readonly { readonly name: string; readonly type: Type }[];
  readonly constants: readonly { readonly name: string; readonly type: Type }[];
}

export interface Context {
  readonly random: Random;
  readonly scope: Scope;
  readonly around: Surroundings;
  /** Of the function; undefined in a constant. */
  readonly signature: FunctionSignature | undefined;
  /** Names of the functions that the body calls. */
  readonly called: Set<string>;
  /** A name that is new in the body. */
  readonly fresh: (prefix: string) => string;
}
