/** One generated workspace, from its first build to edits of it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { GenerationReport, Lane } from "../../shared/src/report.js";
import { mustRun } from "../../test/programs/support/process.js";
import { type Built, CargoSide, CraneflySide, type Side } from "../saves/sides.js";
import { summarize } from "../saves/statistics.js";
import { type Generated, PROGRAM, type Shape, generate } from "./generate.js";
import { EDITED_BODY, EDITED_ITEM } from "./kit.js";
import { PeakMemory, anonymousBytes, diskBytes } from "./memory.js";

export interface Options {
  /** Where everything that is made lies, but images. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** Builds it with cargo as well, and compares. */
  readonly isCompared: boolean;
  /** Of a body, one after the other. */
  readonly edits: number;
  /** One of so many modules of each crate runs when the program is started to see what starting takes. */
  readonly startedPart: number;
  /** Runs all functions once, too. */
  readonly runsAll: boolean;
}

export interface Edit {
  readonly lane: Lane;
  /** Milliseconds from the save to a program that can be started, and of these the engine's. */
  readonly ms: number;
  readonly engineMs: number;
  /** Codegen units that the engine read for it, and functions that it compiled. */
  readonly unitsRead: number;
  readonly compiled: number;
}

/** What one side took. Milliseconds and bytes. */
export interface SideResult {
  readonly firstMs: number;
  /** The program's first start and a later one, with a part of the functions; and a run of all of them, if there was one. */
  readonly startMs: readonly [number, number];
  readonly allMs: number | undefined;
  readonly bodyMs: number;
  readonly itemMs: number;
  readonly diskBytes: number;
}

export interface CraneflyResult extends SideResult {
  /** Of the first build: what cargo and rustc took, and what the engine did. */
  readonly frontEndMs: number;
  readonly engineMs: number;
  readonly body: readonly Edit[];
  readonly item: Edit;
  /** Of the daemon, after the first build, at the end, and at most. */
  readonly daemonBytes: readonly [number, number, number];
  /** Of this process, which is what a server is: at the end. */
  readonly serverBytes: number;
  readonly imageBytes: number;
}

export interface Result {
  readonly shape: Shape;
  /** With code, as the engine counts them. */
  readonly functions: number;
  readonly cranefly: CraneflyResult;
  readonly cargo: SideResult | undefined;
}

/** The text of the edited file with another body, or another constant; `mark` is what the program prints then. */
function edited(original: string, what: "body" | "item", mark: number): string {
  const [from, to] =
    what === "body"
      ? [EDITED_BODY, `seed.wrapping_add(${mark})`]
      : [EDITED_ITEM, EDITED_ITEM.replace("= 0", `= ${mark}`)];
  if (original.split(from).length !== 2) throw new Error(`the generated file has not exactly one ${from}`);
  return original.replace(from, () => to);
}

/** Output of a run of one of `part` modules of each crate, and how long it took. */
async function run(executable: string, part: number, options: Options): Promise<{ output: string; ms: number }> {
  const start = performance.now();
  const { stdout } = await mustRun(executable, [String(part)], {
    cwd: options.home,
    env: options.env,
    timeout: 3_600_000,
  });
  return { output: stdout, ms: performance.now() - start };
}

/** What a side printed, each line by what was run, to be compared with another's. */
type Outputs = string[];

interface Measured {
  readonly result: Omit<SideResult, "diskBytes">;
  readonly outputs: Outputs;
  readonly reports: readonly GenerationReport[];
}

async function measureSide(
  side: Side,
  executable: string,
  { edited: file }: Generated,
  options: Options,
  built: () => void,
): Promise<Measured> {
  const original = fs.readFileSync(file, "utf8");
  const outputs: Outputs = [];
  const reports: GenerationReport[] = [];
  const { startedPart, runsAll, edits } = options;
  const begin = performance.now();
  await side.prepare();
  const firstMs = performance.now() - begin;
  built();
  const started = async (part: number): Promise<number> => {
    const { output, ms } = await run(executable, part, options);
    outputs.push(output);
    return ms;
  };
  const startMs = [await started(startedPart), await started(startedPart)] as const;
  const allMs = runsAll ? await started(1) : undefined;
  const save = async (what: "body" | "item", mark: number): Promise<number> => {
    const since = performance.now();
    const runnable = await side.build(() => fs.writeFileSync(file, edited(original, what, mark)), since);
    const ms = performance.now() - since;
    if (runnable.report !== undefined) reports.push(runnable.report);
    const { output } = await run(runnable.executable, startedPart, options);
    if (!output.trimEnd().endsWith(`mark ${mark}`)) throw new Error(`${side.name} does not show the edit: ${output}`);
    outputs.push(output);
    return ms;
  };
  try {
    // The first edit of a crate's body is the crate lane's: what the body lane needs is made behind it.
    await save("body", edits + 1);
    await side.settle();
    reports.length = 0;
    const bodies: number[] = [];
    for (let mark = 1; mark <= edits; mark++) {
      bodies.push(await save("body", mark));
      await side.settle();
    }
    const itemMs = await save("item", 1000);
    await side.settle();
    const bodyMs = summarize(bodies)?.median ?? 0;
    return { result: { firstMs, startMs, allMs, bodyMs, itemMs }, outputs, reports };
  } finally {
    fs.writeFileSync(file, original);
  }
}

function edit(report: GenerationReport): Edit {
  const { lane, ms, programs, functions } = report;
  const unitsRead = programs.reduce((sum, program) => sum + program.units.read, 0);
  return { lane, ms: ms.total, engineMs: ms.engine, unitsRead, compiled: functions.compiled };
}

async function measureCranefly(
  built: Built,
  generated: Generated,
  options: Options,
): Promise<[CraneflyResult, Outputs, number]> {
  const side = new CraneflySide(built, options.env, "body");
  let pid: number | undefined;
  let afterBuild = 0;
  // The daemon is started by the build, which tells nobody its process: asked for until there is one.
  const asking = setInterval(() => {
    if (pid !== undefined) return;
    side.engine?.status().then(
      (status) => (pid = status.pid),
      () => undefined,
    );
  }, 500);
  const peak = new PeakMemory(() => pid);
  try {
    const executable = path.join(built.target("body"), "cranefly/debug", PROGRAM);
    const { result, outputs, reports } = await measureSide(side, executable, generated, options, () => {
      if (pid !== undefined) afterBuild = anonymousBytes(pid);
    });
    // What goes on behind the last publication belongs to it.
    await delay(2000);
    const status = await side.engine?.status();
    if (status === undefined || side.first === undefined) throw new Error("there is no engine");
    const imageBytes = status.programs.reduce((sum, program) => sum + program.imageBytes, 0);
    const { ms, functions } = side.first;
    const [item, ...bodies] = reports.map(edit).reverse();
    if (item === undefined) throw new Error("there was no edit");
    const cranefly = {
      ...result,
      frontEndMs: Math.max(ms.capture, ms.frontEnd),
      engineMs: ms.engine,
      body: bodies.reverse(),
      item,
      daemonBytes: [afterBuild, anonymousBytes(status.pid), peak.stop()] as const,
      serverBytes: anonymousBytes(process.pid),
      imageBytes,
      diskBytes: diskBytes(path.join(built.target("body"))),
    };
    return [cranefly, outputs, functions.total];
  } finally {
    clearInterval(asking);
    peak.stop();
    await side.close();
  }
}

/** Generates a workspace of a shape, builds, runs and edits it, and removes what that made. */
export async function measure(shape: Shape, options: Options): Promise<Result> {
  const folder = path.join(options.home, "source");
  const generated = generate(shape, folder);
  const built: Built = {
    folder,
    target: (name) => path.join(options.home, name),
    subject: { command: "build", targets: ["--package", PROGRAM, "--bin", PROGRAM], program: PROGRAM },
  };
  const [cranefly, outputs, functions] = await measureCranefly(built, generated, options);
  let cargo: SideResult | undefined;
  if (options.isCompared) {
    const side = new CargoSide(built, options.env, undefined);
    const executable = path.join(built.target("cargo"), "debug", PROGRAM);
    const native = await measureSide(side, executable, generated, options, () => undefined);
    cargo = { ...native.result, diskBytes: diskBytes(built.target("cargo")) };
    if (native.outputs.join("") !== outputs.join(""))
      throw new Error(`cargo's program prints\n${native.outputs.join("")}and Cranefly's\n${outputs.join("")}`);
  }
  fs.rmSync(options.home, { recursive: true, force: true });
  return { shape, functions, cranefly, cargo };
}
