/** `cranefly run` and `cranefly build`. */
import * as path from "node:path";
import type { Program, SelectionState, Start } from "../core/selection.js";
import { applyEnvironment } from "../core/unit.js";
import type { SelectionOptions } from "./options.js";
import { Session } from "./session.js";
import { type Command, execScript, finishWith } from "./launch.js";

export async function runCommand(
  place: string | undefined,
  options: SelectionOptions,
  args: readonly string[],
): Promise<void> {
  const session = new Session("run", options, place);
  await session.buildAnd(args, async (state) => {
    const { start, program } = onlyStart(state);
    if (!session.terminal.quiet) {
      session.terminal.status("Running", `\`${[displayPath(program.executable), ...args].join(" ")}\``);
    }
    await finishWith(execScript(programCommand(state.runner, start, program, args, session.env)));
  });
}

export async function buildCommand(place: string | undefined, options: SelectionOptions): Promise<void> {
  const session = new Session("build", options, place);
  await session.buildAnd([], () => Promise.resolve());
}

/** The one program that `cargo run` would start. */
export function onlyStart(state: SelectionState): { readonly start: Start; readonly program: Program } {
  const start = state.starts[0];
  const program = state.programs.find((item) => item.name === start?.program);
  if (start === undefined || program === undefined) throw new Error("cargo started no program");
  return { start, program };
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

/** A path as cargo prints it: relative where that is shorter. */
export function displayPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
