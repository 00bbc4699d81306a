/** What a run of tests leaves behind is found and ended, and nothing else is. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import { afterEach, beforeEach, expect, it } from "vitest";
import { enterTestFolder, isInTestFolder, leaveTestFolder } from "../../../scripts/lib/testFolder.mjs";

let around: string | undefined;
let folder: string;
beforeEach(() => {
  around = process.env["TMPDIR"];
  enterTestFolder();
  folder = os.tmpdir();
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
  if (around === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = around;
});

/** The number of a process that nobody waits for, whose parent has ended. */
function detached(temporary: string): number {
  const env = { ...process.env, TMPDIR: temporary };
  const { stdout } = spawnSync("setsid", ["sh", "-c", "sleep 600 >&- 2>&- & echo $!"], { env, encoding: "utf8" });
  return Number(stdout);
}

const isRunning = (pid: number): boolean => {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep");
  } catch {
    return false;
  }
};

it("reports and ends a process that was started in the folder, and leaves others alone", async () => {
  expect(isInTestFolder()).toBe(true);
  const inside = detached(folder);
  const outside = detached(`${folder}-other`);
  try {
    await expect.poll(() => [inside, outside].map(isRunning)).toEqual([true, true]);
    expect(await leaveTestFolder()).toBe(`  ${inside} sleep 600`);
    await expect.poll(() => isRunning(inside)).toBe(false);
    expect(isRunning(outside)).toBe(true);
    expect(fs.existsSync(folder)).toBe(false);
  } finally {
    for (const pid of [inside, outside].filter(isRunning)) process.kill(pid, "SIGKILL");
  }
});

it("reports nothing where nothing runs any more", async () => {
  fs.writeFileSync(`${folder}/file`, "");
  expect(await leaveTestFolder()).toBe("");
  expect(fs.existsSync(folder)).toBe(false);
});
