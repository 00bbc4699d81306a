/** Which lines of a text belong to which source lines, both ways. Editor lines count from 0, the engine's from 1. Pure. */
import type { InspectResult } from "../../../shared/src/lsp.js";

/** Editor lines, first and last, both included. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** The text's lines that the source lines `range` of `file` (a path) became, ascending and without repetitions. */
export function textLinesOf(lines: InspectResult["lines"], file: string, range: LineRange): number[] {
  return ascending(
    lines
      .filter((entry) => sameFile(entry.file, file) && contains(range, entry.sourceLine - 1))
      .map(({ line }) => line - 1),
  );
}

/** The source lines that the text's lines `range` came from, by file. */
export function sourceLinesOf(lines: InspectResult["lines"], range: LineRange): ReadonlyMap<string, number[]> {
  const files = new Map<string, number[]>();
  for (const { line, file, sourceLine } of lines) {
    if (contains(range, line - 1)) {
      files.set(file, [...(files.get(file) ?? []), sourceLine - 1]);
    }
  }
  return new Map([...files].map(([file, found]) => [file, ascending(found)]));
}

/** Lines as ranges of neighbours, so that a block of lines is one decoration. `lines` ascend. */
export function asRanges(lines: readonly number[]): LineRange[] {
  const ranges: LineRange[] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last?.end === line - 1) {
      ranges[ranges.length - 1] = { start: last.start, end: line };
    } else {
      ranges.push({ start: line, end: line });
    }
  }
  return ranges;
}

/** The symbol at a place of the text (line and column from 0). */
export function referenceAt(
  refs: InspectResult["refs"],
  line: number,
  character: number,
): InspectResult["refs"][number] | undefined {
  return refs.find(
    (ref) => ref.line - 1 === line && ref.column - 1 <= character && character <= ref.column - 1 + ref.length,
  );
}

/** A change of a document: the lines that were replaced, and how many lines came instead (1: still one line). */
export interface LineChange {
  readonly start: number;
  readonly end: number;
  readonly newLines: number;
}

/** Where `line` is after a change: lines below it move along, and a line within it stays at its start. */
export function shiftLine(line: number, change: LineChange): number {
  if (line <= change.start) {
    return line;
  }
  if (line <= change.end) {
    return Math.min(line, change.start + change.newLines - 1);
  }
  return line + change.newLines - 1 - (change.end - change.start);
}

/** Debug info may name a file by another path to it: then the ends of the paths have to agree. */
function sameFile(fromDebugInfo: string, file: string): boolean {
  return fromDebugInfo === file || (!fromDebugInfo.startsWith("/") && file.endsWith(`/${fromDebugInfo}`));
}

function contains(range: LineRange, line: number): boolean {
  return range.start <= line && line <= range.end;
}

function ascending(lines: readonly number[]): number[] {
  return [...new Set(lines)].sort((a, b) => a - b);
}
