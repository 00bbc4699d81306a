/** rustc's diagnostics of an overlay: where they point to, and which blanked functions they accuse. */
import * as path from "node:path";
import * as z from "zod";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import type { Span } from "../../source/lexer.js";
import type { BodyRef, FunctionName } from "../../source/functions.js";
import type { Overlay } from "./overlay.js";
import { isWithin } from "../../support/files.js";
import { originalOffset } from "../../source/rootStatics.js";

interface RustcSpan {
  file_name: string;
  byte_start: number;
  byte_end: number;
  is_primary: boolean;
  expansion?: { span: RustcSpan } | null | undefined;
}

const RustcSpan: z.ZodType<RustcSpan> = z.object({
  file_name: z.string(),
  byte_start: z.number(),
  byte_end: z.number(),
  is_primary: z.boolean(),
  expansion: z
    .object({
      get span() {
        return RustcSpan;
      },
    })
    .nullish(),
});

/** The parts of a diagnostic that say what it is about. */
const Details = z.object({
  code: z.object({ code: z.string() }).nullish(),
  spans: z.array(RustcSpan),
  children: z.array(z.object({ spans: z.array(RustcSpan) })),
});

/** A place in an original file, in bytes. */
interface SourceLocation extends Span {
  readonly file: string;
  /** It is in text that only the overlay has. */
  readonly isInserted: boolean;
}

/** One diagnostic with the places of its spans, in terms of the original files. */
export interface Finding {
  readonly diagnostic: Diagnostic;
  /** The lint or the error code, if it has one. */
  readonly code: string | undefined;
  readonly primary: readonly SourceLocation[];
  readonly all: readonly SourceLocation[];
}

/** Resolves a diagnostic's spans; undefined for one that points nowhere, such as "aborting due to 2 previous errors". */
export function finding(diagnostic: Diagnostic, overlay: Overlay): Finding | undefined {
  const parsed = Details.safeParse(diagnostic);
  if (!parsed.success || parsed.data.spans.length === 0) return undefined;
  const { spans, children, code } = parsed.data;
  const place = (span: RustcSpan): SourceLocation => {
    const file = originalFile(overlay, span.file_name);
    const start = originalOffset(span.byte_start, overlay.insertions(file));
    // An inserted place touches nothing.
    const length = start === undefined ? 0 : span.byte_end - span.byte_start;
    return { file, start: start ?? -1, end: (start ?? -1) + length, isInserted: start === undefined };
  };
  const everything = [...spans, ...children.flatMap((child) => child.spans)];
  return {
    diagnostic,
    code: code?.code,
    primary: spans
      .filter((span) => span.is_primary)
      .flatMap(withExpansions)
      .map(place),
    all: everything.flatMap(withExpansions).map(place),
  };
}

/** A span, and the macro calls that it comes out of. */
function withExpansions(span: RustcSpan): RustcSpan[] {
  const inner = span.expansion?.span;
  return inner === undefined ? [span] : [span, ...withExpansions(inner)];
}

/** The original of a file that rustc names. */
function originalFile(overlay: Overlay, name: string): string {
  const file = path.resolve(overlay.cwd, name);
  const { root, original } = overlay.mirror;
  return isWithin(file, root) ? path.join(original, path.relative(root, file)) : file;
}

/** Whether a finding's primary span touches one of a file's functions: its body, or all of it. */
export function isIn(found: Finding, file: string, functions: readonly BodyRef[], part: "body" | "span"): boolean {
  return found.primary.some((place) => place.file === file && functions.some((fn) => touches(place, fn.bytes[part])));
}

/** Files whose roots an error is about. */
export function brokenRoots(found: Finding): string[] {
  return found.primary.filter((place) => place.isInserted).map((place) => place.file);
}

/** The blanked functions that an error points to. */
export function functionsWithErrors(found: Finding, overlay: Overlay): FunctionName[] {
  return found.all.flatMap((place) =>
    (overlay.blankedFile(place.file)?.blanked ?? [])
      .filter((fn) => touches(place, fn.bytes.span))
      .map((fn) => ({ file: place.file, path: fn.path })),
  );
}

/** The files that an error points to, each as a name for all of its functions. */
export function filesWithErrors(found: Finding, overlay: Overlay): FunctionName[] {
  const files = new Set(found.all.map(({ file }) => file));
  return [...files]
    .filter((file) => (overlay.blankedFile(file)?.blanked.length ?? 0) > 0)
    .map((file) => ({ file, path: "*" }));
}

function touches(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}
