/**
 * What makes rustc generate an edited function although nothing calls it: a static with its address, added where it moves nothing.
 *
 * The alternative, `-Clink-dead-code`, generates every blanked function as well, which costs a fifth of a run.
 */
import type { BodyRef, FutureRoot } from "./functions.js";

/** A piece of text that an overlay has and the original has not. Bytes are those of the overlay. */
export interface Insertion {
  readonly bytes: number;
  readonly length: number;
}

export interface Rooted {
  readonly text: string;
  readonly insertions: readonly Insertion[];
}

/** Adds a static for each function that has a root. `isEdition2015`: there `core` has no name. */
export function addRoots(text: string, functions: readonly BodyRef[], isEdition2015: boolean): Rooted {
  const places = new Map<number | undefined, string[]>();
  for (const [i, fn] of functions.entries()) {
    if (fn.root === undefined) continue;
    const statics = places.get(fn.root.place) ?? [];
    const added = rootStatic(`${i}`, fn.root.path, fn.root.future);
    statics.push(isEdition2015 ? added.replaceAll("::core::", "::std::") : added);
    places.set(fn.root.place, statics);
  }
  const parts: string[] = [];
  const insertions: Insertion[] = [];
  let at = 0;
  let bytes = 0;
  const ordered = [...places].sort(([a], [b]) => (a ?? text.length) - (b ?? text.length));
  for (const [place, statics] of ordered) {
    const piece = text.slice(at, place ?? text.length);
    // A line of its own at the end of the file, in case that its last line is a comment.
    const added = (place === undefined ? "\n" : " ") + statics.join(" ");
    parts.push(piece, added);
    bytes += Buffer.byteLength(piece, "utf8");
    insertions.push({ bytes, length: Buffer.byteLength(added, "utf8") });
    bytes += Buffer.byteLength(added, "utf8");
    at = place ?? text.length;
  }
  parts.push(text.slice(at));
  return { text: parts.join(""), insertions };
}

/** In front of a root, so that what it leads to is no dead code to rustc. */
export const USED = "#[used] ";

/** A function beside a root's path, which may be any name of the sources but this. */
export const ROOT_OF = "__cranefly_of";

/**
 * The static that holds a function's address. That of an `async fn` holds three: the function's, and those of what polls and what
 * drops its future, since nobody else may do either. The future's type is that of the result of a function with so many parameters.
 */
export function rootStatic(id: string, path: string, future?: FutureRoot): string {
  const type = "::core::sync::atomic::AtomicPtr";
  const name = `static __CRANEFLY_ROOT_${id}`;
  if (future === undefined) return `${name}: ${type}<()> = ${type}::new(${path} as *mut ());`;
  const parameters = Array.from({ length: future.arity }, (_, i) => `P${i}`);
  const header = `const fn ${ROOT_OF}<${[...parameters, "R: ::core::future::Future"].join(", ")}>`;
  const argument = `f: ${future.isUnsafe ? "unsafe " : ""}fn(${parameters.join(", ")}) -> R`;
  const values = ["f", "<R as ::core::future::Future>::poll", "::core::ptr::drop_in_place::<R>"];
  const addresses = values.map((value) => `${type}::new(${value} as *mut ())`).join(", ");
  const array = `[${type}<()>; ${values.length}]`;
  return `${name}: ${array} = { ${header}(${argument}) -> ${array} { [${addresses}] } ${ROOT_OF}(${path}) };`;
}

/** The static that holds the address of an instance of a generic function: the value of an expression. */
export function instanceStatic(id: string, address: string): string {
  const type = "::core::sync::atomic::AtomicPtr";
  return `static __CRANEFLY_ROOT_${id}: ${type}<()> = ${type}::new(${address});`;
}

/** The static that holds the identity of a type that a patch crate defines: nobody else has it, so it is no stranger's. */
export function identityStatic(id: string, type: string): string {
  return `#[used] static __CRANEFLY_TYPE_${id}: ::core::any::TypeId = ::core::any::TypeId::of::<${type}>();`;
}

/** The original's offset for one of the overlay; undefined within an insertion. */
export function originalOffset(bytes: number, insertions: readonly Insertion[]): number | undefined {
  let moved = 0;
  for (const insertion of insertions) {
    if (bytes < insertion.bytes) break;
    if (bytes < insertion.bytes + insertion.length) return undefined;
    moved += insertion.length;
  }
  return bytes - moved;
}
