/** The programs in `test/edits`: what takes each of their edits, what they print then, and what cargo's build of the same text prints. */
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkspace } from "../../bench/workspace.js";
import type { BodyLaneStatistics, GenerationReport } from "../../shared/src/report.js";
import type { Workspace } from "../../server/src/core/workspace.js";
import { readPrograms } from "./editedPrograms/read.js";
import { HAS_ENGINE, Project, ROOT } from "./project.js";

const PROGRAMS = readPrograms(path.join(ROOT, "test/edits"));
const FILES: Readonly<Record<string, string>> = {
  "Cargo.toml":
    '[package]\nname = "programs"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n[profile.dev]\ndebug = 1\n',
  ...Object.fromEntries(PROGRAMS.flatMap(({ files }) => Object.entries(files))),
  "src/lib.rs": PROGRAMS.flatMap(({ name, files }) =>
    files[`src/${name}.rs`] === undefined ? [] : `pub mod ${name};\n`,
  ).join(""),
};
const never = new AbortController().signal;

describe.runIf(HAS_ENGINE)("programs with edits", () => {
  let project: Project;
  let workspace: Workspace;
  let executables: ReadonlyMap<string, string> = new Map();

  const update = async (): Promise<GenerationReport> => {
    const { report } = await workspace.update(performance.now());
    executables = new Map([
      ...executables,
      ...report.programs.map(({ executable }) => [path.basename(executable), executable] as const),
    ]);
    return report;
  };
  const statistics = (): BodyLaneStatistics => {
    if (workspace.bodyLane === undefined) throw new Error("no body lane");
    return workspace.bodyLane;
  };
  const printed = (command: string, args: readonly string[] = []): string => {
    const { stdout, stderr, status } = spawnSync(command, args, {
      cwd: project.dir,
      env: project.env,
      encoding: "utf8",
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout;
  };
  const native = (name: string): string => {
    const { stderr, code } = project.cargo(["build", "--quiet", "--bin", name]);
    expect(code, stderr).toBe(0);
    return printed(project.path(`native-target/debug/${name}`));
  };

  beforeAll(async () => {
    project = new Project("programs", FILES);
    workspace = openWorkspace({
      folder: project.dir,
      targets: [],
      env: project.env,
      hasBodyLane: true,
      openFiles: () =>
        Object.keys(FILES)
          .filter((file) => file.endsWith(".rs"))
          .map((file) => project.path(file)),
    });
    await update();
    await workspace.follow(never);
  });
  afterAll(() => {
    workspace.close();
    project.remove();
  });

  describe.each(PROGRAMS)("$name", ({ name, edits }) => {
    it("prints what a native build prints", () => {
      expect(printed(executables.get(name) ?? "")).toBe(native(name));
    });

    it.each(edits)("$from → $to: $lane", async ({ lane, reason, file, from, to }) => {
      const before = statistics();
      project.edit(file, from, to);
      const report = await update();
      const { patched, overlaid } = statistics();
      const why = (all: BodyLaneStatistics["overlaid"]): Map<string, number> =>
        new Map(all.map((entry) => [entry.reason, entry.count]));
      const reasons = [...why(overlaid)].filter(([key, count]) => count > (why(before.overlaid).get(key) ?? 0));
      expect({
        lane: report.lane === "crate" ? "crate" : patched > before.patched ? "patch" : "overlay",
        reason: report.refused ?? reasons[0]?.[0],
      }).toEqual({ lane, reason });
      const output = printed(executables.get(name) ?? "");
      expect(output).toBe(native(name));
      const followed = await workspace.follow(never);
      const verified = followed?.report.programs.flatMap((program) => program.verified ?? []) ?? [];
      expect(verified.flatMap(({ diverged }) => diverged)).toEqual([]);
      expect(printed(executables.get(name) ?? "")).toBe(output);
    });
  });
});
