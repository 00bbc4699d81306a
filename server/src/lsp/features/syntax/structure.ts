/**
 * The structure of a Rust source file as far as lenses need it: its functions and inline modules, in source order.
 *
 * Plain data, independent of any parser. Lines and columns count from 0, columns in UTF-16 code units, as in LSP. Purely
 * syntactic: knows neither the file's place in its crate nor what macros expand to.
 */

/** Where a name stands. */
export interface NameRange {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** What surrounds a function in its file, from the outside in. */
export type Scope =
  | { readonly kind: "module" | "trait" | "function"; readonly name: string }
  /** `self` and `trait` are names without path and generic arguments, or a type's text; `text` has all of both. */
  | { readonly kind: "impl"; readonly self: string; readonly trait: string | undefined; readonly text: string };

/** What libtest would make of a function, as far as its attributes tell. */
export type TestKind = "test" | "bench";

/** A function with a body. */
export interface RustFunction {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Tells the file's functions apart and survives edits elsewhere: its path in the file, with `#n` for the n-th of equals. */
  readonly key: string;
  readonly nameRange: NameRange;
  /** First line, attributes and documentation included. */
  readonly startLine: number;
  /** The line of the first token after attributes, which is where debug info puts the function. */
  readonly headLine: number;
  /** The line and column behind the body's opening brace's line: where an end-of-line hint goes. */
  readonly headEnd: { readonly line: number; readonly character: number };
  readonly endLine: number;
  readonly endCharacter: number;
  /** Paths of its attributes: `test`, `tokio::test`, `cfg`. */
  readonly attributes: readonly string[];
  readonly test: TestKind | undefined;
}

/** A module with its items in the same file. */
export interface RustModule {
  readonly name: string;
  /** The modules around it in this file, from the outside in. */
  readonly path: readonly string[];
  readonly nameRange: NameRange;
  readonly endLine: number;
}

export interface Structure {
  readonly functions: readonly RustFunction[];
  readonly modules: readonly RustModule[];
}

export const EMPTY_STRUCTURE: Structure = { functions: [], modules: [] };

/** Attribute macros that make tests of functions, by the last segment of their path. */
const TEST_ATTRIBUTES: ReadonlySet<string> = new Set([
  "test",
  "rstest",
  "test_case",
  "test_matrix",
  "parameterized",
  "quickcheck",
  "proptest",
  "property_test",
  "gtest",
]);

/** What a function's attributes make of it. */
export function testKindOf(attributes: readonly string[]): TestKind | undefined {
  for (const attribute of attributes) {
    if (attribute === "bench") return "bench";
    if (TEST_ATTRIBUTES.has(attribute.slice(attribute.lastIndexOf(":") + 1))) return "test";
  }
  return undefined;
}

/** The modules around a function, in this file, from the outside in. */
export function modulesOf(item: RustFunction): string[] {
  return item.scopes.flatMap((scope) => (scope.kind === "module" ? [scope.name] : []));
}

/** Whether a function stands in modules only: not in an impl, a trait or another function. */
export function isFree(item: RustFunction): boolean {
  return item.scopes.every((scope) => scope.kind === "module");
}

/** The innermost function around a line; undefined between functions. */
export function functionAt(structure: Structure, line: number): RustFunction | undefined {
  let found: RustFunction | undefined;
  for (const item of structure.functions) {
    if (item.startLine > line) break;
    // Functions come in source order, so a later one that holds the line is inside of the earlier ones.
    if (line <= item.endLine) found = item;
  }
  return found;
}

/** A scope as part of a function's key. */
export function scopeKey(scope: Scope): string {
  return scope.kind === "impl" ? `<${scope.text}>` : scope.name;
}
