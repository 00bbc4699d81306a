/**
 * What rustc writes as JSON, in LSP's terms. See "JSON Output" in the rustc book for the format: lines and columns count
 * from 1, columns in characters; a span may lie in a macro, with the place of its expansion in `expansion`.
 */
import * as path from "node:path";
import * as z from "zod";
import {
  type Diagnostic,
  type DiagnosticRelatedInformation,
  DiagnosticSeverity,
  DiagnosticTag,
  type Range,
} from "vscode-languageserver/node";
import { URI } from "vscode-uri";
import type { Diagnostic as RustcDiagnostic } from "../../../../shared/src/report.js";

const Text = z.looseObject({ text: z.string() });

interface SpanShape {
  file_name: string;
  line_start: number;
  line_end: number;
  column_start: number;
  column_end: number;
  is_primary: boolean;
  text: z.infer<typeof Text>[];
  label?: string | null | undefined;
  suggested_replacement?: string | null | undefined;
  suggestion_applicability?: string | null | undefined;
  expansion?: { span: SpanShape; macro_decl_name: string } | null | undefined;
}

const Span: z.ZodType<SpanShape> = z.looseObject({
  file_name: z.string(),
  line_start: z.number(),
  line_end: z.number(),
  column_start: z.number(),
  column_end: z.number(),
  is_primary: z.boolean(),
  text: z.array(Text),
  label: z.string().nullish(),
  suggested_replacement: z.string().nullish(),
  suggestion_applicability: z.string().nullish(),
  get expansion() {
    return z.looseObject({ span: Span, macro_decl_name: z.string() }).nullish();
  },
});

const Child = z.looseObject({ message: z.string(), level: z.string(), spans: z.array(Span) });

const Message = z.looseObject({
  message: z.string(),
  level: z.string(),
  code: z.looseObject({ code: z.string() }).nullish(),
  spans: z.array(Span),
  children: z.array(Child),
});
type Message = z.infer<typeof Message>;

/** A change that rustc proposes; `isPreferred` if it says that it is right. Goes through `Diagnostic.data`. */
export const Fix = z.object({
  title: z.string(),
  isPreferred: z.boolean(),
  edits: z.array(
    z.object({
      uri: z.string(),
      range: z.object({
        start: z.object({ line: z.number(), character: z.number() }),
        end: z.object({ line: z.number(), character: z.number() }),
      }),
      newText: z.string(),
    }),
  ),
});
export type Fix = z.infer<typeof Fix>;

/** `Diagnostic.data` of ours. */
export const DiagnosticData = z.object({ fixes: z.array(Fix) });
export type DiagnosticData = z.infer<typeof DiagnosticData>;

/** A diagnostic and the file (a URI) that it is shown in. */
export interface FileDiagnostic {
  readonly uri: string;
  readonly diagnostic: Diagnostic;
}

/** Finds a file that rustc names; undefined when it is not the user's (of the standard library, or made up). */
export type FindFile = (name: string) => string | undefined;

interface DocumentLocation {
  readonly uri: string;
  readonly range: Range;
}

/** Converts a diagnostic; undefined when it has no place in a file of the user's. */
export function convert(rustcs: RustcDiagnostic, find: FindFile): FileDiagnostic | undefined {
  const parsed = Message.safeParse(rustcs);
  if (!parsed.success) return undefined;
  const message = parsed.data;
  const primary = message.spans.find((span) => span.is_primary) ?? message.spans[0];
  const at = primary === undefined ? undefined : userLocation(primary, find);
  if (primary === undefined || at === undefined) return undefined;
  const code = message.code?.code;
  const data: DiagnosticData = { fixes: fixesOf(message, find) };
  const related = relatedInformation(message, primary, at, find);
  const tags = tagsOf(code, message.level);
  const link = linkOf(code);
  const diagnostic: Diagnostic = {
    range: at.range,
    severity: severityOf(message.level),
    source: code?.startsWith("clippy::") === true ? "clippy" : "rustc",
    message: textOf(message, primary),
    ...(code === undefined ? {} : { code }),
    ...(link === undefined ? {} : { codeDescription: { href: link } }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(related.length === 0 ? {} : { relatedInformation: related }),
    ...(data.fixes.length === 0 ? {} : { data }),
  };
  return { uri: at.uri, diagnostic };
}

/** Where a span shows in the user's own text. A span in another crate's macro shows where the user calls that. */
function userLocation(span: SpanShape, find: FindFile): DocumentLocation | undefined {
  for (let at: SpanShape | undefined = span; at !== undefined; at = at.expansion?.span) {
    const place = locationOf(at, find);
    if (place !== undefined) return place;
  }
  return undefined;
}

function locationOf(span: SpanShape, find: FindFile): DocumentLocation | undefined {
  const file = find(span.file_name);
  if (file === undefined) return undefined;
  const first = span.text[0]?.text ?? "";
  const last = span.text.at(-1)?.text ?? "";
  return {
    uri: URI.file(file).toString(),
    range: {
      start: { line: span.line_start - 1, character: utf16(first, span.column_start) },
      end: { line: span.line_end - 1, character: utf16(last, span.column_end) },
    },
  };
}

/** A column of rustc's (characters, from 1) as one of LSP's (UTF-16 units, from 0). */
function utf16(line: string, column: number): number {
  let units = 0;
  let left = column - 1;
  for (const character of line) {
    if (left-- <= 0) return units;
    units += character.length;
  }
  // Without the text, or behind the line's end.
  return units + Math.max(0, left);
}

/** The message with the primary label and the notes that have no place. */
function textOf(message: Message, primary: SpanShape): string {
  const label = primary.label ?? "";
  const notes = message.children
    .filter((child) => child.spans.length === 0)
    .map((child) => `${child.level}: ${child.message}`);
  const isNew = label !== "" && !message.message.includes(label);
  return [message.message, ...(isNew ? [label] : []), ...notes].join("\n");
}

/** Other labelled spans, notes with a place, and the macros that the diagnostic came through. */
function relatedInformation(
  message: Message,
  primary: SpanShape,
  at: DocumentLocation,
  find: FindFile,
): DiagnosticRelatedInformation[] {
  const related: DiagnosticRelatedInformation[] = [];
  const add = (span: SpanShape, text: string): void => {
    const place = userLocation(span, find);
    if (place === undefined || text === "") return;
    related.push({ location: { uri: place.uri, range: place.range }, message: text });
  };
  for (const span of message.spans) if (span !== primary) add(span, span.label ?? "");
  for (const child of message.children) {
    // The parts of a longer proposal say nothing one by one; the fix has them all.
    const isFix = child.spans.some((span) => typeof span.suggested_replacement === "string");
    if (isFix && child.spans.length > 1) continue;
    for (const span of child.spans) {
      add(span, isFix ? withReplacement(child.message, span) : (span.label ?? child.message));
    }
  }
  for (let { expansion } = primary; expansion; { expansion } = expansion.span) {
    const place = locationOf(expansion.span, find);
    if (place === undefined || isSame(place, at)) continue;
    const location = { uri: place.uri, range: place.range };
    related.push({ location, message: `in this use of ${expansion.macro_decl_name}` });
  }
  return related;
}

function isSame(a: DocumentLocation, b: DocumentLocation): boolean {
  return a.uri === b.uri && JSON.stringify(a.range) === JSON.stringify(b.range);
}

function withReplacement(message: string, span: SpanShape): string {
  const replacement = span.suggested_replacement ?? "";
  return replacement === "" || replacement.includes("\n") ? message : `${message}: \`${replacement}\``;
}

/** Each help with replacements is one fix; its parts are made together. */
function fixesOf(message: Message, find: FindFile): Fix[] {
  return message.children.flatMap((child): Fix[] => {
    const spans = child.spans.filter((span) => typeof span.suggested_replacement === "string");
    if (spans.length === 0) return [];
    const edits: Fix["edits"] = [];
    for (const span of spans) {
      const place = span.expansion ? undefined : locationOf(span, find);
      // Half a fix is none.
      if (place === undefined) return [];
      edits.push({ ...place, newText: span.suggested_replacement ?? "" });
    }
    const isPreferred = spans.every((span) => span.suggestion_applicability === "MachineApplicable");
    const [only] = spans;
    const title = spans.length === 1 && only !== undefined ? withReplacement(child.message, only) : child.message;
    // Several spans at one place are alternatives, not parts.
    const starts = edits.map((edit) => JSON.stringify([edit.uri, edit.range]));
    if (new Set(starts).size < starts.length) {
      return edits.map((edit) => ({
        title: `${child.message}: \`${edit.newText.trim()}\``,
        isPreferred: false,
        edits: [edit],
      }));
    }
    return [{ title, isPreferred, edits }];
  });
}

function severityOf(level: string): DiagnosticSeverity {
  if (level.startsWith("error")) return DiagnosticSeverity.Error;
  if (level === "warning") return DiagnosticSeverity.Warning;
  return level === "note" ? DiagnosticSeverity.Information : DiagnosticSeverity.Hint;
}

function tagsOf(code: string | undefined, level: string): DiagnosticTag[] {
  if (code === undefined || level.startsWith("error")) return [];
  if (
    /^(unused_(imports|variables|macros|mut|assignments|parens|braces|attributes|labels)|dead_code|unreachable_\w+)$/.test(
      code,
    )
  ) {
    return [DiagnosticTag.Unnecessary];
  }
  return code.startsWith("deprecated") ? [DiagnosticTag.Deprecated] : [];
}

function linkOf(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (/^E\d{4}$/.test(code)) return `https://doc.rust-lang.org/error_codes/${code}.html`;
  const lint = /^clippy::(\w+)$/.exec(code)?.[1];
  return lint === undefined ? undefined : `https://rust-lang.github.io/rust-clippy/master/index.html#${lint}`;
}

/** Where rustc's file names are looked for: below the given folders, the first that has the file. */
export function fileFinder(folders: readonly string[], exists: (file: string) => boolean): FindFile {
  const known = new Map<string, string | undefined>();
  return (name) => {
    if (name.startsWith("<") || name.startsWith("/rustc/")) return undefined;
    if (known.has(name)) return known.get(name);
    const candidates = path.isAbsolute(name) ? [name] : folders.map((folder) => path.join(folder, name));
    const found = candidates.find(exists);
    known.set(name, found);
    return found;
  };
}
