/**
 * Patch crates of a target directory's units: the fastest way from edited bodies to their code, since rustc sees nothing else.
 *
 * The cost of an edit is that of the edited functions and of loading metadata, whatever the size of the crate. What has no form
 * in a patch crate is refused, and goes through the overlay.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { BitcodeFile } from "../../../../../shared/src/protocol.js";
import type { Layout } from "../../support/layout.js";
import type { UnitRecord } from "../../units/record.js";
import type { BodyEdit } from "../../edits/baseline.js";
import { digest } from "../../support/files.js";
import type { BodyRef, FunctionName } from "../../source/functions.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { type PatchOptions, type PatchRefusal, compilePatch } from "./patchCrate.js";
import { type TwinState, loadTwin, saveTwin } from "./keptTwin.js";
import { type Twin, type TwinOptions, compileTwin, isAbsentFromTwin, isPatchable } from "./twin.js";
import { Refusal } from "../../edits/refusal.js";

export interface PrepareTwinOptions extends Omit<TwinOptions, "isNeeded"> {
  /** Functions without whose bodies the crate does not compile, as far as that is known. `path` "*": all of the file. */
  readonly needed: readonly FunctionName[];
}

/** Bitcode of a patch crate and of what it was compiled against. */
export interface PatchResult {
  readonly bitcode: readonly BitcodeFile[];
  readonly twin: readonly BitcodeFile[];
  readonly isTwinBehind: boolean;
}

export class PatchLane {
  /** By unit; undefined: there is none on the disk, either. */
  private readonly states = new Map<string, TwinState | undefined>();
  /** Units whose twins are those of other texts than the disk knows. */
  private readonly unsaved = new Set<string>();
  /** Functions, by file and path, whose patch crates did not compile against this twin. */
  private readonly givenUp = new Set<string>();
  /** Those whose patch crates did. */
  private readonly proven = new Set<string>();

  /** `maker`: which Cranefly this is. */
  constructor(
    private readonly layout: Layout,
    private readonly sources: SourceCache,
    private readonly maker: string,
  ) {}

  /** The unit's twin, if it is that of the sources and libraries in the record. */
  twinOf(record: UnitRecord): Twin | undefined {
    const state = this.stateOf(record);
    const twin = state?.twin;
    if (twin === undefined || twin instanceof Refusal || state?.externs !== externsOf(record)) return undefined;
    const isIts = sourcesOf(record).every(({ path: file, hash }) => twin.texts.get(file)?.has(hash) === true);
    return isIts ? twin : undefined;
  }

  /** Whether a twin would have to be made of these sources. */
  needsTwin(record: UnitRecord, needed: readonly FunctionName[]): boolean {
    if (this.twinOf(record) !== undefined) return false;
    return this.stateOf(record)?.key !== keyOf(record, needed);
  }

  /** Makes the unit's twin. Rejects with `Cancelled`. */
  async prepare(record: UnitRecord, { needed, ...options }: PrepareTwinOptions): Promise<void> {
    const { key } = record.invocation;
    const directory = this.directory(key, "twin");
    fs.mkdirSync(directory, { recursive: true });
    const names = new Set(needed.map(({ file, path: name }) => `${file}\0${name}`));
    const isNeeded = (file: string, name: string): boolean => names.has(`${file}\0${name}`) || names.has(`${file}\0*`);
    const externs = externsOf(record);
    const twin = await compileTwin(directory, record, this.sources, { ...options, isNeeded });
    this.states.set(key, { key: keyOf(record, needed), externs, twin });
    this.unsaved.add(key);
    this.givenUp.clear();
    this.proven.clear();
  }

  /** Lets the next process have the twins. */
  save(): void {
    for (const key of this.unsaved) {
      const state = this.states.get(key);
      if (state !== undefined) saveTwin(this.directory(key, "twin"), this.maker, state);
    }
    this.unsaved.clear();
  }

  /** Lets the unit's twin serve edited texts as well, if it has nothing of what was edited. */
  addTexts(record: UnitRecord, edits: readonly BodyEdit[]): void {
    this.addTextsIf(record, edits, isAbsentFromTwin);
  }

  /**
   * Lets the unit's twin serve texts that were published as well. The engine has found that no future became another type; it takes no
   * bodies of futures from a twin that is behind.
   */
  addPublishedTexts(record: UnitRecord, edits: readonly BodyEdit[]): void {
    const twin = this.twinOf(record);
    if (twin === undefined) return;
    this.addTextsIf(record, edits, isPatchable);
    twin.isBehind ||= edits.some(({ functions }) => functions.some(({ isAsync }) => isAsync));
  }

  private addTextsIf(record: UnitRecord, edits: readonly BodyEdit[], holds: (fn: BodyRef) => boolean): void {
    const twin = this.twinOf(record);
    if (twin === undefined) return;
    for (const { file, hash, functions } of edits) {
      if (functions.every(holds)) twin.texts.get(file)?.add(hash);
    }
    this.unsaved.add(record.invocation.key);
  }

  /** Compiles the edits of a unit's files against its twin; or says why not. Rejects with `Cancelled`. */
  async compile(
    record: UnitRecord,
    edits: readonly BodyEdit[],
    options: PatchOptions,
  ): Promise<PatchResult | PatchRefusal> {
    const twin = this.twinOf(record);
    if (twin === undefined) {
      const made = this.stateOf(record)?.twin;
      return { refused: made instanceof Refusal ? made : new Refusal("noTwin"), isTried: false };
    }
    const functions = edits.flatMap((edit) => edit.functions.map((fn) => ({ file: edit.file, fn })));
    const keys = functions.map(({ file, fn }) => `${file}\0${fn.path}`);
    if (keys.some((key) => this.givenUp.has(key))) return { refused: new Refusal("patchGivenUp"), isTried: false };
    const edited = edits.filter((edit) => edit.functions.length > 0);
    const directory = this.directory(record.invocation.key, "patch");
    fs.mkdirSync(directory, { recursive: true });
    const compiled = await compilePatch(directory, record, twin, edited, this.sources, options);
    if (compiled.ok) {
      for (const key of keys) this.proven.add(key);
      return { bitcode: compiled.bitcode, twin: twin.bitcode, isTwinBehind: twin.isBehind };
    }
    // These functions have compiled in a patch crate before. So this is most likely a mistake of the user's, in the middle of an edit, and
    // the crate lane is the fastest to report it.
    const isMistake = compiled.isMistake === true && keys.every((key) => this.proven.has(key));
    return isMistake ? { ...compiled, refused: new Refusal("mistake"), isFinal: true } : compiled;
  }

  /** Makes no more patch crates of these functions until there is another twin. */
  giveUp(edits: readonly BodyEdit[]): void {
    for (const { file, functions } of edits) for (const fn of functions) this.givenUp.add(`${file}\0${fn.path}`);
  }

  private stateOf({ invocation: { key } }: UnitRecord): TwinState | undefined {
    const known = this.states.get(key);
    // Whoever finds one damaged removes it.
    const isGone = known !== undefined && !(known.twin instanceof Refusal) && !fs.existsSync(known.twin.metadata);
    if (isGone || !this.states.has(key)) this.states.set(key, loadTwin(this.directory(key, "twin"), this.maker));
    return this.states.get(key);
  }

  private directory(key: string, name: string): string {
    return path.join(this.layout.bodyLane(key), name);
  }
}

function sourcesOf(record: UnitRecord): readonly { readonly path: string; readonly hash: string }[] {
  return record.inputs.filter(({ path: file }) => file.endsWith(".rs"));
}

function keyOf(record: UnitRecord, needed: readonly FunctionName[]): string {
  const { args, cwd, env } = record.invocation;
  const inputs = record.inputs.map(({ path: file, hash }) => [file, hash]);
  return digest(JSON.stringify([args, cwd, env, inputs, externsOf(record), needed]));
}

function externsOf({ externs }: UnitRecord): string {
  const used = externs.map(({ path: file, unit, hash }) => [file, unit === null ? versionOf(file) : hash]);
  return digest(JSON.stringify(used));
}

/** Of a library that cargo builds: another one has the same name when a procedural macro of the workspace was edited. */
function versionOf(file: string): string | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.ino} ${stat.mtimeMs}`;
}
