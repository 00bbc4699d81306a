/** The programs in `test/fixtures/edits`: what takes each of their edits, what they print then, and what a native build of the same text prints. */
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replay } from "../../bench/replay/replay.js";
import { openWorkspace } from "../../bench/workspace.js";
import type { BodyLaneStatistics, GenerationReport } from "../../shared/src/report.js";
import type { Workspace } from "../../server/src/core/workspace.js";
import { type ProgramEdit, readPrograms } from "./editedPrograms/read.js";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE, Project } from "./project.js";

const FIXTURE = path.join(ROOT, "test/fixtures/edits");
const { files, edits } = readPrograms(FIXTURE);
const never = new AbortController().signal;

/** The package as programs, or as the library's tests. */
class Session {
  private executables: ReadonlyMap<string, string> = new Map();

  private constructor(
    private readonly project: Project,
    readonly workspace: Workspace,
  ) {}

  static async open(project: Project, command: "build" | "test"): Promise<Session> {
    const sources = Object.keys(files).filter((file) =>
      command === "test" ? file === "src/lib.rs" : file.endsWith(".rs"),
    );
    const workspace = openWorkspace({
      folder: project.dir,
      targets: command === "test" ? ["--lib"] : [],
      command,
      env: project.env,
      hasBodyLane: true,
      openFiles: () => sources.map((file) => project.path(file)),
    });
    const session = new Session(project, workspace);
    await session.update();
    await workspace.follow(never);
    return session;
  }

  private async update(): Promise<GenerationReport> {
    const { report } = await this.workspace.update(performance.now());
    this.executables = new Map([
      ...this.executables,
      ...report.programs.map(
        ({ executable }) => [path.basename(executable).replace(/-[0-9a-f]{16}$/, ""), executable] as const,
      ),
    ]);
    return report;
  }

  private get statistics(): BodyLaneStatistics {
    if (this.workspace.bodyLane === undefined) throw new Error("no body lane");
    return this.workspace.bodyLane;
  }

  printed(name: string): string {
    return this.run(this.executables.get(name) ?? "");
  }

  nativelyPrinted(name: string): string {
    const isTest = name === "edits";
    const target = isTest ? ["test", "--no-run", "--lib"] : ["build", "--bin", name];
    const { stdout, stderr, code } = this.project.cargo([...target, "--message-format=json"]);
    expect(code, stderr).toBe(0);
    return this.run(/"executable":"([^"]+)"/.exec(stdout)?.[1] ?? "");
  }

  private run(program: string): string {
    const args = /edits-\w+$/.test(program) ? ["--test-threads=1", "--nocapture"] : [];
    const { stdout, stderr, status } = spawnSync(program, args, {
      cwd: this.project.dir,
      env: this.project.env,
      encoding: "utf8",
    });
    expect({ stderr, status }, program).toEqual({ stderr: "", status: 0 });
    return stdout.replace(/finished in .*/, "");
  }

  /** Saves an edit, and looks what took it, what runs then, and what the crate lane says of it. */
  async takes(name: string, { lane, reason, file, from, to }: ProgramEdit): Promise<void> {
    const counts = (all: BodyLaneStatistics["overlaid"]): Map<string, number> =>
      new Map(all.map((entry) => [entry.reason, entry.count]));
    const before = this.statistics;
    const known = counts(before.overlaid);
    this.project.edit(file, from, to);
    const report = await this.update();
    const { patched, overlaid } = this.statistics;
    const why = [...counts(overlaid)].find(([key, count]) => count > (known.get(key) ?? 0))?.[0];
    const output = this.printed(name);
    expect({
      lane: report.lane === "crate" ? "crate" : patched > before.patched ? "patch" : "overlay",
      reason: report.refused ?? why,
      output,
    }).toEqual({ lane, reason, output: this.nativelyPrinted(name) });
    const followed = await this.workspace.follow(never);
    const verified = followed?.report.programs.flatMap((program) => program.verified ?? []) ?? [];
    expect(verified.flatMap(({ diverged }) => diverged)).toEqual([]);
    expect(this.printed(name)).toBe(output);
  }
}

describe.runIf(HAS_ENGINE)("programs with edits", () => {
  let project: Project;
  let programs: Session;
  beforeAll(async () => {
    project = new Project("programs", files);
    programs = await Session.open(project, "build");
  });
  afterAll(() => {
    programs.workspace.close();
    project.remove();
  });

  describe.each([...edits])("%s", (name, all) => {
    it("prints what a native build prints", () => {
      expect(programs.printed(name)).toBe(programs.nativelyPrinted(name));
    });
    it.each(all.filter(({ isInTests }) => !isInTests))("$from → $to: $lane", (edit) => programs.takes(name, edit));
  });

  describe("in tests", () => {
    let tests: Session;
    beforeAll(async () => {
      tests = await Session.open(project, "test");
    });
    afterAll(() => tests.workspace.close());

    const all = [...edits.values()].flat().filter(({ isInTests }) => isInTests);
    it.each(all)("$from → $to: $lane", (edit) => tests.takes("edits", edit));
  });

  it("go through a replay without a difference", async () => {
    const { tally, statistics } = await replay({
      source: FIXTURE,
      place: project.path("replayed"),
      targets: ["--bin", "identities", "--bin", "names"],
      args: [],
      env: project.env,
      edits: 8,
      seed: 3,
      commits: 0,
      nativeEvery: 8,
      followEvery: 1,
      keepEvery: 4,
      onProgress: () => undefined,
    });
    expect(tally.isGood, tally.markdown(statistics)).toBe(true);
  });
});
