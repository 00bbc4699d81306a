/** Child processes with line-wise output and cancellation of the whole process group. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import * as readline from "node:readline";
import { Cancelled } from "./errors.js";
import { realPath, statOf } from "./files.js";

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onStdout?: (line: string) => void;
  readonly onStderr?: (line: string) => void;
  /** Kills the process and all its children. */
  readonly signal?: AbortSignal | undefined;
  /** Stay in the caller's process group: for a shim that cargo runs, which dies with cargo. */
  readonly sameGroup?: boolean;
  /** Nobody waits for it: whatever else runs comes first. */
  readonly isBackground?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs a command to its end. Streams without a listener go where ours go. Rejects when it cannot be started. */
export async function run(command: readonly string[], options: RunOptions): Promise<Exit> {
  if (options.signal?.aborted === true) throw new Cancelled();
  const [program, ...args] = command;
  if (program === undefined) throw new Error("empty command");
  const stdio: StdioOptions = [
    "ignore",
    options.onStdout === undefined ? "inherit" : "pipe",
    options.onStderr === undefined ? "inherit" : "pipe",
  ];
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    stdio,
    detached: options.sameGroup !== true,
  });
  if (options.isBackground === true && child.pid !== undefined) yieldToOthers(child.pid);
  const cancel = (): void => killGroup(child, options.sameGroup !== true);
  options.signal?.addEventListener("abort", cancel, { once: true });
  const forwarded = options.sameGroup === true ? undefined : killOnExit(child);
  try {
    const readers = [
      child.stdout === null || options.onStdout === undefined ? done : lines(child.stdout, options.onStdout),
      child.stderr === null || options.onStderr === undefined ? done : lines(child.stderr, options.onStderr),
    ];
    const exit = await new Promise<Exit>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    await Promise.all(readers);
    // A killed compiler's result is no result.
    if (isAborted(options.signal)) throw new Cancelled();
    return exit;
  } finally {
    options.signal?.removeEventListener("abort", cancel);
    forwarded?.();
  }
}

const BACKGROUND_NICENESS = 15;

function yieldToOthers(pid: number): void {
  try {
    os.setPriority(pid, BACKGROUND_NICENESS);
  } catch {
    // It has ended, or may not be made nicer.
  }
}

const done = Promise.resolve();

/** A function, so that the compiler does not take the answer before the process ran for the one after it. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function lines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const reader = readline.createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    reader.on("line", onLine);
    reader.once("close", resolve);
  });
}

function killGroup(child: ChildProcess, isGroupLeader: boolean): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(isGroupLeader ? -child.pid : child.pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}

/** A detached child gets no Ctrl-C from the terminal, so our own end must end it. */
function killOnExit(child: ChildProcess): () => void {
  const onExit = (): void => killGroup(child, true);
  process.once("exit", onExit);
  return () => process.removeListener("exit", onExit);
}

/** The file that a program's name stands for, without links; undefined if there is none. */
export function programFile(program: string, cwd: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = program.includes("/") ? [""] : (env["PATH"] ?? "").split(path.delimiter);
  const files = folders.map((folder) => path.resolve(cwd, folder, program));
  const found = files.find((file) => statOf(file)?.isFile() === true);
  return found === undefined ? undefined : realPath(found);
}
