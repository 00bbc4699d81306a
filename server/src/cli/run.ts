/** `cranefly run` and `cranefly build`. */
import * as path from "node:path";
import type { Program, SelectionState, Start } from "../core/selection.js";
import type { SelectionOptions } from "./options.js";
import { Session } from "./session.js";
import { endLike, startProgram } from "./start.js";

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
    endLike(await startProgram(state.runner, start, program, args, session.env).outcome);
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

/** A path as cargo prints it: relative where that is shorter. */
export function displayPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
