/** A generation in the making: what it told so far, where its time went, and finally its report. */
import {
  type Diagnostic,
  type FunctionCounts,
  type GenerationReport,
  type ProgramReport,
  type StageTimes,
  noFunctions,
} from "../../../shared/src/report.js";
import { StageClock } from "./support/stageClock.js";
import { MessageCounts, type UnitMessages, type UnitName, identityOf, isRustcsSummary } from "./units/unitMessages.js";

/** What a build tells while it runs. */
export interface Listener {
  onDiagnostic(diagnostic: Diagnostic): void;
  /** cargo's closing line about a unit, or one like it. */
  onClosing(level: "warning" | "error", text: string): void;
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
  /** Why the body lane left it: in the user's words, and without the names in them. */
  readonly refused?: { readonly text: string; readonly category: string } | undefined;
};

/**
 * `all`: every message of every unit, as cargo; `news`: those of units that are compiled; `background`: only what was not said
 * of the unit before.
 */
export type MessageScope = "all" | "news" | "background";

export class Generation {
  /** Where its time goes. */
  readonly clock = new StageClock();
  private readonly diagnostics: Diagnostic[] = [];
  private readonly seen = new Set<string>();

  /** `sinceMs`: when the change was seen, by `performance.now()`. `scope`: which messages are told at once. */
  constructor(
    private readonly listener: Listener,
    private readonly sinceMs: number,
    readonly scope: MessageScope = "all",
  ) {}

  /** Says that a stage begins, and adds the time of its work to it. */
  timed<T>(stage: keyof StageTimes, work: () => T | Promise<T>): Promise<T> {
    this.listener.onStage?.(stage);
    return this.clock.timed(stage, work);
  }

  /**
   * What rustc says of a unit. `before`: what it said when the unit was last compiled; undefined when it is compiled for the
   * first time. `isFresh`: it says that again, since nothing has changed.
   */
  messagesOf(unit: UnitName | undefined, before?: readonly Diagnostic[], isFresh = false): UnitMessages {
    const counts = new MessageCounts();
    const known = new Set(this.scope === "background" ? before?.map(identityOf) : []);
    const isQuiet = (isFresh && this.scope !== "all") || this.scope === "background";
    const close = (level: "warning" | "error", text: string | undefined): void => {
      if (text !== undefined) this.listener.onClosing(level, text);
    };
    return {
      add: (diagnostic) => {
        if (isRustcsSummary(diagnostic)) return;
        const text = diagnostic.rendered ?? diagnostic.message;
        const isNew = !this.seen.has(text);
        counts.add(diagnostic, isNew);
        if (!isNew) return;
        this.seen.add(text);
        if (diagnostic.level !== "failure-note") this.diagnostics.push(diagnostic);
        const isOld = isFresh || known.has(identityOf(diagnostic));
        if (!isQuiet || (this.scope === "background" && !isOld)) this.listener.onDiagnostic(diagnostic);
      },
      finished: () => {
        if (!isQuiet && unit !== undefined) close("warning", counts.closing(unit));
      },
      failed: () => {
        if (unit === undefined) return;
        if (!isQuiet) close("warning", counts.closing(unit));
        close("error", counts.failure(unit));
      },
    };
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
      ...(refused === undefined ? {} : { refused: refused.text, refusedBy: refused.category }),
      ms: { ...this.clock.ms, total: performance.now() - this.sinceMs },
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
