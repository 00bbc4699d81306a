import { expect, it } from "vitest";
import { environmentDifference } from "../../../../server/src/core/support/environment.js";

it("tells what is different in another environment", () => {
  const difference = environmentDifference({ A: "1", B: "2" }, { A: "1", C: "3", X: "4" }, new Set(["X"]));
  expect(difference).toEqual({ B: null, C: "3" });
});
