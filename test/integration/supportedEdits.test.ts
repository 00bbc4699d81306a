/** docs/supported-edits.md, row by row: the lane of each kind of edit, what runs then, and the crate lane's word on it. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkspace } from "../../bench/workspace.js";
import type { GenerationReport } from "../../shared/src/report.js";
import type { Selection } from "../../server/src/core/cargo/selection.js";
import type { Workspace } from "../../server/src/core/workspace.js";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE, Project } from "./project.js";
import { PROGRAM_EDITS, type SupportedEdit, TEST_EDITS } from "./supported/edits.js";
import { FILES, OUTPUT } from "./supported/project.js";

const signal = new AbortController().signal;

function apply(project: Project, { changes }: Pick<SupportedEdit, "changes">): void {
  for (const [file, from, to] of changes) {
    if (from === "") {
      project.write(file, to);
      continue;
    }
    const text = fs.readFileSync(project.path(file), "utf8");
    expect(text.split(from), `${from} in ${file}`).toHaveLength(2);
    project.write(
      file,
      text.replace(from, () => to),
    );
  }
}

const open = (project: Project, command: Selection["command"]): Workspace =>
  openWorkspace({
    folder: project.dir,
    targets: [],
    command,
    env: project.env,
    hasBodyLane: true,
    openFiles: () => [project.path("src/main.rs")],
  });

/** Saves an edit; checks what the report says of it, and afterwards what the crate lane does. Gives the first report. */
async function save(
  workspace: Workspace,
  project: Project,
  row: SupportedEdit,
  check: (report: GenerationReport) => void,
): Promise<void> {
  const refusals = (): Map<string, number> =>
    new Map(workspace.bodyLane?.refusals.map(({ reason, count }) => [reason, count]));
  const before = refusals();
  apply(project, row);
  const { report } = await workspace.update(performance.now());
  expect(report.diagnostics.filter(({ level }) => level === "error")).toEqual([]);
  const fresh = [...refusals()]
    .filter(([reason, count]) => count > (before.get(reason) ?? 0))
    .map(([reason]) => reason);
  expect({ lane: report.lane, refused: fresh }).toEqual({
    lane: row.lane,
    refused: row.refused === undefined ? [] : [row.refused],
  });
  if (row.isNothing === true) expect(report.functions).toMatchObject({ changed: 0, compiled: 0 });
  check(report);
  const followed = await workspace.follow(signal);
  expect(followed?.report.ok).toBe(row.lane === "body" ? true : undefined);
  const verified = followed?.report.programs.flatMap((program) => program.verified ?? []) ?? [];
  if (row.lane === "body" && row.isNothing !== true) expect(verified.some(({ equal }) => equal > 0)).toBe(true);
  expect(verified.flatMap(({ diverged }) => diverged)).toEqual([]);
}

describe.runIf(HAS_ENGINE)("supported edits", () => {
  let project: Project;
  let programs: Workspace;

  beforeAll(async () => {
    project = new Project("edits", FILES);
    programs = open(project, "build");
    await programs.update(performance.now());
    // Both crates were edited before, so that their overlays are ready.
    project.edit("src/main.rs", "{ n + 1 }", "{ 1 + n }");
    project.edit("shapes/src/lib.rs", "prime() -> u32 { 1", "prime() -> u32 { 2");
    const { report } = await programs.update(performance.now());
    expect(report.refused).toBe("a crate that is edited for the first time");
    await programs.follow(signal);
  });

  afterAll(() => {
    programs.close();
    project.remove();
  });

  describe("of programs", () => {
    const expected = new Map(OUTPUT);
    const output = (command: string, args: readonly string[] = []): string =>
      spawnSync(command, args, { cwd: project.dir, env: project.env, encoding: "utf8" }).stdout;
    const lines = (): string => [...expected].map(([name, value]) => `${name} ${value}\n`).join("");

    /** Where the program's last line says that it is. */
    const setLine = (): void => {
      const before = fs.readFileSync(project.path("src/main.rs"), "utf8").split("line!()")[0] ?? "";
      expected.set("line", `${before.split("\n").length}`);
    };
    beforeAll(setLine);

    it.each(PROGRAM_EDITS)("$edit: $lane lane", async (row) => {
      for (const [name, value] of Object.entries(row.shows)) expected.set(name, value);
      let executable = "";
      await save(programs, project, row, (report) => {
        executable = report.programs[0]?.executable ?? "";
        // The body lane leaves the lines of what it does not compile to the crate lane.
        if (row.lane !== "body") setLine();
        expect(output(executable)).toBe(lines());
      });
      setLine();
      expect(output(executable)).toBe(lines());
    });

    it("leave what cargo builds of the same sources", () => {
      const built = project.cargo(["run", "--quiet"]);
      expect(built.stdout, built.stderr).toBe(lines());
      expect(programs.bodyLane).toMatchObject({ divergences: 0 });
    });
  });

  describe("of tests", () => {
    let tests: Workspace;
    beforeAll(async () => {
      tests = open(project, "test");
      await tests.update(performance.now());
      project.edit("src/main.rs", "{ 1 + n }", "{ n + 1 }");
      await tests.update(performance.now());
      await tests.follow(signal);
    });
    afterAll(() => tests.close());

    it.each(TEST_EDITS)("$edit: $lane lane", (row) =>
      save(tests, project, row, ({ programs: built }) => {
        const results = built.flatMap(({ executable }) => {
          const { stdout } = spawnSync(executable, { cwd: project.dir, env: project.env, encoding: "utf8" });
          return [...stdout.matchAll(/^test (\S+) \.\.\. FAILED$/gm)].map(([, name]) => name);
        });
        expect(results.sort()).toEqual(row.shows);
      }),
    );
  });
});

it("docs/supported-edits.md has these rows and lanes", () => {
  const document = fs.readFileSync(path.join(ROOT, "docs/supported-edits.md"), "utf8");
  const rows = document
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (Edit|---) /.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1)
        .map((cell) => cell.trim()),
    );
  const all = [...PROGRAM_EDITS, ...TEST_EDITS];
  expect(rows.map(([edit, lane, refused]) => ({ edit, lane, refused }))).toEqual(
    all.map(({ edit, lane, refused }) => ({ edit, lane, refused: refused === undefined ? "" : refused })),
  );
});
