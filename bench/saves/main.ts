/**
 * An edit of one function's body, from the save to the program's output: cargo with each linker next to Cranefly's lanes.
 * `--help` says the options.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { cleanEnvironment } from "../../test/programs/support/process.js";
import { repository } from "../workspace.js";
import { type Result, type Results, replaceSection, sectionOf } from "./document.js";
import { describeMachine, loadAverage } from "./machine.js";
import { type Contestant, type Plan, measure } from "./measure.js";
import { ByHandSide } from "./byHand.js";
import { measureUnchanged } from "./noChange.js";
import { CargoSide, CraneflySide, moldVersion } from "./sides.js";
import { Copy, SUBJECTS, type Subject } from "./subjects.js";

const USAGE = `npm run bench [-- OPTIONS]
  --subjects A,B     of ${SUBJECTS.map(({ key }) => key).join(", ")} (default: all)
  --rounds N         that count (default 7)
  --warmups N        rounds before them (default 2)
  --quick N          saves in a row behind each one that the body lane gets (default 2)
  --debuginfo LEVEL  of all sides (default 1, the most that Cranefly compiles with)
  --json FILE        where every single measurement goes (default target/bench/saves.json)
  --write            put the tables into docs/benchmarks.md
`;

const { values: options } = parseArgs({
  options: {
    subjects: { type: "string" },
    rounds: { type: "string", default: "7" },
    warmups: { type: "string", default: "2" },
    quick: { type: "string", default: "2" },
    debuginfo: { type: "string", default: "1" },
    json: { type: "string", default: path.join(repository, "target/bench/saves.json") },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function selected(): Subject[] {
  const names = options.subjects?.split(",") ?? SUBJECTS.map(({ key }) => key);
  return names.map((name) => {
    const subject = SUBJECTS.find(({ key }) => key === name);
    if (subject === undefined) throw new Error(`there is no subject ${name}\n${USAGE}`);
    return subject;
  });
}

/** Ctrl-C, which may be told more than once: the sources are put back and the engine is ended. */
const interrupt = new AbortController();
process.on("SIGINT", () => interrupt.abort(new Error("interrupted")));

async function compare(subject: Subject, env: NodeJS.ProcessEnv, hasMold: boolean, plan: Plan): Promise<Result> {
  const copy = await Copy.of(subject);
  const cargo = [new CargoSide(copy, env, undefined), ...(hasMold ? [new CargoSide(copy, env, "mold")] : [])];
  const crate = new CraneflySide(copy, env, "crate");
  const body = new CraneflySide(copy, env, "body");
  const contestants: Contestant[] = [
    ...cargo.map((side) => ({ side, isCargo: true, isFollowed: false })),
    { side: crate, isCargo: false, isFollowed: false },
    { side: body, isCargo: false, isFollowed: true },
    { side: new ByHandSide(copy, env), isCargo: false, isFollowed: false },
  ];
  try {
    const series = await measure(copy, contestants, plan, interrupt.signal);
    const unchanged = await measureUnchanged(copy, env, plan, interrupt.signal);
    return { subject: subject.name, series, unchanged, statistics: body.statistics };
  } finally {
    for (const { side } of contestants) await side.close();
    copy.restore();
  }
}

async function main(): Promise<void> {
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  const mold = moldVersion();
  if (mold === undefined)
    process.stderr.write("mold is not installed: cargo is measured with its default linker only\n");
  const plan = { rounds: Number(options.rounds), warmups: Number(options.warmups), quick: Number(options.quick) };
  // A daemon of its own: no other's work is in it, and none is ended with it. Images lie there, so it should be memory.
  const runtime = fs.mkdtempSync(path.join(fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "cranefly-bench-"));
  const env = cleanEnvironment({ XDG_RUNTIME_DIR: runtime, CARGO_PROFILE_DEV_DEBUG: options.debuginfo });
  const loadBefore = loadAverage();
  const results: Result[] = [];
  try {
    for (const subject of selected()) results.push(await compare(subject, env, mold !== undefined, plan));
  } finally {
    fs.rmSync(runtime, { recursive: true, force: true });
  }
  const machine = describeMachine({ mold, debugInfo: options.debuginfo, load: [loadBefore, loadAverage()] });
  const all: Results = { machine, plan, results };
  const section = sectionOf(all);
  process.stdout.write(section);
  const json = path.resolve(process.env["INIT_CWD"] ?? ".", options.json);
  fs.mkdirSync(path.dirname(json), { recursive: true });
  fs.writeFileSync(json, `${JSON.stringify(all, undefined, 2)}\n`);
  if (options.write) replaceSection(path.join(repository, "docs/benchmarks.md"), "npm run bench", section);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
