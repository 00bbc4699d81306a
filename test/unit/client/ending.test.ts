/** Ending the processes of a terminal. */
import { type ChildProcess, spawn } from "node:child_process";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { Ending } from "../../../client/src/run/ending.js";

const LAUNCHER = path.resolve(import.meta.dirname, "../../../bin/cranefly-terminal");

/** Starts a script as a task's terminal does; resolves when it is ready. */
async function start(script: string): Promise<{ child: ChildProcess; leader: number; ended: Promise<number | null> }> {
  // What it starts in the background holds nothing of ours open.
  const child = spawn(LAUNCHER, ["notice", "sh", "-c", script], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  await new Promise<void>((resolve) =>
    child.stdout.on("data", (data: Buffer) => {
      if (data.toString().includes("ready")) resolve();
    }),
  );
  return { child, leader: child.pid ?? 0, ended };
}

describe("a program in a terminal", () => {
  it("that ends when it is asked to is not killed, and gives its exit code", async () => {
    const { leader, ended } = await start("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done");
    let killed = 0;
    const ending = new Ending(leader, 60_000, () => killed++);
    expect(await ended).toBe(7);
    ending.ended();
    expect(killed).toBe(0);
  });

  it("is killed when it does not end", async () => {
    const { child, leader, ended } = await start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    let killed = 0;
    new Ending(leader, 50, () => killed++);
    await ended;
    expect({ killed, signal: child.signalCode }).toEqual({ killed: 1, signal: "SIGKILL" });
  });

  it("is killed at once when it is asked twice", async () => {
    const { child, leader, ended } = await start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    new Ending(leader, 60_000, () => undefined).kill();
    await ended;
    expect(child.signalCode).toBe("SIGKILL");
  });
});
