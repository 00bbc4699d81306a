/** What the status bar says of each state, to eyes and to screen readers. */
import { expect, test } from "vitest";
import type { ServerState } from "../../../client/src/server.js";
import { duration, statusView } from "../../../client/src/statusText.js";
import { actionsFor, ago, escape, tooltip, tooltipCommands } from "../../../client/src/statusTooltip.js";
import type { GenerationSummary, ProjectState, ProjectStatus } from "../../../shared/src/lsp.js";
import { noFunctions, noTimes } from "../../../shared/src/report.js";

const running: ServerState = { kind: "running" };
const now = 1_000_000;

function summary(changes: Partial<GenerationSummary> = {}): GenerationSummary {
  return {
    id: 7,
    generation: 5,
    at: now - 12_000,
    selection: "build",
    lane: "crate",
    ok: true,
    stale: false,
    reason: "src/main.rs changed",
    units: ["app:app"],
    ms: { ...noTimes(), total: 310 },
    functions: { ...noFunctions(), total: 100, changed: 3, compiled: 1 },
    errors: 0,
    warnings: 0,
    ...changes,
  };
}

function project(state: ProjectState, history: readonly GenerationSummary[] = []): ProjectStatus {
  return { project: "file:///w/app", name: "app", state, history };
}

const text = (state: ProjectState, history?: readonly GenerationSummary[]) =>
  statusView(running, project(state, history), now);

test("a rebuild shows lane and stage, and its seconds once it is long", () => {
  const rebuilding = (since: number): ProjectState => ({
    kind: "rebuilding",
    lane: "crate",
    stage: "rustc app",
    since,
    reason: "src/main.rs changed",
  });
  expect(text(rebuilding(now - 1500)).text).toBe("$(sync~spin) app: crate lane, rustc app");
  expect(text(rebuilding(now - 3900)).text).toBe("$(sync~spin) app: crate lane, rustc app 3 s");
  expect(text(rebuilding(now)).ticks).toBe(true);
});

test("a screen reader is not told every second", () => {
  const state: ProjectState = { kind: "rebuilding", lane: undefined, stage: "cargo", since: 0, reason: "start" };
  expect(statusView(running, project(state), 5_000).label).toBe(statusView(running, project(state), 90_000).label);
});

test("a current project shows the last rebuild's time and what was compiled of what changed", () => {
  const view = text({ kind: "current" }, [summary()]);
  expect(view.text).toBe("$(check) app: 310 ms, 1/3 fn");
  expect(view.label).toBe("Cranefly: app is current, rebuilt in 310 ms, 1 of 3 changed functions compiled");
  expect(view).toMatchObject({ severity: "normal", ticks: false });
});

test("stale, fallback and a dead engine are told apart", () => {
  expect(text({ kind: "stale", errors: 2, hasGeneration: true })).toMatchObject({
    text: "$(warning) app: stale, 2 errors",
    severity: "warning",
  });
  expect(text({ kind: "stale", errors: 1, hasGeneration: false }).text).toContain("nothing to run, 1 error");
  expect(text({ kind: "fallback", reason: "the target is not supported" }).label).toContain("is not supported");
  expect(text({ kind: "down", reason: "killed", why: "givenUp" }).severity).toBe("error");
  expect(text({ kind: "down", reason: "", why: "stopped" }).severity).toBe("normal");
});

test("a server that does not run is shown instead of its projects", () => {
  const current = project({ kind: "current" }, [summary()]);
  expect(statusView({ kind: "failed", reason: "it crashed 5 times" }, current, now)).toMatchObject({
    severity: "error",
    label: "Cranefly is not running: it crashed 5 times",
  });
  expect(statusView({ kind: "waiting", delayMs: 500 }, undefined, now).severity).toBe("warning");
});

test("without a project the item stays, and says so", () => {
  expect(statusView(running, undefined, now)).toMatchObject({ text: "$(circle-outline) Cranefly" });
});

test("the tooltip lists the last generations, the failed ones too", () => {
  const history = [summary({ id: 8, ok: false, errors: 2, at: now }), summary()];
  const lines = tooltip(running, project({ kind: "current" }, history), now).split("\n");
  expect(lines).toContain("| \\#8 | now | crate | 2 errors | 310 ms | 1 of 3 |");
  expect(lines).toContain("| \\#7 | 12 s ago | crate | ok | 310 ms | 1 of 3 |");
});

test("the tooltip shows five generations at most", () => {
  const history = Array.from({ length: 10 }, (_, index) => summary({ id: 10 - index }));
  expect(tooltip(running, project({ kind: "current" }, history), now).match(/^\| \\#/gm)).toHaveLength(5);
});

test("names cannot break out of the tooltip", () => {
  const state: ProjectState = { kind: "fallback", reason: "a | b [x](command:evil) <b>" };
  expect(tooltip(running, project(state), now)).toContain("a \\| b \\[x\\]\\(command:evil\\) \\<b\\>");
  expect(escape("two\nlines")).toBe("two lines");
});

test("the actions are those of the state, and all of them are trusted", () => {
  const commands = (state: ProjectState) => actionsFor(running, project(state)).map(({ command }) => command);
  const rebuilding: ProjectState = { kind: "rebuilding", lane: "body", stage: "engine", since: now, reason: "" };
  expect(commands(rebuilding)).toContain("cranefly.cancel");
  expect(commands({ kind: "current" })).not.toContain("cranefly.cancel");
  expect(commands({ kind: "fallback", reason: "" })).toContain("cranefly.runChecks");
  expect(commands({ kind: "down", reason: "", why: "stopped" })).not.toContain("cranefly.stopEngine");
  const all = [rebuilding, { kind: "fallback", reason: "" } as const].flatMap(commands);
  expect(all.filter((command) => !tooltipCommands().includes(command))).toEqual([]);
});

test("durations and ages read well", () => {
  expect([0.4, 38.4, 1240, 15_300, 125_000].map(duration)).toEqual(["0 ms", "38 ms", "1.24 s", "15.3 s", "2 min 5 s"]);
  expect([0, 12_400, 300_000, 7_200_000].map(ago)).toEqual(["now", "12 s ago", "5 min ago", "2 h ago"]);
});
