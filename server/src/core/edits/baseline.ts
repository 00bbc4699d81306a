/**
 * What was edited since the crate lane compiled: bodies of functions, or more.
 *
 * Compares the sources with the texts that the units' records were made of, which are kept for that.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { EditedRange } from "../../../../shared/src/protocol.js";
import { ABSENT } from "../support/files.js";
import { isCurrent, isCurrentWith } from "../support/stamps.js";
import type { UnitRecord } from "../units/record.js";
import { unitEnvironment } from "../units/invocation.js";
import { inspectArgs } from "../units/arguments.js";
import { classify, functionsOf } from "./classify.js";
import { Refusal } from "./refusal.js";
import type { BodyRef, Outline } from "../source/functions.js";
import type { SourceCache } from "../source/sourceCache.js";
import { type ReadSource, type SourceText, readSource } from "../source/sourceText.js";

/** A file with edited functions: its text as it is now, and the functions in terms of it. */
export interface EditedFile extends SourceText {
  readonly functions: readonly BodyRef[];
}

/** A changed file of which only bodies (or only comments) changed, as far as the unit goes. */
export interface BodyEdit extends EditedFile {
  /** The functions' lines in both texts, as the engine wants them. */
  readonly ranges: readonly EditedRange[];
  /** Of the text. */
  readonly hash: string;
  /** The text that the crate lane compiled. */
  readonly before: string;
}

/** A unit with changed files: what is a test in them is nothing to it if it has none. */
export interface UnitEdit {
  readonly record: UnitRecord;
  readonly files: readonly BodyEdit[];
}

/** A changed file as it is now. */
export type ChangedFile = Pick<BodyEdit, "file" | "hash">;

export type Edits =
  | { readonly kind: "none" }
  | { readonly kind: "bodies"; readonly files: readonly ChangedFile[]; readonly units: readonly UnitEdit[] }
  | { readonly kind: "more"; readonly refusal: Refusal };

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
        const now = readSource(file);
        if (now?.hash === hash && now.text !== undefined) this.texts.set(file, { hash, text: now.text });
        else this.texts.delete(file);
      }
    }
    for (const file of this.texts.keys()) if (!wanted.has(file)) this.texts.delete(file);
  }

  /** What changed since the records were made. `env`: the user's. */
  edits(records: readonly UnitRecord[], env: NodeJS.ProcessEnv): Edits {
    const sources = new ReadOnce();
    const changed = new Map<string, string>();
    const affected: { readonly record: UnitRecord; readonly paths: readonly string[] }[] = [];
    const isChanged = new Map<string, boolean>();
    for (const record of records) {
      const paths: string[] = [];
      for (const input of record.inputs) {
        const known = isChanged.get(input.path) ?? !isCurrentWith(input, sources.digestOf);
        isChanged.set(input.path, known);
        if (!known) continue;
        paths.push(input.path);
        const other = changed.get(input.path);
        if (input.hash === "" || (other !== undefined && other !== input.hash)) {
          return more(new Refusal("changedMeanwhile"));
        }
        changed.set(input.path, input.hash);
      }
      const otherwise = otherChange(record, records, env);
      if (otherwise !== undefined) return more(otherwise);
      if (paths.length > 0) affected.push({ record, paths });
    }
    if (changed.size === 0) return { kind: "none" };
    const files = new Map<string, BodyEdit>();
    const units: UnitEdit[] = [];
    for (const { record, paths } of affected) {
      const { hasTestCode } = inspectArgs(record.invocation.args);
      const own: BodyEdit[] = [];
      for (const file of paths) {
        const key = `${hasTestCode}\0${file}`;
        const edit = files.get(key) ?? this.editOf(file, sources, changed.get(file) ?? "", hasTestCode);
        if ("kind" in edit) return edit;
        files.set(key, edit);
        own.push(edit);
      }
      units.push({ record, files: own });
    }
    return {
      kind: "bodies",
      files: [...new Map([...files.values()].map((edit) => [edit.file, edit])).values()],
      units,
    };
  }

  /** `hash`: of the text that the unit was compiled of. */
  private editOf(
    file: string,
    sources: ReadOnce,
    hash: string,
    hasTests: boolean,
  ): BodyEdit | Extract<Edits, { kind: "more" }> {
    if (path.extname(file) !== ".rs") return more(new Refusal("noSource", file));
    const before = this.texts.get(file);
    if (before?.hash !== hash) return more(new Refusal("unknownText", file));
    const now = sources.get(file);
    if (now?.text === undefined) return more(new Refusal("goneFile", file));
    const { text, stamp } = now;
    const edit = classify(this.sources, file, before.text, text, hasTests);
    if (edit.kind === "items") return more(edit.refusal.within(path.basename(file)));
    const functions = edit.kind === "bodies" ? edit.functions : [];
    const ranges = this.ranges(file, [before.text, text], functions, hasTests);
    if (ranges === undefined) return more(new Refusal("unmatched", file));
    return { file, text, stamp, hash: now.hash, before: before.text, functions, ranges };
  }

  /** Lines of the outermost functions around the edited ones, in both texts. */
  private ranges(
    file: string,
    [before, after]: readonly [string, string],
    edited: readonly BodyRef[],
    hasTests: boolean,
  ): readonly EditedRange[] | undefined {
    if (edited.length === 0) return [];
    const [old, now] = this.sources.compare(file, before, after, (left, right) =>
      [left.outline, right.outline].map((outline) => (isOutline(outline) ? functionsOf(outline, hasTests) : undefined)),
    );
    if (old === undefined || now === undefined || old.length !== now.length) return undefined;
    const ranges = new Map<number, EditedRange>();
    for (const fn of edited) {
      const at = now.findIndex(({ span }) => span.start <= fn.span.start && fn.span.end <= span.end);
      const [left, right] = [old[at], now[at]];
      if (left === undefined || right === undefined) return undefined;
      const generic = right.isGeneric;
      ranges.set(at, { file, old: [left.line, left.endLine], new: [right.line, right.endLine], generic });
    }
    return [...ranges.values()];
  }
}

function isOutline(outline: Outline | string): outline is Outline {
  return typeof outline === "object";
}

/** What makes a unit the crate lane's, besides its sources. */
function otherChange(record: UnitRecord, records: readonly UnitRecord[], env: NodeJS.ProcessEnv): Refusal | undefined {
  const variables = unitEnvironment(record.invocation, env);
  if (record.envDeps.some(({ name, value }) => (variables[name] ?? null) !== value)) return new Refusal("variable");
  if (record.metadata !== null && !isCurrent(record.metadata)) return new Refusal("goneMetadata");
  if (!fs.existsSync(record.bitcodeDir)) return new Refusal("goneBitcode");
  const isBehind = record.externs.some((extern) => {
    if (extern.unit === null) return false;
    const upstream = records.find(({ invocation }) => invocation.key === extern.unit);
    return upstream !== undefined && upstream.metadata?.hash !== extern.hash;
  });
  return isBehind ? new Refusal("crateBehind") : undefined;
}

function more(refusal: Refusal): Extract<Edits, { kind: "more" }> {
  return { kind: "more", refusal };
}

/** Reads each file once, however often it is asked for. */
class ReadOnce {
  private readonly sources = new Map<string, ReadSource | undefined>();

  get(file: string): ReadSource | undefined {
    if (!this.sources.has(file)) this.sources.set(file, readSource(file));
    return this.sources.get(file);
  }

  readonly digestOf = (file: string): string => this.get(file)?.hash ?? ABSENT;
}
