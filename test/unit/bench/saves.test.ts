/** What the benchmark makes of its measurements. */
import { describe, expect, it } from "vitest";
import { noTimes } from "../../../shared/src/report.js";
import { type Results, sectionOf } from "../../../bench/saves/document.js";
import { summarize } from "../../../bench/saves/statistics.js";

describe("summarize", () => {
  it("gives median and quartiles, between measurements where they fall there", () => {
    expect(summarize([5, 1, 3, 2, 4])).toEqual({ count: 5, median: 3, quartiles: [2, 4] });
    expect(summarize([4, 1, 2, 3])).toEqual({ count: 4, median: 2.5, quartiles: [1.75, 3.25] });
    expect(summarize([7])).toEqual({ count: 1, median: 7, quartiles: [7, 7] });
    expect(summarize([])).toBeUndefined();
  });
});

describe("the benchmark's section", () => {
  const ms = { ...noTimes(), total: 100, check: 1, frontEnd: 60, engine: 20, publish: 4 };
  const results: Results = {
    machine: {
      cpu: "a processor",
      cores: 2,
      memory: "8 GB",
      kernel: "6.1",
      rustc: "rustc 1.95.0",
      cargo: "cargo 1.95.0",
      mold: undefined,
      commit: "abc",
      debugInfo: "1",
      load: ["0.1", "2.0"],
    },
    plan: { rounds: 2, warmups: 1, quick: 0 },
    results: [
      {
        subject: "a subject",
        unchanged: [
          { name: "the program itself", samples: [10, 12, 14] },
          { name: "`cranefly run`", samples: [30, 50, 40] },
        ],
        statistics: {
          taken: 5,
          patched: 3,
          overlaid: [{ reason: "another reason", count: 2 }],
          verified: 4,
          divergences: 0,
          refusals: [],
        },
        series: [
          { name: "slow", isCargo: true, samples: [{ runnable: 1000, output: 1010, noticed: 0 }] },
          { name: "fast", isCargo: true, samples: [{ runnable: 400, output: 500, noticed: 0 }] },
          {
            name: "ours",
            isCargo: false,
            samples: [{ runnable: 100, output: 105, noticed: 5, lane: "crate", refused: "a reason", ms }],
          },
        ],
      },
    ],
  };

  it("compares with the fastest cargo and says where the time went", () => {
    const lines = sectionOf(results).split("\n");
    expect(lines).toContain("| slow | 1 | **1000** | 1000 – 1000 | 2.50 | **1010** | 1010 – 1010 | 2.02 |");
    expect(lines).toContain("| ours | 1 | **100** | 100 – 100 | 0.25 | **105** | 105 – 105 | 0.21 |");
    expect(lines).toContain("| rustc, and the sources made for it | 60 |");
    expect(lines).toContain("| everything else: classifying the edit, records | 14 |");
    expect(lines).toContain("1 saves of “ours” were left to the crate lane: a reason.");
    expect(lines).toContain(
      "Body lane, warming up included: 5 saves, 3 of them as patch crates, others through an overlay: another reason (2). " +
        "The crate lane compared 4 times: 0 functions differed.",
    );
  });

  it("says what it takes to run what has not changed", () => {
    expect(sectionOf(results).split("\n")).toContain("| `cranefly run` | 3 | **40** | 35 – 45 | 28 |");
  });

  it("says which linker was missing", () => {
    expect(sectionOf(results)).toContain("mold was not installed");
  });
});
