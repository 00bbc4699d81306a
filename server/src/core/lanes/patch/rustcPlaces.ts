/** Places that rustc tells, in terms of the files and modules of a crate. */
import * as z from "zod";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import type { Replacement } from "../../source/blank.js";
import type { Mirror } from "../mirror/mirror.js";

/** The file that rustc means by a name, which may be remapped, or relative. */
export function fileNamed(name: string, files: Iterable<string>, mirror: Mirror): string | undefined {
  for (const file of files) if (name === file || mirror.pathOf(file).endsWith(`/${name}`)) return file;
  return undefined;
}

/** The offset of a line and a column, both from 1, the latter in characters. */
export function offsetAt(text: string, line: number, column: number): number {
  let start = 0;
  for (let left = line - 1; left > 0; left--) start = text.indexOf("\n", start) + 1;
  let offset = start;
  for (let left = column - 1; left > 0; left--) offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  return offset;
}

/** Where something stood before replacements were made. */
export function offsetBefore(replacements: readonly Replacement[], offset: number): number {
  let moved = 0;
  for (const { start, end, text } of replacements) {
    if (start + moved + text.length > offset) return Math.min(offset - moved, end);
    moved += text.length - (end - start);
  }
  return offset - moved;
}

/** Where something is written, in lines and columns (from 1, in characters): the outermost place when a macro made it. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Span {
  readonly file_name: string;
  readonly line_start: number;
  readonly column_start: number;
  readonly is_primary: boolean;
  readonly expansion?: { readonly span: Span } | null | undefined;
}

const SpanShape: z.ZodType<Span> = z.object({
  file_name: z.string(),
  line_start: z.number(),
  column_start: z.number(),
  is_primary: z.boolean(),
  get expansion() {
    return z.object({ span: SpanShape }).nullish();
  },
});
const Spans = z.object({ spans: z.array(SpanShape) });

/** What a diagnostic is about. */
export function primaryPlace(diagnostic: Diagnostic): Place | undefined {
  let span = Spans.safeParse(diagnostic).data?.spans.find(({ is_primary }) => is_primary);
  while (span?.expansion !== undefined && span.expansion !== null) ({ span } = span.expansion);
  return span === undefined ? undefined : { file: span.file_name, line: span.line_start, column: span.column_start };
}

const Placed = z.object({
  code: z.object({ code: z.string() }).nullable(),
  spans: z.array(z.object({ line_start: z.number(), is_primary: z.boolean() })),
});

/** The numbers of errors, by the lines that they are about, of a crate of one file. Empty: one without a number. */
export function codesByLine(diagnostics: readonly Diagnostic[]): ReadonlyMap<number, ReadonlySet<string>> {
  const found = new Map<number, Set<string>>();
  for (const diagnostic of diagnostics.filter(({ level }) => level.startsWith("error"))) {
    const placed = Placed.safeParse(diagnostic).data;
    for (const { line_start: line, is_primary: isPrimary } of placed?.spans ?? []) {
      if (isPrimary) found.set(line, (found.get(line) ?? new Set()).add(placed?.code?.code ?? ""));
    }
  }
  return found;
}
