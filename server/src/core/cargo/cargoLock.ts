/** cargo's own locks of its build directories, one in each profile's folder: see cargo's `Layout::new`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";

/** A file that cargo holds by flock(2) while it builds in the folder. */
const LOCK = ".cargo-lock";

/** flock(1)'s exit code where another process has the lock. */
const BUSY = 1;

/**
 * Runs `work` while no cargo builds in these folders, which are made where there are none. Does not wait: undefined where a cargo
 * builds. Throws where the locks cannot be had otherwise.
 */
export async function withCargoLocks<T>(folders: readonly string[], work: () => Promise<T>): Promise<T | undefined> {
  for (const folder of folders) fs.mkdirSync(folder, { recursive: true });
  // Node has no flock. The locks last as long as the program that they are given to, and that as long as its input: as we.
  const locks = folders.flatMap((folder) => ["flock", "-n", path.join(folder, LOCK)]);
  const [program, ...args] = [...locks, "sh", "-c", "echo; exec cat"];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const isHeld = await Promise.race([once(child.stdout, "data").then(() => true), ended.then(() => false)]);
  if (!isHeld) {
    const code = await ended;
    if (code === BUSY) return undefined;
    throw new Error(`flock ended with ${code ?? "a signal"} in ${folders.join(", ")}`);
  }
  try {
    return await work();
  } finally {
    child.stdin.end();
    await ended;
  }
}
