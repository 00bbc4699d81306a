/**
 * Paths by which a patch crate can name types of which debug info tells where they are declared. Modules on the way there may be private:
 * `std::io::stdio::Stdout` is `std::io::Stdout` to others. So all paths with some of the modules left out are tried, and rustc says which
 * lead to something. Whether that is the type that was meant, the instance's name in debug info tells in the end.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { SourceCache } from "../../source/sourceCache.js";
import type { UnitRecord } from "../../units/record.js";
import type { LaneOptions } from "../mirror/compileMirror.js";
import { inspectArgs } from "../../units/arguments.js";
import { askRustc } from "./askRustc.js";
import { type ProgramUnits, isAmbiguous } from "./namesakes.js";
import { TWIN } from "./patchText.js";
import type { Twin } from "./twin.js";
import type { TypeName } from "./typeNames.js";

/** With more paths to try, the crate lane is as fast. */
const MAX_QUESTIONS = 256;

/** A path with more modules is not tried. */
const MAX_MODULES = 6;

const PRIMITIVES: ReadonlySet<string> = new Set(
  "bool char str ! i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64".split(" "),
);

/** What is no name in a path, in some edition. */
const NO_NAMES: ReadonlySet<string> = new Set(
  [
    "_ abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in let loop",
    "macro match mod move mut override priv pub ref return self Self static struct super trait true try type typeof unsafe unsized use",
    "virtual where while yield",
  ].flatMap((names) => names.split(" ")),
);

/** The allocator of the standard library's types, which no stable code may name. It is what they have where nothing is said. */
const GLOBAL = "alloc::alloc::Global";

/** What the paths of declarations are to a patch crate, as far as that was asked. By twin: others may have other dependencies. */
const known = new WeakMap<Twin, Map<string, string | undefined>>();

/** Types as a patch crate can write them; undefined for those that it cannot. Rejects with `Cancelled`. */
export async function writtenTypes(
  directory: string,
  record: UnitRecord,
  twin: Twin,
  types: readonly TypeName[],
  cache: SourceCache,
  options: LaneOptions & ProgramUnits,
): Promise<(type: TypeName) => string | undefined> {
  const paths = known.get(twin) ?? new Map<string, string | undefined>();
  known.set(twin, paths);
  const all = [...new Set(types.flatMap(pathsIn))];
  const open = all.filter((declared) => !paths.has(declared));
  const tried = open.map((declared) => [declared, candidates(declared.split("::"), record)] as const);
  const questions = tried.flatMap(([declared, found]) => found.map((candidate) => ({ declared, candidate })));
  if (questions.length <= MAX_QUESTIONS) {
    const modules = questions.map(({ candidate }) => `use ${candidate} as It;`);
    const codes = await askRustc(directory, record, twin, modules, options);
    for (const [declared] of tried) paths.set(declared, undefined);
    for (const [i, { declared, candidate }] of questions.entries()) {
      if (codes[i]?.size === 0 && paths.get(declared) === undefined) paths.set(declared, candidate);
    }
  }
  // (What is declared changes with every edit.)
  const usable = all.filter((declared) => !isAmbiguous(declared.split("::"), record, cache, options));
  const own = new Map(usable.map((declared) => [declared, paths.get(declared)]));
  return (type) => written(type, own);
}

/** The paths in a type, but for those of primitive types. */
function pathsIn(type: TypeName): readonly string[] {
  switch (type.kind) {
    case "path": {
      const declared = type.path.join("::");
      return PRIMITIVES.has(declared) || declared === GLOBAL ? [] : [declared, ...type.args.flatMap(pathsIn)];
    }
    case "pointer":
      return pathsIn(type.to);
    case "tuple":
      return type.of.flatMap(pathsIn);
    case "slice":
    case "array":
      return pathsIn(type.of);
    case "object":
      return type.traits.flatMap(pathsIn);
    case "value":
      return [];
  }
}

/** What may lead to a declaration, the whole path first. */
function candidates([crate = "", ...rest]: readonly string[], { externs, invocation }: UnitRecord): readonly string[] {
  const name = rest.at(-1);
  const modules = rest.slice(0, -1);
  // (Debug info does not say of a name that it is a raw one. `_` is a constant with types in it.)
  if (name === undefined || modules.length > MAX_MODULES || rest.some((it) => NO_NAMES.has(it))) return [];
  // (All of a twin is public.)
  if (crate === inspectArgs(invocation.args).crate) return [`::${[TWIN, ...rest].join("::")}`];
  const own = externs.find((it) => it.name === crate);
  const root = STANDARD.get(crate) ?? (own !== undefined && isOnlyOne(crate, own.path) ? own.name : undefined);
  if (root === undefined) return [];
  const subsets = Array.from({ length: 2 ** modules.length }, (_, bits) =>
    modules.filter((_, i) => (bits & (1 << i)) === 0),
  );
  subsets.sort((a, b) => b.length - a.length);
  return subsets.map((left) => `::${[root, ...left, name].join("::")}`);
}

/**
 * Whether a library is the only one of its name that cargo has put where it is. Else a type may be that of another version, for which debug
 * info has the same name.
 */
function isOnlyOne(crate: string, file: string): boolean {
  const folder = path.dirname(file);
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  const own = names.filter((name) => name.startsWith(`lib${crate}-`)).map((name) => name.replace(/\.\w+$/, ""));
  return new Set(own).size === 1 && path.basename(file).startsWith(`lib${crate}-`);
}

/** Crates that are there without being asked for. What `alloc` has is in `std` as well. */
const STANDARD: ReadonlyMap<string, string> = new Map([
  ["std", "std"],
  ["alloc", "std"],
  ["core", "core"],
]);

function written(type: TypeName, paths: ReadonlyMap<string, string | undefined>): string | undefined {
  const all = (types: readonly TypeName[]): readonly string[] | undefined => {
    const found = types.map((it) => written(it, paths));
    return found.every((it) => it !== undefined) ? found : undefined;
  };
  switch (type.kind) {
    case "path": {
      const name = type.path.join("::");
      const found = PRIMITIVES.has(name) ? name : paths.get(name);
      const args = all(type.args.filter((it) => !(it.kind === "path" && it.path.join("::") === GLOBAL)));
      if (found === undefined || args === undefined) return undefined;
      return args.length === 0 ? found : `${found}<${args.join(", ")}>`;
    }
    case "pointer": {
      const to = written(type.to, paths);
      return to && `${type.sign}${type.to.kind === "object" ? `(${to})` : to}`;
    }
    case "tuple": {
      const of = all(type.of);
      return of && `(${of.map((it) => `${it},`).join(" ")})`;
    }
    case "slice":
    case "array": {
      const of = written(type.of, paths);
      return of && (type.kind === "slice" ? `[${of}]` : `[${of}; ${type.length}]`);
    }
    case "object": {
      // What stands for associated types, or for the parameters of closures, is written in other ways.
      if (type.traits.some(({ args }) => args.length > 0)) return undefined;
      const traits = all(type.traits);
      return traits && `dyn ${traits.join(" + ")}`;
    }
    case "value":
      return type.text;
  }
}
