/**
 * What was edited since the crate lane compiled: bodies of functions, items, or more.
 *
 * Compares the sources with the texts that the units' records were made of, which are kept for that.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { EditedRange } from "../../../../shared/src/protocol.js";
import { ABSENT } from "../support/files.js";
import { NO_STAMP, isCurrent, isCurrentWith } from "../support/stamps.js";
import type { UnitRecord } from "../units/record.js";
import { unitEnvironment } from "../units/invocation.js";
import { inspectArgs } from "../units/arguments.js";
import type { CompiledTexts } from "./compiledTexts.js";
import { type EditedBodies, classify, itemsOfNewFile } from "./classify.js";
import type { FunctionPair, ItemChange } from "./itemChange.js";
import { ITEM_EDITS } from "./itemChanges.js";
import { filesOfModule, modulesInFiles } from "./newModules.js";
import { Refusal, Refused } from "./refusal.js";
import type { BodyRef } from "../source/functions.js";
import { LexError } from "../source/lexer.js";
import type { SourceCache } from "../source/sourceCache.js";
import { type ReadSource, type SourceText, readSource } from "../source/sourceText.js";

/** A file with edited functions: its text as it is now, and the functions in terms of it. */
export interface EditedFile extends SourceText {
  readonly functions: readonly BodyRef[];
}

/** A text and its digest. */
export interface CompiledText extends SourceText {
  readonly hash: string;
}

/** A changed file of which bodies changed, items that can be named, or only comments, as far as the unit goes. */
export interface BodyEdit extends EditedFile {
  /** The functions' lines in both texts, as the engine wants them. */
  readonly ranges: readonly EditedRange[];
  /** What is new, gone, or another one of the items. */
  readonly items: readonly ItemChange[];
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

/** With more new files than these, the crate lane is as fast. */
const MAX_NEW_FILES = 16;

/** So many texts of an edited file are kept until the crate lane has compiled one. */
const MAX_LOOKS = 4;

/** The texts that the crate lane compiled. */
export class Baseline {
  private readonly texts = new Map<string, Kept>();
  /** What edited files had in them lately, the newest last. */
  private readonly looks = new Map<string, readonly Kept[]>();

  /** `kept`: what earlier processes have seen the crate lane compile. */
  constructor(
    private readonly sources: SourceCache,
    private readonly kept?: CompiledTexts,
  ) {}

  /** Keeps the texts of units' sources, as far as they are still what the records say. */
  refresh(records: readonly UnitRecord[]): void {
    const wanted = new Set<string>();
    for (const record of records) {
      for (const { path: file, hash } of record.inputs) {
        if (path.extname(file) !== ".rs") continue;
        wanted.add(file);
        if (hash === "" || this.texts.get(file)?.hash === hash) continue;
        const now = readSource(file);
        // It may have been saved again while it was compiled.
        const text = now?.hash === hash ? now.text : this.looks.get(file)?.find((look) => look.hash === hash)?.text;
        if (text === undefined) {
          this.texts.delete(file);
          continue;
        }
        this.texts.set(file, { hash, text });
        this.kept?.put(hash, text);
      }
    }
    for (const file of this.texts.keys()) if (!wanted.has(file)) this.texts.delete(file);
    for (const [file, looks] of this.looks) {
      if (looks.every(({ hash }) => hash === this.texts.get(file)?.hash)) this.looks.delete(file);
    }
  }

  /** A source as the crate lane compiled it; undefined where that is not known. */
  compiled(file: string): CompiledText | undefined {
    const kept = this.texts.get(file);
    return kept === undefined ? undefined : { file, ...kept, stamp: NO_STAMP };
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
      const added = this.newFiles(record, own, sources, hasTestCode);
      if (added instanceof Refusal) return more(added);
      for (const edit of added) files.set(`${hasTestCode}\0${edit.file}`, edit);
      units.push({ record, files: [...own, ...added] });
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
    const now = sources.get(file);
    if (now?.text !== undefined) this.noteLook(file, { hash: now.hash, text: now.text });
    const before = this.textOf(file, hash);
    if (before === undefined) return more(new Refusal("unknownText", file));
    if (now?.text === undefined) return more(new Refusal("goneFile", file));
    const { text, stamp } = now;
    const edit = classify(this.sources, file, before, text, hasTests);
    if (edit.kind === "refused") return more(edit.refusal.within(path.basename(file)));
    if (edit.kind === "items" && !ITEM_EDITS) return more(new Refusal("itemsOff"));
    const { functions, pairs } = edit.kind === "bodies" || edit.kind === "items" ? edit : NO_BODIES;
    const items = edit.kind === "items" ? edit.items : [];
    const ranges = pairs.flatMap((pair) => rangesOf(file, pair));
    return { file, text, stamp, hash: now.hash, before, functions, ranges, items };
  }

  /** The files of modules that are new in a unit's files, and in these. */
  private newFiles(
    { invocation, inputs }: UnitRecord,
    edits: readonly BodyEdit[],
    sources: ReadOnce,
    hasTests: boolean,
  ): readonly BodyEdit[] | Refusal {
    const root = path.resolve(invocation.cwd, inspectArgs(invocation.args).source ?? "");
    const found: BodyEdit[] = [];
    const waiting = edits.flatMap(({ file, items }) => modulesInFiles(items).map((module) => ({ file, module })));
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { file: declared, module } = next;
      const isOther = module.after?.attributes.some((attribute) => /\b(path|cfg|cfg_attr)\b/.test(attribute)) === true;
      const [first, ...others] = filesOfModule(declared, root, module).filter((it) => fs.existsSync(it));
      const isKnown = first === undefined || others.length > 0 || inputs.some((input) => input.path === first);
      if (isOther || isKnown || found.length >= MAX_NEW_FILES) return new Refusal("module", module.name);
      const now = sources.get(first);
      if (now?.text === undefined) return new Refusal("module", module.name);
      const { hash, text, stamp } = now;
      this.noteLook(first, { hash, text });
      try {
        const items = itemsOfNewFile(this.sources, first, text, hasTests);
        found.push({ file: first, text, stamp, hash, before: "", functions: [], ranges: [], items });
        waiting.push(...modulesInFiles(items).map((inner) => ({ file: first, module: inner })));
      } catch (error) {
        if (error instanceof Refused) return error.refusal.within(path.basename(first));
        if (error instanceof LexError) return new Refusal("unreadable", error.message);
        throw error;
      }
    }
    return found;
  }

  /** Keeps what was found in a file: the crate lane may compile it before anybody looks again. */
  private noteLook(file: string, look: Kept): void {
    const looks = (this.looks.get(file) ?? []).filter(({ hash }) => hash !== look.hash);
    this.looks.set(file, [...looks, look].slice(-MAX_LOOKS));
  }

  /** The text of a file that the crate lane compiled, which has this digest. */
  private textOf(file: string, hash: string): string | undefined {
    const known = this.texts.get(file);
    if (known?.hash === hash) return known.text;
    const text = hash === "" ? undefined : this.kept?.get(hash);
    if (text !== undefined) this.texts.set(file, { hash, text });
    return text;
  }
}

const NO_BODIES: EditedBodies = { functions: [], pairs: [] };

/** A function's lines in both texts. */
export function rangeOf(file: string, { before, after }: FunctionPair): EditedRange {
  const { isGeneric: generic, name } = after;
  return { file, old: [before.line, before.endLine], new: [after.line, after.endLine], generic, name };
}

/** With what a macro makes around the function. */
function rangesOf(file: string, { before, after }: FunctionPair): readonly EditedRange[] {
  const own = rangeOf(file, { before, after });
  const [old, now] = [before.boxedBy, after.boxedBy];
  if (old === undefined || now === undefined) return [own];
  // It lays the future out, wherever it is said to be.
  return [own, { ...own, old: [...old], new: [...now], isNamed: true }];
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
