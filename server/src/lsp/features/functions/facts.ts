/** What is known of one function of the source: its instances' costs, taken together. */
import type { FunctionEntry } from "../../../../../shared/src/report.js";
import { partsOf } from "./names.js";

/** A function of one program. */
export type ProgramEntry = FunctionEntry & {
  readonly program: string;
  /** The build that the program is of: the smaller the number, the more it counts. */
  readonly rank: number;
};

export interface FunctionFacts {
  /**
   * The compiled functions, the most expensive first; one a symbol. Of the builds that count most: the tests of a program
   * have all of its functions once more, under other symbols.
   */
  readonly entries: readonly ProgramEntry[];
  /** Those of all programs, also of builds that count less; the ones that count most first, then the most expensive. */
  readonly all: readonly ProgramEntry[];
  /** How often it was instantiated: of the program that has most. */
  readonly instances: number;
  /** Closures and async bodies in it, as compiled functions. */
  readonly inner: number;
  /** Microseconds for all entries, when each was last compiled. */
  readonly us: number;
  readonly bytes: number;
  readonly tiers: Readonly<Record<FunctionEntry["tier"], number>>;
  readonly statuses: Readonly<Record<FunctionEntry["status"], number>>;
  /** The last generation brought new code for it. */
  readonly changed: boolean;
}

/** The stages of a function's compilation, in order. */
export const STAGES = ["parse", "hash", "translate", "compile"] as const;

/** Microseconds over all stages. */
export function costOf(entry: FunctionEntry): number {
  return STAGES.reduce((sum, stage) => sum + entry.us[stage], 0);
}

/** Takes the entries of one function together; undefined for none. */
export function factsOf(all: readonly ProgramEntry[]): FunctionFacts | undefined {
  const sorted = [...all].sort((a, b) => a.rank - b.rank || costOf(b) - costOf(a));
  const counted = sorted.filter((entry) => entry.rank === sorted[0]?.rank);
  const entries = bySymbol(counted);
  if (entries.length === 0) return undefined;
  const tiers = { cranelift: 0, llvm: 0, none: 0 };
  const statuses = { compiled: 0, hit: 0, untouched: 0, deferred: 0 };
  let us = 0;
  let bytes = 0;
  for (const entry of entries) {
    tiers[entry.tier] += 1;
    statuses[entry.status] += 1;
    us += costOf(entry);
    bytes += entry.bytes;
  }
  const own = counted.filter((entry) => !isInner(entry));
  return {
    entries,
    all: sorted,
    instances: mostInOneProgram(own),
    inner: mostInOneProgram(counted.filter(isInner)),
    us,
    bytes,
    tiers,
    statuses,
    changed: entries.some((entry) => entry.changed === true),
  };
}

/** Whether it is a closure or the like inside of a function. */
export function isInner(entry: FunctionEntry): boolean {
  return partsOf(entry.name)?.isInner ?? false;
}

/** One entry a symbol: several programs have the same library's functions. What happened to any of them is told. */
export function bySymbol(all: readonly ProgramEntry[]): ProgramEntry[] {
  const found = new Map<string, ProgramEntry>();
  for (const entry of all) {
    const other = found.get(entry.symbol);
    if (other === undefined || newsOf(entry) > newsOf(other)) found.set(entry.symbol, entry);
  }
  return [...found.values()];
}

function newsOf(entry: FunctionEntry): number {
  return { untouched: 0, deferred: 1, hit: 2, compiled: 3 }[entry.status];
}

function mostInOneProgram(entries: readonly ProgramEntry[]): number {
  const programs = new Map<string, Set<string>>();
  for (const { program, symbol } of entries) {
    const symbols = programs.get(program) ?? new Set();
    programs.set(program, symbols.add(symbol));
  }
  return Math.max(0, ...[...programs.values()].map((symbols) => symbols.size));
}
