/** Other people's tests: the quick part of `npm run conformance`, and that the comparison sees differences. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { check, passed, realRunners, type Runners } from "./conformance/check.js";
import { select, type Subject } from "./conformance/list.js";
import { quick, subjects } from "./conformance/packages.js";
import { page } from "./conformance/page.js";
import { readRows } from "./conformance/results.js";
import { table } from "./conformance/table.js";
import { buildTests, parseLibtest, type TestRun } from "./support/libtest.js";
import { repository } from "./support/repository.js";

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
    expect(select(subjects, [])).toHaveLength(subjects.length);
    expect(select(subjects, ["linkme", "itoa"]).map((s) => s.name)).toEqual(["itoa", "linkme"]);
    expect(() => select(subjects, ["nonsense"])).toThrow("not in the list: nonsense");
  });

  it("asks nothing of a test that varies natively, and runs natively again before it blames Cranefly", async () => {
    const failing = output.replace("two ... ok", "two ... FAILED");
    /** Each native run prints the next of the texts. */
    const varying = (texts: readonly string[]): Runners => {
      const left = [...texts];
      return { ...runners(failing, 101), native: () => run(left.shift() ?? output, 0) };
    };
    for (const texts of [
      [output, failing],
      [output, output, output, failing],
      [output, output, output.replace("test two ... ok\n", "")],
    ]) {
      const verdict = await check(subject, varying(texts));
      expect([verdict.unstable, passed(verdict)]).toEqual([
        [{ target: "unittests src/lib.rs (b)", test: "two" }],
        true,
      ]);
    }
    const blamed = await check(subject, varying([output, output, output, output, failing]));
    expect([blamed.unstable, blamed.differences.length]).toEqual([[], 1]);
  });

  it("excuses no exit code but that of a failed test, and that one only where a test has failed", async () => {
    const failing = output.replace("two ... ok", "two ... FAILED");
    const problems = async (natives: readonly string[], ours: string, code: number): Promise<number> => {
      const left = [...natives];
      const native = (): Promise<TestRun> => {
        const text = left.shift() ?? output;
        return run(text, text === failing ? 101 : 0);
      };
      return (await check(subject, { ...runners(ours, code), native })).problems.length;
    };
    const [varying, failed] = [
      [output, failing],
      [failing, failing],
    ];
    for (const natives of [varying, failed]) {
      expect(await problems(natives, failing, 101)).toBe(0);
      expect(await problems(natives, output, 0)).toBe(0);
      expect(await problems(natives, failing, 134)).toBe(1);
      expect(await problems(natives, output, 134)).toBe(1);
      expect(await problems(natives, output, 101)).toBe(1);
      expect(await problems(natives, failing, 0)).toBe(1);
    }
    expect(await problems([output, output], output, 101)).toBe(1);
  });

  it("says so when a run does not end, and still tells of the rest", async () => {
    const endless = { ...runners(output), cranefly: () => Promise.reject(new Error("did not end in time")) };
    const verdict = await check(subject, endless);
    expect([passed(verdict), verdict.tests, verdict.problems[0]]).toEqual([false, 2, "did not end in time"]);
  });

  it("names what differs, and what went to LLVM, in the page", async () => {
    const build = "0123456789ab";
    const row = { ...(await check(subject, runners(output.replace("two ... ok", "two ... FAILED"), 101))), build };
    const text = page([{ ...row, selection: ["--features", "a"], origin: "published 1.2.3" }], ["made-up", "other"]);
    expect(text).toContain("| made-up | 1.2.3 `--features a` | 2 | 0 | 0 | 1 | 10 | 1 |");
    expect(text).toContain("1 of 2 subjects, 2 tests, 1 differences; 10 functions, 1 of them through LLVM (10.000 %)");
    expect(text).toContain("## Not run yet\n\nother.\n");
    expect(text).toContain("| inline assembly | 1 | made-up |");
    expect(text).toContain("- made-up: unittests src/lib.rs (b), two: natively ok, through Cranefly FAILED");
  });

  it("has a page that is what the kept results say", async () => {
    const rows = await readRows();
    expect(rows.map(({ name }) => name)).toEqual(
      subjects.map(({ name }) => name).filter((n) => rows.some((r) => r.name === n)),
    );
    expect(await readFile(path.join(repository, "docs/conformance.md"), "utf8")).toBe(
      page(
        rows,
        subjects.map((s) => s.name),
      ),
    );
  });
});

describe("other people's tests", () => {
  it.each(quick)("%s", async (name) => {
    for (const subject of select(subjects, [name])) {
      const verdict = await check(subject, { ...realRunners, build: buildTests });
      expect(passed(verdict), table([verdict])).toBe(true);
    }
  });
});
