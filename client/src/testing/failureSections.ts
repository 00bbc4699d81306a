/**
 * The end of libtest's output: after "failures:" a section "---- NAME stdout ----" with what each failed test printed, then
 * again "failures:" and their names.
 *
 * A test may print lines that look like these. Real sections come in the order in which the tests ended, so of all lines
 * that look like a section's beginning the longest run in that order is taken.
 */
import { BoundedText } from "./boundedText.js";

/** How much of one section is kept, in characters, at either end. */
const SECTION_LIMIT = 128 * 1024;
/** How much of one is kept when there are so many that this matters. */
const SMALL_SECTION_LIMIT = 4 * 1024;
const MANY_SECTIONS = 500;
/** Lines that look like a section's beginning are text from here on. */
const MOST_SECTIONS = 100_000;

const HEADER = /^---- (.+) stdout ----$/;

interface Piece {
  /** The name in the line that it begins with; undefined for "failures:". */
  readonly name: string | undefined;
  readonly header: string;
  readonly text: BoundedText;
}

export class FailureSections {
  private readonly pieces: Piece[] = [];

  /** One line, without its end. The first one is "failures:". */
  push(line: string): void {
    const name = HEADER.exec(line)?.[1];
    const isHeader = name !== undefined || line === "failures:";
    if (this.pieces.length === 0 || (isHeader && this.pieces.length < MOST_SECTIONS)) {
      const limit = this.pieces.length < MANY_SECTIONS ? SECTION_LIMIT : SMALL_SECTION_LIMIT;
      this.pieces.push({ name, header: line, text: new BoundedText(limit) });
    } else {
      this.pieces.at(-1)?.text.push(`${line}\n`);
    }
  }

  /** All that was pushed, for when it turns out to be a test's own words. */
  text(): string {
    return this.pieces.map(asText).join("");
  }

  /** `failed`: the failed tests in the order in which they ended. `listed`: whom the closing list names. */
  finish(failed: readonly string[]): { captured: Map<string, string>; listed: string[] } {
    const list = this.pieces.findLastIndex((piece) => piece.header === "failures:");
    const listed = names(this.pieces[list]);
    const sections = list > 0 && listed.length > 0 ? this.pieces.slice(0, list) : this.pieces;
    const order = new Map([...new Set([...failed, ...listed])].map((name, index) => [name, index]));
    const places = sections.map((piece) => (piece.name === undefined ? undefined : order.get(piece.name)));
    const real = longestRun(places);
    const captured = new Map<string, string>();
    real.forEach((start, index) => {
      const [first, ...rest] = sections.slice(start, real[index + 1] ?? sections.length);
      if (first?.name === undefined) return;
      const text = first.text.toString() + rest.map(asText).join("");
      captured.set(first.name, text.replace(/^\n/, "").trimEnd());
    });
    return { captured, listed };
  }
}

function asText(piece: Piece): string {
  return `${piece.header}\n${piece.text.toString()}`;
}

/** The names of the closing list. */
function names(piece: Piece | undefined): string[] {
  const lines = piece?.text.toString().split("\n") ?? [];
  return lines.flatMap((line) => (line.startsWith("    ") ? [line.slice(4)] : []));
}

/** Indices of a longest strictly increasing subsequence; `undefined` takes no part. */
export function longestRun(values: readonly (number | undefined)[]): number[] {
  /** For each length, the index at which the run of that length with the smallest end ends. */
  const ends: number[] = [];
  const previous = new Map<number, number | undefined>();
  values.forEach((value, index) => {
    if (value === undefined) return;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous.set(index, low === 0 ? undefined : ends[low - 1]);
    ends[low] = index;
  });
  const run: number[] = [];
  for (let at = ends.at(-1); at !== undefined; at = previous.get(at)) run.push(at);
  return run.reverse();
}
