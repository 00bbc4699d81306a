/** Starts the user's programs as cargo would: terminal, folder, environment, signals and exit code are theirs. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Program, Start } from "../core/selection.js";
import { applyEnvironment } from "../core/unit.js";

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Signals that someone may send us and mean the program. A terminal sends its own to the whole process group. */
const FORWARDED: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"];
const FROM_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** Starts a program, through the user's own runner if there is one. `env`: the user's environment. */
export function startProgram(
  runner: readonly string[],
  start: Start,
  program: Program,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Running {
  return startCommand([...runner, program.executable], args, start.cwd, programEnvironment(start, env));
}

/** The environment that cargo would give the program. */
export function programEnvironment(start: Start, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const full = applyEnvironment(env, start.env);
  if (start.libraryPath.length === 0) return full;
  const own = env["LD_LIBRARY_PATH"];
  const parts = own === undefined || own === "" ? start.libraryPath : [...start.libraryPath, own];
  return { ...full, LD_LIBRARY_PATH: parts.join(":") };
}

/** Starts any command with our own terminal; signals that reach us go on to it. */
export function startCommand(
  command: readonly string[],
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Running {
  const [file = "", ...first] = command;
  const child = spawn(file, [...first, ...args], { cwd, env, stdio: "inherit" });
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const signal of FORWARDED) handlers.set(signal, () => child.kill(signal));
  for (const signal of FROM_TERMINAL) {
    // With a terminal the program has got the signal already; a second one would kill what handles the first.
    handlers.set(signal, process.stdin.isTTY ? () => undefined : () => child.kill(signal));
  }
  for (const [signal, handler] of handlers) process.on(signal, handler);
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    for (const [signal, handler] of handlers) process.removeListener(signal, handler);
  });
  return { child, outcome };
}

/** Ends this process as the program ended: with its exit code, or by its signal. */
export function endLike(outcome: Outcome): void {
  if (outcome.signal === null) {
    process.exitCode = outcome.code ?? 101;
    return;
  }
  process.exitCode = 128 + constants.signals[outcome.signal];
  // Without a handler of ours the signal takes its default action; a core dump is the program's business, not ours.
  process.kill(process.pid, outcome.signal);
}
