/** Programs at random, of fixed seeds and edited: what Cranefly makes of them does what a native build does. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fuzz } from "../fuzz/fuzz.js";
import { MODES } from "../fuzz/subject.js";
import { HAS_ENGINE, Project } from "./project.js";

describe.runIf(HAS_ENGINE)("programs at random", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("fuzz", {});
  });
  afterAll(() => project.remove());

  it("do the same as natively, also when they are edited", async () => {
    const lines: string[] = [];
    const { programs, edits, compared, invalid, differences, lanes } = await fuzz({
      folder: project.path("fuzz"),
      env: project.env,
      // `npm run fuzz` has the other modes as well.
      modes: MODES.filter(({ name }) => name === "cranelift" || name === "optimised"),
      seed: 1,
      programs: 2,
      size: 20,
      edits: 3,
      tries: 0,
      log: (line) => lines.push(line),
    });
    expect(invalid, lines.join("\n")).toEqual([]);
    expect(differences, lines.join("\n")).toEqual([]);
    expect({ programs, edits, compared }).toEqual({ programs: 2, edits: 6, compared: 12 });
    expect(lanes.get("body") ?? 0).toBeGreaterThan(0);
  });
});
