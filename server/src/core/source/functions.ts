/** What is said of a file's functions, as plain data: made by `outline.ts`, read by whoever edits, blanks or names them. */
import type { Attributes } from "./attributes.js";
import type { Span } from "./lexer.js";

/** The first line and the last one, from 1. */
export type Lines = readonly [first: number, last: number];

/** A function with a body. Offsets are UTF-16 units, except in `bytes`; lines count from 1. */
export interface BodyRef {
  /** `mod a::impl<T> Foo for Bar<T>::baz`; a nested function's begins with the outer one's. Not unique under `cfg`. */
  readonly path: string;
  readonly name: string;
  /** From the first token behind the attributes to the closing brace. */
  readonly span: Span;
  /** From the opening to the closing brace. */
  readonly body: Span;
  readonly bytes: { readonly span: Span; readonly body: Span };
  /** Of the first token behind the attributes, which is the line that debug info gives the function. */
  readonly line: number;
  readonly bodyLine: number;
  readonly endLine: number;
  readonly isConst: boolean;
  readonly isAsync: boolean;
  readonly isUnsafe: boolean;
  readonly isExtern: boolean;
  /** By type or const parameters of its own, of its impl, or as a trait's default method (`Self`). */
  readonly isGeneric: boolean;
  readonly returnsImpl: boolean;
  readonly inline: Attributes["inline"];
  readonly isTest: boolean;
  /** It is a test, or under `#[cfg(test)]`: of no concern to other builds. */
  readonly isTestOnly: boolean;
  readonly isTraitDefault: boolean;
  /** A method of `impl Trait for Type`. */
  readonly isTraitImpl: boolean;
  readonly isNested: boolean;
  /** Its body holds items, or macros that may expand to items. */
  readonly hasItems: boolean;
  /** Others than functions, constants and statics. */
  readonly hasOtherItems: boolean;
  /** Its body calls macros, not known here, as statements: they might expand to items. */
  readonly hasUnknownMacros: boolean;
  /** Paths of its attributes; of those around it only the ones in `attributeMacros`. */
  readonly attributes: readonly string[];
  /** Attributes on it or around it that may be procedural macros. */
  readonly attributeMacros: readonly string[];
  /** An attribute on it makes another body of its body. */
  readonly isRewritten: boolean;
  /** A macro around it makes its body that of a future in a box, and another function, which is said to be at these lines (from 1). */
  readonly boxedBy: Lines | undefined;
  /** A macro makes a test of it. */
  readonly isMadeTest: boolean;
  /** How an item of its module can name it; undefined when none can: generic, nested, or a default method. */
  readonly root: Root | undefined;
  /** Why other functions may depend on the body: an edit in it is more than an edit of one body. */
  readonly exposed: Exposure | undefined;
  /** Why the body cannot be blanked; undefined when it can. */
  readonly whole: string | undefined;
  /** The syntax tree has an error in the body, or the lexer disagrees about where it ends. */
  readonly isDamaged: boolean;
}

/** How others see into a function's body. */
export interface Exposure {
  readonly kind: "constFn" | "nestedAsync" | "genFn" | "implTrait" | "attributeMacro";
  /** Of `attributeMacro`: the attributes, as they are written. */
  readonly detail?: string;
}

/** What a file consists of, seen from outside of its functions' bodies. */
export interface Outline {
  /** Functions outside of other functions, in order. */
  readonly functions: readonly BodyRef[];
  /** Doc comments that no macro sees: text without any effect on code. */
  readonly inertDocs: readonly Span[];
  /** Items that only test builds have, with their attributes: anything in them is nothing to other builds. */
  readonly testOnly: readonly Span[];
  /** Offset of the first syntax error outside of bodies. */
  readonly damage: number | undefined;
  /** Lints that attributes in the file deny or forbid. */
  readonly denied: readonly string[];
}

/** An item inside of a function's body, with the functions in it. */
export interface InnerItem {
  readonly kind: string;
  readonly span: Span;
  readonly functions: readonly BodyRef[];
}

/** A function by its file and the path that `BodyRef` gives it. */
export interface FunctionName {
  readonly file: string;
  readonly path: string;
}

/** Where in a module its functions can be named, and how. */
export interface Root {
  /** `name`, `<Type>::name`, `<Type as Trait>::name`; what is in core begins with `::core::`. */
  readonly path: string;
  /** Where an item can be added to the module: in front of its closing brace, or undefined for the end of the file. */
  readonly place: number | undefined;
  /** Of an `async fn`. */
  readonly future: FutureRoot | undefined;
}

/** What it takes to name the future of an `async fn`, which has no name of its own. */
export interface FutureRoot {
  /** How many parameters the function has, `self` included. */
  readonly arity: number;
  readonly isUnsafe: boolean;
}

/** A type or trait as it is named outside of its impl, where the impl's lifetimes have no names. */
export function withoutLifetimes(text: string): string {
  return text.replace(/'(?!static\b|_\b)[\p{XID_Start}_]\p{XID_Continue}*/gu, "'_");
}
