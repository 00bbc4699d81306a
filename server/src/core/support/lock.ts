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

/** Runs `work` while holding the lock. `onWait` is called for each process that is seen to hold it meanwhile. */
export async function withLock<T>(
  file: string,
  onWait: (pid: number) => void,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  return holding(file, onWait, signal, true, work);
}

/**
 * As `withLock`, for work that nobody waits for: it is ended when another process wants the lock that somebody waits for, and begun anew
 * when that is through. `work`: to be ended by its signal, by which it rejects with `Cancelled`.
 */
export async function withLockUntilWanted<T>(
  file: string,
  onWait: (pid: number) => void,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (;;) {
    const stop = new AbortController();
    const end = (): void => stop.abort();
    signal?.addEventListener("abort", end, { once: true });
    const seen = { isWanted: false };
    try {
      return await holding(file, onWait, signal, false, async () => {
        const look = (): void => {
          seen.isWanted ||= isWantedByOthers(file);
          if (seen.isWanted) end();
        };
        const timer = setInterval(look, LOOK_MS).unref();
        try {
          return await work(stop.signal);
        } finally {
          clearInterval(timer);
        }
      });
    } catch (error) {
      if (!(error instanceof Cancelled) || !seen.isWanted || signal?.aborted === true) throw error;
    } finally {
      signal?.removeEventListener("abort", end);
    }
    // Who wants it takes it meanwhile.
    await delay(2 * POLL_MS);
  }
}

/** How often who holds a lock looks whether another process wants it. */
const LOOK_MS = 100;

/** Another process waits for the lock, and somebody for that. */
function isWantedByOthers(file: string): boolean {
  const who = readHolder(wantedFile(file));
  return who !== undefined && who.pid !== process.pid && isAlive(who);
}

function wantedFile(file: string): string {
  return `${file}.wanted`;
}

/** `isUrgent`: somebody waits for the work. */
async function holding<T>(
  file: string,
  onWait: (pid: number) => void,
  signal: AbortSignal | undefined,
  isUrgent: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const wanted = isUrgent ? wantedFile(file) : undefined;
  try {
    await acquire(file, onWait, signal, wanted);
  } finally {
    // (Of several that wait, the others write it again.)
    if (wanted !== undefined && readHolder(wanted)?.pid === process.pid) fs.rmSync(wanted, { force: true });
  }
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

/** `wanted`: the file that says that this process waits. */
async function acquire(
  file: string,
  onWait: (pid: number) => void,
  signal: AbortSignal | undefined,
  wanted: string | undefined,
): Promise<void> {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const { pid, started } = thisProcess();
  const own = `${pid} ${started}\n`;
  // The lock appears with its text in it: a name for a file that is complete.
  const draft = `${file}.${process.pid}`;
  let told: string | undefined;
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
    if (told !== holder.text) onWait(holder.pid);
    told = holder.text;
    if (wanted !== undefined && !isAlive(readHolder(wanted) ?? NOBODY)) fs.writeFileSync(wanted, own);
    await delay(POLL_MS);
  }
}

const NOBODY: ProcessName = { pid: 0, started: "" };

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
