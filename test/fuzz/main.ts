/** The command line of the programs at random. */
import * as path from "node:path";
import { parseArgs } from "node:util";
import { repository } from "../../bench/workspace.js";
import { fuzz } from "./fuzz.js";
import { MODES } from "./subject.js";

const USAGE = `usage: npm run fuzz [-- --minutes N] [--programs N] [--seed N] [--edits N] [--size N] [--tries N] [--modes NAME,…]
         modes: ${MODES.map(({ name }) => name).join(", ")}
`;

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      help: { type: "boolean", short: "h", default: false },
      minutes: { type: "string", default: "10" },
      programs: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      edits: { type: "string", default: "8" },
      size: { type: "string", default: "60" },
      tries: { type: "string", default: "150" },
      modes: { type: "string", default: MODES.map(({ name }) => name).join(",") },
      folder: { type: "string", default: path.join(repository, "target/fuzz") },
    },
  });
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  const names = options.modes.split(",");
  const modes = MODES.filter(({ name }) => names.includes(name));
  if (modes.length !== names.length) throw new Error(`unknown mode\n${USAGE}`);
  const interrupt = new AbortController();
  process.on("SIGINT", () => interrupt.abort());
  const deadline = setTimeout(() => interrupt.abort(), Number(options.minutes) * 60_000);
  const started = performance.now();
  const result = await fuzz({
    folder: options.folder,
    env: process.env,
    modes,
    seed: Number(options.seed),
    programs: Number(options.programs),
    size: Number(options.size),
    edits: Number(options.edits),
    tries: Number(options.tries),
    log: (line) => process.stdout.write(`${line}\n`),
    stop: interrupt.signal,
  });
  clearTimeout(deadline);
  const minutes = (performance.now() - started) / 60_000;
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
  const { programs, edits, compared, invalid, differences, lanes, fallbacks } = result;
  process.stdout.write(
    [
      `${programs} programs and ${edits} edits in ${minutes.toFixed(1)} minutes; ${compared} runs compared`,
      `lanes: ${list(lanes)}`,
      `functions that only LLVM can compile: ${list(fallbacks)}`,
      `${invalid.length} invalid texts; ${differences.length} differences`,
      ...differences.map(
        ({ seed, edit, mode, what, kept }) => `seed ${seed}, edit ${edit}, ${mode}: ${what} (${kept})`,
      ),
      "",
    ].join("\n"),
  );
  process.exitCode = differences.length === 0 && invalid.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
