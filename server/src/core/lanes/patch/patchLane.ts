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
import { classify } from "../../edits/classify.js";
import type { CompiledTexts } from "../../edits/compiledTexts.js";
import { inspectArgs } from "../../units/arguments.js";
import { digest } from "../../support/files.js";
import type { BodyRef, FunctionName } from "../../source/functions.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { type PatchOptions, type PatchRefusal, compilePatch } from "./patchCrate.js";
import { allTypes } from "./moduleFacts.js";
import { readForeignMethods } from "./foreignMethods.js";
import { type TwinState, loadTwin, saveTwin } from "./keptTwin.js";
import type { Exports } from "./foreign.js";
import { LinkedTwins, usesLibraries } from "./linkedTwins.js";
import type { LaneOptions, Libraries } from "../mirror/compileMirror.js";
import { isAbsentFromTwin, isPatchable } from "./exposedBodies.js";
import { type Twin, type TwinOptions, compileTwin } from "./twin.js";
import { compileWholeTwin, mayShareInstances } from "./wholeTwin.js";
import { Refusal } from "../../edits/refusal.js";

/** Without `libraries`, twins are compiled against the workspace's libraries as they are. */
export interface PrepareTwinOptions extends Omit<TwinOptions, "isNeeded"> {
  /** Functions without whose bodies the crate does not compile, as far as that is known. `path` "*": all of the file. */
  readonly needed: readonly FunctionName[];
}

/** Bitcode of a patch crate and of what it was compiled against. */
export interface PatchResult {
  readonly bitcode: readonly BitcodeFile[];
  readonly twin: readonly BitcodeFile[];
  readonly isTwinBehind: boolean;
  /** The edits that it is of: those that were asked for, and what they brought along. */
  readonly edits: readonly BodyEdit[];
  /** If the engine refuses it, a thorough search may bring what it lacks. */
  readonly leavesSome: boolean;
  /** What crates that use this one are to be compiled with. */
  readonly exports: Exports | undefined;
  /** See `BodyLaneParams`. */
  readonly goneTests: readonly string[] | undefined;
}

export class PatchLane {
  /** By folder; undefined: there is none on the disk, either. */
  private readonly states = new Map<string, TwinState | undefined>();
  /** Folders of twins that are those of other texts than the disk knows. */
  private readonly unsaved = new Set<string>();
  /** Functions, by file and path, whose patch crates did not compile against this twin. */
  private readonly givenUp = new Set<string>();
  /** Those whose patch crates did. */
  private readonly proven = new Set<string>();
  /** Texts, by unit, file and digest, that a twin does not serve. */
  private readonly notServed = new Set<string>();

  /** Units, as they were recorded, whose sources changed before their twins got all bodies. */
  private readonly changedMeanwhile = new Map<string, string>();

  /** `maker`: which Cranefly this is; `compiled`: texts that the crate lane has compiled, by digest. */
  constructor(
    private readonly layout: Layout,
    private readonly sources: SourceCache,
    private readonly maker: string,
    private readonly compiled: Pick<CompiledTexts, "get">,
  ) {}

  /** The unit's twin, if it is that of the sources, the libraries and all else that is in the record, or of these libraries. */
  twinOf(record: UnitRecord, libraries?: Libraries): Twin | undefined {
    const state = this.stateOf(record, libraries);
    const twin = state?.twin;
    if (twin === undefined || twin instanceof Refusal || state?.besides !== besidesOf(record, libraries))
      return undefined;
    const others = sourcesOf(record).filter(({ path: file, hash }) => twin.texts.get(file)?.has(hash) !== true);
    const folder = this.twinFolder(record, libraries);
    const isIts = others.length <= MAX_OTHERS && others.every((source) => this.serves(twin, folder, record, source));
    return isIts ? twin : undefined;
  }

  /** The twins of these units that know each other. (That of a crate which uses no library of the workspace is its only one.) */
  linkedTwins(unitOf: (key: string) => UnitRecord | undefined): LinkedTwins {
    const known = (record: UnitRecord, libraries: Libraries): Twin | undefined => {
      const twin = this.twinOf(record, usesLibraries(record) ? libraries : undefined);
      return twin && { ...twin, ...twin.exposed };
    };
    return new LinkedTwins(known, unitOf);
  }

  /**
   * Whether a twin serves a text that the crate lane has compiled since, because nothing that it has is another one. (What the body lane
   * publishes is noted at once.)
   */
  private serves(twin: Twin, folder: string, { invocation }: UnitRecord, { path: file, hash }: SourceStamp): boolean {
    const texts = twin.texts.get(file);
    const key = `${folder}\0${file}\0${hash}`;
    if (texts === undefined || this.notServed.has(key)) return false;
    const now = this.compiled.get(hash);
    const { hasTestCode } = inspectArgs(invocation.args);
    const isServed =
      now !== undefined &&
      [...texts].some((digest) => {
        const before = this.compiled.get(digest);
        return before !== undefined && hasSameTwin(classify(this.sources, file, before, now, hasTestCode));
      });
    if (isServed) {
      texts.add(hash);
      this.unsaved.add(folder);
    } else this.notServed.add(key);
    return isServed;
  }

  /** The types that the unit's modules declare, by their names. */
  typesOf(record: UnitRecord): ReadonlySet<string> {
    return new Set([...(this.twinOf(record)?.facts.values() ?? [])].flatMap(allTypes));
  }

  /** Whether a twin would have to be made of these sources. */
  needsTwin(record: UnitRecord, needed: readonly FunctionName[], libraries?: Libraries): boolean {
    if (this.twinOf(record, libraries) !== undefined) return false;
    return this.stateOf(record, libraries)?.key !== keyOf(record, needed, libraries);
  }

  /** Makes the unit's twin. Rejects with `Cancelled`. */
  async prepare(record: UnitRecord, { needed, ...options }: PrepareTwinOptions): Promise<void> {
    const { libraries } = options;
    const directory = this.twinFolder(record, libraries);
    fs.mkdirSync(directory, { recursive: true });
    const names = new Set(needed.map(({ file, path: name }) => `${file}\0${name}`));
    const isNeeded = (file: string, name: string): boolean => names.has(`${file}\0${name}`) || names.has(`${file}\0*`);
    const besides = besidesOf(record, libraries);
    const twin = await compileTwin(directory, record, this.sources, { ...options, isNeeded });
    this.states.set(directory, { key: keyOf(record, needed, libraries), besides, twin });
    this.unsaved.add(directory);
    this.givenUp.clear();
    this.proven.clear();
    this.notServed.clear();
    if (options.signal !== undefined) await readForeignMethods(record, options.signal);
  }

  /** Whether there is a twin that might have all bodies, and has not. */
  needsBodies(record: UnitRecord): boolean {
    const { key } = record.invocation;
    if (!mayShareInstances(record) || this.twinOf(record)?.bodies !== "exposed") return false;
    return this.changedMeanwhile.get(key) !== keyOf(record, [], undefined);
  }

  /** Makes a twin with all bodies of the unit's twin, if it compiles with them. Rejects with `Cancelled`. */
  async addBodies(record: UnitRecord, options: LaneOptions): Promise<void> {
    const state = this.stateOf(record);
    const twin = this.twinOf(record);
    if (state === undefined || twin === undefined) return;
    const { key } = record.invocation;
    const directory = this.directory(key, "whole");
    fs.mkdirSync(directory, { recursive: true });
    const whole = await compileWholeTwin(directory, record, twin, this.sources, options);
    if (whole === undefined) {
      this.changedMeanwhile.set(key, keyOf(record, [], undefined));
      return;
    }
    const folder = this.twinFolder(record);
    this.states.set(folder, { ...state, twin: whole });
    this.unsaved.add(folder);
  }

  /** Lets the next process have the twins. */
  save(): void {
    for (const folder of this.unsaved) {
      const state = this.states.get(folder);
      if (state !== undefined) saveTwin(folder, this.maker, state);
    }
    this.unsaved.clear();
  }

  /**
   * Lets the unit's twin serve edited texts as well, if it has nothing of what was edited. (Types of bodies may have the paths of others,
   * by which the engine knows what is meant in twin and crate, as long as both have the same of them.)
   */
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
    for (const { file, hash, functions, items } of edits) {
      const isServed = functions.every((fn) => holds(fn) && !fn.hasOtherItems) && items.length === 0;
      if (isServed) twin.texts.get(file)?.add(hash);
    }
    this.unsaved.add(this.twinFolder(record));
  }

  /** Compiles the edits of a unit's files against its twin; or says why not. Rejects with `Cancelled`. */
  async compile(
    record: UnitRecord,
    edits: readonly BodyEdit[],
    options: PatchOptions,
  ): Promise<PatchResult | PatchRefusal> {
    const { link } = options;
    const twin = link?.twin ?? this.twinOf(record);
    if (twin === undefined) {
      const made = this.stateOf(record)?.twin;
      return { refused: made instanceof Refusal ? made : new Refusal("noTwin"), isTried: false };
    }
    const functions = edits.flatMap((edit) => edit.functions.map((fn) => ({ file: edit.file, fn })));
    const keys = functions.map(({ file, fn }) => `${file}\0${fn.path}`);
    const hasItems = edits.some(({ items }) => items.length > 0);
    // (What has new items has no other way.)
    if (!hasItems && link === undefined && keys.some((key) => this.givenUp.has(key)))
      return { refused: new Refusal("patchGivenUp"), isTried: false };
    const edited = edits.filter((edit) => edit.functions.length > 0 || edit.items.length > 0);
    // (What others are compiled with stays until they are.)
    const directory = this.directory(record.invocation.key, link === undefined ? "patch" : "linked-patch");
    fs.mkdirSync(directory, { recursive: true });
    const compiled = await compilePatch(directory, record, twin, edited, this.sources, options);
    if (compiled.ok) {
      for (const key of keys) this.proven.add(key);
      const { bitcode, edits: all, leavesSome, exports, goneTests } = compiled;
      const { bitcode: ofTwin, isBehind: isTwinBehind } = twin;
      return { bitcode, twin: ofTwin, isTwinBehind, edits: all, leavesSome, exports, goneTests };
    }
    // An overlay does not tell new items from others.
    if (hasItems) return { ...compiled, isFinal: true };
    // These functions have compiled in a patch crate before. So this is most likely a mistake of the user's, in the middle of an edit, and
    // the crate lane is the fastest to report it.
    const isMistake = compiled.isMistake === true && keys.every((key) => this.proven.has(key));
    return isMistake ? { ...compiled, refused: new Refusal("mistake"), isFinal: true } : compiled;
  }

  /** Makes no more patch crates of these functions until there is another twin. */
  giveUp(edits: readonly BodyEdit[]): void {
    for (const { file, functions } of edits) for (const fn of functions) this.givenUp.add(`${file}\0${fn.path}`);
  }

  private stateOf(record: UnitRecord, libraries?: Libraries): TwinState | undefined {
    const folder = this.twinFolder(record, libraries);
    const known = this.states.get(folder);
    // Whoever finds one damaged removes it.
    const isGone = known !== undefined && !(known.twin instanceof Refusal) && !fs.existsSync(known.twin.metadata);
    if (isGone || !this.states.has(folder)) this.states.set(folder, loadTwin(folder, this.maker));
    return this.states.get(folder);
  }

  private twinFolder({ invocation }: UnitRecord, libraries?: Libraries): string {
    return this.directory(invocation.key, libraries === undefined ? "twin" : "linked");
  }

  private directory(key: string, name: string): string {
    return path.join(this.layout.bodyLane(key), name);
  }
}

/** More texts than these are no edit, and looking through them would take as long as another twin. */
const MAX_OTHERS = 8;

/** Whether an edit is of nothing that a twin has. */
function hasSameTwin(edit: ReturnType<typeof classify>): boolean {
  if (edit.kind === "positions") return edit.isReordered !== true;
  return (
    edit.kind === "unchanged" ||
    (edit.kind === "bodies" && edit.functions.every((fn) => isAbsentFromTwin(fn) && !fn.hasOtherItems))
  );
}

interface SourceStamp {
  readonly path: string;
  readonly hash: string;
}

function sourcesOf(record: UnitRecord): readonly SourceStamp[] {
  return record.inputs.filter(({ path: file }) => file.endsWith(".rs"));
}

function keyOf(record: UnitRecord, needed: readonly FunctionName[], libraries: Libraries | undefined): string {
  const { args, cwd, env } = record.invocation;
  const inputs = record.inputs.map(({ path: file, hash }) => [file, hash]);
  return digest(JSON.stringify([args, cwd, env, inputs, besidesOf(record, libraries), needed]));
}

/** Digest of what a crate is compiled with beside its sources: libraries, and what macros read (`include_str!`, `env!`). */
function besidesOf({ externs, inputs, envDeps }: UnitRecord, libraries: Libraries | undefined): string {
  const used = externs.map(({ name, path: file, unit, hash }) => {
    return [file, unit === null ? versionOf(file) : (libraries?.externs.get(name) ?? hash)];
  });
  const data = inputs.flatMap(({ path: file, hash }) => (file.endsWith(".rs") ? [] : [[file, hash]]));
  return digest(JSON.stringify([used, data, envDeps]));
}

/** Of a library that cargo builds: another one has the same name when a procedural macro of the workspace was edited. */
function versionOf(file: string): string | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.ino} ${stat.mtimeMs}`;
}
