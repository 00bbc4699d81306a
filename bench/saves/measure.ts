/** Measures the sides in turns: each round, every side gets a save of its own. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { performance } from "node:perf_hooks";
import type { Lane, StageTimes } from "../../shared/src/report.js";
import type { Side } from "./sides.js";
import type { Copy, Save } from "./subjects.js";

/** Milliseconds from a save, and what Cranefly told of it. */
export interface Sample {
  /** The program can be started. */
  readonly runnable: number;
  /** It has written something. */
  readonly output: number;
  /** The build began. */
  readonly noticed: number;
  readonly lane?: Lane;
  readonly refused?: string;
  readonly ms?: StageTimes;
}

/** Samples of one side that were taken in the same way. */
export interface Series {
  readonly name: string;
  /** Cargo's series are what the others are compared with. */
  readonly isCargo: boolean;
  readonly samples: readonly Sample[];
}

export interface Plan {
  readonly rounds: number;
  /** Rounds before these that do not count. */
  readonly warmups: number;
  /** Saves right behind the first one of a round, before the crate lane has followed the body lane. */
  readonly quick: number;
}

/** One side in the plan. `isFollowed`: the crate lane has work of its own once the body lane is through. */
export interface Contestant {
  readonly side: Side;
  readonly isCargo: boolean;
  readonly isFollowed: boolean;
}

export async function measure(
  copy: Copy,
  contestants: readonly Contestant[],
  plan: Plan,
  signal: AbortSignal,
): Promise<Series[]> {
  const settled = new Map(contestants.map(({ side }) => [side, [] as Sample[]]));
  const quick = new Map(contestants.map(({ side }) => [side, [] as Sample[]]));
  for (const { side } of contestants) {
    signal.throwIfAborted();
    progress(`${copy.subject.name}: first build of ${side.name}`);
    await side.prepare();
  }
  for (let round = 1 - plan.warmups; round <= plan.rounds; round++) {
    progress(`${copy.subject.name}: ${round < 1 ? "warming up" : `round ${round} of ${plan.rounds}`}`);
    // Nobody always comes first, nor always behind the same one.
    for (const { side, isFollowed } of rotated(contestants, round + plan.warmups)) {
      signal.throwIfAborted();
      const first = await sample(copy, side);
      if (round > 0) settled.get(side)?.push(first);
      for (let n = 0; isFollowed && n < plan.quick; n++) {
        const next = await sample(copy, side);
        if (round > 0) quick.get(side)?.push(next);
      }
      await side.settle();
    }
  }
  return contestants.flatMap(({ side, isCargo }): Series[] => {
    const inRow = quick.get(side) ?? [];
    return [
      { name: side.name, isCargo, samples: settled.get(side) ?? [] },
      ...(inRow.length === 0 ? [] : [{ name: `${side.name}, saves in a row`, isCargo, samples: inRow }]),
    ];
  });
}

async function sample(copy: Copy, side: Side): Promise<Sample> {
  const save = copy.next();
  const started = performance.now();
  const { executable, noticedMs, report } = await side.build(() => fs.writeFileSync(save.file, save.text), started);
  const runnable = performance.now() - started;
  const output = (await firstOutput(executable, copy.subject.args, save)) - started;
  const times = { runnable, output, noticed: noticedMs - started };
  if (report === undefined) return times;
  const { lane, ms, refused } = report;
  return { ...times, lane, ms, ...(refused === undefined ? {} : { refused }) };
}

/** Starts the program; gives when its first bytes came. What it writes has to show the save. */
function firstOutput(executable: string, args: readonly string[], { tag }: Save): Promise<number> {
  return new Promise((resolve, reject) => {
    let firstMs: number | undefined;
    let text = "";
    const child = spawn(executable, args, { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.on("data", (bytes: Buffer) => {
      firstMs ??= performance.now();
      text += bytes.toString();
    });
    child.once("error", reject);
    child.once("close", () => {
      if (firstMs !== undefined && text.includes(tag)) resolve(firstMs);
      else reject(new Error(`${executable} does not show "${tag}": ${text}`));
    });
  });
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
