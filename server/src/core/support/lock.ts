/**
 * One process at a time captures and compiles in a workspace: a lock file that names its holder.
 *
 * The holder's start time tells a live holder from another process that got a dead one's id.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { Cancelled } from "./errors.js";
import { readText } from "./files.js";

const POLL_MS = 50;

/** A process for good: no other one has both. */
export const ProcessName = z.object({ pid: z.number(), started: z.string() });
export type ProcessName = z.infer<typeof ProcessName>;

export function thisProcess(): ProcessName {
  return { pid: process.pid, started: startTime(process.pid) ?? "?" };
}

/** The locks that this process holds. */
const held = new Set<string>();

/** Runs `work` while holding the lock. `onWait` is called once if another process holds it. */
export async function withLock<T>(
  file: string,
  onWait: (pid: number) => void,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await acquire(file, onWait, signal);
  const release = (): void => {
    held.delete(file);
    fs.rmSync(file, { force: true });
  };
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

async function acquire(file: string, onWait: (pid: number) => void, signal: AbortSignal | undefined): Promise<void> {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const { pid, started } = thisProcess();
  const own = `${pid} ${started}\n`;
  // The lock appears with its text in it: a name for a file that is complete.
  const draft = `${file}.${process.pid}`;
  let told = false;
  for (;;) {
    if (signal?.aborted === true) throw new Cancelled();
    fs.writeFileSync(draft, own);
    try {
      fs.linkSync(draft, file);
      held.add(file);
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    } finally {
      fs.rmSync(draft, { force: true });
    }
    const holder = readHolder(file);
    if (holder === undefined) continue;
    // Ours but not held: the folder was elsewhere when it was released.
    const isLeft = holder.pid === process.pid && !held.has(file);
    if (isLeft || !isAlive(holder)) {
      breakLock(file, holder.text);
      continue;
    }
    if (!told) onWait(holder.pid);
    told = true;
    await delay(POLL_MS);
  }
}

interface Holder extends ProcessName {
  readonly text: string;
}

function readHolder(file: string): Holder | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  const [pid = "", started = ""] = text.trim().split(" ");
  return { pid: Number(pid), started, text };
}

/** Removes a dead holder's lock, unless another process was faster and holds a new one. */
function breakLock(file: string, text: string): void {
  const aside = `${file}.dead.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  const taken = readText(aside);
  if (taken !== undefined && taken !== text) {
    try {
      fs.linkSync(aside, file);
    } catch {
      // A third process holds it by now; the one that was robbed notices nothing worse than a parallel build.
    }
  }
  fs.rmSync(aside, { force: true });
}

export function isAlive({ pid, started }: ProcessName): boolean {
  return Number.isInteger(pid) && pid > 0 && startTime(pid) === started;
}

/** When a process started, in clock ticks since boot; undefined when there is none. See proc(5), field 22. */
function startTime(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
