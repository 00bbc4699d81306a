import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cancelled } from "../../../../server/src/core/support/errors.js";
import { withLock, withLockUntilWanted } from "../../../../server/src/core/support/lock.js";

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

  it("tells of each one that is waited for", async () => {
    const file = path.join(directory, "lock");
    const holders = [0, 1].map(() => spawn("sleep", ["60"]));
    const texts = holders.map(({ pid = 0 }) => {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
      return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}\n`;
    });
    fs.writeFileSync(file, texts[0] ?? "");
    const waited: number[] = [];
    const onWait = (pid: number): void => {
      waited.push(pid);
      // The second one was faster when the first one ended.
      if (pid === holders[0]?.pid) fs.writeFileSync(file, texts[1] ?? "");
      else fs.rmSync(file);
    };
    try {
      await withLock(file, onWait, AbortSignal.timeout(5000), () => Promise.resolve());
    } finally {
      for (const holder of holders) holder.kill();
    }
    expect(waited).toEqual(holders.map(({ pid }) => pid));
  });

  it("is given to a process that somebody waits for, and taken back when that is through", async () => {
    const file = path.join(directory, "lock");
    const other = spawn("sleep", ["60"]);
    const stat = fs.readFileSync(`/proc/${other.pid ?? 0}/stat`, "utf8");
    const name = `${other.pid ?? 0} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}\n`;
    const done: string[] = [];
    let attempts = 0;
    const work = async (signal: AbortSignal): Promise<number> => {
      attempts++;
      if (attempts > 1) return attempts;
      // As the other one does that waits.
      fs.writeFileSync(`${file}.wanted`, name);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      done.push("ended");
      throw new Cancelled();
    };
    const whole = withLockUntilWanted(file, () => undefined, undefined, work);
    try {
      while (fs.existsSync(file) || done.length === 0) await delay(5);
      fs.writeFileSync(file, name);
      fs.rmSync(`${file}.wanted`);
      await delay(200);
      expect(attempts).toBe(1);
      fs.rmSync(file);
      expect(await whole).toBe(2);
    } finally {
      other.kill();
    }
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it("is kept by its holder's own signal, and from processes that are gone", async () => {
    const file = path.join(directory, "lock");
    fs.writeFileSync(`${file}.wanted`, "1 999999999\n");
    const kept = withLockUntilWanted(
      file,
      () => undefined,
      undefined,
      async (signal) => {
        await delay(300);
        return signal.aborted;
      },
    );
    expect(await kept).toBe(false);
    const stop = new AbortController();
    const stopped = withLockUntilWanted(
      file,
      () => undefined,
      stop.signal,
      async (signal) => {
        stop.abort();
        await delay(0);
        if (signal.aborted) throw new Cancelled();
      },
    );
    await expect(stopped).rejects.toThrow(Cancelled);
    expect(fs.existsSync(file)).toBe(false);
  });

  it("says while it is waited for", async () => {
    const file = path.join(directory, "lock");
    const holder = spawn("sleep", ["60"]);
    const stat = fs.readFileSync(`/proc/${holder.pid ?? 0}/stat`, "utf8");
    fs.writeFileSync(file, `${holder.pid ?? 0} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}\n`);
    const waits = withLock(
      file,
      () => undefined,
      undefined,
      () => Promise.resolve(fs.existsSync(`${file}.wanted`)),
    );
    while (!fs.existsSync(`${file}.wanted`)) await delay(5);
    expect(fs.readFileSync(`${file}.wanted`, "utf8")).toContain(`${process.pid} `);
    holder.kill();
    expect(await waits).toBe(false);
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
