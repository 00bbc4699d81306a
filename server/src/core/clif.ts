/**
 * Running `.clif` files: the engine's binary compiles them with the settings of its own compiler, and runs each directive in
 * a process of its own. No daemon takes part.
 */
import { spawn } from "node:child_process";
import { ClifReport } from "../../../shared/src/protocol.js";
import { Unsupported } from "./errors.js";

/** Most of an answer that is read. */
const MAX_OUTPUT = 64 << 20;

export interface RunClif {
  /** The file's text, saved or not. */
  readonly text: string;
  /** Only the directive at this line, from 1. */
  readonly line?: number | undefined;
  /** When a directive is given up, 10 s unless said otherwise. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Parses a file, and runs its `; run:` and `; print:` directives. Errors in the file are part of the report; what is thrown
 * (`Unsupported`) is that the engine cannot be run, or the signal's reason.
 */
export async function runClif(binary: string, run: RunClif, signal?: AbortSignal): Promise<ClifReport> {
  signal?.throwIfAborted();
  const args = ["clif", "-"];
  if (run.line !== undefined) args.push("--line", String(run.line));
  if (run.timeoutMs !== undefined) args.push("--timeout-ms", String(run.timeoutMs));
  const { code, output, complaint } = await feed(binary, args, run.text, signal);
  signal?.throwIfAborted();
  if (code !== 0) throw new Unsupported(`the engine cannot run the file: ${complaint.trim() || `exit code ${code}`}`);
  const parsed = ClifReport.safeParse(parse(output));
  if (!parsed.success) throw new Unsupported(`the engine's answer is not understood: ${parsed.error.message}`);
  return parsed.data;
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly complaint: string;
}

function feed(binary: string, args: readonly string[], text: string, signal?: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { stdio: ["pipe", "pipe", "pipe"], signal, killSignal: "SIGKILL" });
    let output = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      output += part;
      if (output.length > MAX_OUTPUT) child.kill("SIGKILL");
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => (complaint = (complaint + part).slice(-4096)));
    // A child that refuses its arguments does not read.
    child.stdin.on("error", () => undefined);
    child.stdin.end(text);
    child.once("error", (error) => {
      if (signal?.aborted !== true) reject(new Unsupported(`the engine cannot be started: ${error.message}`));
    });
    child.once("close", (code) => resolve({ code, output, complaint }));
  });
}
