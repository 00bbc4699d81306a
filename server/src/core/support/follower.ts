/**
 * The process that lets the crate lane follow when the command whose edit the body lane took has ended. Nobody waits for it: whoever wants to
 * build ends it, and starts another one behind its own build.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { list } from "./files.js";
import type { Layout } from "./layout.js";
import { type ProcessName, isAlive, thisProcess } from "./lock.js";

/**
 * This process is a follower now; those that were there before are ended. Each has a file of its own, so that of two that begin at once both
 * are listed. Throws when the target directory is gone.
 */
export function becomeFollower(layout: Layout): void {
  if (!fs.existsSync(layout.followers)) makeFolder(layout.followers);
  fs.writeFileSync(fileOf(layout, thisProcess()), "");
  endFollower(layout);
}

/** This process is no follower any more. Gives whether nobody has taken its place, so that its work is done. */
export function leaveFollower(layout: Layout): boolean {
  fs.rmSync(fileOf(layout, thisProcess()), { force: true });
  return followersOf(layout).length === 0;
}

/** There is something for a follower to do. It stays so until one has come to its end, for any may be ended or killed before. */
export function noteDue(layout: Layout, selection: string): void {
  const file = layout.due(selection);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, "");
}

export function isDue(layout: Layout, selection: string): boolean {
  return fs.existsSync(layout.due(selection));
}

export function noteDone(layout: Layout, selection: string): void {
  fs.rmSync(layout.due(selection), { force: true });
}

/** Ends the followers; `pid`: only that one. Gives whether there was one. Of another follower only those end that were there before it. */
export function endFollower(layout: Layout, pid?: number): boolean {
  const own = changedAt(fileOf(layout, thisProcess()));
  const chosen = followersOf(layout).filter((follower) => {
    if (follower.pid === process.pid || (pid ?? follower.pid) !== follower.pid) return false;
    return pid !== undefined || own === undefined || (changedAt(fileOf(layout, follower)) ?? own) <= own;
  });
  return chosen.map((follower) => end(follower.pid)).includes(true);
}

/** Waits until those that were told to end are gone; not for ever, since nothing depends on it but what they still write. */
export async function followerEnded(layout: Layout): Promise<void> {
  const deadline = Date.now() + END_TIMEOUT_MS;
  while (followersOf(layout).length > 0 && Date.now() < deadline) await delay(10);
}

/** Longer than it takes to notice a signal in the middle of anything. */
const END_TIMEOUT_MS = 10_000;

function end(pid: number): boolean {
  try {
    process.kill(pid, "SIGTERM");
    return true;
  } catch {
    // It has ended by itself.
    return false;
  }
}

function followersOf(layout: Layout): ProcessName[] {
  return list(layout.followers).flatMap((name) => {
    const [pid = "", started = ""] = name.split(".");
    const follower = { pid: Number(pid), started };
    if (isAlive(follower)) return [follower];
    fs.rmSync(path.join(layout.followers, name), { force: true });
    return [];
  });
}

function fileOf(layout: Layout, { pid, started }: ProcessName): string {
  return path.join(layout.followers, `${pid}.${started}`);
}

function changedAt(file: string): bigint | undefined {
  return fs.statSync(file, { bigint: true, throwIfNoEntry: false })?.ctimeNs;
}

/** Another one may make it at the same time; but no folder around it is made. */
function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (!fs.existsSync(folder)) throw error;
  }
}
