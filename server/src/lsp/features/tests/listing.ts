/**
 * Asks a test program what tests it has: `--list --format terse`, which stable libtest knows. That runs the program, in a
 * process of its own, as cargo would start it, with a limit of time and output.
 */
import { spawn } from "node:child_process";
import type { Command } from "../../../core/cargo/programStart.js";
import { messageOf } from "../../../core/support/errors.js";

/** A test as libtest lists it. */
export interface ListedTest {
  readonly name: string;
  readonly kind: "test" | "bench";
}

export type Listing = { readonly tests: readonly ListedTest[] } | { readonly problem: string };

/** Only a program that does something before `main`, or that hangs, takes longer than a moment. */
const LIMIT_MS = 60_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** How much of what a failing program says is shown. */
const SHOWN_CHARACTERS = 2000;

/** What a harness is asked with. */
export const LIST_ARGUMENTS: readonly string[] = ["--list", "--format", "terse"];

/** Runs `command`, which ends in `LIST_ARGUMENTS`. Never throws: what went wrong is the listing's problem. */
export async function listTests(command: Command, signal?: AbortSignal, limitMs = LIMIT_MS): Promise<Listing> {
  const [program = "", ...args] = command.argv;
  return new Promise<Listing>((resolve) => {
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: command.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    let stopped: string | undefined;
    const stop = (reason: string): void => {
      stopped ??= reason;
      killGroup(child.pid);
    };
    const timer = setTimeout(() => stop(`it did not list its tests within ${limitMs / 1000} seconds`), limitMs);
    const onAbort = (): void => stop("the listing was cancelled");
    signal?.addEventListener("abort", onAbort, { once: true });
    const collect = (chunks: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) stop(`it printed more than ${MOST_BYTES / 1024 / 1024} MiB when asked to list its tests`);
      else chunks.push(chunk);
    };
    child.stdout.on("data", collect(out));
    child.stderr.on("data", collect(err));
    const done = (listing: Listing): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(listing);
    };
    child.once("error", (error) => done({ problem: `it could not be started: ${messageOf(error)}` }));
    child.once("close", (code, killedBy) => {
      if (stopped !== undefined) done({ problem: stopped });
      else if (code === 0) done({ tests: parseListing(Buffer.concat(out).toString()) });
      else done({ problem: failure(code, killedBy, Buffer.concat(err).toString()) });
    });
    if (signal?.aborted === true) onAbort();
  });
}

/** The lines "path::name: test" among whatever else the program printed. */
export function parseListing(text: string): ListedTest[] {
  const tests: ListedTest[] = [];
  for (const line of text.split("\n")) {
    const match = /^(.+): (test|benchmark)\r?$/.exec(line);
    if (match !== null) tests.push({ name: match[1] ?? "", kind: match[2] === "test" ? "test" : "bench" });
  }
  return tests;
}

function failure(code: number | null, signal: NodeJS.Signals | null, stderr: string): string {
  const how = signal === null ? `exit code ${code}` : signal;
  const said = stderr.trim().slice(-SHOWN_CHARACTERS);
  return `it could not list its tests (${how})${said === "" ? "" : `: ${said}`}`;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}
