/** Generated workspaces by size: times and memory, next to cargo's where that is asked for. `--help` says the options. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { cache } from "../../test/programs/support/repository.js";
import { cleanEnvironment } from "../../test/programs/support/process.js";
import { replaceSection } from "../saves/document.js";
import { describeMachine, loadAverage } from "../saves/machine.js";
import { repository } from "../workspace.js";
import { sectionOf } from "./document.js";
import type { Shape } from "./generate.js";
import { type Result, measure } from "./measure.js";

const USAGE = `npm run bench:scale [-- OPTIONS]
  --sizes A,B        functions, each with "xCRATES" behind it (default 1000x1,10000x10,100000x100,1000000x200)
  --compare N        up to so many functions cargo builds, runs and edits the same, and outputs are compared (default 100000)
  --run-all N        up to so many functions all of them run once (default 100000)
  --edits N          of a function's body, one after the other (default 3)
  --again            measure sizes that were measured before, too
  --json FILE        where results are kept (default target/bench/scale.json)
  --write            put the table into docs/benchmarks.md
A size that was measured is not measured again: what was interrupted goes on where it was.
`;

/** About so many modules run when a program is started to see what starting takes. */
const STARTED_MODULES = 10;

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000x1,10000x10,100000x100,1000000x200" },
    compare: { type: "string", default: "100000" },
    "run-all": { type: "string", default: "100000" },
    edits: { type: "string", default: "3" },
    again: { type: "boolean", default: false },
    json: { type: "string", default: path.join(repository, "target/bench/scale.json") },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function shapeOf(text: string): Shape {
  const [functions, crates] = text.split("x").map(Number);
  if (functions === undefined || crates === undefined || !(functions > 0 && crates > 0))
    throw new Error(`${text} is no size\n${USAGE}`);
  return { functions, crates };
}

const nameOf = ({ functions, crates }: Shape): string => `${functions}x${crates}`;

/** Results that are kept, by size. */
function readResults(file: string): Map<string, Result> {
  if (!fs.existsSync(file)) return new Map();
  const results = JSON.parse(fs.readFileSync(file, "utf8")) as Result[];
  return new Map(results.map((result) => [nameOf(result.shape), result]));
}

async function main(): Promise<void> {
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  const file = path.resolve(process.env["INIT_CWD"] ?? ".", options.json);
  const results = readResults(file);
  const shapes = options.sizes.split(",").map(shapeOf);
  const before = loadAverage();
  for (const shape of shapes) {
    const name = nameOf(shape);
    if (results.has(name) && !options.again) continue;
    process.stderr.write(`${name}: begun\n`);
    const runtime = fs.mkdtempSync(path.join(fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "cranefly-scale-"));
    try {
      const result = await measure(shape, {
        home: path.join(cache, "scale", name),
        env: cleanEnvironment({ XDG_RUNTIME_DIR: runtime }),
        isCompared: shape.functions <= Number(options.compare),
        edits: Number(options.edits),
        startedPart: Math.max(1, Math.round(shape.functions / 100 / STARTED_MODULES)),
        runsAll: shape.functions <= Number(options["run-all"]),
      });
      results.set(name, result);
    } finally {
      fs.rmSync(runtime, { recursive: true, force: true });
    }
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `${JSON.stringify([...results.values()], undefined, 2)}\n`);
  }
  const { cpu, cores, memory, rustc, commit } = describeMachine({
    mold: undefined,
    debugInfo: "2",
    load: [before, loadAverage()],
  });
  const machine = `${cpu}, ${cores} cores, ${memory}; ${rustc}; Cranefly ${commit}. Load average ${before} before, ${loadAverage()} behind.`;
  const section = sectionOf(machine, [...results.values()]);
  process.stdout.write(section);
  if (options.write) replaceSection(path.join(repository, "docs/benchmarks.md"), "npm run bench:scale", section);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
