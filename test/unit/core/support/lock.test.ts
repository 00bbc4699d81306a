import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "../../../../server/src/core/support/lock.js";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly ö "));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

describe("the lock", () => {
  it("lets one in at a time, and tells the other whom it waits for", async () => {
    const file = path.join(directory, "lock");
    const waited: number[] = [];
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await delay(80);
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withLock(file, (pid) => waited.push(pid), undefined, work)));
    expect(most).toBe(1);
    expect(waited).toContain(process.pid);
    expect(fs.existsSync(file)).toBe(false);
  });

  it("takes over from a process that died", async () => {
    const file = path.join(directory, "lock");
    fs.writeFileSync(file, "1 999999999\n");
    const waited: number[] = [];
    await withLock(
      file,
      (pid) => waited.push(pid),
      undefined,
      () => Promise.resolve(),
    );
    expect(waited).toEqual([]);
  });

  it("takes what it could not release, since the folder was elsewhere", async () => {
    const [here, away] = [path.join(directory, "here"), path.join(directory, "away")];
    const file = path.join(here, "lock");
    const nobody = (pid: number): never => {
      throw new Error(`waits for ${pid}`);
    };
    const move = (): Promise<void> => fs.promises.rename(here, away);
    await withLock(file, nobody, undefined, move);
    fs.renameSync(away, here);
    expect(fs.existsSync(file)).toBe(true);
    await withLock(file, nobody, undefined, () => Promise.resolve());
    expect(fs.existsSync(file)).toBe(false);
  });
});
