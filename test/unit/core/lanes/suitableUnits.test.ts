import { expect, it } from "vitest";
import { Refusal } from "../../../../server/src/core/edits/refusal.js";
import { unsuitableUnit } from "../../../../server/src/core/lanes/choice.js";
import type { UnitRecord } from "../../../../server/src/core/units/record.js";

const refusal = (...args: readonly string[]): Refusal | undefined => {
  const invocation = {
    key: "a",
    id: "a",
    command: ["rustc"],
    args: ["-Cdebuginfo=1", ...args],
    cwd: "/",
    env: {},
    needsRlib: false,
  };
  const more = { bitcodeDir: "", bitcode: [], inputs: [], envDeps: [], externs: [], linkSources: [] };
  const record: UnitRecord = { version: 6, invocation, crate: "a", ...more, metadata: null, diagnostics: [] };
  return unsuitableUnit(record);
};

it("takes no unit in which a function's code is not its own affair, however the option is spelled", () => {
  expect(refusal("-Cinstrument-coverage")).toEqual(new Refusal("option", "-Cinstrument-coverage"));
  expect(refusal("-C", "instrument_coverage=all")).toEqual(new Refusal("option", "-Cinstrument-coverage"));
  expect(refusal("--codegen=profile-use=a.profdata")).toEqual(new Refusal("option", "-Cprofile-use"));
  expect(refusal("-Cprofile-generate=/tmp")).toEqual(new Refusal("option", "-Cprofile-generate"));
  // Whatever is not known.
  expect(refusal("-Cllvm-args=-x")).toEqual(new Refusal("option", "-Cllvm-args"));
  expect(refusal("-Zsanitizer=address")).toEqual(new Refusal("option", "-Zsanitizer"));
  expect(refusal("-Cnew-one")).toEqual(new Refusal("option", "-Cnew-one"));
});

it("takes what cargo and its users ask for", () => {
  const usual = [
    "-Cembed-bitcode=no",
    "-C",
    "debuginfo=2",
    "-C",
    "metadata=1",
    "-C",
    "extra-filename=-1",
    "-Cincremental=/i",
  ];
  const linking = ["-Clinker=clang", "-Clink-arg=-fuse-ld=lld", "-Cstrip=debuginfo", "-Csplit-debuginfo=unpacked"];
  expect(refusal(...usual, ...linking, "-Ctarget-cpu=native", "-Coverflow-checks=on", "-Cpanic=abort")).toBe(undefined);
  expect(refusal("-Cdebuginfo=0")).toEqual(new Refusal("noDebugInfo"));
  expect(refusal("-Copt-level=2")).toEqual(new Refusal("optimised"));
  expect(refusal("--crate-type", "proc-macro")).toEqual(new Refusal("procMacro"));
});
