/** One subject: its tests natively and through Cranefly, and what became of its functions. */
import type { Fallback, FunctionCounts } from "../../../shared/src/report.js";
import { cargoTest, count, craneflyTest, differences, type Difference, type TestRun } from "../support/libtest.js";
import { Watching } from "../support/watching.js";
import type { Subject } from "./list.js";

export interface Verdict {
  readonly name: string;
  readonly origin: string;
  readonly targets: number;
  readonly tests: number;
  /** Tests that fail natively as well: nothing is asked of them. */
  readonly nativeFailures: number;
  readonly differences: readonly Difference[];
  /** What kept the comparison from being made; empty when it was made. */
  readonly problems: readonly string[];
  readonly functions: FunctionCounts;
  /** Functions that LLVM compiled, by the construct that Cranelift cannot take. */
  readonly llvm: readonly Fallback[];
  readonly seconds: { readonly native: number; readonly cranefly: number };
}

export function passed(verdict: Verdict): boolean {
  return verdict.differences.length === 0 && verdict.problems.length === 0;
}

/** Both runs, or stand-ins for them. */
export interface Runners {
  readonly native: typeof cargoTest;
  readonly cranefly: typeof craneflyTest;
  readonly functions: typeof functionReport;
}

/** What the engine says of the tests' functions, from the report of a generation that builds them all. */
export async function functionReport(
  dir: string,
  selection: readonly string[],
): Promise<{ functions: FunctionCounts; llvm: Fallback[] }> {
  // The tests are only listed: they have run before.
  const watching = new Watching(["--test", ...selection, "--", "--list"], { cwd: dir });
  try {
    const report = await watching.next(1_800_000);
    if (!report.ok) throw new Error(report.reason);
    const byConstruct = new Map<string, number>();
    for (const { construct, functions } of report.programs.flatMap((program) => program.fallbacks))
      byConstruct.set(construct, (byConstruct.get(construct) ?? 0) + functions);
    const llvm = [...byConstruct].map(([construct, functions]) => ({ construct, functions }));
    return { functions: report.functions, llvm: llvm.sort((a, b) => b.functions - a.functions) };
  } finally {
    await watching.interrupt();
  }
}

/** The end of a run's output, for a problem's description. */
function tail(run: TestRun): string {
  return Buffer.from(run.outcome.stdout, "latin1").toString("utf8").trimEnd().split("\n").slice(-15).join("\n");
}

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await work, Math.round((performance.now() - start) / 100) / 10];
}

const nothingRan: TestRun = { outcome: { code: null, signal: null, stdout: "", stderr: "" }, results: new Map() };

const realRunners: Runners = { native: cargoTest, cranefly: craneflyTest, functions: functionReport };

/** Never throws for what a run gives: everything that goes wrong is in the verdict. */
export async function check(subject: Subject, runners: Runners = realRunners): Promise<Verdict> {
  const { name, origin, selection, leastTests } = subject;
  const dir = await subject.folder();
  // Few threads: tests that depend on time would differ between two native runs on a busy machine.
  const tests = { selection, libtest: ["--test-threads=2"] };
  const [native, nativeSeconds] = await timed(runners.native(dir, tests));
  const problems: string[] = [];
  const [ours, craneflySeconds] = await timed(
    runners.cranefly(dir, tests).catch((error: unknown) => {
      problems.push(error instanceof Error ? error.message : String(error));
      return nothingRan;
    }),
  );
  const counts = count(native.results);
  if (counts.tests < leastTests)
    problems.push(`only ${counts.tests} native tests, expected ${leastTests}:\n${tail(native)}`);
  if (ours.results.size === 0) problems.push(`no tests through Cranefly:\n${tail(ours)}`);
  if (native.outcome.code === 0 && ours.outcome.code !== 0)
    problems.push(`exit code ${ours.outcome.code ?? ours.outcome.signal ?? "unknown"} instead of 0:\n${tail(ours)}`);
  const nothing = { functions: { total: 0, changed: 0, hit: 0, compiled: 0, llvm: 0, deferred: 0 }, llvm: [] };
  const report = await runners.functions(dir, selection).catch((error: unknown) => {
    problems.push(`no report: ${error instanceof Error ? error.message : String(error)}`);
    return nothing;
  });
  return {
    name,
    origin,
    targets: counts.targets,
    tests: counts.tests,
    nativeFailures: counts.failed,
    differences: differences(native.results, ours.results),
    problems,
    ...report,
    seconds: { native: nativeSeconds, cranefly: craneflySeconds },
  };
}
