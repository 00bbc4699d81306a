/** A short replay: generated edits of the sample, both lanes compared after each, and the program with a native build. */
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replay } from "../../bench/replay/replay.js";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE, Project } from "./project.js";

describe.runIf(HAS_ENGINE)("a replay of the sample", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("replay", {});
  });
  afterAll(() => project.remove());

  it("finds no difference between the lanes, nor from a native build", async () => {
    const { tally, statistics } = await replay({
      source: path.join(ROOT, "test/fixtures/sample"),
      place: project.path("sample"),
      targets: ["--package", "sample", "--bin", "sample"],
      args: [],
      env: project.env,
      edits: 20,
      seed: 1,
      commits: 0,
      nativeEvery: 10,
      followEvery: 1,
      keepEvery: 10,
      onProgress: () => undefined,
    });
    const told = tally.markdown(statistics);
    expect(tally.isGood, told).toBe(true);
    expect(tally.toJson()).toMatchObject({ divergences: [], differences: [], comparedPrograms: 2 });
    expect(tally.bodyShare, told).toBeGreaterThan(0.5);
  });
});
