import { describe, expect, it } from "vitest";
import { PublishResult } from "../../../shared/src/protocol.js";
import { GenerationReport, noFunctions, noTimes } from "../../../shared/src/report.js";

describe("schemas", () => {
  it("accept an empty report and refuse a wrong one", () => {
    const report = {
      generation: 1,
      lane: "crate",
      ok: true,
      stale: false,
      reason: "",
      units: ["p:t"],
      ms: noTimes(),
      functions: noFunctions(),
      diagnostics: [{ message: "m", level: "warning", rendered: "r", spans: [] }],
      programs: [],
    };
    expect(GenerationReport.parse(report).diagnostics[0]).toHaveProperty("spans");
    expect(GenerationReport.safeParse({ ...report, lane: "fast" }).success).toBe(false);
  });

  it("let an engine of a newer version say more, but not less", () => {
    const answer = {
      generation: 1,
      image: "/i",
      us: { parse: 1, translate: 1, hash: 1, compile: 1, publish: 1, extra: 2 },
      functions: noFunctions(),
      fallbacks: [],
      units: { read: 1, reused: 0 },
      more: true,
    };
    expect(PublishResult.safeParse(answer).success).toBe(true);
    expect(PublishResult.safeParse({ ...answer, functions: {} }).success).toBe(false);
  });
});
