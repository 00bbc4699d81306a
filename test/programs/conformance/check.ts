/** One subject: its tests natively and through Cranefly, and what became of its functions. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { GenerationReport, noFunctions, type Fallback, type FunctionCounts } from "../../../shared/src/report.js";
import {
  type buildTests,
  cargoTest,
  count,
  craneflyTest,
  differences,
  unstableTests,
  without,
  type Difference,
  type TestName,
  type TestRun,
} from "../support/libtest.js";
import type { Subject } from "./list.js";

export interface Verdict {
  readonly name: string;
  readonly origin: string;
  readonly targets: number;
  readonly tests: number;
  /** Tests that fail natively as well: nothing is asked of them. */
  readonly nativeFailures: number;
  /** Tests whose verdict was not the same in all native runs: nothing is asked of them either. */
  readonly unstable: readonly TestName[];
  readonly differences: readonly Difference[];
  /** What kept the comparison from being made; empty when it was made. */
  readonly problems: readonly string[];
  readonly functions: FunctionCounts;
  /** Functions that LLVM compiled, by the construct that Cranelift cannot take. */
  readonly llvm: readonly Fallback[];
  /** Of the first native run, the build included, and of Cranefly's. */
  readonly seconds: { readonly native: number; readonly cranefly: number };
}

export function passed(verdict: Verdict): boolean {
  return verdict.differences.length === 0 && verdict.problems.length === 0;
}

/** Both runs, or stand-ins for them, and what is told of each. */
export interface Runners {
  readonly native: typeof cargoTest;
  readonly cranefly: typeof craneflyTest;
  readonly functions: typeof functionReport;
  /** Builds both ways before; without, each run builds, and the times are comparable. */
  readonly build?: typeof buildTests;
  /** Called with all that a run has printed. */
  readonly log?: (run: "native" | "cranefly", output: string) => Promise<void>;
}

/** What the engine says of the tests' functions, from the report of their build. Rejects when there is none. */
export async function functionReport(file: string): Promise<{ functions: FunctionCounts; llvm: Fallback[] }> {
  const report = GenerationReport.parse(JSON.parse(await readFile(file, "utf8")));
  if (!report.ok) throw new Error(report.reason);
  const byConstruct = new Map<string, number>();
  for (const { construct, functions } of report.programs.flatMap((program) => program.fallbacks))
    byConstruct.set(construct, (byConstruct.get(construct) ?? 0) + functions);
  const llvm = [...byConstruct].map(([construct, functions]) => ({ construct, functions }));
  return { functions: report.functions, llvm: llvm.sort((a, b) => b.functions - a.functions) };
}

function text(run: TestRun): string {
  return Buffer.from(run.outcome.stdout, "latin1").toString("utf8");
}

/** The end of a run's output, for a problem's description. */
function tail(run: TestRun): string {
  return text(run).trimEnd().split("\n").slice(-15).join("\n");
}

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await work, Math.round((performance.now() - start) / 100) / 10];
}

const nothingRan: TestRun = { outcome: { code: null, signal: null, stdout: "", stderr: "" }, results: new Map() };

export const realRunners: Runners = { native: cargoTest, cranefly: craneflyTest, functions: functionReport };

/** cargo's exit code when a test has failed. */
const TESTS_FAILED = 101;

function ending(run: TestRun): string {
  return String(run.outcome.code ?? run.outcome.signal ?? "unknown");
}

function hasFailure(run: TestRun): boolean {
  return [...run.results.values()].some((tests) => [...tests.values()].includes("FAILED"));
}

/**
 * Whether a run's exit code is what its tests' verdicts call for. Tests that fail natively may pass, and then the code is
 * 0; where verdicts are known to differ, tests may have failed. No verdict excuses any other ending.
 */
function endsAsItShould(ours: TestRun, natives: readonly TestRun[], hasOtherVerdicts: boolean): boolean {
  const { code } = ours.outcome;
  const failedNatively = natives.some(hasFailure);
  if (code === TESTS_FAILED && (hasOtherVerdicts || failedNatively)) return hasFailure(ours);
  if (code === 0 && failedNatively) return !hasFailure(ours);
  return natives.some((native) => native.outcome.code === code && native.outcome.signal === ours.outcome.signal);
}

/** Native runs before any difference was seen, and more that are made when one was. */
const FEWEST_NATIVE_RUNS = 2;
const MORE_NATIVE_RUNS = 2;

/** Never throws for what a run gives: everything that goes wrong is in the verdict. */
export async function check(subject: Subject, runners: Runners = realRunners): Promise<Verdict> {
  const { name, origin, selection, leastTests } = subject;
  const dir = await subject.folder();
  // Few threads: tests that depend on time would differ between two native runs on a busy machine.
  const tests = { selection, libtest: ["--test-threads=2"] };
  const problems: string[] = [];
  const attempt = (work: Promise<TestRun>): Promise<TestRun> =>
    work.catch((error: unknown) => {
      problems.push(error instanceof Error ? error.message : String(error));
      return nothingRan;
    });
  const scratch = await mkdtemp(path.join(tmpdir(), "conformance-"));
  const report = path.join(scratch, "report.json");
  await attempt(runners.build?.(dir, { selection, report }).then(() => nothingRan) ?? Promise.resolve(nothingRan));
  const [first, nativeSeconds] = await timed(attempt(runners.native(dir, tests)));
  await runners.log?.("native", text(first));
  const natives = [first];
  while (first.results.size > 0 && natives.length < FEWEST_NATIVE_RUNS)
    natives.push(await attempt(runners.native(dir, tests)));
  // The report is of the build, which has functions to tell of.
  const ofOurs = runners.build === undefined ? { ...tests, report } : tests;
  const [ours, craneflySeconds] = await timed(attempt(runners.cranefly(dir, ofOurs)));
  await runners.log?.("cranefly", text(ours));
  const compare = (): { unstable: TestName[]; found: Difference[] } => {
    const unstable = unstableTests(natives.map((run) => run.results));
    return { unstable, found: differences(without(first.results, unstable), without(ours.results, unstable)) };
  };
  let { unstable, found } = compare();
  if (found.length > 0 && ours.results.size > 0) {
    for (let i = 0; i < MORE_NATIVE_RUNS; i++) natives.push(await attempt(runners.native(dir, tests)));
    ({ unstable, found } = compare());
  }
  const counts = count(first.results);
  if (counts.tests < leastTests)
    problems.push(`only ${counts.tests} native tests, expected ${leastTests}:\n${tail(first)}`);
  if (ours.results.size === 0) problems.push(`no tests through Cranefly:\n${tail(ours)}`);
  if (ours.results.size > 0 && !endsAsItShould(ours, natives, found.length + unstable.length > 0))
    problems.push(
      `exit code ${ending(ours)} instead of ${[...new Set(natives.map(ending))].join(" or ")}:\n${tail(ours)}`,
    );
  const ofFunctions = await runners.functions(report).catch((error: unknown) => {
    problems.push(`no report: ${error instanceof Error ? error.message : String(error)}`);
    return { functions: noFunctions(), llvm: [] };
  });
  await rm(scratch, { recursive: true });
  return {
    name,
    origin,
    targets: counts.targets,
    tests: counts.tests,
    nativeFailures: counts.failed,
    unstable,
    differences: found,
    problems,
    ...ofFunctions,
    seconds: { native: nativeSeconds, cranefly: craneflySeconds },
  };
}
