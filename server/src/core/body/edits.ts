/**
 * What was edited since the crate lane compiled: bodies of functions, or more.
 *
 * Compares the sources with the texts that the units' records were made of, which are kept for that.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { isUtf8 } from "node:buffer";
import type { EditedRange } from "../../../../shared/src/protocol.js";
import { digest, isCurrent } from "../files.js";
import { type UnitRecord, unitEnvironment } from "../unit.js";
import { classify } from "./classify.js";
import type { EditedFile } from "./lane.js";
import type { BodyRef, Outline } from "./outline.js";
import type { SourceCache } from "./source.js";

/** A changed file of which only bodies (or only comments) changed. */
export interface BodyEdit extends EditedFile {
  /** The functions' lines in both texts, as the engine wants them. */
  readonly ranges: readonly EditedRange[];
  /** Of the text. */
  readonly hash: string;
}

export type Edits =
  | { readonly kind: "none" }
  | { readonly kind: "bodies"; readonly files: readonly BodyEdit[]; readonly units: readonly UnitRecord[] }
  /** `reason` is for people; `category` has no names in it, to be counted by. */
  | { readonly kind: "more"; readonly reason: string; readonly category: string };

interface Kept {
  readonly hash: string;
  readonly text: string;
}

/** The texts that the crate lane compiled. */
export class Baseline {
  private readonly texts = new Map<string, Kept>();

  constructor(private readonly sources: SourceCache) {}

  /** Keeps the texts of units' sources, as far as they are still what the records say. */
  refresh(records: readonly UnitRecord[]): void {
    const wanted = new Set<string>();
    for (const record of records) {
      for (const { path: file, hash } of record.inputs) {
        if (path.extname(file) !== ".rs") continue;
        wanted.add(file);
        if (hash === "" || this.texts.get(file)?.hash === hash) continue;
        const now = read(file);
        if (now?.hash === hash) this.texts.set(file, now);
        else this.texts.delete(file);
      }
    }
    for (const file of this.texts.keys()) if (!wanted.has(file)) this.texts.delete(file);
  }

  /** What changed since the records were made. `env`: the user's. */
  edits(records: readonly UnitRecord[], env: NodeJS.ProcessEnv): Edits {
    const changed = new Map<string, string>();
    const units: UnitRecord[] = [];
    const isChanged = new Map<string, boolean>();
    for (const record of records) {
      let isAffected = false;
      for (const input of record.inputs) {
        const known = isChanged.get(input.path) ?? !isCurrent(input);
        isChanged.set(input.path, known);
        if (!known) continue;
        isAffected = true;
        const other = changed.get(input.path);
        if (input.hash === "" || (other !== undefined && other !== input.hash)) {
          return more("a file that changed while it was compiled");
        }
        changed.set(input.path, input.hash);
      }
      const otherwise = otherChange(record, records, env);
      if (otherwise !== undefined) return more(otherwise);
      if (isAffected) units.push(record);
    }
    if (changed.size === 0) return { kind: "none" };
    const files: BodyEdit[] = [];
    for (const [file, hash] of changed) {
      const edit = this.editOf(file, hash);
      if ("kind" in edit) return edit;
      files.push(edit);
    }
    return { kind: "bodies", files, units };
  }

  private editOf(file: string, hash: string): BodyEdit | Extract<Edits, { kind: "more" }> {
    if (path.extname(file) !== ".rs") return more("a file that is no source", file);
    const before = this.texts.get(file);
    if (before?.hash !== hash) return more("a file whose compiled text is not known", file);
    const now = read(file);
    if (now === undefined) return more("a file that is gone, or no text", file);
    const edit = classify(this.sources, file, before.text, now.text);
    if (edit.kind === "items") return more(categoryOf(edit.reason), `${path.basename(file)}: ${edit.reason}`);
    const functions = edit.kind === "bodies" ? edit.functions : [];
    const ranges = this.ranges(file, before.text, now.text, functions);
    if (ranges === undefined) return more("functions that cannot be matched", file);
    return { file, text: now.text, hash: now.hash, functions, ranges };
  }

  /** Lines of the outermost functions around the edited ones, in both texts. */
  private ranges(
    file: string,
    before: string,
    after: string,
    functions: readonly BodyRef[],
  ): readonly EditedRange[] | undefined {
    if (functions.length === 0) return [];
    const [old, now] = this.sources.compare(file, before, after, (left, right) => [left.outline, right.outline]);
    if (!isOutline(old) || !isOutline(now) || old.functions.length !== now.functions.length) return undefined;
    const ranges = new Map<number, EditedRange>();
    for (const fn of functions) {
      const at = now.functions.findIndex(({ span }) => span.start <= fn.span.start && fn.span.end <= span.end);
      const [left, right] = [old.functions[at], now.functions[at]];
      if (left === undefined || right === undefined) return undefined;
      ranges.set(at, { file, old: [left.line, left.endLine], new: [right.line, right.endLine] });
    }
    return [...ranges.values()];
  }
}

function isOutline(outline: Outline | string | undefined): outline is Outline {
  return typeof outline === "object";
}

/** What makes a unit the crate lane's, besides its sources. */
function otherChange(record: UnitRecord, records: readonly UnitRecord[], env: NodeJS.ProcessEnv): string | undefined {
  const variables = unitEnvironment(record.invocation, env);
  if (record.envDeps.some(({ name, value }) => (variables[name] ?? null) !== value)) return "an environment variable";
  if (record.metadata !== null && !isCurrent(record.metadata)) return "a crate whose metadata is gone";
  if (!fs.existsSync(record.bitcodeDir)) return "a crate whose bitcode is gone";
  const isBehind = record.externs.some((extern) => {
    if (extern.unit === null) return false;
    const upstream = records.find(({ invocation }) => invocation.key === extern.unit);
    return upstream !== undefined && upstream.metadata?.hash !== extern.hash;
  });
  return isBehind ? "a crate that waits for the crate lane" : undefined;
}

function more(category: string, details?: string): Extract<Edits, { kind: "more" }> {
  return { kind: "more", category, reason: details === undefined ? category : `${category} (${details})` };
}

/** A reason without the names in it. */
function categoryOf(reason: string): string {
  return reason
    .replace(/^.*: /, "")
    .replace(/`[^`]*`/g, "…")
    .replace(/ near line \d+/, "");
}

function read(file: string): Kept | undefined {
  try {
    const bytes = fs.readFileSync(file);
    return isUtf8(bytes) ? { text: bytes.toString("utf8"), hash: digest(bytes) } : undefined;
  } catch {
    return undefined;
  }
}
