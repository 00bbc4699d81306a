// The folder of a test run: all temporary files lie in it, and by it the processes are known that the run has started.
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { endAll, leftAfter, listOf, processesWith } from "./processes.mjs";

/** Short, since sockets lie below, and their paths are limited to 107 bytes. */
const PREFIX = "cf-run-";

/** In the folder: the number of the process that has made it. */
const OWNER = "owner";

/** Whether temporary files go to the folder of a test run already. */
export function isInTestFolder() {
  return path.basename(tmpdir()).startsWith(PREFIX);
}

/**
 * Has temporary files go to a new folder from now on: this process's, and those of all that it starts. Removes what runs have left that
 * were killed.
 */
export function enterTestFolder() {
  const parent = realpathSync(tmpdir());
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = path.join(parent, name);
    const owner = path.join(folder, OWNER);
    if (existsSync(owner) && !existsSync(`/proc/${readFileSync(owner, "utf8")}`)) remove(folder);
  }
  const folder = mkdtempSync(path.join(parent, PREFIX));
  // As in the folder that it lies in, others may pass through: programs of other users are among the tests.
  chmodSync(folder, 0o711);
  writeFileSync(path.join(folder, OWNER), String(process.pid));
  process.env["TMPDIR"] = folder;
}

/**
 * Removes the folder, and ends what was started in it and runs still.
 *
 * @returns {Promise<string>} a list of the processes that ran still; empty where there were none
 */
export async function leaveTestFolder() {
  const folder = tmpdir();
  const left = await leftAfter(() => startedIn(folder));
  remove(folder);
  return listOf(left);
}

/** What was started in a folder, apart from what this process has started itself: it ends that on its own. */
function startedIn(folder) {
  return processesWith(`TMPDIR=${folder}`).filter(({ parent }) => parent !== process.pid);
}

function remove(folder) {
  endAll(() => startedIn(folder));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
