/**
 * The base image: std and the registry crates of a program, linked once into `libbase.so`.
 *
 * rustc itself is asked how it would link them: it compiles an empty crate that uses them all, with a script in the
 * linker's place. Takes unit records, gives the path of the image; never compiles a crate of the workspace.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { type Extern, inspectArgs } from "./args.js";
import { weakenUndefined } from "./elf.js";
import { Unsupported } from "./errors.js";
import { digest, readText } from "./files.js";
import type { Layout } from "./layout.js";
import { baseLinkArgs } from "./linkline.js";
import { type Exit, run } from "./process.js";
import { shellQuote } from "./shell.js";
import { hideNames, stripOfLine } from "./stripped.js";
import type { Toolchain } from "./toolchain.js";
import type { UnitRecord } from "./unit.js";

/** All that decides what a base image contains. */
interface BaseInputs {
  /** Libraries from outside the workspace, by path. */
  readonly libraries: readonly string[];
  /** Crates of the sysroot that are named but come without a path, such as `proc_macro`. */
  readonly sysrootCrates: readonly string[];
  /** `-l`, `-L` and `-C link-arg` of the workspace's units. */
  readonly link: readonly string[];
  /** Libraries that sources of the workspace name in `#[link(…)]`; one may be for another platform. */
  readonly attributeLibraries: readonly string[];
  readonly linker: string;
  readonly panic: "unwind" | "abort";
}

/** Makes sure that the base image of a program exists, and returns its path. */
export async function ensureBase(
  layout: Layout,
  toolchain: Toolchain,
  closure: readonly UnitRecord[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string> {
  const inputs = collectInputs(closure);
  const key = digest(
    JSON.stringify(inputs),
    toolchain.version,
    toolchain.sysroot,
    ...[...inputs.libraries, ...nativeFiles(inputs)].map((library) => {
      const stat = fs.statSync(library);
      return `${library} ${stat.size} ${Math.floor(stat.mtimeMs)}`;
    }),
  );
  const directory = path.join(layout.bases, key);
  const output = path.join(directory, "libbase.so");
  if (!fs.existsSync(output)) await new BaseBuild(directory, output, toolchain, env, signal).build(inputs);
  return output;
}

function collectInputs(closure: readonly UnitRecord[]): BaseInputs {
  const libraries = new Set<string>();
  const sysrootCrates = new Set<string>();
  const link = new Map<string, [string, string]>();
  const attributeLibraries = new Set<string>();
  let linker = "cc";
  let panic: "unwind" | "abort" = "unwind";
  for (const unit of closure) {
    const args = inspectArgs(unit.invocation.args);
    if (args.panic === "abort") panic = "abort";
    for (const extern of unit.externs) {
      if (extern.unit !== null) continue;
      if (extern.path === "") sysrootCrates.add(extern.name);
      else addLibrary(libraries, extern);
    }
    for (let i = 0; i + 1 < args.link.length; i += 2) {
      const [flag = "", value = ""] = [args.link[i], args.link[i + 1]];
      if (flag === "-C" && value.startsWith("linker=")) linker = value.slice("linker=".length);
      else if (flag === "-l") link.set(`-l ${value}`, [flag, wholeStatic(value)]);
      else link.set(`${flag} ${value}`, [flag, value]);
    }
    for (const library of unit.nativeLibraries) attributeLibraries.add(wholeStatic(library));
  }
  return {
    libraries: [...libraries],
    sysrootCrates: [...sysrootCrates],
    link: [...link.values()].flat(),
    attributeLibraries: [...attributeLibraries],
    linker,
    panic,
  };
}

/** The files among a base image's native inputs: static libraries that a build script made, objects named by path. */
function nativeFiles(inputs: BaseInputs): string[] {
  const directories: string[] = [];
  const names = inputs.attributeLibraries.map(libraryName);
  const files: string[] = [];
  for (let i = 0; i + 1 < inputs.link.length; i += 2) {
    const [flag, value = ""] = [inputs.link[i], inputs.link[i + 1]];
    if (flag === "-L") directories.push(value.replace(/^(native|all|dependency|crate|framework)=/, ""));
    else if (flag === "-l") names.push(libraryName(value));
    else files.push(...value.slice(value.indexOf("=") + 1).split(/[ ,]/));
  }
  for (const directory of directories) {
    for (const name of names) files.push(path.join(directory, `lib${name}.a`), path.join(directory, name));
  }
  return files.filter(
    (file) => path.isAbsolute(file) && fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true,
  );
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

/**
 * Nothing in the base image calls the workspace's own static libraries yet, so they are taken whole. (Their constructors
 * then run even if the program uses none of their objects: the one known difference to a native link.)
 */
function wholeStatic(value: string): string {
  const match = /^static(?::([^=]*))?=(.*)$/.exec(value);
  if (match === null) return value;
  const modifiers = (match[1] ?? "").split(",").filter((item) => item !== "" && !item.endsWith("whole-archive"));
  return `static:${["+whole-archive", ...modifiers].join(",")}=${match[2] ?? ""}`;
}

/** One build of a base image in its own directory; the image appears there only when it is complete. */
class BaseBuild {
  constructor(
    private readonly directory: string,
    private readonly output: string,
    private readonly toolchain: Toolchain,
    private readonly env: NodeJS.ProcessEnv,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async build(inputs: BaseInputs): Promise<void> {
    fs.mkdirSync(this.directory, { recursive: true });
    let attributes = inputs.attributeLibraries;
    for (;;) {
      const line = await this.recordLine({ ...inputs, attributeLibraries: attributes });
      const missing = await this.link(inputs.linker, line);
      if (missing === undefined) return;
      // A `#[link]` under a `#[cfg]` that is off here names a library that need not exist.
      const rest = attributes.filter((value) => !missing.has(value.slice(value.indexOf("=") + 1)));
      if (rest.length === attributes.length)
        throw new Unsupported(`linking the base image failed: ${[...missing].join(", ")}`);
      attributes = rest;
    }
  }

  /** The linker's arguments for an executable of the empty crate. */
  private async recordLine(inputs: BaseInputs): Promise<string[]> {
    const work = path.join(this.directory, "crate");
    fs.rmSync(work, { recursive: true, force: true });
    fs.mkdirSync(path.join(work, "bin"), { recursive: true });
    const source = path.join(work, "base.rs");
    const names = inputs.libraries.map((_, index) => `dep_${index}`);
    const crates = [...names, ...inputs.sysrootCrates];
    const hasTests = inputs.panic === "unwind";
    fs.writeFileSync(
      source,
      [...crates.map((name) => `extern crate ${name} as _;`), hasTests ? "" : "fn main() {}", ""].join("\n"),
    );
    const recorded = path.join(work, "line");
    // rustc guesses what kind of linker it has from its name.
    const script = path.join(work, "bin", path.basename(inputs.linker));
    fs.writeFileSync(script, recordingScript(recorded), { mode: 0o755 });
    const args = [
      source,
      "--crate-name=cranefly_base",
      "--edition=2021",
      "--crate-type=bin",
      "-Cdebuginfo=0",
      `-Cpanic=${inputs.panic}`,
      // libtest belongs in for test programs; with panic=abort stable rustc has no libtest to offer.
      ...(hasTests ? ["--test"] : []),
      ...inputs.libraries.flatMap((library, index) => ["--extern", `${names[index] ?? ""}=${library}`]),
      ...inputs.sysrootCrates.flatMap((name) => ["--extern", name]),
      ...inputs.link,
      ...inputs.attributeLibraries.flatMap((value) => ["-l", value]),
      `-Clinker=${script}`,
      "-o",
      path.join(work, "base"),
    ];
    const err: string[] = [];
    const exit = await this.run([this.toolchain.rustc, ...args], err);
    const line = (readText(recorded) ?? "").split("\0").slice(0, -1);
    if (exit.code !== 0 || line.length === 0) {
      throw new Unsupported(`rustc cannot link the program's dependencies:\n${err.join("\n")}`);
    }
    return expandResponseFile(line);
  }

  /** Links the image. Returns the names of libraries that the linker did not find, undefined when all went well. */
  private async link(linker: string, line: readonly string[]): Promise<Set<string> | undefined> {
    const anchors = await this.anchors(linker);
    const args = baseLinkArgs(line, {
      output: this.output,
      objects: [anchors],
      wholeArchives: await this.nonshared(linker),
      emptyLibraries: isGlibcMerged() ? ["-lutil", "-lrt", "-lpthread", "-ldl"] : [],
    });
    const temporary = `${this.output}.${process.pid}.tmp`;
    args[args.length - 1] = temporary;
    const response = path.join(this.directory, "line");
    // A response file: the line of a large dependency set is longer than the system allows.
    fs.writeFileSync(response, args.map((arg) => `"${arg.replace(/(["\\])/g, "\\$1")}"`).join("\n"));
    const err: string[] = [];
    const exit = await this.run([linker, `@${response}`], err);
    if (exit.code !== 0) {
      const missing = err.flatMap(
        (text) =>
          /(?:unable to find library|cannot find) -l(\S+?):?$/.exec(text.split(":").slice(0, 9).join(":"))?.[1] ?? [],
      );
      if (missing.length > 0) return new Set(missing);
      throw new Unsupported(`linking the base image failed:\n${err.slice(0, 40).join("\n")}`);
    }
    const image = fs.readFileSync(temporary);
    const undefinedSymbols = weakenUndefined(image);
    if (stripOfLine(line) === "symbols") hideNames(image, this.output);
    fs.writeFileSync(temporary, image);
    fs.writeFileSync(path.join(this.directory, "undefined"), `${undefinedSymbols.join("\n")}\n`);
    fs.renameSync(temporary, this.output);
    return undefined;
  }

  /** Two symbols by which the engine finds the loaded image: one of its data, one of its thread-locals. */
  private async anchors(linker: string): Promise<string> {
    const source = path.join(this.directory, "anchors.c");
    const object = path.join(this.directory, "anchors.o");
    fs.writeFileSync(
      source,
      ["char __cranefly_base_anchor = 1;", "__thread char __cranefly_tls_anchor;", ""].join("\n"),
    );
    const err: string[] = [];
    const exit = await this.run([linker, "-c", "-fPIC", "-O1", "-o", object, source], err);
    if (exit.code !== 0) throw new Unsupported(`the C compiler ${linker} failed:\n${err.join("\n")}`);
    return object;
  }

  /** glibc's static part, whose hidden functions (`atexit`, `pthread_atfork` …) an image may call. */
  private async nonshared(linker: string): Promise<string[]> {
    const out: string[] = [];
    await run([linker, "-print-file-name=libc_nonshared.a"], {
      cwd: this.directory,
      env: this.env,
      onStdout: (text) => out.push(text),
      signal: this.signal,
    });
    const file = out[0] ?? "";
    return path.isAbsolute(file) && fs.existsSync(file) ? [file] : [];
  }

  private async run(command: string[], err: string[]): Promise<Exit> {
    try {
      return await run(command, {
        cwd: this.directory,
        env: { ...this.env, LC_ALL: "C" },
        onStdout: () => undefined,
        onStderr: (text) => err.push(text),
        signal: this.signal,
      });
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") {
        throw new Unsupported(`${command[0] ?? ""} not found: a C compiler is needed to link`, { cause: error });
      }
      throw error;
    }
  }
}

/** Stands in the linker's place. rustc removes a response file when the linker has ended, so it is kept. */
function recordingScript(recorded: string): string {
  return [
    "#!/bin/sh",
    `out=${shellQuote(recorded)}`,
    'printf \'%s\\0\' "$@" > "$out"',
    'case "$1" in @*) cp "${1#@}" "$out.response" && printf \'@%s\\0\' "$out.response" > "$out" ;; esac',
    "",
  ].join("\n");
}

/** rustc writes its arguments to a file when there are too many of them. */
function expandResponseFile(line: readonly string[]): string[] {
  return line.flatMap((arg) => {
    if (!arg.startsWith("@")) return [arg];
    const text = readText(arg.slice(1));
    if (text === undefined) return [arg];
    return [...text.matchAll(/((?:\\.|[^\s\\])+)/g)].map((match) => (match[1] ?? "").replace(/\\(.)/g, "$1"));
  });
}

/** Since glibc 2.34 libpthread, libdl, librt and libutil are empty. */
function isGlibcMerged(): boolean {
  const report: unknown = process.report.getReport();
  const version = /"glibcVersionRuntime":\s*"(\d+)\.(\d+)"/.exec(JSON.stringify(report));
  return version !== null && (Number(version[1]) > 2 || Number(version[2]) >= 34);
}
