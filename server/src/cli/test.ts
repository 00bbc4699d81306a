/** `cranefly test`: cargo's order, libtest's own output. */
import * as path from "node:path";
import { messageOf } from "../core/support/errors.js";
import { readText } from "../core/support/files.js";
import type { Layout } from "../core/support/layout.js";
import type { SelectionState, Start } from "../core/cargo/selection.js";
import type { Program } from "../core/units/program.js";
import { programCommand } from "../core/cargo/programStart.js";
import { ProgramsBesideTests } from "../core/cargo/programsBeside.js";
import { loadUnit } from "../core/units/record.js";
import { mayHoldDocTests } from "../core/source/docTests.js";
import type { Caller } from "./caller.js";
import type { SelectionOptions } from "./options.js";
import { displayPath } from "./run.js";
import { Session } from "./session.js";
import { writeAll } from "./terminal.js";
import { type Outcome, execScript, runScript } from "./startScript.js";

export interface TestOptions extends SelectionOptions {
  failFast?: boolean;
  run?: boolean;
}

export async function testCommand(
  caller: Caller,
  place: string | undefined,
  filter: string | undefined,
  options: TestOptions,
  args: readonly string[],
): Promise<void> {
  const session = new Session("test", options, place, caller);
  const testArgs = [...(filter === undefined ? [] : [filter]), ...args];
  await session.buildAnd(testArgs, async (state, layout) => {
    if (options.run === false) {
      for (const start of state.starts) session.terminal.status("Executable", describe(programOf(state, start), start));
      return;
    }
    process.exitCode = await runTests(session, state, testArgs, options.failFast !== false);
    const withDocs = state.docTests.filter((crate) => hasDocTests(layout, state, crate));
    if (withDocs.length > 0 && !session.terminal.quiet) {
      session.terminal.warn(`documentation tests of ${withDocs.join(", ")} were not run: \`cranefly test --doc\``);
    }
  });
}

/**
 * Runs the test programs in order. Gives the exit code that cargo would end with. `run`: runs a script; undefined instead
 * of an outcome: no other is to be started.
 */
export async function runTests(
  session: Session,
  state: SelectionState,
  args: readonly string[],
  failFast: boolean,
  run: (script: string) => Promise<Outcome | undefined> = runScript,
): Promise<number> {
  const beside = new ProgramsBesideTests();
  try {
    await beside.place(state);
  } catch (error) {
    session.terminal.warn(`tests that start programs by their paths may find none, or others: ${messageOf(error)}`);
  }
  try {
    return await runEach(session, state, args, failFast, run);
  } finally {
    await beside.end();
  }
}

async function runEach(
  session: Session,
  state: SelectionState,
  args: readonly string[],
  failFast: boolean,
  run: (script: string) => Promise<Outcome | undefined>,
): Promise<number> {
  const failed: { start: Start; outcome: Outcome }[] = [];
  for (const start of state.starts) {
    const program = programOf(state, start);
    if (!session.terminal.quiet) session.terminal.status("Running", describe(program, start));
    const quiet = session.terminal.quiet && start.harness ? ["--quiet"] : [];
    const outcome = await run(
      execScript(programCommand(state.runner, start, program, [...args, ...quiet], session.env)),
    );
    if (outcome === undefined) break;
    if (outcome.code === 0) continue;
    failed.push({ start, outcome });
    const how = outcome.signal === null ? `exit code ${String(outcome.code)}` : outcome.signal;
    writeAll(2, `error: test failed: ${start.label} (${how})\n`);
    if (failFast) break;
  }
  if (failed.length === 0) return 0;
  if (failed.length > 1) writeAll(2, `error: ${failed.length} targets failed\n`);
  return failed.length === 1 ? (failed[0]?.outcome.code ?? 101) : 101;
}

function programOf(state: SelectionState, start: Start): Program {
  const program = state.programs.find((item) => item.name === start.program);
  if (program === undefined) throw new Error(`cargo did not build ${start.program}`);
  return program;
}

function describe(program: Program, start: Start): string {
  return `${start.label} (${displayPath(program.executable, process.cwd())})`;
}

/** Whether a library may have documentation tests. */
function hasDocTests(layout: Layout, state: SelectionState, crate: string): boolean {
  return state.units.some((key) => {
    const unit = loadUnit(layout, key);
    if (unit?.crate !== crate) return false;
    const isSource = ({ path: file }: { readonly path: string }): boolean => path.extname(file) === ".rs";
    const texts = (): string[] =>
      unit.inputs.filter((input) => !isSource(input)).map(({ path }) => readText(path) ?? "");
    return unit.inputs.some((input) => isSource(input) && mayHoldDocTests(readText(input.path) ?? "", texts));
  });
}
