/**
 * Stepping into functions of Cranefly's programs. A call goes through its callee's slot, an instruction without a source line,
 * where lldb by itself either runs to the end of the line or stops. So one "step into" of the user becomes several steps of the
 * debugger: into the slot, through it, past the callee's prologue; and out again of what has no source at hand.
 *
 * Knows of the debugger only what the Debug Adapter Protocol says.
 */
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { DapMessage } from "./dapMessages.js";

/** More calls than a line has that lead nowhere; then the program stops where it stands. */
const MOST_CALLS = 64;

/** lldb must not take a slot for a function to be left at once. */
export const STEP_INTO_COMMAND = "settings set target.process.thread.step-in-avoid-nodebug false";

export interface Stepping {
  /** Sends a request of ours. Rejects when the adapter refuses it or ends. */
  request(command: string, args: object): Promise<DapMessage>;
  /** Makes a step, and gives the event that says where the program stopped; undefined when it did not: it ended. */
  step(command: string, args: object): Promise<DapMessage | undefined>;
  /** Whether a source file is there. */
  hasFile(path: string): boolean;
}

/** Steps into the next function with a source, or to the next line. Gives the event of the stop, undefined at the end. */
export async function stepInto(threadId: number, debug: Stepping): Promise<DapMessage | undefined> {
  let stop: DapMessage | undefined;
  for (let calls = 0; calls < MOST_CALLS; calls++) {
    stop = await debug.step("stepIn", { threadId });
    if (!isStep(stop) || (await isAtSource(threadId, debug))) return stop;
    // In a slot, or in a function without debug information.
    stop = await debug.step("stepIn", { threadId, granularity: "instruction" });
    if (!isStep(stop)) return stop;
    // At the callee's first instruction: on, behind its prologue.
    if (await isAtSource(threadId, debug)) return debug.step("next", { threadId });
    stop = await debug.step("stepOut", { threadId });
    if (!isStep(stop)) return stop;
  }
  return stop;
}

/** Whether a stop is the end of a step, and not a breakpoint, an exception, or the user's wish. */
function isStep(stop: DapMessage | undefined): boolean {
  const body = stop?.body as Partial<DebugProtocol.StoppedEvent["body"]> | undefined;
  return body?.reason === "step";
}

async function isAtSource(threadId: number, debug: Stepping): Promise<boolean> {
  const { body } = await debug.request("stackTrace", { threadId, startFrame: 0, levels: 1 });
  const { stackFrames = [] } = (body ?? {}) as Partial<DebugProtocol.StackTraceResponse["body"]>;
  const top = stackFrames[0];
  return top?.source?.path !== undefined && top.line > 0 && debug.hasFile(top.source.path);
}
