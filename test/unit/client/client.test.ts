/** Small decisions of the client: when to restart, which project is meant, which lenses give way. */
import { expect, test } from "vitest";
import { CrashLog, defaultCrashPolicy } from "../../../client/src/crashes.js";
import { lensOverrides } from "../../../client/src/lensOverrides.js";
import { projectOf, projectToShow } from "../../../client/src/projectLookup.js";
import type { ProjectStatus } from "../../../shared/src/lsp.js";

test("a crashed server is restarted later each time, and given up at the fifth crash in three minutes", () => {
  const crashes = new CrashLog();
  const verdicts = [0, 1000, 2000, 3000, 4000].map((time) => crashes.record(time));
  expect(verdicts).toEqual([
    { kind: "restart", delayMs: 500 },
    { kind: "restart", delayMs: 1000 },
    { kind: "restart", delayMs: 2000 },
    { kind: "restart", delayMs: 4000 },
    { kind: "giveUp", crashes: 5 },
  ]);
});

test("crashes that lie apart are not counted together", () => {
  const crashes = new CrashLog();
  for (let time = 0; time < 20 * 60_000; time += 60_000) {
    expect(crashes.record(time).kind).toBe("restart");
  }
  crashes.record(20 * 60_000 + 1);
  crashes.record(20 * 60_000 + 2);
  crashes.clear();
  expect(crashes.record(20 * 60_000 + 3)).toEqual({ kind: "restart", delayMs: defaultCrashPolicy.firstDelayMs });
});

function project(uri: string, at?: number): ProjectStatus {
  const history = at === undefined ? [] : [{ at } as ProjectStatus["history"][number]];
  return { project: uri, name: uri, state: { kind: "idle" }, history };
}

const outer = project("file:///w", 5);
const inner = project("file:///w/tools/gen");
const single = project("file:///s/one.rs", 9);
const all = [outer, inner, single];

test("a file belongs to the innermost project around it", () => {
  expect(projectOf(all, "file:///w/src/main.rs")).toBe(outer);
  expect(projectOf(all, "file:///w/tools/gen/src/lib.rs")).toBe(inner);
  expect(projectOf(all, "file:///w/tools/generator/src/lib.rs")).toBe(outer);
  expect(projectOf(all, "file:///s/one.rs")).toBe(single);
  expect(projectOf(all, "file:///s/two.rs")).toBeUndefined();
});

test("without a file of a project, the one before stays, else the newest is shown", () => {
  expect(projectToShow(all, "file:///w/tools/gen/x.rs", outer.project)).toBe(inner);
  expect(projectToShow(all, "file:///elsewhere.md", outer.project)).toBe(outer);
  expect(projectToShow(all, undefined, "file:///gone")).toBe(single);
  expect(projectToShow([], undefined, undefined)).toBeUndefined();
});

test("rust-analyzer's lenses give way only where ours are shown, and only if the user wants that", () => {
  expect(lensOverrides({ replace: false, run: true, debug: true })).toEqual({});
  expect(lensOverrides({ replace: true, run: true, debug: false })).toEqual({ "lens.run.enable": false });
  expect(lensOverrides({ replace: true, run: true, debug: true })).toEqual({
    "lens.run.enable": false,
    "lens.debug.enable": false,
  });
});
