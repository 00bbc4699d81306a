/** What decides which libraries and options a program's base image is linked with, from the records of its units. */
import * as fs from "node:fs";
import { type Extern, inspectArgs } from "../units/arguments.js";
import { Unsupported } from "../support/errors.js";
import type { LinkAttribute } from "../source/linkAttributes.js";
import type { UnitRecord } from "../units/record.js";

/** Native libraries that a crate names. */
export interface NativeLibraries {
  /** `-l` and `-L` of its command line. */
  readonly link: readonly string[];
  /** Libraries that its sources name in `#[link(…)]`, as `-l` takes them. */
  readonly attributeLibraries: readonly string[];
  /** Those in macros, which may say so or not. */
  readonly possibleLibraries: readonly string[];
}

/** A library that the engine has bitcode of, and rustc nothing to link. */
export interface BitcodeLibrary extends NativeLibraries {
  readonly key: string;
  /** Its unit's name for the engine. */
  readonly id: string;
  readonly crate: string;
  /** Where cargo looks for it. */
  readonly rlib: string;
  readonly metadata: string;
}

/** `link`: also `-C link-arg` and its kin. */
export interface BaseInputs extends NativeLibraries {
  /** What the program and its libraries use, or may use after an edit, by path. */
  readonly externs: readonly string[];
  /** Libraries that were compiled natively, by path. */
  readonly libraries: readonly string[];
  readonly bitcodeLibraries: readonly BitcodeLibrary[];
  /** Crates of the sysroot that are named but come without a path, such as `proc_macro`. */
  readonly sysrootCrates: readonly string[];
  /** The program's unit, for the engine. */
  readonly id: string;
  readonly linker: string;
  readonly panic: "unwind" | "abort";
  /** rustc's folder for the program: what the command line names relatively is there. */
  readonly cwd: string;
}

/**
 * `closure`: a program's units, libraries first. `others`: libraries with bitcode that only natively compiled ones use, if any.
 * `attributes`: the libraries that sources name.
 */
export function collectInputs(
  closure: readonly UnitRecord[],
  others: readonly UnitRecord[],
  attributes: ReadonlyMap<UnitRecord, readonly LinkAttribute[]>,
): BaseInputs {
  const libraries = new Set<string>();
  const externs = new Set<string>();
  const sysrootCrates = new Set<string>();
  const search = new Map<string, [string, string]>();
  const program = closure.at(-1);
  const units = [...others, ...closure].filter((unit) => unit !== program);
  const keys = new Set([...others, ...closure].map(({ invocation }) => invocation.key));
  // The program's own come first, as they do for rustc.
  for (const unit of closure.toReversed()) {
    for (const extern of unit.externs) {
      if (extern.path === "") {
        sysrootCrates.add(extern.name);
        continue;
      }
      const file = rlibOf(extern.path);
      // All of them are there, used or not: an edit may use what was not used so far.
      const isOurs = extern.unit !== null && keys.has(extern.unit);
      if (isOurs || addLibrary(libraries, extern, file)) externs.add(file);
    }
    for (const [flag, value] of linkOptions(unit)) if (flag === "-L") search.set(value, [flag, value]);
  }
  const options = program === undefined ? [] : linkOptions(program);
  const isLinker = ([flag, value]: readonly [string, string]): boolean => flag === "-C" && value.startsWith("linker=");
  const args = closure.map(({ invocation }) => inspectArgs(invocation.args));
  const own = options.filter((option) => option[0] !== "-L" && !isLinker(option));
  return {
    externs: [...externs],
    libraries: [...libraries],
    bitcodeLibraries: units.map((unit) => bitcodeLibrary(unit, attributes.get(unit) ?? [])),
    sysrootCrates: [...sysrootCrates],
    ...nativeLibrariesOf(program, attributes),
    link: [...search.values(), ...own].flat(),
    id: program?.invocation.id ?? "",
    linker: options.findLast(isLinker)?.[1].slice("linker=".length) ?? "cc",
    panic: args.some(({ panic }) => panic === "abort") ? "abort" : "unwind",
    cwd: program?.invocation.cwd ?? "/",
  };
}

function bitcodeLibrary(unit: UnitRecord, attributes: readonly LinkAttribute[]): BitcodeLibrary {
  const { metadata, invocation, crate } = unit;
  if (metadata === null) throw new Unsupported(`${invocation.id} is used as a library, but is none`);
  return {
    key: invocation.key,
    id: invocation.id,
    crate,
    rlib: rlibOf(metadata.path),
    metadata: metadata.path,
    ...nativeLibrariesOf(unit, new Map([[unit, attributes]])),
  };
}

function nativeLibrariesOf(
  unit: UnitRecord | undefined,
  attributes: ReadonlyMap<UnitRecord, readonly LinkAttribute[]>,
): NativeLibraries {
  if (unit === undefined) return { link: [], attributeLibraries: [], possibleLibraries: [] };
  const options = linkOptions(unit).filter(([flag]) => flag !== "-C");
  const named = new Set(options.flatMap(([flag, value]) => (flag === "-l" ? libraryName(value) : [])));
  const attributeLibraries = new Set<string>();
  const possibleLibraries = new Set<string>();
  for (const { library, name, isCertain } of attributes.get(unit) ?? []) {
    // What the command line says of the same library counts.
    if (named.has(name)) continue;
    (isCertain ? attributeLibraries : possibleLibraries).add(library);
  }
  return {
    link: options.flat(),
    attributeLibraries: [...attributeLibraries],
    possibleLibraries: [...possibleLibraries].filter((library) => !attributeLibraries.has(library)),
  };
}

function linkOptions({ invocation }: UnitRecord): [string, string][] {
  const { link } = inspectArgs(invocation.args);
  return link.flatMap((flag, index): [string, string][] => (index % 2 === 0 ? [[flag, link[index + 1] ?? ""]] : []));
}

/** The name in `-l`'s value, `[KIND[:MODIFIERS]=]NAME[:RENAME]`. */
function libraryName(value: string): string {
  return value.slice(value.indexOf("=") + 1).replace(/:.*$/, "");
}

function rlibOf(file: string): string {
  return file.endsWith(".rmeta") ? `${file.slice(0, -".rmeta".length)}.rlib` : file;
}

/** Gives whether it is one that is linked: a procedural macro is not. */
function addLibrary(libraries: Set<string>, extern: Pick<Extern, "path">, file: string): boolean {
  if (file.endsWith(".rlib")) {
    libraries.add(file);
    return true;
  }
  if (!fs.readFileSync(extern.path ?? "").includes("rustc_proc_macro_decls")) {
    throw new Unsupported(`${file}: a Rust dynamic library without one beside it that can be linked is not supported`);
  }
  return false;
}
