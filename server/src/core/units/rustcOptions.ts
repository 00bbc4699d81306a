/**
 * Which of rustc's options the way by bitcode keeps to. What is not known to mean the same for a program that the engine
 * compiles and links is refused by its name, and the program is cargo's.
 */
import * as path from "node:path";
import { type Item, codegenName, parseOptions } from "./optionSyntax.js";
import { readText } from "../support/files.js";
import { type LinkRequest, readLinkArguments, strongerStrip, type Strip } from "./linkArguments.js";
import type { Invocation } from "./invocation.js";

/** Whose options: a unit's command line of cargo's, cargo's question what `RUSTFLAGS` make of the target, or a user's own. */
export type Origin = "cargo" | "question" | "user";

/** How a program is to be linked, or why not by Cranefly. */
export interface ProgramOptions extends Omit<LinkRequest, "refused"> {
  /** "the compiler option `…`", "the link argument `…`". */
  readonly refused: string | undefined;
}

type Check = (value: string) => boolean;
const any: Check = () => true;
const among =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value);
const all = (check: Check, names: string): [string, Check][] => names.split(" ").map((name) => [name, check]);

const isOn = among("", "y", "yes", "on", "true");
const isOff = among("n", "no", "off", "false");

/** `-C` options that every unit may have. Without `=` their value is "". */
const CODEGEN: ReadonlyMap<string, Check> = new Map([
  // Which crate it is, and where its files go.
  ...all(any, "metadata extra-filename incremental save-temps"),
  // The front end's, or said in the bitcode to whoever compiles it.
  ...all(any, "debug-assertions overflow-checks collapse-macro-debuginfo symbol-mangling-version target-cpu"),
  ...all((value) => !value.split(",").includes("+crt-static"), "target-feature"),
  ...all(any, "debuginfo dwarf-version opt-level force-frame-pointers"),
  ...all(among("unwind", "abort"), "panic"),
  // How the compiler works, or what it would only do for speed.
  ...all(any, "codegen-units embed-bitcode no-prepopulate-passes no-vectorize-loops no-vectorize-slp jump-tables"),
  ...all(any, "link-dead-code no-redzone split-debuginfo"),
  // What is so anyway, or is nothing here.
  ...all(among("pic", "pie"), "relocation-model"),
  ...all(among("small"), "code-model"),
  ...all(isOn, "force-unwind-tables"),
  ...all(isOff, "lto linker-plugin-lto instrument-coverage profile-generate"),
  ...all(any, "ar control-flow-guard dlltool inline-threshold no-stack-check"),
]);

/** `-C` options that decide how a program is linked, and are nothing to the rlib of a library. */
const LINK: ReadonlyMap<string, Check> = new Map([
  ...all(any, "link-arg link-args linker-features relro-level"),
  // A command of another kind may add arguments of its own, or be no C compiler.
  ...all((value) => /^(?:.*[/-])?(?:cc|c\+\+|gcc|g\+\+|clang|clang\+\+)(?:-[\d.]+)?$/.test(value), "linker"),
  ...all(among("gcc", "gnu-cc", "gnu-lld-cc"), "linker-flavor"),
  ...all((value) => isOff(value) || among("-linker", "+linker")(value), "link-self-contained"),
  ...all(among("none", "debuginfo", "symbols"), "strip"),
  ...all(isOff, "prefer-dynamic default-linker-libraries"),
  // The paths are those of Rust dynamic libraries, which programs here do not load: what is in them is linked instead.
  ...all(any, "rpath"),
]);

/** Unstable options of the front end, or that only make faster code. */
const UNSTABLE = new Set(
  (
    "allow-features binary-dep-depinfo checksum-hash-algorithm crate-attr embed-metadata hint-mostly-unused macro-backtrace " +
    "mir-opt-level next-solver polonius proc-macro-backtrace share-generics threads tune-cpu unstable-options"
  ).split(" "),
);

const FLAGS: ReadonlySet<string> = new Set([
  ..."-A -W -D -F -L -g -O -v --verbose --cfg --check-cfg --cap-lints --edition --extern --remap-path-prefix".split(
    " ",
  ),
  ..."--allow --warn --force-warn --deny --forbid --color --diagnostic-width --error-format --json".split(" "),
]);
const MORE_FLAGS: Readonly<Record<Origin, readonly string[]>> = {
  cargo: ["", "--crate-name", "--crate-type", "--out-dir", "--test"],
  question: ["", "--crate-name", "--crate-type", "--print"],
  user: ["--crate-name", "--crate-type", "--test"],
};

/** Kinds of `-l`, with or without modifiers. */
const LIBRARY = /^(?:(?:static|dylib)(?::[^=]*)?=)?[^=]+$/;

export interface ReadOptions {
  readonly host: string;
  readonly origin: Origin;
  /** They are a program's, or may be. */
  readonly isProgram: boolean;
  readonly readFile: (file: string) => string | undefined;
}

/** Reads a unit's options. */
export function readProgramOptions(args: readonly string[], options: ReadOptions): ProgramOptions {
  const items = parseOptions(args);
  const linkArguments: string[] = [];
  let strip: Strip = "none";
  let refused: string | undefined;
  let emits = options.origin === "cargo" ? 0 : 1;
  // cargo wants it of a procedural macro's harness, whose std need not be the compiler's. (What users ask for is in its first question.)
  const isHarness = options.origin === "cargo" && items.some(({ flag }) => flag === "--test");
  for (const item of items) {
    const { flag, value = "" } = item;
    let isGood: boolean;
    if (flag === "--emit") isGood = ++emits === 1;
    else if (flag === "-C") isGood = isKept(value, options.isProgram) || (isHarness && value === "prefer-dynamic");
    else if (flag === "-Z") isGood = UNSTABLE.has(codegenName(value));
    else if (flag === "-l") isGood = LIBRARY.test(value);
    else if (flag === "--target") isGood = value === options.host;
    else isGood = FLAGS.has(flag) || MORE_FLAGS[options.origin].includes(flag);
    if (!isGood) refused ??= `the compiler option \`${written(item)}\``;
    if (flag !== "-C") continue;
    const name = codegenName(value);
    const setting = value.slice(value.indexOf("=") + 1);
    if (name === "link-arg") linkArguments.push(setting);
    else if (name === "link-args") linkArguments.push(...setting.split(/\s+/).filter((word) => word !== ""));
    else if (name === "strip" && (setting === "debuginfo" || setting === "symbols")) strip = setting;
    else if (name === "strip") strip = "none";
  }
  if (!options.isProgram) return { refused, strip: "none", exportDynamic: false };
  const link = readLinkArguments(linkArguments, options.readFile);
  if (link.refused !== undefined) refused ??= `the link argument \`${link.refused}\``;
  strip = strongerStrip(strip, link.strip);
  // An executable then has names where it has exports, and nowhere else; an image exports the places that calls go through.
  if (strip === "symbols" && link.exportDynamic) refused ??= "stripping a program that exports its symbols";
  return { refused, strip, exportDynamic: link.exportDynamic };
}

/** How a program that was not refused is to be linked. */
export function linkRequestOf({ args, cwd }: Pick<Invocation, "args" | "cwd">): Omit<ProgramOptions, "refused"> {
  const readFile = (file: string): string | undefined => readText(path.resolve(cwd, file));
  return readProgramOptions(args, { host: "", origin: "cargo", isProgram: true, readFile });
}

function isKept(option: string, isProgram: boolean): boolean {
  const name = codegenName(option);
  const equals = option.indexOf("=");
  const value = equals < 0 ? "" : option.slice(equals + 1);
  const check = CODEGEN.get(name);
  if (check !== undefined) return check(value);
  const link = LINK.get(name);
  return link !== undefined && (!isProgram || link(value));
}

/** As a user would write it. */
function written({ flag, value }: Item): string {
  if (value === undefined) return flag;
  if (flag === "") return value;
  return flag.startsWith("--") ? `${flag}=${value}` : `${flag} ${value}`;
}
