/** Blanks bodies: everything that stays keeps its place, in bytes, lines and columns. */
import { REPLACEMENT } from "./bodyFacts.js";
import type { BodyRef, Outline } from "./outline.js";

/** A blanked text and what became of its functions. */
export interface Blanked {
  readonly text: string;
  readonly blanked: readonly BodyRef[];
  /** Functions that had to stay, or that the caller keeps. */
  readonly whole: readonly BodyRef[];
}

/**
 * Replaces the bodies of all functions that can be blanked and that the caller does not keep. A text with syntax errors
 * outside of bodies stays as it is.
 */
export function blank(text: string, outline: Outline, keep: (fn: BodyRef) => boolean): Blanked {
  if (outline.damage !== undefined) return { text, blanked: [], whole: outline.functions };
  const blanked: BodyRef[] = [];
  const whole: BodyRef[] = [];
  const parts: string[] = [];
  let at = 0;
  for (const fn of outline.functions) {
    if (fn.whole !== undefined || keep(fn)) {
      whole.push(fn);
      continue;
    }
    const { start, end } = fn.body;
    parts.push(text.slice(at, start + 1), blankBody(text.slice(start + 1, end - 1)));
    at = end - 1;
    blanked.push(fn);
  }
  parts.push(text.slice(at));
  return { text: parts.join(""), blanked, whole };
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
