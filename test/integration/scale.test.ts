/** A generated workspace of a thousand functions: what the benchmark by size measures, and that an edit hardly looks at the rest. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measure } from "../../bench/scale/measure.js";
import { HAS_ENGINE, Project } from "./project.js";

describe.runIf(HAS_ENGINE)("a generated workspace", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("scale", {});
  });
  afterAll(() => project.remove());

  it("prints what cargo's program prints, and an edit reads the edited functions alone", async () => {
    const { functions, cranefly, cargo } = await measure(
      { functions: 1000, crates: 3 },
      {
        home: project.path("scale"),
        env: project.env,
        isCompared: true,
        edits: 2,
        startedPart: 3,
        runsAll: true,
      },
    );
    expect(functions).toBeGreaterThanOrEqual(1000);
    expect(cargo).toBeDefined();
    expect(cranefly.body.map(({ lane }) => lane)).toEqual(["body", "body"]);
    // A patch crate, of which the second edit has a twin as well.
    for (const { unitsRead, compiled } of cranefly.body) {
      expect(unitsRead).toBeLessThanOrEqual(3);
      expect(compiled).toBeLessThanOrEqual(3);
    }
  });
});
