/** The program of a watch: when it is asked to end, killed, and started again. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Job, Restarts } from "../../../server/src/cli/restarts.js";

const LIMIT_MS = 5000;

describe("a watched program", () => {
  let log: string[];
  /** Ends a program, with all that it started. */
  const end = new Map<string, () => void>();
  /** Starts a program that ends when it is told to. */
  const start = (name: string) => (): Job => {
    log.push(`start ${name}`);
    const gone = new Promise<void>((resolve) => end.set(name, resolve));
    return {
      ended: gone,
      gone,
      askToEnd: () => log.push(`ask ${name}`),
      kill: () => {
        log.push(`kill ${name}`);
        end.get(name)?.();
      },
    };
  };
  const restarts = (): Restarts =>
    new Restarts(
      LIMIT_MS,
      () => log.push("too slow"),
      () => log.push("not started"),
    );
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);

  beforeEach(() => {
    log = [];
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  it("is asked to end before the next one starts", async () => {
    const watched = restarts();
    watched.restart(start("a"));
    watched.restart(start("b"));
    await settle();
    expect(log).toEqual(["start a", "ask a"]);
    end.get("a")?.();
    await settle();
    expect(log).toEqual(["start a", "ask a", "start b"]);
  });

  it("is killed when it takes too long, and only the newest version follows", async () => {
    const watched = restarts();
    watched.restart(start("a"));
    watched.restart(start("b"));
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 1000);
    watched.restart(start("c"));
    await vi.advanceTimersByTimeAsync(1000);
    expect(log).toEqual(["start a", "ask a", "too slow", "kill a", "start c"]);
  });

  it("that cannot be started is told, and waited for no more", async () => {
    const watched = restarts();
    watched.restart(start("a"));
    watched.restart(() => {
      throw new Error("no room");
    });
    end.get("a")?.();
    await settle();
    expect(log).toEqual(["start a", "ask a", "not started"]);
    await watched.end();
  });

  it("that has ended by itself is not waited for", async () => {
    const watched = restarts();
    watched.restart(start("a"));
    end.get("a")?.();
    await settle();
    watched.restart(start("b"));
    expect(log).toEqual(["start a", "start b"]);
  });

  it("is not started again when the watch is to end", async () => {
    const watched = restarts();
    watched.restart(start("a"));
    watched.restart(start("b"));
    const ended = watched.end();
    watched.restart(start("c"));
    end.get("a")?.();
    await ended;
    expect(log).toEqual(["start a", "ask a"]);
  });

  it("that was told by the terminal is only waited for, and a second word kills it", async () => {
    const watched = restarts();
    watched.restart(start("a"));
    const ended = watched.end(true);
    expect(log).toEqual(["start a"]);
    watched.kill();
    await ended;
    await vi.advanceTimersByTimeAsync(LIMIT_MS);
    expect(log).toEqual(["start a", "kill a"]);
  });

  it("need not run for the watch to end", async () => {
    await restarts().end();
    expect(log).toEqual([]);
  });
});
