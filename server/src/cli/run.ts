/** `cranefly run` and `cranefly build`. */
import * as path from "node:path";
import { onlyStart, programCommand } from "../core/cargo/programStart.js";
import type { Caller } from "./caller.js";
import type { SelectionOptions } from "./options.js";
import { Session } from "./session.js";
import { execScript } from "./startScript.js";

export async function runCommand(
  caller: Caller,
  place: string | undefined,
  options: SelectionOptions,
  args: readonly string[],
): Promise<void> {
  const session = new Session("run", options, place, caller);
  await session.buildAnd(args, async (state) => {
    const { start, program } = onlyStart(state);
    if (!session.terminal.quiet) {
      session.terminal.status("Running", `\`${[displayPath(program.executable, caller.cwd), ...args].join(" ")}\``);
    }
    const command = programCommand(state.runner, start, program, args, session.env);
    await caller.finishWith(execScript(command, caller.shell));
  });
}

export async function buildCommand(
  caller: Caller,
  place: string | undefined,
  options: SelectionOptions,
): Promise<void> {
  const session = new Session("build", options, place, caller);
  await session.buildAnd([], () => Promise.resolve());
}

/** A path as cargo prints it: relative where that is shorter. */
export function displayPath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith("..") ? file : relative;
}
