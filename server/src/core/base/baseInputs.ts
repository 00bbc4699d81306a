/** What decides which libraries and options a program's base image is linked with, from the records of its units. */
import * as fs from "node:fs";
import { type Extern, inspectArgs } from "../units/arguments.js";
import { Unsupported } from "../support/errors.js";
import type { LinkAttribute } from "../source/linkAttributes.js";
import type { UnitRecord } from "../units/record.js";

export interface BaseInputs {
  /** Libraries from outside the workspace, by path. */
  readonly libraries: readonly string[];
  /** Crates of the sysroot that are named but come without a path, such as `proc_macro`. */
  readonly sysrootCrates: readonly string[];
  /** `-l`, `-L` and `-C link-arg` of the workspace's units. */
  readonly link: readonly string[];
  /** Libraries that sources of the workspace name in `#[link(…)]`, as `-l` takes them. */
  readonly attributeLibraries: readonly string[];
  /** Those in macros, which may say so or not. */
  readonly possibleLibraries: readonly string[];
  readonly linker: string;
  readonly panic: "unwind" | "abort";
  /** rustc's folder for the program: what the command line names relatively is there. */
  readonly cwd: string;
}

/** `closure`: a program's units, libraries first. `attributes`: the libraries that their sources name. */
export function collectInputs(
  closure: readonly UnitRecord[],
  attributes: ReadonlyMap<UnitRecord, readonly LinkAttribute[]>,
): BaseInputs {
  const libraries = new Set<string>();
  const sysrootCrates = new Set<string>();
  const link = new Map<string, [string, string]>();
  const attributeLibraries = new Set<string>();
  const possibleLibraries = new Set<string>();
  let linker = "cc";
  let panic: "unwind" | "abort" = "unwind";
  for (const unit of closure) {
    for (const extern of unit.externs) {
      if (extern.unit !== null) continue;
      if (extern.path === "") sysrootCrates.add(extern.name);
      else addLibrary(libraries, extern);
    }
  }
  // rustc names what a crate links to in front of what its dependencies do.
  for (const unit of closure.toReversed()) {
    const args = inspectArgs(unit.invocation.args);
    const named = new Set(args.link.flatMap((value, i) => (args.link[i - 1] === "-l" ? libraryName(value) : [])));
    if (args.panic === "abort") panic = "abort";
    for (let i = 0; i + 1 < args.link.length; i += 2) {
      const [flag = "", value = ""] = [args.link[i], args.link[i + 1]];
      if (flag === "-C" && value.startsWith("linker=")) linker = value.slice("linker=".length);
      // (What an argument means may depend on those before it, which may be repeated.)
      else link.set(flag === "-C" ? `${flag} ${i}` : `${flag} ${value}`, [flag, value]);
    }
    for (const { library, name, isCertain } of attributes.get(unit) ?? []) {
      // What the command line says of the same library counts.
      if (named.has(name)) continue;
      (isCertain ? attributeLibraries : possibleLibraries).add(library);
    }
  }
  return {
    libraries: [...libraries],
    sysrootCrates: [...sysrootCrates],
    link: [...link.values()].flat(),
    attributeLibraries: [...attributeLibraries],
    possibleLibraries: [...possibleLibraries].filter((library) => !attributeLibraries.has(library)),
    linker,
    panic,
    cwd: closure.at(-1)?.invocation.cwd ?? "/",
  };
}

/** The name in `-l`'s value, `[KIND[:MODIFIERS]=]NAME[:RENAME]`. */
function libraryName(value: string): string {
  return value.slice(value.indexOf("=") + 1).replace(/:.*$/, "");
}

function addLibrary(libraries: Set<string>, extern: Pick<Extern, "path">): void {
  const file = extern.path ?? "";
  if (file.endsWith(".rmeta")) libraries.add(`${file.slice(0, -".rmeta".length)}.rlib`);
  else if (file.endsWith(".rlib")) libraries.add(file);
  else if (!fs.readFileSync(file).includes("rustc_proc_macro_decls")) {
    throw new Unsupported(`${file}: Rust dynamic libraries (crate-type dylib) are not supported`);
  }
}
