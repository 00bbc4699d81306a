/** A test program's process: its output as it comes, its end, and how it is ended. */
import { type ChildProcess, spawn } from "node:child_process";

/** What the process is given to end by itself before it is killed. */
const GRACE_MS = 2000;

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TestCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Complete. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Output {
  onStdout(bytes: Uint8Array): void;
  onStderr(bytes: Uint8Array): void;
}

/**
 * Runs `command` to its end. When `signal` aborts, the process and its children are asked to end, and killed if they do not.
 * Rejects when it cannot be started.
 */
export async function runTestProcess(command: TestCommand, output: Output, signal: AbortSignal): Promise<ProcessEnd> {
  const [program = "", ...args] = command.argv;
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: command.env,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what the tests start ends with them.
    detached: true,
  });
  child.stdout.on("data", (bytes: Uint8Array) => output.onStdout(bytes));
  child.stderr.on("data", (bytes: Uint8Array) => output.onStderr(bytes));
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    kill(child, "SIGTERM");
    timer = setTimeout(() => {
      kill(child, "SIGKILL");
      // A grandchild in another group may hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, GRACE_MS);
  };
  try {
    return await new Promise<ProcessEnd>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, killedBy) => resolve({ code, signal: killedBy }));
      signal.addEventListener("abort", cancel, { once: true });
      if (signal.aborted) cancel();
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
  }
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // All of the group have ended.
  }
}
