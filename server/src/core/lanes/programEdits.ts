/** What the programs have of edits that the crate lane has not compiled yet. */
import type { PublishParams } from "../../../../shared/src/protocol.js";
import type { Baseline, BodyEdit, Edits, UnitEdit } from "../edits/baseline.js";
import type { ItemChange } from "../edits/itemChange.js";
import type { BodyRef } from "../source/functions.js";
import type { Item } from "../source/items.js";
import type { Layout } from "../support/layout.js";
import type { UnitRecord } from "../units/record.js";
import type { UnitRecords } from "../units/records.js";
import { CompiledSources } from "./compiledSources.js";
import { type EditsForEngine, editForEngine } from "./editForEngine.js";
import { keepUnfollowed, readUnfollowed } from "./unfollowed.js";

/** Edits of bodies, or of items that can be named. */
export type BodyEdits = Extract<Edits, { kind: "bodies" }>;

export class ProgramEdits {
  /** Digests of texts, by file, that are in the programs and that the crate lane has not compiled yet. */
  private ahead = new Map<string, string>();
  /** What the crate lane compiled for the programs. */
  private readonly compiled = new CompiledSources();
  /** The edits in these texts, by unit and file. */
  private published: ReadonlyMap<string, BodyEdit> = new Map();
  /** Of the units that the programs are made of, by key; empty where that is not known. */
  private base: ReadonlyMap<string, UnitRecord> = new Map();

  constructor(
    private readonly layout: Layout,
    private readonly baseline: Baseline,
  ) {}

  /** Whether the crate lane has yet to follow. */
  get isAhead(): boolean {
    return this.ahead.size > 0;
  }

  /** The crate lane has compiled the programs. */
  rebase(records: readonly UnitRecord[]): void {
    this.compiled.keep(records);
    this.base = byKey(records);
  }

  /** Goes on where the process has ended that published last. `records`: what the crate lane had compiled of `units` then. */
  resume(units: readonly string[], records: readonly UnitRecord[]): void {
    this.compiled.keep(records);
    this.ahead = readUnfollowed(this.layout, units);
  }

  /** The programs have no such edits any more, or nobody knows which ones. */
  forget(): void {
    this.ahead = new Map();
    this.published = new Map();
  }

  /**
   * Takes note of units that the crate lane has compiled without anything being published. Gives whether the programs have all of what was
   * compiled, from the body lane or the crate lane.
   */
  catchUp(records: readonly UnitRecord[]): boolean {
    const isOther = ({ invocation, bitcodeDir }: UnitRecord): boolean =>
      this.base.get(invocation.key)?.bitcodeDir !== bitcodeDir;
    const compiled = this.base.size === 0 ? [] : records.filter(isOther);
    if (compiled.length === 0) return true;
    this.baseline.refresh(records);
    if (!compiled.every((record) => isCovered(this.base.get(record.invocation.key), record, this.ahead))) return false;
    this.base = byKey(records);
    const hashes = new Map<string, Set<string>>();
    for (const { path: file, hash } of records.flatMap(({ inputs }) => inputs))
      hashes.set(file, (hashes.get(file) ?? new Set()).add(hash));
    const isCompiled = (file: string, hash: string): boolean =>
      [...(hashes.get(file) ?? [])].every((other) => other === hash);
    this.ahead = new Map([...this.ahead].filter(([file, hash]) => !isCompiled(file, hash)));
    this.published = new Map([...this.published].filter(([, { file, hash }]) => !isCompiled(file, hash)));
    return true;
  }

  /** Whether the programs have exactly these texts of what the crate lane has not compiled. */
  hasAll(files: BodyEdits["files"]): boolean {
    return files.length === this.ahead.size && files.every(({ file, hash }) => this.ahead.get(file) === hash);
  }

  /** Whether the programs have the edited functions already, at their places, and nothing of functions that are not edited any more. */
  isPublished(units: readonly UnitEdit[]): boolean {
    const now = editsOf(units);
    return [...new Set([...now.keys(), ...this.published.keys()])].every((key) =>
      isSameEdit(this.published.get(key), now.get(key)),
    );
  }

  /** The programs have these edits now, and the crate lane has yet to compile them. */
  accept({ files, units }: Pick<BodyEdits, "files" | "units">, records: readonly UnitRecord[]): void {
    this.base = byKey(records);
    this.ahead = new Map(files.map(({ file, hash }) => [file, hash]));
    this.published = editsOf(units);
    const texts = units.map(({ record, files: edited }) => {
      return [record.invocation.key, new Map(edited.map(({ file, hash }) => [file, hash]))] as const;
    });
    keepUnfollowed(this.layout, [...this.base.keys()], new Map(texts));
  }

  /**
   * What can be compared with the crate lane's code. Its sources are the ones that the body lane has compiled last: what that has put
   * into the programs can. They are those of the programs otherwise: all can, since nothing else may have changed.
   */
  verifiable(records: readonly UnitRecord[]): Pick<PublishParams, "verify" | "verifyAll"> {
    if (!this.isAhead) return {};
    const seen = new Map<string, string>();
    for (const record of records) for (const { path, hash } of record.inputs) seen.set(path, hash);
    if (![...this.ahead].every(([file, hash]) => seen.get(file) === hash)) return {};
    return { verify: true, verifyAll: this.compiled.differOnlyBy(this.ahead, records) };
  }

  /** Adds the units of which all edits were taken back: they are to be what the crate lane compiled again. */
  withTakenBack(edits: EditsForEngine, records: UnitRecords): EditsForEngine {
    const all = new Map(edits);
    for (const [place, edit] of this.published) {
      const key = place.slice(0, place.indexOf("\0"));
      const record = !hasCode(edit) || all.has(key) ? undefined : records.get(key);
      if (record !== undefined) all.set(...editForEngine(record, { bitcode: [] }));
    }
    return all;
  }
}

export function byKey(records: readonly UnitRecord[]): ReadonlyMap<string, UnitRecord> {
  return new Map(records.map((record) => [record.invocation.key, record]));
}

/** Whether a unit was compiled of nothing but what the programs have of it: texts of before, and those that the body lane took (`ahead`). */
function isCovered(before: UnitRecord | undefined, made: UnitRecord, ahead: ReadonlyMap<string, string>): boolean {
  if (before?.inputs.length !== made.inputs.length) return false;
  const rest = ({ invocation, envDeps, externs }: UnitRecord): string =>
    JSON.stringify([invocation, envDeps, externs.map(({ name, path: file }) => [name, file])]);
  if (rest(before) !== rest(made)) return false;
  const hashes = new Map(before.inputs.map(({ path: file, hash }) => [file, hash]));
  return made.inputs.every(({ path: file, hash }) => {
    const old = hashes.get(file);
    return hash !== "" && old !== undefined && (ahead.get(file) ?? old) === hash;
  });
}

/** Whether there is anything in a file's edit that rustc has to see. */
export function hasCode({ functions, items }: BodyEdit): boolean {
  return functions.length > 0 || items.length > 0;
}

function editsOf(units: readonly UnitEdit[]): ReadonlyMap<string, BodyEdit> {
  return new Map(
    units.flatMap(({ record, files }) =>
      files.map((edit) => [`${record.invocation.key}\0${edit.file}`, edit] as const),
    ),
  );
}

/** Whether the edited functions and items of a file are the same ones, to the column in which they stand. */
function isSameEdit(before: BodyEdit | undefined, after: BodyEdit | undefined): boolean {
  const [left, right] = [before?.items ?? [], after?.items ?? []];
  const isSameItem = (item: Item | undefined, other: Item | undefined): boolean =>
    item?.text === other?.text && item?.lines[0] === other?.lines[0];
  const isOther = ({ before: old, after: now }: ItemChange, i: number): boolean =>
    !isSameItem(old, right[i]?.before) || !isSameItem(now, right[i]?.after);
  if (left.length !== right.length || left.some(isOther)) return false;

  const [old, now] = [before?.functions ?? [], after?.functions ?? []];
  const textOf = (text: string, { span }: BodyRef): string =>
    text.slice(text.lastIndexOf("\n", span.start) + 1, span.end);
  return (
    old.length === now.length &&
    old.every((fn, i) => {
      const other = now[i];
      return fn.line === other?.line && textOf(before?.text ?? "", fn) === textOf(after?.text ?? "", other);
    })
  );
}
