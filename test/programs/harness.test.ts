/** The comparisons themselves: they must see a difference where there is one. */
import { describe, expect, it } from "vitest";
import { expectSame, normalise } from "./support/compare.js";
import { cleanEnvironment, refuseFallback, run } from "./support/process.js";
import { count, differences, parseLibtest } from "./support/libtest.js";

const native = `
     Running unittests src/lib.rs (target/debug/deps/shapes-0123456789abcdef)

running 4 tests
test tests::adds ... ok
test tests::panics - should panic ... ok
test tests::slow ... ignored, takes long
test tests::breaks ... FAILED

failures:

---- tests::breaks stdout ----
test tests::not_a_test ... is what a test printed

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/dispatch.rs (target/debug/deps/dispatch-fedcba9876543210)

running 2 tests
test one ... ok
test two ... printed without capture
ok

test result: ok.
`;

describe("the parser of libtest's output", () => {
  const results = parseLibtest(native);

  it("finds every test under its target", () => {
    expect([...results.keys()]).toEqual(["unittests src/lib.rs (shapes)", "tests/dispatch.rs (dispatch)"]);
    expect(Object.fromEntries(results.get("tests/dispatch.rs (dispatch)") ?? [])).toEqual({ one: "ok", two: "ok" });
    expect(results.get("unittests src/lib.rs (shapes)")?.get("tests::panics")).toBe("ok");
    expect(results.get("unittests src/lib.rs (shapes)")?.get("tests::slow")).toBe("ignored");
    expect(count(results).failed).toBe(1);
  });

  it("sees no difference between equal runs", () => {
    expect(differences(results, parseLibtest(native.replaceAll("0123456789abcdef", "aaaaaaaaaaaaaaaa")))).toEqual([]);
  });

  it("sees a test that fails, one that is missing, one too many, a missing target", () => {
    const differ = (text: string) =>
      differences(results, parseLibtest(text)).map((d) => [d.test, d.native, d.cranefly]);
    expect(differ(native.replace("adds ... ok", "adds ... FAILED"))).toEqual([["tests::adds", "ok", "FAILED"]]);
    expect(differ(native.replace("test one ... ok\n", ""))).toEqual([["one", "ok", "missing"]]);
    expect(differ(native.replace("test one", "test zero ... ok\ntest one"))).toEqual([["zero", "missing", "ok"]]);
    expect(differ(native.slice(0, native.indexOf("     Running tests/")))).toEqual([["", "present", "missing"]]);
    expect(differ("")).toHaveLength(2);
    expect(differ(native.replace("test one ... ok", "test one ... (signal: 11)"))).toEqual([
      ["one", "ok", "no verdict"],
    ]);
  });
});

describe("the comparison of programs", () => {
  const outcome = { code: 0, signal: null, stdout: "out\n", stderr: "thread 'main' (123) panicked at src/a.rs:1:2:\n" };

  it("leaves thread numbers aside and nothing else", () => {
    expectSame(outcome, { ...outcome, stderr: outcome.stderr.replace("123", "99") });
    for (const other of [
      { ...outcome, code: 1 },
      { ...outcome, code: null, signal: "SIGABRT" as const },
      { ...outcome, stdout: "out" },
      { ...outcome, stderr: outcome.stderr.replace("1:2", "1:3") },
    ])
      expect(() => expectSame(other, outcome)).toThrow();
  });

  it("keeps the project's own frames of a stack trace, with their lines", () => {
    const trace = (address: string, line: number) =>
      [
        `  16:     ${address} - sample::in_drop::hf9510a3f87243e49`,
        `                               at /home/x/sample/src/panics.rs:${line}:5`,
        `  17:     ${address} - core::ops::function::FnOnce::call_once::h682315075485fdb7`,
        "                               at /rustc/5980/library/core/src/ops/function.rs:250:5",
        `  18:     ${address} - main`,
        "note: the end",
      ].join("\n");
    expect(normalise(trace("0x55bbab", 7))).toBe(
      "frame sample::in_drop at /home/x/sample/src/panics.rs:7:5\nnote: the end",
    );
    expect(normalise(trace("0x55bbab", 7))).toBe(normalise(trace("0x666aaa", 7)));
    expect(normalise(trace("0x55bbab", 7))).not.toBe(normalise(trace("0x55bbab", 8)));
  });

  it("keeps every byte, exit code and signal", async () => {
    const cwd = "/";
    const bytes = await run("sh", ["-c", "printf '\\377\\000a'; printf err >&2; exit 7"], { cwd });
    expect(bytes).toEqual({ code: 7, signal: null, stdout: "\u00ff\u0000a", stderr: "err" });
    expect((await run("sh", ["-c", "kill -TERM $$"], { cwd })).signal).toBe("SIGTERM");
    await expect(run("sleep", ["60"], { cwd, timeout: 50 })).rejects.toThrow("did not end in time");
    await expect(run("/no/such/program", [], { cwd })).rejects.toThrow("ENOENT");
  });

  it("refuses what was left to cargo", () => {
    const stderr = "cranefly: no engine\ncranefly: falling back to: cargo run\n";
    expect(() => refuseFallback({ ...outcome, stderr })).toThrow(/left the work to cargo[\s\S]*no engine/);
    expect(refuseFallback(outcome)).toBe(outcome);
  });

  it("cleans the environment of what would change cargo", () => {
    process.env["CARGO_TARGET_DIR"] = "/elsewhere";
    const clean = cleanEnvironment({ EXTRA: "1", PATH: undefined });
    delete process.env["CARGO_TARGET_DIR"];
    expect(clean["CARGO_TARGET_DIR"]).toBeUndefined();
    expect(clean["EXTRA"]).toBe("1");
    expect("PATH" in clean).toBe(false);
  });
});
