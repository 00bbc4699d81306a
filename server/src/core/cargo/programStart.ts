/**
 * How a program is started: as cargo would, with the environment, the folder and the runner that cargo would use. Starts
 * nothing itself.
 */
import * as path from "node:path";
import { inspectArgs } from "../units/arguments.js";
import { type Layout, withinTarget } from "../support/layout.js";
import type { SelectionState, Start } from "./selection.js";
import type { Program } from "../units/program.js";
import { type UnitRecord, needUnit } from "../units/record.js";
import { applyEnvironment } from "../support/environment.js";

/** A program to start, with its complete environment. */
export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The one program that `cargo run` would start. */
export function onlyStart(state: SelectionState): { readonly start: Start; readonly program: Program } {
  const start = state.starts[0];
  const program = state.programs.find((item) => item.name === start?.program);
  if (start === undefined || program === undefined) throw new Error("cargo started no program");
  return { start, program };
}

/**
 * How cargo would start a program of a build: as it said itself, or, where cargo was only asked to build, made of what
 * it set when it compiled the program. `cwd`: where `cargo run` would be called. Throws `MissingUnit`.
 */
export function startOf(layout: Layout, state: SelectionState, program: Program, cwd: string): Start {
  const known = state.starts.find((start) => start.program === program.name);
  if (known !== undefined) return known;
  const unit = needUnit(layout, program.unit);
  const env = Object.entries(unit.invocation.env).filter(([name]) => !COMPILE_ONLY.has(name));
  return {
    program: program.name,
    label: unit.invocation.id,
    harness: false,
    isRelative: program.executable.startsWith(cwd + path.sep),
    cwd,
    env: Object.fromEntries(env),
    libraryPath: libraryPath(layout, state, program, unit),
  };
}

/** What cargo sets for rustc, but not for the program. */
const COMPILE_ONLY: ReadonlySet<string> = new Set([
  "LD_LIBRARY_PATH",
  "CARGO_PRIMARY_PACKAGE",
  "CARGO_CRATE_NAME",
  "CARGO_BIN_NAME",
]);

/** What cargo puts in front of the dynamic loader's search path: folders that build scripts filled, its own, the toolchain's. */
function libraryPath(layout: Layout, state: SelectionState, program: Program, unit: UnitRecord): string[] {
  const { link } = inspectArgs(unit.invocation.args);
  const searched = link.flatMap((value, index) => (link[index - 1] === "-L" ? [value.replace(/^[a-z]+=/, "")] : []));
  const native = [...new Set(searched)].filter((folder) => folder.startsWith(layout.root + path.sep)).sort();
  const folder = path.dirname(program.executable);
  const profile = path.basename(folder) === "examples" ? path.dirname(folder) : folder;
  const within = path.relative(path.dirname(program.executable), profile);
  const deps = path.join(layout.root, path.dirname(withinTarget(program.name)), within, "deps");
  const { sysroot, host } = state.toolchain;
  const target = path.join(sysroot, "lib", "rustlib", host, "lib");
  return [...native.filter((item) => item !== deps), profile, deps, target, path.join(sysroot, "lib")];
}

/** How cargo would start a program, through the user's own runner if there is one. `env`: the user's environment. */
export function programCommand(
  runner: readonly string[],
  start: Start,
  program: Program,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Command {
  // cargo names a program below the working directory by its relative path, and the program can see that.
  const executable = start.isRelative ? path.relative(start.cwd, program.executable) : program.executable;
  return { argv: [...runner, executable, ...args], cwd: start.cwd, env: programEnvironment(start, env) };
}

function programEnvironment(start: Start, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const full = applyEnvironment(env, start.env);
  if (start.libraryPath.length === 0) return full;
  const own = env["LD_LIBRARY_PATH"];
  const parts = own === undefined || own === "" ? start.libraryPath : [...start.libraryPath, own];
  return { ...full, LD_LIBRARY_PATH: parts.join(":") };
}
