/**
 * Demangled names as rustc-demangle writes them, taken apart: `<a::B<T> as c::D>::f::{{closure}}`.
 *
 * Works on text alone. Both manglings of rustc are meant: the legacy one has no arguments of functions, the v0 one has
 * (`f::<u32>`) and numbers its closures (`{closure#0}`).
 */
import type { FunctionEntry } from "../../../../../shared/src/report.js";

/** The segments between the `::` that stand outside of all brackets. */
export function segmentsOf(name: string): string[] {
  const segments: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < name.length; at += 1) {
    const char = name[at] ?? "";
    if ("<({[".includes(char)) depth += 1;
    // The arrow of `fn() -> T` closes nothing.
    else if (")}]".includes(char) || (char === ">" && name[at - 1] !== "-")) depth -= 1;
    else if (char === ":" && name[at + 1] === ":" && depth === 0) {
      segments.push(name.slice(start, at));
      at += 1;
      start = at + 1;
    }
  }
  segments.push(name.slice(start));
  return segments.filter((segment) => segment !== "");
}

/** What the compiler made inside of a function, or around it: a closure, a shim. */
function isSynthetic(segment: string): boolean {
  return segment.startsWith("{") && segment.endsWith("}");
}

/** Generic arguments of a v0 name's segment: `<u32>`. The self type of an impl is the first segment and no arguments. */
function isArguments(segment: string, index: number): boolean {
  return index > 0 && segment.startsWith("<") && segment.endsWith(">");
}

export interface NameParts {
  /** The function in the source that it belongs to: without arguments and what the compiler made inside of it. */
  readonly name: string;
  /** The segments before `name`. The self type of an impl of a trait is one segment: `<B as c::D>`. */
  readonly scopes: readonly string[];
  /** It is a closure (or an async block's body, or a shim) of that function. */
  readonly isInner: boolean;
}

/** Takes a name apart. A name without any function in it (`core::ptr::drop_in_place<T>` has one) gives undefined. */
export function partsOf(full: string): NameParts | undefined {
  const segments = segmentsOf(full).filter((segment, index) => !isArguments(segment, index));
  const first = segments.findIndex(isSynthetic);
  const own = first < 0 ? segments : segments.slice(0, first);
  const last = own.at(-1);
  if (last === undefined) return undefined;
  return { name: withoutArguments(last), scopes: own.slice(0, -1), isInner: first >= 0 };
}

/** `drop_in_place<T>` is `drop_in_place`, `through{{reify.shim}}` is `through`. */
function withoutArguments(segment: string): string {
  if (segment.startsWith("<")) return segment;
  return segment.replace(/[<{(].*$/s, "").replace(/^r#/, "");
}

/** The family that instances of one generic function share: its name without arguments, closures told apart from it. */
export function familyOf(full: string): string {
  return segmentsOf(full)
    .filter((segment, index) => !isArguments(segment, index))
    .map((segment, index) => (index === 0 || isSynthetic(segment) ? segment : withoutArguments(segment)))
    .join("::");
}

/** A name without the paths of its types: `<Rect as Debug>::fmt`. The crate and modules in front stay, if `keep`. */
export function brief(full: string): string {
  return full.replace(/(?:[A-Za-z_][A-Za-z0-9_]*::)+(?=[A-Za-z_])/g, (path, offset: number) =>
    offset === 0 ? path : "",
  );
}

/**
 * A function's name with the type arguments of this instance, where debug info tells them: `instance` is its last segment
 * with arguments, which a legacy name has not.
 */
export function nameOf(entry: Pick<FunctionEntry, "name" | "instance">): string {
  if (entry.instance === null || entry.instance === undefined) return entry.name;
  return [...segmentsOf(entry.name).slice(0, -1), entry.instance].join("::");
}
