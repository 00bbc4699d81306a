/** What the page's charts and tables show, computed from the server's data. Pure. */
import type {
  DashboardFamily,
  DashboardFunction,
  DashboardResult,
  GenerationSummary,
} from "../../../../shared/src/lsp.js";
import type { StageTimes } from "../../../../shared/src/report.js";

/** A part of a save's time. */
export interface Stage {
  readonly name: string;
  /** One of the theme's chart colours. */
  readonly color: ThemeColor;
  readonly ms: number;
}
export type ThemeColor = "blue" | "red" | "green" | "yellow" | "orange" | "purple" | "foreground";

/** Where a generation's time went, one stage after the other; they add up to its total. */
export function stages(ms: StageTimes): readonly Stage[] {
  // In the cargo lane rustc's time is within cargo's.
  const cargo = Math.max(0, ms.capture - (ms.capture > 0 ? ms.frontEnd : 0));
  const known: Stage[] = [
    { name: "Checking what changed", color: "foreground", ms: ms.check },
    { name: "Build scripts", color: "orange", ms: ms.scripts },
    { name: "cargo", color: "yellow", ms: cargo },
    { name: "rustc", color: "red", ms: ms.frontEnd },
    { name: "Linking dependencies", color: "purple", ms: ms.base },
    { name: "Engine", color: "green", ms: ms.engine },
  ];
  const rest = ms.total - known.reduce((sum, stage) => sum + stage.ms, 0);
  return [...known, { name: "Waiting and the rest", color: "blue" as const, ms: Math.max(0, rest) }];
}

/** Where the engine's own time went, summed over its threads. */
export function engineStages(ms: StageTimes): readonly Stage[] {
  return [
    { name: "Reading bitcode", color: "blue", ms: ms.parse },
    { name: "Hashing", color: "purple", ms: ms.hash },
    { name: "Translating", color: "yellow", ms: ms.translate },
    { name: "Compiling", color: "red", ms: ms.compile },
    { name: "Publishing", color: "green", ms: ms.publish },
  ];
}

/** The last generation of the programs; the tests that were built for the Test Explorer are no save. */
export function lastGeneration(data: DashboardResult): GenerationSummary | undefined {
  return data.history.find(({ selection }) => selection === "build");
}

/** The history's successful generations, oldest first, at most `limit`. */
export function timeline(history: readonly GenerationSummary[], limit: number): readonly GenerationSummary[] {
  return history
    .filter(({ ok, selection }) => ok && selection === "build")
    .slice(0, limit)
    .reverse();
}

/** One sentence about a generation. */
export function sentence(generation: GenerationSummary): string {
  const { functions, lane, ms, ok, reason } = generation;
  const time = formatMs(ms.total);
  if (!ok) return `The last build failed after ${time}: ${reason}.`;
  const compiled = `${count(functions.compiled, "function")} compiled, ${count(functions.changed, "function")} changed`;
  return `The last save was runnable after ${time} (${lane} lane, ${reason}): ${compiled}, ${functions.total.toLocaleString("en")} in all.`;
}

/** How the families can be sorted. */
export type FamilyOrder = "instances" | "bytes" | "us";

/** The families with the most first. */
export function sortFamilies(families: readonly DashboardFamily[], order: FamilyOrder): readonly DashboardFamily[] {
  return [...families].sort((a, b) => b[order] - a[order] || (a.name < b.name ? -1 : 1));
}

/** Microseconds that a function took in all. */
export function totalUs({ us }: Pick<DashboardFunction, "us">): number {
  return us.parse + us.hash + us.translate + us.compile;
}

/** Share of look-ups that the cache answered, in percent; undefined when nothing was looked up. */
export function hitRate(engine: DashboardResult["engine"]): number | undefined {
  const hits = engine?.cacheHits;
  const misses = engine?.cacheMisses;
  if (hits === undefined || misses === undefined || hits + misses === 0) return undefined;
  return (100 * hits) / (hits + misses);
}

export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

export function formatUs(us: number): string {
  return us >= 1000 ? formatMs(us / 1000) : `${Math.round(us)} µs`;
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`;
}
