/**
 * rustc's command line as cargo writes it: taking it apart, and turning it into one that stops at bitcode.
 *
 * Knows the spelling of options, not files or processes.
 */
import * as path from "node:path";
import { digest } from "../support/files.js";
import { type Item, codegenName, parseOptions, print } from "./optionSyntax.js";

/** One `--extern` of a unit. `path` is missing for crates of the sysroot such as `proc_macro`. */
export interface Extern {
  readonly name: string;
  readonly path: string | undefined;
}

/** What Cranefly has to know of a rustc command line. */
export interface RustcArgs {
  readonly crate: string;
  readonly crateTypes: readonly string[];
  readonly isTest: boolean;
  /** `#[cfg(test)]` holds: in tests, also in those without a harness. */
  readonly hasTestCode: boolean;
  readonly source: string | undefined;
  readonly outDir: string | undefined;
  readonly extraFilename: string;
  readonly optLevel: string;
  readonly panic: "unwind" | "abort";
  /** As the command line says it: "0", "line-tables-only", "2", "full" … */
  readonly debugInfo: string;
  readonly target: string | undefined;
  readonly incremental: string | undefined;
  readonly externs: readonly Extern[];
  /** `-C linker`, `-C link-arg…`, `-C strip`, `-l` and `-L`: all that decides how the program would be linked. */
  readonly link: readonly string[];
}

/** What command lines were read as: those of records are asked about many times in every update. */
const inspected = new WeakMap<readonly string[], RustcArgs>();

/** Reads what Cranefly needs out of a rustc command line (without the program's name), which nobody changes afterwards. */
export function inspectArgs(args: readonly string[]): RustcArgs {
  const known = inspected.get(args);
  if (known !== undefined) return known;
  const read = readArgs(args);
  inspected.set(args, read);
  return read;
}

function readArgs(args: readonly string[]): RustcArgs {
  const items = parseOptions(args);
  const values = (flag: string): string[] =>
    items.filter((item) => item.flag === flag).flatMap((item) => (item.value === undefined ? [] : [item.value]));
  const codegen = (name: string): string | undefined =>
    values("-C")
      .filter((value) => codegenName(value) === name)
      .map((value) => value.slice(value.indexOf("=") + 1))
      .at(-1);
  const isTest = items.some((item) => item.flag === "--test");
  const crateTypes = values("--crate-type").flatMap((value) => value.split(","));
  const isExecutable = isProgram({ isTest, crateTypes });
  const source = values("").find((value) => value.endsWith(".rs") || value === "-") ?? values("")[0];
  return {
    crate: values("--crate-name").at(-1) ?? "",
    crateTypes,
    isTest,
    hasTestCode: isTest || values("--cfg").includes("test"),
    source,
    outDir: values("--out-dir").at(-1),
    extraFilename: codegen("extra-filename") ?? "",
    optLevel: codegen("opt-level") ?? (items.some((item) => item.flag === "-O") ? "3" : "0"),
    panic: codegen("panic") === "abort" ? "abort" : "unwind",
    debugInfo: codegen("debuginfo") ?? (items.some((item) => item.flag === "-g") ? "2" : "0"),
    target: values("--target").at(-1),
    incremental: codegen("incremental"),
    externs: values("--extern").map(parseExtern),
    link: items.flatMap((item) => {
      if (item.value === undefined) return [];
      const isLink = item.flag === "-l" || item.flag === "-L";
      const isOfProgram = item.flag === "-C" && isExecutable && LINK_OPTIONS.has(codegenName(item.value));
      return isLink || isOfProgram ? [item.flag, item.value] : [];
    }),
  };
}

/** `-C` options that decide about the link. (A library has them for its other kinds, which rustc links natively.) */
const LINK_OPTIONS = new Set(
  "linker link-arg link-args linker-flavor linker-features link-self-contained strip".split(" "),
);

/** Whether a unit is linked into an executable. */
export function isProgram({ isTest, crateTypes }: Pick<RustcArgs, "isTest" | "crateTypes">): boolean {
  return isTest || crateTypes.length === 0 || crateTypes.includes("bin");
}

/** `--extern` takes `[options:]name[=path]`. */
function parseExtern(value: string): Extern {
  const equals = value.indexOf("=");
  const left = equals < 0 ? value : value.slice(0, equals);
  const name = left.slice(left.lastIndexOf(":") + 1);
  return { name, path: equals < 0 ? undefined : value.slice(equals + 1) };
}

/**
 * Leaves out dynamic libraries that cargo offers beside static ones of the same crate, which rustc links if it can. They are
 * compiled by themselves here, so that rustc would take the two for different crates.
 */
export function withoutDynamicTwins(args: readonly string[]): string[] {
  const items = parseOptions(args);
  const extern = ({ flag, value }: Item): Extern | undefined =>
    flag === "--extern" && value !== undefined ? parseExtern(value) : undefined;
  const isStatic = (file: string | undefined): boolean => /\.(?:rlib|rmeta)$/.test(file ?? "");
  const names = new Set(items.flatMap((item) => (isStatic(extern(item)?.path) ? [extern(item)?.name] : [])));
  const isTwin = (item: Item): boolean => {
    const { name, path: file } = extern(item) ?? {};
    return names.has(name) && !isStatic(file);
  };
  return items.some(isTwin) ? print(items.filter((item) => !isTwin(item))) : [...args];
}

/** Whether a library is made as a Rust dynamic library, and not as one that could be linked instead. */
export function isOnlyDynamic(kinds: readonly string[]): boolean {
  return kinds.includes("dylib") && !kinds.some((kind) => ["lib", "rlib", "proc-macro"].includes(kind));
}

/**
 * Has what is only a dynamic library made as one that can be linked, too, and uses it as such where it is used. `isMade`: whether
 * there is, or will be, such a library at a path.
 */
export function withStaticLibraries(args: readonly string[], isMade: (rlib: string) => boolean): string[] {
  const added: Item[] = isOnlyDynamic(inspectArgs(args).crateTypes) ? [{ flag: "--crate-type", value: "lib" }] : [];
  const items = parseOptions(args).map((item): Item => {
    const { name, path: file } = item.flag === "--extern" ? parseExtern(item.value ?? "") : {};
    if (file?.endsWith(".so") !== true) return item;
    const rlib = `${file.slice(0, -".so".length)}.rlib`;
    return isMade(rlib) ? { flag: "--extern", value: `${name ?? ""}=${rlib}` } : item;
  });
  return print([...items, ...added]);
}

/** How a unit is to be compiled to bitcode. */
export interface BitcodeOptions {
  /**
   * Where the bitcode goes. It must be the same path in every run: rustc's incremental queries depend on the output
   * directory, and a new one would invalidate every codegen unit.
   */
  readonly bitcodeDir: string;
  /** rustc's directory. */
  readonly cwd: string;
  /** Where cargo expects dep-info and metadata. */
  readonly depInfo: string;
  /** The metadata file, for a library. */
  readonly metadata: string | undefined;
  /** The rlib, for a library that a build script, procedural macro or native library links to. */
  readonly link: string | undefined;
  /** Used when cargo gives none (release profiles). */
  readonly incrementalDir: string;
  /** Whether this rlib is one of the workspace's own, so that only its metadata exists. */
  readonly isWorkspaceLib: (rlib: string) => boolean;
}

/** `-C` options that only matter to code generation and linking after bitcode, or that contradict ours. */
const DROPPED_CODEGEN = new Set([
  "lto",
  "embed-bitcode",
  "linker-plugin-lto",
  "codegen-units",
  "no-prepopulate-passes",
  "split-debuginfo",
  "strip",
  "save-temps",
]);

/**
 * The level of debug info that a unit is compiled with. Nothing here uses types and variables yet, and they double the
 * bitcode; functions, lines and inlined frames, which backtraces consist of, are the same without.
 */
export function debugInfoInUse(level: string): string {
  return level === "2" || level === "full" ? "1" : level;
}

/** Turns cargo's command line of a unit into the one that stops at bitcode. */
export function bitcodeArgs(args: readonly string[], options: BitcodeOptions): string[] {
  const items = parseOptions(args).flatMap((item): Item[] => {
    const { flag, value } = item;
    switch (flag) {
      case "--emit":
      case "--out-dir":
      case "-o":
        return [];
      case "--crate-type": {
        // The other kinds (cdylib, dylib, staticlib) are made by a native run of rustc beside this one.
        const kinds = (value ?? "").split(",").filter((kind) => ["bin", "lib", "rlib"].includes(kind));
        return kinds.map((kind) => ({ flag, value: kind }));
      }
      case "-g":
        return [{ flag: "-C", value: `debuginfo=${debugInfoInUse("2")}` }];
      case "-C":
        if (value === undefined || DROPPED_CODEGEN.has(codegenName(value))) return [];
        if (codegenName(value) !== "debuginfo") return [item];
        return [{ flag, value: `debuginfo=${debugInfoInUse(value.slice(value.indexOf("=") + 1))}` }];
      case "--extern":
        return [value === undefined ? item : { flag, value: externToMetadata(value, options.isWorkspaceLib) }];
      default:
        return [item];
    }
  });
  const place = (file: string): string => emitPath(file, options.cwd);
  const emit = [
    `dep-info=${place(options.depInfo)}`,
    ...(options.metadata === undefined ? [] : [`metadata=${place(options.metadata)}`]),
    ...(options.link === undefined ? [] : [`link=${place(options.link)}`]),
    "llvm-bc",
  ];
  const hasIncremental = items.some((item) => item.flag === "-C" && codegenName(item.value ?? "") === "incremental");
  return [
    ...print(items),
    `--emit=${emit.join(",")}`,
    "--out-dir",
    options.bitcodeDir,
    ...(hasIncremental ? [] : ["-C", `incremental=${options.incrementalDir}`]),
    // Unless it is given rustc makes one unit as soon as --emit names a path per unit.
    "-Ccodegen-units=256",
    "-Cno-prepopulate-passes",
  ];
}

/** `--emit` separates by commas and knows no quotes: a folder with one in its name is only named relatively. */
export function emitPath(file: string, cwd: string): string {
  return file.includes(",") ? path.relative(cwd, file) : file;
}

function externToMetadata(value: string, isWorkspaceLib: (rlib: string) => boolean): string {
  const equals = value.indexOf("=");
  const file = value.slice(equals + 1);
  if (equals < 0 || !file.endsWith(".rlib") || !isWorkspaceLib(file)) return value;
  return `${value.slice(0, equals)}=${file.slice(0, -".rlib".length)}.rmeta`;
}

/** Names of lints that a command line denies or forbids, `--deny=unused_must_use,warnings` as two. */
export function inspectLints(args: readonly string[]): string[] {
  const levels = ["-D", "-F", "--deny", "--forbid"];
  return parseOptions(args)
    .filter((item) => levels.includes(item.flag))
    .flatMap((item) => (item.value ?? "").split(","));
}

/** How a unit's bitcode command line becomes one for other sources than its own. */
export interface OverlayOptions {
  /** Turns an absolute source path into the overlay's; relative ones stay. */
  readonly source: (file: string) => string;
  /** None where a run has nothing in common with the next. */
  readonly incrementalDir: string | undefined;
  /** What kind of crate it becomes. */
  readonly crateType: (kind: string) => string;
  /** A test harness becomes a library with `cfg(test)`. */
  readonly isLibrary?: boolean;
  /** Behind the value of `-C metadata`, so that it is another crate of the same name. */
  readonly metadataSuffix?: string;
  /** Metadata in the place of libraries, by the names under which they are used. */
  readonly libraries?: ReadonlyMap<string, string>;
  /** Lint caps, remapped paths and code generation options, behind everything else. */
  readonly extra: readonly string[];
}

/** Points `bitcodeArgs`' command line to an overlay. */
export function overlayArgs(args: readonly string[], options: OverlayOptions): string[] {
  const isTest = args.includes("--test");
  const items = parseOptions(args).flatMap((item): Item[] => {
    const { flag, value } = item;
    if (flag === "" && value !== undefined && path.isAbsolute(value)) return [{ flag, value: options.source(value) }];
    if (flag === "--crate-type") return [{ flag, value: options.crateType(value ?? "") }];
    if (flag === "--test" && options.isLibrary === true) return [{ flag: "--cfg", value: "test" }];
    if (flag === "--extern" && value !== undefined) return [{ flag, value: withLibrary(value, options.libraries) }];
    if (flag === "--cap-lints" || (flag === "-C" && codegenName(value ?? "") === "incremental")) return [];
    if (flag === "-C" && codegenName(value ?? "") === "metadata") {
      return [{ flag, value: `${value ?? ""}${options.metadataSuffix ?? ""}` }];
    }
    return [item];
  });
  const hasType = items.some(({ flag }) => flag === "--crate-type");
  const addsType = options.isLibrary === true && (isTest || !hasType);
  const { incrementalDir } = options;
  return [
    ...print(items),
    ...(addsType ? [`--crate-type=${options.crateType("lib")}`] : []),
    ...(incrementalDir === undefined ? [] : ["-C", `incremental=${incrementalDir}`]),
    ...options.extra,
  ];
}

/** An `--extern` with another library, if there is one for its name. */
function withLibrary(value: string, libraries: OverlayOptions["libraries"]): string {
  const library = libraries?.get(parseExtern(value).name);
  return library === undefined ? value : `${value.slice(0, value.indexOf("="))}=${library}`;
}

/** Options that say which crate it is, or how it is linked. */
const NOT_OF_CODE = new Set([
  ..."metadata extra-filename incremental codegen-units".split(" "),
  ..."linker link-arg link-args link-dead-code prefer-dynamic rpath strip".split(" "),
]);

/** What decides about a function's code and debug info besides its crate's sources. */
export function codeOptions(args: readonly string[]): string {
  const counts = ({ flag, value }: Item): boolean =>
    flag === "-C" ? !NOT_OF_CODE.has(codegenName(value ?? "")) : CODE_FLAGS.has(flag);
  // However they are spelled.
  const plain = parseOptions(args)
    .filter(counts)
    .map(({ flag, value }) => ({ flag, value }));
  return print(plain).sort().join(" ");
}

const CODE_FLAGS = new Set(["-g", "-O", "-Z", "--target", "--sysroot", "--remap-path-prefix"]);

/** What decides which `cfg` conditions hold, for `rustc --print cfg`. */
export function inspectConditions(args: readonly string[]): string[] {
  const flags = new Set(["--cfg", "--target", "--test", "-O"]);
  const counts = ({ flag, value }: Item): boolean =>
    flag === "-C" ? CONDITION_OPTIONS.has(codegenName(value ?? "")) : flags.has(flag);
  const test = args.includes("--test") ? ["--cfg=test"] : [];
  return [...print(parseOptions(args).filter(counts)).filter((arg) => arg !== "--test"), ...test];
}

const CONDITION_OPTIONS = new Set(
  "debug-assertions opt-level overflow-checks panic relocation-model target-cpu target-feature".split(" "),
);

/** The edition of the sources. */
export function editionOf(args: readonly string[]): string {
  return parseOptions(args).findLast((item) => item.flag === "--edition")?.value ?? "2015";
}

/** The values of `--remap-path-prefix`, in order. */
export function inspectRemaps(args: readonly string[]): string[] {
  return parseOptions(args).flatMap((item) =>
    item.flag === "--remap-path-prefix" && item.value !== undefined ? [item.value] : [],
  );
}

/** The command line that makes only the kinds of library that others load natively; undefined when there are none. */
export function nativeLibraryArgs(args: readonly string[]): string[] | undefined {
  const native = ["cdylib", "dylib", "staticlib"];
  if (!inspectArgs(args).crateTypes.some((kind) => native.includes(kind))) return undefined;
  const items = parseOptions(args).flatMap((item): Item[] => {
    // The incremental session belongs to the bitcode run; two sets of options would keep invalidating it.
    if (item.flag === "-C" && codegenName(item.value ?? "") === "incremental") return [];
    if (item.flag !== "--crate-type") return [item];
    const kinds = (item.value ?? "").split(",").filter((kind) => native.includes(kind));
    return kinds.map((kind) => ({ flag: item.flag, value: kind }));
  });
  return print(items.map((item) => (item.flag === "--emit" ? { flag: item.flag, value: "link" } : item)));
}

/** What rustc calls its outputs, without kinds and endings. */
export function outputStem({ crate, extraFilename }: RustcArgs): string {
  return `${crate}${extraFilename}`;
}

/** A unit's name among all units of a target directory. (Not every unit has a hash in its outputs' names.) */
export function unitKey(args: RustcArgs): string {
  const { crate, extraFilename, outDir = "" } = args;
  return extraFilename === "" ? `${crate}-${digest(outDir).slice(0, 16)}` : outputStem(args);
}
