/** A generation in the making: what it told so far, where its time went, and finally its report. */
import {
  type Diagnostic,
  type FunctionCounts,
  type GenerationReport,
  type ProgramReport,
  type StageTimes,
  noFunctions,
  noTimes,
} from "../../../shared/src/report.js";

/** What a build tells while it runs. */
export interface Listener {
  onDiagnostic(diagnostic: Diagnostic): void;
  /** A line of cargo's, or one like it: "   Compiling name". */
  onProgress(line: string): void;
  /** Another process builds in this workspace. */
  onWait(pid: number): void;
  /** A stage begins. */
  onStage?(stage: keyof StageTimes): void;
}

type Outcome = Pick<GenerationReport, "generation" | "lane" | "ok" | "stale" | "reason"> & {
  readonly units?: readonly string[];
  readonly programs?: readonly ProgramReport[];
  readonly refused?: string | undefined;
};

export class Generation {
  readonly ms: StageTimes = noTimes();
  private readonly diagnostics: Diagnostic[] = [];
  private readonly seen = new Set<string>();

  /** `sinceMs`: when the change was seen, by `performance.now()`. */
  constructor(
    private readonly listener: Listener,
    private readonly sinceMs: number,
  ) {}

  /** Passes a diagnostic on, once: the same source compiled for two targets says everything twice. */
  readonly onDiagnostic = (diagnostic: Diagnostic): void => {
    const text = diagnostic.rendered ?? diagnostic.message;
    if (isSummary(diagnostic) || this.seen.has(text)) return;
    this.seen.add(text);
    this.diagnostics.push(diagnostic);
    this.listener.onDiagnostic(diagnostic);
  };

  /** Counts the time of some work, failed or not, to a stage. */
  async timed<T>(stage: keyof StageTimes, work: () => T | Promise<T>): Promise<T> {
    const started = performance.now();
    this.listener.onStage?.(stage);
    try {
      return await work();
    } finally {
      this.ms[stage] += performance.now() - started;
    }
  }

  report(outcome: Outcome): GenerationReport {
    const { generation, lane, ok, stale, reason, units = [], programs = [], refused } = outcome;
    return {
      generation,
      lane,
      ok,
      stale,
      reason,
      units: [...units],
      ...(refused === undefined ? {} : { refused }),
      ms: { ...this.ms, total: performance.now() - this.sinceMs },
      functions: sum(programs),
      diagnostics: this.diagnostics,
      programs: [...programs],
    };
  }
}

/** The counts of all programs together. */
function sum(programs: readonly ProgramReport[]): FunctionCounts {
  const counts = noFunctions();
  for (const program of programs) {
    for (const name of ["total", "changed", "hit", "compiled", "llvm", "deferred"] as const)
      counts[name] += program.functions[name];
  }
  return counts;
}

/** A program in a generation that left it alone. */
export function unchanged(program: ProgramReport): ProgramReport {
  const { total, llvm } = program.functions;
  return { ...program, functions: { ...noFunctions(), total, llvm } };
}

/** rustc's closing lines ("2 warnings emitted"), which cargo replaces by its own. */
function isSummary(diagnostic: Diagnostic): boolean {
  return (
    diagnostic.level === "failure-note" ||
    /^(\d+ warnings? emitted|aborting due to .*|Some errors have detailed explanations.*|For more information about .*)$/.test(
      diagnostic.message,
    )
  );
}
