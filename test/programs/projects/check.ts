/** One project: built, run, edited and run again, natively and through Cranefly. */
import { mkdtempSync, existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { endAll, processesWith } from "../../../scripts/lib/processes.mjs";
import type { BodyLaneStatistics, GenerationReport } from "../../../shared/src/report.js";
import { sync } from "../support/projects.js";
import { cleanEnvironment, mustRun } from "../support/process.js";
import { cache } from "../support/repository.js";
import { CraneflyBuild, NativeBuild } from "./builds.js";
import { ending, outcomeDifferences, sessionDifferences } from "./differences.js";
import { EditedFile, type EditKind } from "./edits.js";
import type { Project } from "./project.js";
import type { EditResult, ProjectResult } from "./results.js";
import { session, single } from "./session.js";

/** What the results are of, apart from the project. */
export type Surroundings = Pick<ProjectResult, "cranefly" | "rustc" | "machine">;

/** Everything that goes wrong is in the result. Nothing that was built is kept. */
export async function check(
  project: Project,
  surroundings: Surroundings,
  progress: (text: string) => void,
): Promise<ProjectResult> {
  const home = path.join(cache, "projects", project.name);
  // A daemon of its own: no other's work is in it, and none is ended with it. Images lie there, so it should be memory.
  const runtime = mkdtempSync(path.join(existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "cranefly-projects-"));
  const comparison = new Comparison(project, home, runtime, surroundings, progress);
  try {
    await rm(home, { recursive: true, force: true });
    await comparison.make();
  } catch (error) {
    comparison.result.problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    await comparison.cranefly.close().catch(() => undefined);
    endAll(() => processesWith(`XDG_RUNTIME_DIR=${runtime}`));
    await rm(runtime, { recursive: true, force: true });
    await rm(home, { recursive: true, force: true });
  }
  return comparison.result;
}

class Comparison {
  readonly result: ProjectResult;
  readonly cranefly: CraneflyBuild;
  private readonly native: NativeBuild;
  private readonly folder: string;
  private readonly play: string;

  constructor(
    private readonly project: Project,
    private readonly home: string,
    runtime: string,
    surroundings: Surroundings,
    private readonly progress: (text: string) => void,
  ) {
    const { name, version, work } = project;
    this.result = {
      name,
      version,
      ...surroundings,
      steps: work.steps.length,
      problems: [],
      llvm: [],
      firstBuild: {},
      disk: {},
      edits: {},
    };
    this.folder = path.join(home, "source");
    this.play = path.join(home, "play");
    // With the debug info that Cranefly compiles with, so that both do the same work.
    const env = cleanEnvironment({ XDG_RUNTIME_DIR: runtime, CARGO_PROFILE_DEV_DEBUG: "1" });
    const place = (of: string) => ({ project, folder: this.folder, target: path.join(home, of), env });
    this.native = new NativeBuild(place("cargo"));
    this.cranefly = new CraneflyBuild(place("cranefly"));
  }

  async make(): Promise<void> {
    const { project, result, native, cranefly, home, play, progress } = this;
    const { work } = project;
    await sync(await project.sources(), this.folder);
    progress("downloads");
    await native.fetch();
    progress("cargo's first build");
    result.firstBuild.cargo = rounded(await native.build());
    result.disk.cargo = await diskUse(path.join(home, "cargo"));
    progress("the work, natively");
    const expected = await session(native.executable, work, play);
    result.problems.push(
      ...expected.steps.flatMap((outcome, n) => {
        const step = work.steps[n];
        const isGood = (outcome.code === 0) === (step?.fails !== true);
        return isGood ? [] : [`natively, \`${step?.args.join(" ")}\` ends with ${ending(outcome)}: ${outcome.stderr}`];
      }),
      // If two native sessions differed, the comparison would blame Cranefly for it.
      ...sessionDifferences(work.steps, expected, await session(native.executable, work, play)).map(
        (text) => `two native runs differ: ${text}`,
      ),
    );
    progress("Cranefly's first build");
    const first = await cranefly.update();
    result.firstBuild.cranefly = rounded(first.seconds);
    result.functions = first.report.functions.total;
    result.llvm.push(...first.report.programs.flatMap(({ fallbacks }) => fallbacks));
    result.disk.cranefly = await diskUse(path.join(home, "cranefly"));
    const memory = await cranefly.memory();
    if (memory !== undefined) result.memory = memory;
    progress("the work, through Cranefly");
    result.problems.push(...sessionDifferences(work.steps, expected, await session(first.executable, work, play)));
    await this.edits();
  }

  private async edits(): Promise<void> {
    const { project, result, cranefly, progress } = this;
    const edited = await EditedFile.of(this.folder, project.edit);
    const before = await this.run(this.native.executable);
    await cranefly.openFile(edited.file);
    for (const kind of ["body", "item"] as const) {
      progress(`an edit: ${kind}`);
      const measured = await this.edit(edited, kind);
      result.edits[kind] = measured;
    }
    progress("the edits are taken back");
    const { executable } = await cranefly.update();
    const after = outcomeDifferences(project.edit.step, before, await this.run(executable));
    result.problems.push(...after.map((text) => `with the edits taken back: ${text}`));
  }

  /** Two saves of a kind: the second one counts, as the first finds everything cold. Then the file is put back. */
  private async edit(edited: EditedFile, kind: EditKind): Promise<EditResult> {
    const { project, result, native, cranefly } = this;
    const { step } = project.edit;
    let measured: EditResult | undefined;
    for (const save of ["first", "second"]) {
      const tag = `${save} ${kind} edit of ${project.name}`;
      const before = cranefly.statistics;
      await edited.save(kind, tag);
      const { executable, report, seconds } = await cranefly.update();
      const ours = await this.run(executable);
      const cargo = await native.build();
      const theirs = await this.run(native.executable);
      const where = `after the ${save} ${kind} edit`;
      if (!(theirs.stdout + theirs.stderr).includes(tag)) result.problems.push(`${where}: the output does not show it`);
      result.problems.push(...outcomeDifferences(step, theirs, ours).map((text) => `${where}: ${text}`));
      const divergence = await cranefly.follow();
      if (divergence !== undefined) result.problems.push(`${where}: ${divergence}`);
      const { lane, refused } = report;
      const noPatch = newReason(before, cranefly.statistics);
      const way = [lane, refused, noPatch].filter((word) => word !== undefined).join(", ");
      const { compiled } = report.functions;
      this.progress(`${where}: the ${way}; ${stages(report)}; ${compiled} compiled; cargo ${rounded(cargo)} s`);
      measured = {
        lane,
        ...(refused === undefined ? {} : { refused }),
        ...(noPatch === undefined ? {} : { noPatch }),
        cranefly: rounded(seconds),
        cargo: rounded(cargo),
      };
    }
    await edited.restore();
    await cranefly.update();
    await cranefly.follow();
    if (measured === undefined) throw new Error("no edit was made");
    return measured;
  }

  private run(executable: string) {
    return single(executable, this.project.edit.step, this.project.work, this.play);
  }
}

/** The reason that was counted between two looks, of those for which there was no patch crate. */
function newReason(before: BodyLaneStatistics | undefined, after: BodyLaneStatistics | undefined): string | undefined {
  const countOf = (wanted: string): number => before?.overlaid.find(({ reason }) => reason === wanted)?.count ?? 0;
  return after?.overlaid.find(({ reason, count }) => count > countOf(reason))?.reason;
}

/** Where an update's time went. */
function stages({ ms }: GenerationReport): string {
  const times = Object.entries(ms).filter(([, time]) => time >= 1);
  return times.map(([stage, time]) => `${stage} ${Math.round(time)}`).join(", ");
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

async function diskUse(folder: string): Promise<number> {
  const { stdout } = await mustRun("du", ["--summarize", "--block-size=1", folder], { cwd: folder });
  return Number(stdout.split("\t")[0]);
}
