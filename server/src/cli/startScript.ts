/**
 * Starting the user's programs without a trace of node, which opens standard input non-blocking, raises the limit of open
 * files and resets signals: as scripts for a shell. The launcher (`bin/cranefly`) runs them in its own process once node
 * has ended; without a launcher, and in a watch, they are run by a shell that is our child.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { readText } from "../core/support/files.js";
import type { Command } from "../core/cargo/programStart.js";
import { isShellName, parseEnvironment, shellQuote } from "../core/support/shell.js";

/** Where the launcher reads its script. */
const SCRIPT_DESCRIPTOR = 3;
/** How often we look whether the launcher is there still. */
const LAUNCHER_POLL_MS = 200;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

let launcher: number | undefined;
let toolchain: string | undefined;
let openFiles: string | undefined;

/** Takes the launcher's own arguments off the command line. */
export function takeLauncher(argv: readonly string[]): readonly string[] {
  const [first = "", ...rest] = argv;
  const option = /^--(launcher|open-files)=(.+)$/.exec(first);
  if (option === null) return argv;
  if (option[1] === "open-files") {
    openFiles = option[2];
    return rest;
  }
  const pid = Number(option[2]);
  launcher = pid;
  // If the launcher alone were killed, this process would go on building, and nobody would run the result.
  setInterval(() => {
    if (!fs.existsSync(`/proc/${pid}`)) process.exit(101);
  }, LAUNCHER_POLL_MS).unref();
  return rest;
}

/** The shell that becomes a program: where it is, and what it would hand on. */
export interface Shell {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The launcher's, or one that is started here. */
export function thisShell(): Shell {
  return { cwd: process.cwd(), env: process.env };
}

/** Whether a launcher waits for a script. */
export function hasLauncher(): boolean {
  return launcher !== undefined;
}

/** The environment that the user gave: our own, with what the launcher's shell has dropped or set. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const env = launcher === undefined ? process.env : givenEnvironment(process.env, launcher);
  return toolchain === undefined ? env : { ...env, RUSTUP_TOOLCHAIN: toolchain };
}

/** `cargo +NAME`: rustup's way to say which toolchain it is. */
export function useToolchain(name: string): void {
  toolchain = name;
}

/** The environment that a launcher was given. `inherited`: that of a process which it has started. */
export function givenEnvironment(inherited: NodeJS.ProcessEnv, launcherPid: number): NodeJS.ProcessEnv {
  const text = readText(`/proc/${launcherPid}/environ`);
  if (text === undefined) return inherited;
  const given = new Map(parseEnvironment(text));
  const env = { ...inherited };
  for (const name of [...SET_BY_SHELLS, ...given.keys()]) {
    if (isShellName(name) && !SET_BY_SHELLS.includes(name)) continue;
    const value = given.get(name);
    if (value === undefined) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
  return env;
}

/** Variables that a shell sets by itself, here or when it changes the folder. */
const SET_BY_SHELLS: readonly string[] = ["PWD", "OLDPWD"];

/** A script that becomes the program. */
export function execScript(command: Command, shell: Shell = thisShell()): string {
  const lines: string[] = [];
  const odd: string[] = [];
  if (command.cwd !== shell.cwd) lines.push(`cd ${shellQuote(command.cwd)} || exit 101`);
  for (const name of new Set([...Object.keys(shell.env), ...Object.keys(command.env), ...SET_BY_SHELLS])) {
    const value = command.env[name];
    if (!isShellName(name)) {
      if (value !== undefined) odd.push(`${name}=${value}`);
    } else if (SET_BY_SHELLS.includes(name) || value !== shell.env[name]) {
      lines.push(value === undefined ? `unset ${name}` : `export ${name}=${shellQuote(value)}`);
    }
  }
  const argv = [...(odd.length > 0 ? ["env", ...odd] : []), ...command.argv];
  return [...lines, `exec ${argv.map(shellQuote).join(" ")}`, ""].join("\n");
}

/** Lets a script be the rest of this command: by the launcher when we have ended, or here. */
export async function finishWith(script: string): Promise<void> {
  if (launcher === undefined) {
    endLike(await runScript(script));
    return;
  }
  const bytes = Buffer.from(script);
  for (let at = 0; at < bytes.length;) at += fs.writeSync(SCRIPT_DESCRIPTOR, bytes, at);
}

/** Signals that someone may send us and mean the program. A terminal sends its own to the whole process group. */
const FORWARDED: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"];
const FROM_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

/** The command that runs a script as a child of ours. */
export function shellCommand(script: string): readonly [program: string, ...args: string[]] {
  const limit = openFiles === undefined || openFiles === "unlimited" ? "" : `ulimit -S -n ${openFiles}\n`;
  // In pieces, since a single argument must not be longer than 128 KiB.
  const pieces = (limit + script).match(/[^]{1,30000}/gu) ?? [];
  const whole = 'IFS=; cranefly_script="$*"; unset IFS; eval "$cranefly_script"';
  return ["/bin/sh", "-c", whole, "sh", ...pieces];
}

/** Runs a script as a child with our own terminal; signals that reach us go on to it. */
export function runScript(script: string): Promise<Outcome> {
  const [program, ...args] = shellCommand(script);
  const child = spawn(program, args, { stdio: "inherit" });
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const signal of FORWARDED) handlers.set(signal, () => child.kill(signal));
  for (const signal of FROM_TERMINAL) {
    // (`process.stdin` would open standard input, non-blocking for the program as well.)
    // With a terminal the program has got the signal already; a second one would kill what handles the first.
    handlers.set(signal, isatty(0) ? () => undefined : () => child.kill(signal));
  }
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    for (const [signal, handler] of handlers) process.removeListener(signal, handler);
  });
}

/** Ends this process as the program ended: with its exit code, or by its signal. */
function endLike(outcome: Outcome): void {
  if (outcome.signal === null) {
    process.exitCode = outcome.code ?? 101;
    return;
  }
  process.exitCode = 128 + constants.signals[outcome.signal];
  // Without a handler of ours the signal takes its default action; a core dump is the program's business, not ours.
  process.kill(process.pid, outcome.signal);
}
