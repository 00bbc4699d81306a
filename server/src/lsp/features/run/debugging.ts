/**
 * Makes a program ready for a debugger, which reads an image's symbols and line tables once, when the image is loaded: what is
 * compiled later has no names and no lines for it. So everything that was left for its first call is compiled before.
 */
import { EngineError } from "../../../core/engine/errors.js";
import { Cancelled, messageOf } from "../../../core/support/errors.js";
import type { Program } from "../../../core/units/program.js";
import type { Built, Log, Project } from "../../protocol/api.js";

/** How many functions are asked for at once: about a tenth of a second's work, after which it may be cancelled. */
const BATCH = 2000;

/** A line, from 1, of a source file. */
interface Line {
  readonly file: string;
  readonly line: number;
}

/** Compiles a program's functions, those at breakpoints first. What fails is logged: the rest can be debugged. */
export async function compileForDebugger(
  project: Project,
  built: Built,
  program: Program,
  breakpoints: readonly Line[],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const { engine } = project;
  if (engine === undefined) return;
  const names = { workspace: built.layout.root, program: program.name };
  try {
    for (const { file, line } of breakpoints) {
      throwIfAborted(signal);
      await engine.compile({ ...names, file, line });
    }
    const functions = await engine.functions(names.workspace, names.program);
    const symbols = functions.flatMap((entry) => (entry.tier === "none" ? [entry.symbol] : []));
    for (let at = 0; at < symbols.length; at += BATCH) {
      throwIfAborted(signal);
      await engine.compile({ ...names, symbols: symbols.slice(at, at + BATCH) });
    }
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    const kind = error instanceof EngineError ? ` (${error.kind})` : "";
    log.warn(`not all of ${program.name} could be compiled for the debugger${kind}: ${messageOf(error)}`);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Cancelled();
}
