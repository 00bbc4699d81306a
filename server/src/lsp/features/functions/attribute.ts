/**
 * Which compiled functions belong to which function of a source file, also after the file was edited.
 *
 * Entries carry the lines of the text that was compiled. With that text's structure an entry belongs where its line and
 * its name agree; the function is then found in the present text by its key, which does not depend on lines. Without it
 * (the file was edited before anyone looked) names alone have to do, and those that are ambiguous get nothing: better no
 * lens than one at the wrong function.
 */
import { type RustFunction, type Structure, functionAt } from "../syntax/structure.js";
import type { ProgramEntry } from "./facts.js";
import { type NameParts, partsOf } from "./names.js";

/** Entries by the key of their function. Those that belong to none (derives, macros' functions) are left out. */
export type Attribution = ReadonlyMap<string, readonly ProgramEntry[]>;

/**
 * Attributes by line and name, in the text that was compiled. `mixed`: some entries are of other versions of the file, so
 * what surrounds a function has to agree as well (which it need not where types have several names).
 */
export function attributeByLine(compiled: Structure, entries: readonly ProgramEntry[], mixed: boolean): Attribution {
  const found = new Collector();
  for (const entry of entries) {
    const item = functionAt(compiled, entry.line - 1);
    const parts = partsOf(entry.name);
    if (item === undefined || parts === undefined || !isAt(item, entry, parts)) continue;
    if (!mixed || fits(item, parts)) found.add(item, entry);
  }
  return found.result;
}

/** Attributes by name alone. */
export function attributeByName(present: Structure, entries: readonly ProgramEntry[]): Attribution {
  const byName = new Map<string, RustFunction[]>();
  for (const item of present.functions) {
    const same = byName.get(item.name);
    if (same === undefined) byName.set(item.name, [item]);
    else same.push(item);
  }
  const found = new Collector();
  for (const entry of entries) {
    const parts = partsOf(entry.name);
    if (parts === undefined) continue;
    const fitting = (byName.get(parts.name) ?? []).filter((item) => fits(item, parts));
    const [only] = fitting;
    if (fitting.length === 1 && only !== undefined) found.add(only, entry);
  }
  return found.result;
}

/**
 * What of an attribution holds in another version of the file. A path that several functions share only tells them apart
 * by their order, which holds as long as there are as many of them.
 */
export function carryOver<T>(
  attributed: ReadonlyMap<string, T>,
  compiled: Structure,
  present: Structure,
): ReadonlyMap<string, T> {
  if (compiled === present) return attributed;
  const before = countPaths(compiled);
  const now = countPaths(present);
  return new Map(
    [...attributed].filter(([key]) => {
      const path = pathOf(key);
      return now.has(path) && now.get(path) === before.get(path);
    }),
  );
}

class Collector {
  readonly result = new Map<string, ProgramEntry[]>();

  add(item: RustFunction, entry: ProgramEntry): void {
    const entries = this.result.get(item.key);
    if (entries === undefined) this.result.set(item.key, [entry]);
    else entries.push(entry);
  }
}

/** Whether an entry at a line in `item` is that function or a part of it. */
function isAt(item: RustFunction, entry: ProgramEntry, parts: NameParts): boolean {
  const line = entry.line - 1;
  if (parts.isInner) return parts.name === item.name;
  if (line < item.startLine || line > item.nameRange.line) return false;
  // `#[no_mangle]` and `#[export_name]` give names that say nothing of where they come from.
  return parts.name === item.name || entry.name === entry.symbol;
}

/** Whether a name may be that of `item`: all that both sides tell agrees. */
function fits(item: RustFunction, parts: NameParts): boolean {
  const scope = item.scopes.at(-1);
  const around = parts.scopes.at(-1) ?? "";
  const [self, trait] = implOf(around);
  if (scope === undefined) return trait === undefined && !around.startsWith("<");
  if (scope.kind !== "impl") return isSameName(around, scope.name);
  if (!isSameName(self, scope.self)) return false;
  return trait === undefined || scope.trait === undefined ? trait === scope.trait : isSameName(trait, scope.trait);
}

/** `<a::B<T> as c::D>` is `a::B<T>` and `c::D`; `a::B<T>` and `<dyn a::B>` have no trait. */
function implOf(scope: string): readonly [string, string | undefined] {
  const inner = scope.startsWith("<") && scope.endsWith(">") ? scope.slice(1, -1) : scope;
  const at = inner === scope ? -1 : inner.lastIndexOf(" as ");
  return at < 0 ? [inner, undefined] : [inner.slice(0, at), inner.slice(at + 4)];
}

/** Whether two types have the same last name. Tuples and slices, which are written in several ways, have none. */
function isSameName(a: string, b: string): boolean {
  const [first, second] = [lastName(a), lastName(b)];
  return first === undefined || second === undefined || first === second;
}

/** `a::b::Vector<T,3_usize>` is `Vector`; `&mut T` is `T`. */
function lastName(type: string): string | undefined {
  return /([A-Za-z_][A-Za-z0-9_]*)\s*$/.exec(type.replace(/[<({[].*$/s, ""))?.[1];
}

const counted = new WeakMap<Structure, ReadonlyMap<string, number>>();

/** How many functions share each path. */
function countPaths(structure: Structure): ReadonlyMap<string, number> {
  const known = counted.get(structure);
  if (known !== undefined) return known;
  const counts = new Map<string, number>();
  for (const { key } of structure.functions) counts.set(pathOf(key), (counts.get(pathOf(key)) ?? 0) + 1);
  counted.set(structure, counts);
  return counts;
}

function pathOf(key: string): string {
  return key.replace(/#\d+$/, "");
}
