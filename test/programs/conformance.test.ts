/** Other people's tests: the quick part of `npm run conformance`, and that the comparison sees differences. */
import { describe, expect, it } from "vitest";
import { check, passed, type Runners } from "./conformance/check.js";
import { quick, select, subjects, type Subject } from "./conformance/list.js";
import { table } from "./conformance/table.js";
import { parseLibtest, type TestRun } from "./support/libtest.js";

describe("the comparison", () => {
  const output = "     Running unittests src/lib.rs (a/b-0123456789abcdef)\ntest one ... ok\ntest two ... ok\n";
  const run = (text: string, code = 0): Promise<TestRun> => {
    const outcome = { code, signal: null, stdout: text, stderr: "" };
    return Promise.resolve({ outcome, results: parseLibtest(text) });
  };
  const functions = { total: 10, changed: 0, hit: 8, compiled: 2, llvm: 1, deferred: 0 };
  const runners = (ours: string, code = 0): Runners => ({
    native: () => run(output),
    cranefly: () => run(ours, code),
    functions: () => Promise.resolve({ functions, llvm: [{ construct: "inline assembly", functions: 1 }] }),
  });
  const subject: Subject = {
    name: "made-up",
    origin: "fixture",
    folder: () => Promise.resolve("/"),
    selection: [],
    leastTests: 2,
  };

  it("passes equal runs and says what went to LLVM", async () => {
    const verdict = await check(subject, runners(output));
    expect(passed(verdict)).toBe(true);
    expect(table([verdict])).toMatch(
      /ok +made-up +fixture +1 +2 +0 +0 +1 of 10[\s\S]*1 functions to LLVM: inline assembly/,
    );
  });

  it("fails a test that fails, one that is missing, no tests at all, another exit code", async () => {
    const failing = await check(subject, runners(output.replace("two ... ok", "two ... FAILED"), 101));
    expect(failing.differences).toEqual([
      { target: "unittests src/lib.rs (b)", test: "two", native: "ok", cranefly: "FAILED" },
    ]);
    expect(table([failing])).toContain("two: natively ok, through Cranefly FAILED");
    expect(passed(await check(subject, runners(output.replace("test two ... ok\n", ""))))).toBe(false);
    expect(passed(await check(subject, runners("error: no engine", 1)))).toBe(false);
    expect(passed(await check(subject, runners(output, 134)))).toBe(false);
  });

  it("fails when there is nothing to compare or no report", async () => {
    expect(passed(await check({ ...subject, leastTests: 3 }, runners(output)))).toBe(false);
    const silent = { ...runners(output), functions: () => Promise.reject(new Error("no daemon")) };
    expect(table([await check(subject, silent)])).toContain("DIFFERS");
  });

  it("selects by name", () => {
    expect(select([])).toHaveLength(subjects.length);
    expect(select(["linkme", "itoa"]).map((s) => s.name)).toEqual(["itoa", "linkme"]);
    expect(() => select(["nonsense"])).toThrow("not in the list: nonsense");
  });
});

describe("other people's tests", () => {
  it.each(quick)("%s", async (name) => {
    for (const subject of select([name])) {
      const verdict = await check(subject);
      expect(passed(verdict), table([verdict])).toBe(true);
    }
  });
});
