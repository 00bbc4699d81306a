/** Running a program of which nothing has changed: by its path, by `cargo run`, and by `cranefly run`. */
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { mustRun } from "../../test/programs/support/process.js";
import { CRANEFLY } from "./byHand.js";
import type { Plan } from "./measure.js";
import type { Copy } from "./subjects.js";

/** Milliseconds from a command's start to the program's end. */
export interface Unchanged {
  readonly name: string;
  readonly samples: readonly number[];
}

/** Measures in turns, in the target directories that the sides have built. None for tests. */
export async function measureUnchanged(
  copy: Copy,
  env: NodeJS.ProcessEnv,
  { rounds, warmups }: Plan,
  signal: AbortSignal,
): Promise<readonly Unchanged[]> {
  const { subject, folder } = copy;
  if (subject.command !== "build") return [];
  const run = ["run", "--quiet", ...subject.targets, "--", ...subject.args];
  const [cargos, ours] = [copy.target("cargo"), copy.target("by-hand")];
  const ways = [
    {
      name: "the program itself",
      program: path.join(cargos, "debug", subject.program),
      args: subject.args,
      target: cargos,
    },
    { name: "`cargo run`", program: "cargo", args: run, target: cargos },
    { name: "`cranefly run`", program: CRANEFLY, args: run, target: ours },
  ].map((way) => ({ ...way, samples: [] as number[] }));
  // The first ones of the latter two build.
  for (let round = 1 - Math.max(2, warmups); round <= rounds; round++) {
    for (const { program, args, target, samples } of ways) {
      signal.throwIfAborted();
      const started = performance.now();
      await mustRun(program, args, { cwd: folder, env: { ...env, CARGO_TARGET_DIR: target } });
      if (round > 0) samples.push(performance.now() - started);
    }
  }
  return ways;
}
