/** Blanks bodies: everything that stays keeps its place, in bytes, lines and columns. */
import { REPLACEMENT } from "./bodyFacts.js";
import type { BodyRef, Outline } from "./functions.js";

/** A stretch of a text, and what takes its place. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What is blanked in a text, and what became of its functions. */
export interface Blanks {
  readonly replacements: readonly Replacement[];
  readonly blanked: readonly BodyRef[];
  /** Functions that had to stay, or that the caller keeps. */
  readonly whole: readonly BodyRef[];
}

/** A blanked text. */
export interface Blanked extends Blanks {
  readonly text: string;
}

/**
 * Replaces the bodies of all functions that can be blanked and that the caller does not keep. A text with syntax errors
 * outside of bodies stays as it is.
 */
export function blank(text: string, outline: Outline, keep: (fn: BodyRef) => boolean): Blanked {
  const blanks = blanksOf(text, outline, keep);
  return { ...blanks, text: replaced(text, blanks.replacements) };
}

/** What `blank` would replace, in order. */
export function blanksOf(text: string, outline: Outline, keep: (fn: BodyRef) => boolean): Blanks {
  if (outline.damage !== undefined) return { replacements: [], blanked: [], whole: outline.functions };
  const blanked: BodyRef[] = [];
  const whole: BodyRef[] = [];
  const replacements: Replacement[] = [];
  for (const fn of outline.functions) {
    if (fn.whole !== undefined || keep(fn)) {
      whole.push(fn);
      continue;
    }
    const { start, end } = fn.body;
    replacements.push({ start: start + 1, end: end - 1, text: blankBody(text.slice(start + 1, end - 1)) });
    blanked.push(fn);
  }
  return { replacements, blanked, whole };
}

/** The text with replacements made. They must be in order, and must not overlap. */
export function replaced(text: string, replacements: readonly Replacement[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const replacement of replacements) {
    parts.push(text.slice(at, replacement.start), replacement.text);
    at = replacement.end;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** As many bytes of blanks a line, and the replacement on the first line that has room for it. */
function blankBody(inner: string): string {
  let isPlaced = false;
  return inner
    .split("\n")
    .map((line) => {
      const end = line.endsWith("\r") ? "\r" : "";
      const width = Buffer.byteLength(line, "utf8") - end.length;
      if (isPlaced || width < REPLACEMENT.length) return " ".repeat(width) + end;
      isPlaced = true;
      return REPLACEMENT.padEnd(width) + end;
    })
    .join("\n");
}
