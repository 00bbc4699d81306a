/** `cranefly run` and `cranefly build`. */
import * as path from "node:path";
import { onlyStart, programCommand } from "../core/cargo/programStart.js";
import type { SelectionOptions } from "./options.js";
import { Session } from "./session.js";
import { execScript, finishWith } from "./startScript.js";

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

/** A path as cargo prints it: relative where that is shorter. */
export function displayPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
