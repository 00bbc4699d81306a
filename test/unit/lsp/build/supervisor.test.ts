import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Supervisor } from "../../../../server/src/lsp/build/supervisor.js";

const restart = vi.fn();
const giveUp = vi.fn();
let supervisor: Supervisor;

beforeEach(() => {
  vi.useFakeTimers();
  restart.mockReset();
  giveUp.mockReset();
  supervisor = new Supervisor(restart, giveUp);
});
afterEach(() => {
  supervisor.close();
  vi.useRealTimers();
});

it("starts the engine again at once, then more and more slowly", () => {
  for (const delay of [0, 1000, 2000, 4000]) {
    supervisor.lost();
    if (delay > 0) vi.advanceTimersByTime(delay - 1);
    expect(restart).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(restart).toHaveBeenCalledOnce();
    restart.mockReset();
    vi.advanceTimersByTime(10_000);
  }
  expect(giveUp).not.toHaveBeenCalled();
});

it("gives up at the fifth time within three minutes, until it is told to go on", () => {
  for (let n = 0; n < 5; n++) {
    supervisor.lost();
    vi.advanceTimersByTime(10_000);
  }
  expect(restart).toHaveBeenCalledTimes(4);
  expect(giveUp).toHaveBeenCalledOnce();
  expect(supervisor.reason).toContain("5 times within 3 minutes");
  supervisor.lost();
  expect(giveUp).toHaveBeenCalledOnce();
  supervisor.reset();
  expect(supervisor.reason).toBeUndefined();
  supervisor.lost();
  vi.advanceTimersByTime(1);
  expect(restart).toHaveBeenCalledTimes(5);
});

it("does not give up for losses that lie further apart", () => {
  for (let n = 0; n < 20; n++) {
    supervisor.lost();
    vi.advanceTimersByTime(60_000);
  }
  expect(giveUp).not.toHaveBeenCalled();
});

it("counts what several connections tell of one loss once", () => {
  for (let n = 0; n < 4; n++) {
    for (let connection = 0; connection < 3; connection++) {
      supervisor.lost();
      vi.advanceTimersByTime(5);
    }
    vi.advanceTimersByTime(10_000);
  }
  expect(giveUp).not.toHaveBeenCalled();
  expect(restart.mock.calls.length).toBeGreaterThanOrEqual(4);
});
