/**
 * How numbers and names are written for the user: one place, so that lenses, hovers and views agree.
 *
 * Sizes count in units of 1024, times in decimal ones. Numbers have at most three significant digits.
 */
import type { FunctionEntry } from "../../../../shared/src/report.js";

/** A time of so many microseconds: `0 µs`, `214 µs`, `1.24 ms`, `3.5 s`. */
export function micros(us: number): string {
  if (us > 0 && us < 1) return "<1 µs";
  if (rounded(us) < 1000) return `${significant(us)} µs`;
  if (rounded(us / 1000) < 1000) return `${significant(us / 1000)} ms`;
  return `${significant(us / 1_000_000)} s`;
}

/** A time of so many milliseconds. */
export function millis(ms: number): string {
  return micros(ms * 1000);
}

/** A size: `312 B`, `1.2 KB`, `3.4 MB`. */
export function bytes(size: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let value = size;
  let unit = 0;
  while (rounded(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${significant(value)} ${units[unit] ?? ""}`;
}

/** A count with its noun: `1 function`, `67,814 functions`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${number(n)} ${n === 1 ? noun : plural}`;
}

/** A whole number with separators, the same in every locale. */
export function number(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

function rounded(value: number): number {
  return Number(significant(value));
}

/** Three significant digits below 1000, without trailing zeros. */
function significant(value: number): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return Number(value.toFixed(digits)).toString();
}

/** How much a function's compilation took, next to the settings' thresholds. */
export type Band = "quick" | "notable" | "slow";

export interface Thresholds {
  readonly thresholdMicroseconds: number;
  readonly slowMicroseconds: number;
}

export function bandOf(us: number, thresholds: Thresholds): Band {
  if (us >= thresholds.slowMicroseconds) return "slow";
  return us >= thresholds.thresholdMicroseconds ? "notable" : "quick";
}

/**
 * A band without words. Fuller means slower, so it reads without colour, too; lenses and hints cannot be coloured, and
 * emoji would be, but jump out of the line.
 */
export function mark(band: Band): string {
  return { quick: "○", notable: "◐", slow: "●" }[band];
}

/** A band as a codicon, where labels take them: lenses. */
export function icon(band: Band): string {
  return { quick: "$(circle-outline)", notable: "$(circle-large-outline)", slow: "$(flame)" }[band];
}

export function tierName(tier: FunctionEntry["tier"]): string {
  return { cranelift: "Cranelift", llvm: "LLVM", none: "not compiled yet" }[tier];
}

/** What the last generation did with a function. */
export function statusName(status: FunctionEntry["status"]): string {
  return { compiled: "compiled", hit: "from the cache", untouched: "unchanged", deferred: "on first call" }[status];
}

/** A text between backquotes for Markdown's tables: they end at a bar, and names hold backquotes never, bars in types. */
export function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

/** A text in Markdown that is not meant as Markdown. */
export function plain(text: string): string {
  return text.replace(/[\\`*_[\]<>|~]/g, "\\$&");
}

/** At most `length` characters, the end kept: that is where names differ. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(text.length - length + 1)}`;
}
