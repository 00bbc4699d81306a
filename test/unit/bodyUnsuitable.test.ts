import { expect, it } from "vitest";
import { unsuitableUnit } from "../../server/src/core/body/index.js";
import type { UnitRecord } from "../../server/src/core/unit.js";

const refusal = (...args: readonly string[]): string | undefined => {
  const invocation = { key: "a", id: "a", command: ["rustc"], args: [...args], cwd: "/", env: {}, needsRlib: false };
  const more = { bitcodeDir: "", bitcode: [], inputs: [], envDeps: [], externs: [], linkSources: [] };
  const record: UnitRecord = { version: 5, invocation, crate: "a", ...more, metadata: null, diagnostics: [] };
  return unsuitableUnit(record);
};

it("takes no unit in which a function's code is not its own affair, however the option is spelled", () => {
  expect(refusal("-Cinstrument-coverage")).toBe("the compiler option -Cinstrument-coverage");
  expect(refusal("-C", "instrument_coverage=all")).toBe("the compiler option -Cinstrument-coverage");
  expect(refusal("--codegen=profile-use=a.profdata")).toBe("the compiler option -Cprofile-use");
  expect(refusal("-Cprofile-generate=/tmp")).toBe("the compiler option -Cprofile-generate");
  // Whatever is not known.
  expect(refusal("-Cllvm-args=-x")).toBe("the compiler option -Cllvm-args");
  expect(refusal("-Zsanitizer=address")).toBe("the compiler option -Zsanitizer");
  expect(refusal("-Cnew-one")).toBe("the compiler option -Cnew-one");
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
  expect(refusal("-Copt-level=2")).toBe("an optimised profile");
  expect(refusal("--crate-type", "proc-macro")).toBe("a procedural macro is the crate lane's");
});
