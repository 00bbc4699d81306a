import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { becomeFollower, endFollower, leaveFollower } from "../../../../server/src/core/support/follower.js";
import { Layout } from "../../../../server/src/core/support/layout.js";

describe("the process that follows", () => {
  let layout: Layout;
  let others: ChildProcess[];
  beforeEach(() => {
    layout = new Layout(fs.mkdtempSync(path.join(os.tmpdir(), "cranefly follower ")));
    fs.mkdirSync(layout.private);
    others = [];
  });
  afterEach(() => {
    for (const other of others) other.kill("SIGKILL");
    fs.rmSync(layout.root, { recursive: true });
  });

  /** Another process that has listed itself. */
  const listed = async (): Promise<{ readonly pid: number; readonly ended: Promise<unknown> }> => {
    const child = spawn("sleep", ["60"]);
    others.push(child);
    const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    await new Promise((resolve) => child.once("spawn", resolve));
    const { pid = 0 } = child;
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    fs.mkdirSync(layout.followers, { recursive: true });
    fs.writeFileSync(path.join(layout.followers, `${pid}.${started}`), "");
    return { pid, ended };
  };

  it("ends the one before, and is ended by who comes later", async () => {
    const before = await listed();
    becomeFollower(layout);
    expect(await before.ended).toBe("SIGTERM");
    const [own] = fs.readdirSync(layout.followers).filter((name) => name.startsWith(`${process.pid}.`));
    expect(own).toBeDefined();
    await listed();
    // Two that began at once do not end each other.
    expect(endFollower(layout)).toBe(false);
    expect(leaveFollower(layout)).toBe(false);
  });

  it("is listed although another one lists itself at the same time", async () => {
    becomeFollower(layout);
    const [one, two] = [await listed(), await listed()];
    leaveFollower(layout);
    expect(endFollower(layout, one.pid)).toBe(true);
    expect(endFollower(layout)).toBe(true);
    expect(await Promise.all([one.ended, two.ended])).toEqual(["SIGTERM", "SIGTERM"]);
  });

  it("makes no target directory that is gone", () => {
    fs.rmSync(layout.private, { recursive: true });
    expect(() => becomeFollower(layout)).toThrow();
    expect(fs.existsSync(layout.private)).toBe(false);
    expect(leaveFollower(layout)).toBe(true);
    expect(fs.existsSync(layout.private)).toBe(false);
  });
});
