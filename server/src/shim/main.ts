/**
 * What the shims of a capture run: `shim.cjs MODE CONTEXT …`. Small, because it starts once for every unit.
 *
 * - `question CONTEXT RUSTC ARGS…`: looks at the options that cargo asks rustc about before it builds.
 * - `rustc CONTEXT USER_WRAPPER RUSTC ARGS…`: compiles a unit to bitcode and reports it.
 * - `run CONTEXT EXECUTABLE ARGS…`: reports the environment that cargo would start the program in.
 * - `doc CONTEXT ARGS…`: reports that there would be documentation tests.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import {
  type Extern,
  type RustcArgs,
  inspectArgs,
  isProgram,
  outputStem,
  unitKey,
  withStaticLibraries,
  withoutDynamicTwins,
} from "../core/units/arguments.js";
import { compileUnit } from "../core/units/compile.js";
import { messageOf } from "../core/support/errors.js";
import { readJson, readText, realPath } from "../core/support/files.js";
import { type HostUnit, noteHost } from "../core/cargo/hosts.js";
import { Layout } from "../core/support/layout.js";
import { unitOfOutput } from "../core/units/outputs.js";
import { run } from "../core/support/process.js";
import { type Origin, type ReadOptions, readProgramOptions } from "../core/units/rustcOptions.js";
import { ShimContext, type ShimEvent, HARNESS_MARK, dynamicLibraryReason } from "../core/cargo/shims.js";
import { isShellName, parseEnvironment } from "../core/support/shell.js";
import { installRecorder } from "../core/cargo/scriptRun.js";
import { CAPTURE_ONLY, JOB_SERVER_VARIABLES, environmentDifference } from "../core/support/environment.js";
import { unitId } from "../core/units/invocation.js";

/** Kinds of crate that programs are made of. Procedural macros and native libraries are made the normal way. */
const BITCODE_KINDS = ["bin", "lib", "rlib", "dylib"];

async function main(): Promise<number> {
  const [mode = "", contextFile = "", ...rest] = process.argv.slice(2);
  const context = readJson(contextFile, ShimContext);
  if (context === undefined) throw new Error(`cannot read ${contextFile}`);
  const layout = new Layout(context.root);
  restoreEnvironment(layout);
  // What made this program a node is no business of rustc's or the program's.
  if (process.versions["electron"] !== undefined) delete process.env["ELECTRON_RUN_AS_NODE"];
  switch (mode) {
    case "question":
      return checkQuestion(layout, context, rest);
    case "rustc":
      return rustc(layout, context, rest);
    case "run":
      return reportRun(layout, context, rest);
    case "doc":
      report(layout, { kind: "doc", crate: inspectArgs(rest).crate });
      return 0;
    default:
      throw new Error(`unknown mode ${mode}`);
  }
}

/** Takes back the variables that the shell in front of this program has dropped. */
function restoreEnvironment(layout: Layout): void {
  const file = layout.environment(String(process.pid));
  for (const [name, value] of parseEnvironment(readText(file) ?? "")) {
    if (!isShellName(name)) process.env[name] = value;
  }
  fs.rmSync(file, { force: true });
}

function report(layout: Layout, event: ShimEvent): void {
  // One write of a line to a file opened for appending: the shims of a parallel build do not mix.
  fs.appendFileSync(layout.events, `${JSON.stringify(event)}\n`);
}

/** Ends the build at once: cargo, and whatever it has started, is this process's group. */
function refuse(layout: Layout, reason: string): number {
  report(layout, { kind: "refused", reason });
  process.kill(0, "SIGKILL");
  return 101;
}

function checkQuestion(layout: Layout, context: ShimContext, command: readonly string[]): number {
  const args = command.slice(command.indexOf("--crate-name"));
  const { refused } = readProgramOptions(args, optionsOf(context, "question", true));
  return refused === undefined ? 0 : refuse(layout, `${refused} is not supported`);
}

function optionsOf(context: ShimContext, origin: Origin, isProgram: boolean): ReadOptions {
  return { host: context.host, origin, isProgram, readFile: (file) => readText(path.resolve(file)) };
}

/** The crate that an extern's file is of, which its name in the code need not be: `libNAME-HASH.so`. (A crate's name has no dash.) */
function crateOf({ path: file }: Extern): string {
  return file?.endsWith(".so") === true
    ? path
        .basename(file, ".so")
        .replace(/^lib/, "")
        .replace(/-[0-9a-f]+$/, "")
    : "";
}

async function rustc(layout: Layout, context: ShimContext, [wrapper = "", ...command]: string[]): Promise<number> {
  // cargo names the crate first; before that stand rustc and, for members, the user's RUSTC_WORKSPACE_WRAPPER.
  const at = Math.max(1, command.indexOf("--crate-name"));
  const prefix = [...(wrapper === "" ? [] : [wrapper]), ...command.slice(0, at)];
  const given = withoutDynamicTwins(command.slice(at));
  const cwd = process.cwd();
  const parsed = inspectArgs(given);
  const isNative = parsed.crateTypes.length > 0 && !parsed.crateTypes.some((kind) => BITCODE_KINDS.includes(kind));
  const source = realPath(path.resolve(cwd, parsed.source ?? ""));
  const isScript = context.buildScripts.some((script) => script.crate === parsed.crate && script.source === source);
  const isHost = isNative || isScript;
  // A build script may call rustc itself; it then names another crate than cargo does, or asks a question.
  // It may also call cargo, which then builds elsewhere: where others look we leave nothing.
  const isBelow = path.resolve(cwd, parsed.outDir ?? "").startsWith(layout.root + path.sep);
  const isUnit = parsed.crate === process.env["CARGO_CRATE_NAME"] && parsed.outDir !== undefined && isBelow;
  if (isHost || !isUnit) {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !JOB_SERVER_VARIABLES.includes(name)),
    );
    const exit = await run([...prefix, ...given], { cwd, env, sameGroup: true });
    if (isHost && isUnit && exit.code === 0) {
      if (isScript) installRecorder(path.resolve(cwd, parsed.outDir, outputStem(parsed)), wrapper);
      noteHost(layout, hostUnit(parsed, cwd));
    }
    return exit.code ?? 101;
  }
  const id = unitId(parsed, process.env, cwd);
  const { refused } = readProgramOptions(given, optionsOf(context, "cargo", isProgram(parsed)));
  if (refused !== undefined) return refuse(layout, `${refused} of ${id} is not supported`);
  const library = parsed.externs.find((extern) => context.dynamicCrates.includes(crateOf(extern)));
  if (library !== undefined) return refuse(layout, dynamicLibraryReason(library.name));
  const args = withStaticLibraries(given, (rlib) => {
    const file = path.resolve(cwd, rlib);
    return unitOfOutput(layout, file) !== undefined || fs.existsSync(file);
  });
  const started = performance.now();
  const env = environmentDifference(context.env, process.env, CAPTURE_ONLY);
  const key = unitKey(parsed);
  const needsRlib = context.needsRlib.includes(process.env["CARGO_MANIFEST_DIR"] ?? "");
  const result = await compileUnit(
    layout,
    { key, id, command: prefix, wrapper, args, cwd, env, needsRlib },
    {
      env: context.env,
      sameGroup: true,
      onLine: (line) => void process.stderr.write(`${parsed.isTest ? marked(line) : line}\n`),
    },
  );
  if (result.exitCode === 0) {
    report(layout, { kind: "unit", key, id, ms: performance.now() - started });
    // A build script or procedural macro may contain this library: when it changes, cargo has to run.
    if (needsRlib) noteHost(layout, hostUnit(parsed, cwd));
  }
  return result.exitCode;
}

/** A line of rustc's JSON, marked as a test harness's: cargo passes it on. */
function marked(line: string): string {
  return line.startsWith("{") ? `{"${HARNESS_MARK}":true,${line.slice(1)}` : line;
}

function hostUnit(args: RustcArgs, cwd: string): HostUnit {
  return { depInfo: path.resolve(cwd, args.outDir ?? ".", `${outputStem(args)}.d`), cwd };
}

function reportRun(layout: Layout, context: ShimContext, [executable = ""]: string[]): number {
  const cwd = process.cwd();
  const ignored = new Set([...CAPTURE_ONLY, "LD_LIBRARY_PATH"]);
  const before = splitPath(context.env["LD_LIBRARY_PATH"]);
  const now = splitPath(process.env["LD_LIBRARY_PATH"]);
  report(layout, {
    kind: "run",
    executable: path.resolve(cwd, executable),
    isRelative: !path.isAbsolute(executable),
    cwd,
    env: environmentDifference(context.env, process.env, ignored),
    libraryPath: now.slice(0, Math.max(0, now.length - before.length)),
  });
  return 0;
}

function splitPath(value: string | undefined): string[] {
  return value === undefined || value === "" ? [] : value.split(":");
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`cranefly: ${messageOf(error)}\n`);
    process.exitCode = 101;
  },
);
