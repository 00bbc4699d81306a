import { describe, expect, it } from "vitest";
import { codeOptions } from "../../../../server/src/core/units/arguments.js";
import { Refusal } from "../../../../server/src/core/edits/refusal.js";
import { refusalOfShared } from "../../../../server/src/core/lanes/choice.js";
import type { UnitEdit } from "../../../../server/src/core/edits/baseline.js";
import { NO_STAMP } from "../../../../server/src/core/support/stamps.js";
import type { UnitRecord } from "../../../../server/src/core/units/record.js";

const unit = (key: string, uses: readonly string[], args: readonly string[] = []): UnitRecord => ({
  version: 6,
  invocation: { key, id: key, command: ["rustc"], args: [...args], cwd: "/", env: {}, needsRlib: false },
  crate: key,
  bitcodeDir: "",
  bitcode: [],
  inputs: [],
  envDeps: [],
  externs: uses.map((name) => ({ name, path: "", unit: name, hash: "" })),
  linkSources: [],
  metadata: null,
  diagnostics: [],
});

/** An edit of `count` functions. */
const edit = (record: UnitRecord, count: number): UnitEdit => {
  const functions = Array.from<never>({ length: count });
  return {
    record,
    files: [{ file: "", text: "", stamp: NO_STAMP, functions, ranges: [], items: [], hash: "", before: "" }],
  };
};

describe("functions that other crates compile", () => {
  const [a, b, c, other] = [unit("a", []), unit("b", ["a"]), unit("c", ["b"]), unit("other", [])];
  const all = [c, b, a, other];
  const both = new Refusal("sharedBoth");

  it("may be edited alone, and with functions of crates that do not use the library", () => {
    expect(refusalOfShared(a, [edit(a, 1)], all)).toBeUndefined();
    expect(refusalOfShared(a, [edit(a, 1), edit(other, 1)], all)).toBeUndefined();
    expect(refusalOfShared(b, [edit(a, 1), edit(b, 1)], all)).toBeUndefined();
    // Comments.
    expect(refusalOfShared(a, [edit(a, 1), edit(c, 0)], all)).toBeUndefined();
  });

  it("may not be edited together with functions of those that do, directly or not", () => {
    expect(refusalOfShared(a, [edit(a, 1), edit(b, 1)], all)).toEqual(both);
    expect(refusalOfShared(a, [edit(c, 1), edit(a, 1)], all)).toEqual(both);
  });

  it("are the same in crates with the same options only", () => {
    const optimised = unit("c", ["b"], ["-C", "opt-level=3"]);
    expect(refusalOfShared(a, [edit(a, 1)], [optimised, b, a])).toEqual(new Refusal("sharedOptions"));
    expect(codeOptions(["--crate-name", "a", "-Cdebuginfo=1", "-C", "metadata=1", "-Clinker=x", "src/lib.rs"])).toBe(
      codeOptions(["-C", "metadata=2", "-Cextra_filename=-2", "--codegen=debuginfo=1", "--test", "src/main.rs"]),
    );
    expect(codeOptions(["-Coverflow-checks=off"])).not.toBe(codeOptions([]));
  });
});
