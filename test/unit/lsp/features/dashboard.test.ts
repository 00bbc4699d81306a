/** The dashboard's lists over several programs. */
import { describe, expect, it } from "vitest";
import type { FunctionEntry } from "../../../../shared/src/report.js";
import { SummaryResult } from "../../../../shared/src/protocol.js";
import { resultsOf } from "../../../../server/src/lsp/features/clif/clifRun.js";
import {
  bodyLaneOf,
  familiesOf,
  slowestOf,
  sumFallbacks,
  sumTiers,
} from "../../../../server/src/lsp/features/dashboard.js";

function entry(symbol: string, compile: number, instance: string | null = null): Partial<FunctionEntry> {
  const us = { parse: 0, hash: 0, translate: 0, compile };
  return {
    symbol,
    name: `a::${symbol}`,
    instance,
    file: null,
    line: 0,
    tier: "cranelift",
    us,
    bytes: 1,
    status: "hit",
    unit: "u",
  };
}

function family(name: string, instances: number, bytes: number, us: number): SummaryResult["families"][number] {
  return { name, file: "/f.rs", line: 1, instances, bytes, us };
}

function summary(more: object): SummaryResult {
  const tiers = { cranelift: 2, llvm: 1, none: 0 };
  return SummaryResult.parse({ generation: 1, functions: 3, tiers, fallbacks: [], slowest: [], families: [], ...more });
}

describe("the dashboard", () => {
  it("lists the slowest functions of all programs, each once, with their type arguments", () => {
    const first = summary({ slowest: [entry("f", 9, "f<u32>"), entry("g", 5)] });
    const second = summary({ slowest: [entry("h", 7), entry("g", 5)] });
    expect(slowestOf([first, second]).map(({ name }) => name)).toEqual(["a::f<u32>", "a::h", "a::g"]);
    const many = summary({ slowest: Array.from({ length: 80 }, (_, at) => entry(`s${at}`, at)) });
    expect(slowestOf([many])).toHaveLength(50);
  });

  it("has the families that are largest by any measure", () => {
    const small = Array.from({ length: 200 }, (_, at) => family(`f${at}`, 10 + at, 10, 10));
    const big = [family("few but long", 2, 1_000_000, 1), family("few but slow", 2, 1, 1_000_000)];
    const names = familiesOf([summary({ families: [...small, ...big] })]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["few but long", "few but slow", "f199"]));
    expect(names[0]).toBe("f199");
    expect(names.length).toBeLessThanOrEqual(150);
  });

  it("counts a family that several programs share once", () => {
    const both = [summary({ families: [family("f", 3, 1, 1)] }), summary({ families: [family("f", 5, 2, 2)] })];
    expect(familiesOf(both)).toMatchObject([{ name: "f", instances: 5 }]);
  });

  it("says how often edits took the body lane", () => {
    const refusals = [{ reason: "a generic function", count: 1 }];
    expect(
      bodyLaneOf({
        name: "p",
        bodyLane: { taken: 3, patched: 0, overlaid: [], verified: 3, divergences: 0, refusals },
      }),
    ).toEqual({
      share: 0.75,
      divergences: 0,
      refusals,
    });
    expect(
      bodyLaneOf({
        name: "p",
        bodyLane: { taken: 0, patched: 0, overlaid: [], verified: 0, divergences: 0, refusals: [] },
      })?.share,
    ).toBe(0);
    expect(bodyLaneOf({ name: "p" })).toBeUndefined();
  });

  it("sums tiers and fallbacks", () => {
    const one = summary({ fallbacks: [{ construct: "asm", functions: 1 }] });
    const two = summary({
      fallbacks: [
        { construct: "asm", functions: 2 },
        { construct: "f16", functions: 9 },
      ],
    });
    expect(sumTiers([one, two])).toEqual({ cranelift: 4, llvm: 2, none: 0 });
    expect(sumFallbacks([one, two])).toEqual([
      { construct: "f16", functions: 9 },
      { construct: "asm", functions: 3 },
    ]);
  });
});

describe("a run of Cranelift IR", () => {
  it("is told by the editor's lines, what is wrong with the text first", () => {
    const report = {
      errors: [{ line: 3, message: "expected a type" }],
      directives: [{ line: 9, ok: true, message: "%f(1) == 2" }],
    };
    expect(resultsOf(report).results).toEqual([
      { line: 2, ok: false, message: "expected a type" },
      { line: 8, ok: true, message: "%f(1) == 2" },
    ]);
  });
});
