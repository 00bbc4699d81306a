// Processes by the environment that they were started with, whoever started them and whatever has become of their parents.
import { readFileSync, readdirSync } from "node:fs";

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} parent
 * @property {string} command its arguments, separated by spaces
 */

/**
 * This user's processes that were started with one of these settings.
 *
 * @param {...string} settings each as `NAME=value`
 * @returns {Process[]}
 */
export function processesWith(...settings) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        // A process that has ended but was not waited for has no environment, and nobody can end it.
        const environment = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
        if (!settings.some((setting) => environment.includes(setting))) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").join(" ").trim();
        return [{ pid: Number(name), parent: parentOf(name), command }];
      } catch {
        return []; // It has ended, or is another user's.
      }
    });
}

/** @param {string} name */
function parentOf(name) {
  const stat = readFileSync(`/proc/${name}/stat`, "latin1");
  // The second field is a name in brackets that may hold anything; the fourth is the parent.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/**
 * Ends processes by their numbers, and those that they start meanwhile, and waits until there are none.
 *
 * @param {() => Process[]} find
 */
export function endAll(find) {
  const deadline = Date.now() + 10_000;
  for (let left = find(); left.length > 0; left = find()) {
    if (Date.now() > deadline) throw new Error(`these processes do not end:\n${listOf(left)}`);
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if (error.code !== "ESRCH") throw error;
      }
    }
    pause(10);
  }
}

/**
 * Processes that are there after some seconds still: many end when whoever they worked for has ended.
 *
 * @param {() => Process[]} find
 * @returns {Promise<Process[]>}
 */
export async function leftAfter(find, milliseconds = 5000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const left = find();
    if (left.length === 0 || Date.now() > deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @param {readonly Process[]} processes */
export function listOf(processes) {
  return processes.map(({ pid, command }) => `  ${pid} ${command}`).join("\n");
}

/** Waits, and lets nothing else run meanwhile: hooks that clean up may be no more than a function call. */
function pause(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
