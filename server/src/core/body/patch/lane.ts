/**
 * Patch crates of a target directory's units: the fastest way from edited bodies to their code, since rustc sees nothing else.
 *
 * The cost of an edit is that of the edited functions and of loading metadata, whatever the size of the crate. What has no form
 * in a patch crate is refused, and goes through the overlay.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Layout } from "../../layout.js";
import type { UnitRecord } from "../../unit.js";
import type { BodyEdit } from "../edits.js";
import type { BodyRef } from "../outline.js";
import type { SourceCache } from "../source.js";
import { type PatchOptions, type PatchRefusal, compilePatch } from "./crate.js";
import { type Twin, type TwinOptions, compileTwin, isAbsentFromTwin, isPatchable } from "./twin.js";

/** A unit's twin, or why it has none. */
interface State {
  /** Of the sources that it was made of, and of the libraries that it was compiled against. */
  readonly sources: string;
  readonly externs: string;
  readonly twin: Twin | string;
}

/** Bitcode of a patch crate and of what it was compiled against. */
export interface PatchResult {
  readonly bitcode: readonly string[];
  readonly twin: readonly string[];
  readonly isTwinBehind: boolean;
}

export class PatchLane {
  private readonly states = new Map<string, State>();
  /** Functions, by file and path, that a patch crate did not compile with, until the next twin. */
  private readonly hopeless = new Set<string>();

  constructor(
    private readonly layout: Layout,
    private readonly sources: SourceCache,
  ) {}

  /** The unit's twin, if it is that of the sources and libraries in the record. */
  twinOf(record: UnitRecord): Twin | undefined {
    const state = this.states.get(record.invocation.key);
    const twin = state?.twin;
    if (twin === undefined || typeof twin === "string" || state?.externs !== externsOf(record)) return undefined;
    const isIts = sourcesOf(record).every(({ path: file, hash }) => twin.texts.get(file)?.has(hash) === true);
    return isIts ? twin : undefined;
  }

  /** Whether a twin would have to be made of these sources. */
  needsTwin(record: UnitRecord): boolean {
    if (this.twinOf(record) !== undefined) return false;
    return this.states.get(record.invocation.key)?.sources !== keyOf(record);
  }

  /** Makes the unit's twin. Rejects with `Cancelled`. */
  async prepare(record: UnitRecord, options: TwinOptions): Promise<void> {
    const { key } = record.invocation;
    const directory = this.directory(key, "twin");
    const twin = await compileTwin(directory, record, this.sources, options);
    this.states.set(key, { sources: keyOf(record), externs: externsOf(record), twin });
    this.hopeless.clear();
  }

  /** Has the unit's twin be that of edited texts, too, if it has nothing of what was edited. */
  note(record: UnitRecord, edits: readonly BodyEdit[]): void {
    this.noteIf(record, edits, isAbsentFromTwin);
  }

  /**
   * The engine has taken the edits, and so found that no future is another one: the twin is that of the edited texts,
   * too, but for bodies of futures, which the engine knows not to take from there.
   */
  noteTaken(record: UnitRecord, edits: readonly BodyEdit[]): void {
    const twin = this.twinOf(record);
    if (twin === undefined) return;
    this.noteIf(record, edits, isPatchable);
    twin.isBehind ||= edits.some(({ functions }) => functions.some(({ isAsync }) => isAsync));
  }

  private noteIf(record: UnitRecord, edits: readonly BodyEdit[], holds: (fn: BodyRef) => boolean): void {
    const twin = this.twinOf(record);
    for (const { file, hash, functions } of edits) {
      if (functions.every(holds)) twin?.texts.get(file)?.add(hash);
    }
  }

  /** Compiles the edits of a unit's files against its twin; or says why not. Rejects with `Cancelled`. */
  async compile(
    record: UnitRecord,
    edits: readonly BodyEdit[],
    options: PatchOptions,
  ): Promise<PatchResult | PatchRefusal> {
    const twin = this.twinOf(record);
    if (twin === undefined) {
      const made = this.states.get(record.invocation.key)?.twin;
      return { refused: typeof made === "string" ? made : "no public twin yet", isTried: false };
    }
    const functions = edits.flatMap((edit) => edit.functions.map((fn) => ({ file: edit.file, fn })));
    const keys = functions.map(({ file, fn }) => `${file}\0${fn.path}`);
    if (keys.some((key) => this.hopeless.has(key))) return { refused: "it did not compile before", isTried: false };
    const edited = edits.filter((edit) => edit.functions.length > 0);
    const compiled = await compilePatch(
      this.directory(record.invocation.key, "patch"),
      record,
      twin,
      edited,
      this.sources,
      options,
    );
    return compiled.ok ? { bitcode: compiled.bitcode, twin: twin.bitcode, isTwinBehind: twin.isBehind } : compiled;
  }

  /** Has these functions take another way until there is another twin. */
  giveUp(edits: readonly BodyEdit[]): void {
    for (const { file, functions } of edits) for (const fn of functions) this.hopeless.add(`${file}\0${fn.path}`);
  }

  private directory(key: string, name: string): string {
    const directory = path.join(this.layout.bodyLane(key), name);
    fs.mkdirSync(directory, { recursive: true });
    return directory;
  }
}

function sourcesOf(record: UnitRecord): readonly { readonly path: string; readonly hash: string }[] {
  return record.inputs.filter(({ path: file }) => file.endsWith(".rs"));
}

function keyOf(record: UnitRecord): string {
  const { args, cwd, env } = record.invocation;
  const inputs = record.inputs.map(({ path: file, hash }) => [file, hash]);
  return JSON.stringify([args, cwd, env, inputs, externsOf(record)]);
}

function externsOf({ externs }: UnitRecord): string {
  return JSON.stringify(externs.map(({ path: file, unit, hash }) => [file, unit === null ? versionOf(file) : hash]));
}

/** Of a library that cargo builds: another one has the same name when a procedural macro of the workspace was edited. */
function versionOf(file: string): string | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.ino} ${stat.mtimeMs}`;
}
