/**
 * Reads what `cargo test` and `cranefly test` print: test by test, under the target that it belongs to.
 */
import { cranefly } from "./repository.js";
import { refuseFallback, run, type Outcome, type RunOptions } from "./process.js";

/** What libtest says of one test. */
export type Verdict = "ok" | "FAILED" | "ignored" | "no verdict";

/** "target name" → "test name" → verdict. */
export type Results = Map<string, Map<string, Verdict>>;

/**
 * Parses the output of `… test`, standard output and error together in one stream. A target is named by cargo's
 * `Running` line, without the path of the executable, whose hash differs.
 */
export function parseLibtest(output: string): Results {
  const results: Results = new Map();
  let tests: Map<string, Verdict> | undefined;
  let open: string | undefined;
  for (const line of output.split("\n")) {
    const running = /^\s*Running (unittests )?(\S+)(?: \(.*[/\\]([^/\\]+?)-[0-9a-f]{16}\)| \(.*\))?$/.exec(line);
    if (running) {
      tests = new Map();
      const base = `${running[1] ?? ""}${running[2] ?? ""}`;
      // Packages of one workspace have targets of the same path.
      let name = running[3] === undefined ? base : `${base} (${running[3]})`;
      while (results.has(name)) name += "'";
      results.set(name, tests);
      open = undefined;
      continue;
    }
    const whole = /^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)?/.exec(line);
    if (whole && tests) {
      const [, name = "", verdict] = whole;
      tests.set(name, (verdict as Verdict | undefined) ?? "no verdict");
      // With --nocapture or a print that bypasses the capture, the verdict stands behind the test's own output.
      open = verdict === undefined ? name : undefined;
      continue;
    }
    const rest = /^(?:.*)\b(ok|FAILED)$/.exec(line);
    if (open !== undefined && rest && tests) {
      tests.set(open, rest[1] as Verdict);
      open = undefined;
    }
  }
  return results;
}

/** One difference between two runs of the same tests. */
export interface Difference {
  readonly target: string;
  /** Empty when the whole target is missing. */
  readonly test: string;
  readonly native: Verdict | "present" | "missing";
  readonly cranefly: Verdict | "present" | "missing";
}

function presence(tests: ReadonlyMap<string, Verdict> | undefined): "present" | "missing" {
  return tests ? "present" : "missing";
}

/** Every target or test that is not in both, or whose verdicts differ. Tests that fail natively may do anything. */
export function differences(native: Results, ours: Results): Difference[] {
  const found: Difference[] = [];
  for (const target of new Set([...native.keys(), ...ours.keys()])) {
    const [theirs, mine] = [native.get(target), ours.get(target)];
    if (!theirs || !mine) {
      found.push({ target, test: "", native: presence(theirs), cranefly: presence(mine) });
      continue;
    }
    for (const test of new Set([...theirs.keys(), ...mine.keys()])) {
      const a = theirs.get(test) ?? "missing";
      const b = mine.get(test) ?? "missing";
      if (a !== b && a !== "FAILED" && a !== "no verdict") found.push({ target, test, native: a, cranefly: b });
    }
  }
  return found;
}

/** A test, by its target and its name; the name is empty for a target as a whole. */
export interface TestName {
  readonly target: string;
  readonly test: string;
}

/** The tests whose verdict is not the same in all of several runs of one program: they say nothing about another run. */
export function unstableTests(runs: readonly Results[]): TestName[] {
  const [first, ...others] = runs;
  if (!first) return [];
  const found = others.flatMap((other) => disagreements(first, other));
  return found.filter(
    ({ target, test }, i) => found.findIndex((other) => other.target === target && other.test === test) === i,
  );
}

function disagreements(a: Results, b: Results): TestName[] {
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((target) => {
    const [mine, theirs] = [a.get(target), b.get(target)];
    if (!mine || !theirs) return [{ target, test: "" }];
    const tests = [...new Set([...mine.keys(), ...theirs.keys()])];
    return tests.filter((test) => mine.get(test) !== theirs.get(test)).map((test) => ({ target, test }));
  });
}

/** The results without some tests; without a target for a name that is empty. */
export function without(results: Results, names: readonly TestName[]): Results {
  const left: Results = new Map([...results].map(([target, tests]) => [target, new Map(tests)]));
  for (const { target, test } of names) {
    if (test === "") left.delete(target);
    else left.get(target)?.delete(test);
  }
  return left;
}

export function count(results: Results): { targets: number; tests: number; failed: number } {
  const verdicts = [...results.values()].flatMap((tests) => [...tests.values()]);
  return { targets: results.size, tests: verdicts.length, failed: verdicts.filter((v) => v === "FAILED").length };
}

/** What a run of tests gave: the outcome of the whole and each test's verdict. */
export interface TestRun {
  readonly outcome: Outcome;
  readonly results: Results;
}

/** Which tests of a project. */
export interface TestSelection {
  /** Package, features and targets, as for `cargo test`. */
  readonly selection?: readonly string[];
  /** Arguments for libtest. */
  readonly libtest?: readonly string[];
  readonly env?: RunOptions["env"];
  /** A file for Cranefly's report of the build. */
  readonly report?: string;
}

/** One stream for both outputs: cargo's `Running` lines go to standard error, libtest's to standard output. */
async function merged(command: readonly string[], cwd: string, env: RunOptions["env"]): Promise<TestRun> {
  const outcome = await run("sh", ["-c", 'exec "$@" 2>&1', "sh", ...command], {
    cwd,
    env: env ?? {},
    timeout: 1_200_000,
    ownGroup: true,
  });
  return { outcome, results: parseLibtest(Buffer.from(outcome.stdout, "latin1").toString("utf8")) };
}

/** For a selection that names no targets: all that are tests. */
function defaultTargets(selection: readonly string[]): string[] {
  const hasTargets = selection.some((word) => /^--(?:lib|bins?|tests?|examples?|benche?s?|all-targets)$/.test(word));
  return hasTargets ? [] : ["--tests"];
}

/** `cargo test`: unit and integration tests, no doc tests; every target runs even if one before it failed. */
export function cargoTest(dir: string, tests: TestSelection = {}): Promise<TestRun> {
  const { selection = [] } = tests;
  const command = ["cargo", "test", ...defaultTargets(selection), "--no-fail-fast", ...selection];
  return merged([...command, "--", ...(tests.libtest ?? [])], dir, tests.env);
}

/**
 * Builds a project's tests both ways at the same time, since each has stretches in which it keeps one core busy; later runs only run.
 * What cannot be built is told by these.
 */
export async function buildTests(dir: string, tests: TestSelection = {}): Promise<void> {
  const [selection, report] = [tests.selection ?? [], tests.report === undefined ? [] : ["--report", tests.report]];
  await Promise.all([
    merged(["cargo", "test", ...defaultTargets(selection), "--no-run", ...selection], dir, tests.env),
    merged([cranefly, "test", "--no-run", ...report, ...selection], dir, tests.env),
  ]);
}

/** `cranefly test` with the same selection. Rejects when it was left to cargo. */
export async function craneflyTest(dir: string, tests: TestSelection = {}): Promise<TestRun> {
  const report = tests.report === undefined ? [] : ["--report", tests.report];
  const command = [cranefly, "test", "--no-fail-fast", ...report, ...(tests.selection ?? [])];
  const run = await merged([...command, "--", ...(tests.libtest ?? [])], dir, tests.env);
  refuseFallback(run.outcome);
  return run;
}
