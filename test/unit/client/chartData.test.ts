/** What the dashboard makes of the server's data. */
import { describe, expect, it } from "vitest";
import { parseFromPage } from "../../../client/src/dashboard/pageMessages.js";
import {
  engineStages,
  formatBytes,
  formatMs,
  formatUs,
  hitRate,
  sentence,
  sortFamilies,
  stages,
  timeline,
} from "../../../client/src/dashboard/view/chartData.js";
import type { EngineStatus, GenerationSummary } from "../../../shared/src/lsp.js";
import { noFunctions, noTimes } from "../../../shared/src/report.js";

const times = { ...noTimes(), total: 500, check: 2, frontEnd: 450, engine: 10, parse: 3, compile: 1 };
const summary: GenerationSummary = {
  id: 7,
  generation: 3,
  at: 0,
  selection: "build",
  lane: "crate",
  ok: true,
  stale: false,
  reason: "src/main.rs changed",
  units: ["app:app"],
  ms: times,
  functions: { ...noFunctions(), total: 6990, changed: 2, compiled: 1 },
  errors: 0,
  warnings: 0,
};

const values = (parts: readonly { name: string; ms: number }[]): Record<string, number> =>
  Object.fromEntries(parts.filter(({ ms }) => ms > 0).map(({ name, ms }) => [name, ms]));

describe("where the time went", () => {
  it("adds up to the whole", () => {
    expect(values(stages(times))).toEqual({
      "Checking what changed": 2,
      rustc: 450,
      Engine: 10,
      "Waiting and the rest": 38,
    });
    const sum = stages(times).reduce((total, { ms }) => total + ms, 0);
    expect(sum).toBe(times.total);
  });

  it("takes rustc out of cargo's time in the cargo lane", () => {
    const cargo = { ...noTimes(), total: 1000, capture: 900, frontEnd: 300, engine: 50 };
    expect(values(stages(cargo))).toEqual({ cargo: 600, rustc: 300, Engine: 50, "Waiting and the rest": 50 });
  });

  it("tells the engine's own stages", () => {
    expect(values(engineStages(times))).toEqual({ "Reading bitcode": 3, Compiling: 1 });
  });
});

describe("a generation", () => {
  it("is told in a sentence", () => {
    expect(sentence(summary)).toBe(
      "The last save was runnable after 500 ms (crate lane, src/main.rs changed): 1 function compiled, 2 functions changed, 6,990 in all.",
    );
    expect(sentence({ ...summary, ok: false, reason: "compile errors" })).toContain("failed after 500 ms");
  });

  it("is in the timeline when it succeeded, the oldest first", () => {
    const history = [summary, { ...summary, id: 6, ok: false }, { ...summary, id: 5 }, { ...summary, id: 4 }];
    expect(timeline(history, 2).map(({ id }) => id)).toEqual([5, 7]);
  });
});

describe("tables", () => {
  it("sort families by what was asked for", () => {
    const family = { file: null, line: 1, name: "a", instances: 1, bytes: 30, us: 2 };
    const all = [family, { ...family, name: "b", instances: 3, bytes: 10 }, { ...family, name: "c", us: 9 }];
    expect(sortFamilies(all, "instances").map(({ name }) => name)).toEqual(["b", "a", "c"]);
    expect(sortFamilies(all, "bytes").map(({ name }) => name)).toEqual(["a", "c", "b"]);
    expect(sortFamilies(all, "us").map(({ name }) => name)).toEqual(["c", "a", "b"]);
  });

  it("show numbers in units that fit", () => {
    expect([0.42, 9.96, 431.4, 1234, 15_321].map(formatMs)).toEqual([
      "0.4 ms",
      "10.0 ms",
      "431 ms",
      "1.23 s",
      "15.3 s",
    ]);
    expect([12.4, 2500].map(formatUs)).toEqual(["12 µs", "2.5 ms"]);
    expect([17, 2048, 5_000_000, 300 << 20].map(formatBytes)).toEqual(["17 B", "2.0 KB", "4.8 MB", "300 MB"]);
  });

  it("know a hit rate only when something was looked up", () => {
    const engine = { cacheHits: 3, cacheMisses: 1 } as EngineStatus;
    expect(hitRate(engine)).toBe(75);
    expect(hitRate({ ...engine, cacheHits: 0, cacheMisses: 0 })).toBeUndefined();
    expect(hitRate(undefined)).toBeUndefined();
  });
});

describe("messages of the page", () => {
  it("are checked", () => {
    expect(parseFromPage({ type: "open", file: "/a.rs", line: 3, more: 1 })).toEqual({
      type: "open",
      file: "/a.rs",
      line: 3,
    });
    expect(parseFromPage({ type: "ready" })).toEqual({ type: "ready" });
    for (const bad of [null, "ready", {}, { type: "delete" }, { type: "open", file: 3, line: 1 }])
      expect(parseFromPage(bad)).toBeUndefined();
  });
});
