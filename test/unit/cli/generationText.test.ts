/** What `cranefly watch` says of a save. */
import { expect, it } from "vitest";
import { generationText } from "../../../server/src/cli/terminal.js";
import { type GenerationReport, noFunctions, noTimes } from "../../../shared/src/report.js";

const REPORT: GenerationReport = {
  generation: 7,
  lane: "crate",
  ok: true,
  stale: false,
  reason: "/p/src/main.rs changed",
  units: ["app:app"],
  ms: { ...noTimes(), total: 640, frontEnd: 588, engine: 14 },
  functions: { ...noFunctions(), total: 300, changed: 2, compiled: 1 },
  diagnostics: [],
  programs: [],
};
const REFUSED = { ...REPORT, refused: "/p/src/main.rs: the signature or the attributes of `f`" };

it("names the lane, what changed, and what it took", () => {
  expect(generationText(REPORT)).toBe(
    "7, crate lane, app:app: /p/src/main.rs changed (640 ms: capture 0, rustc 588, engine 14 ms; 2 changed, 1 compiled of 300)",
  );
});

it("is short where there was nothing to compile", () => {
  const idle = { ...REPORT, lane: "body" as const, units: [], functions: { ...noFunctions(), total: 300 } };
  expect(generationText(idle)).toBe("7, nothing to compile: /p/src/main.rs changed (640 ms)");
  expect(generationText({ ...idle, reason: "nothing changed" })).toBe("7, nothing changed (640 ms)");
  // The programs are what they were before an edit.
  expect(generationText({ ...idle, functions: { ...idle.functions, changed: 1 } })).toContain("1 changed, 0 compiled");
});

it("says why no faster lane took the edit", () => {
  const why =
    "app:app: /p/src/main.rs changed; not the body lane: /p/src/main.rs: the signature or the attributes of `f`";
  expect(generationText(REFUSED)).toContain(`crate lane, ${why} (640 ms`);
  expect(generationText({ ...REFUSED, ok: false, stale: true })).toBe(
    `crate lane, ${why}; generation 7 stays, stale (640 ms)`,
  );
});
