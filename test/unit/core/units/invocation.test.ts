import { describe, expect, it } from "vitest";
import { type Invocation, wrappedBy } from "../../../../server/src/core/units/invocation.js";

describe("the user's wrapper of rustc", () => {
  it("is the one of now, whatever a unit was compiled with", () => {
    const plain: Invocation = {
      ...{ key: "k", id: "p:t", args: [], cwd: "/", env: {}, needsRlib: false },
      ...{ command: ["workspace-wrapper", "rustc"], wrapper: "" },
    };
    const wrapped = wrappedBy(plain, "/bin/w");
    expect(wrapped.command).toEqual(["/bin/w", "workspace-wrapper", "rustc"]);
    expect(wrappedBy(wrapped, "/bin/v").command).toEqual(["/bin/v", "workspace-wrapper", "rustc"]);
    expect(wrappedBy(wrapped, "")).toEqual(plain);
    expect(wrappedBy(wrapped, undefined)).toBe(wrapped);
  });
});
