/**
 * A unit's overlay: its package's directory tree with blanked bodies, kept up to date file by file.
 *
 * Knows which functions have to stay whole: those that `outline.ts` names, the recently edited ones, and those without
 * which the unit did not compile.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Refusal } from "../../edits/refusal.js";
import { type Blanked, blank } from "../../source/blank.js";
import type { BodyRef, FunctionName } from "../../source/functions.js";
import { type Insertion, type Rooted, addRoots } from "../../source/rootStatics.js";
import type { SourceCache } from "../../source/sourceCache.js";
import type { SourceText } from "../../source/sourceText.js";
import { digest } from "../../support/files.js";
import { fileStamp, isSameStamp } from "../../support/stamps.js";
import { editionOf, inspectArgs } from "../../units/arguments.js";
import type { UnitRecord } from "../../units/record.js";
import { Mirror } from "../mirror/mirror.js";
import { type UnitSources, functionKey } from "../mirror/unitSources.js";
import { type OverlayFile, type OverlayState, loadState, saveState } from "./overlayState.js";

/** How many recently edited functions stay whole: editing one of them again changes nothing but its body. */
const WORKING_SET = 32;

export class Overlay {
  readonly mirror: Mirror;
  readonly cwd: string;
  private readonly isEdition2015: boolean;
  private readonly isTestBuild: boolean;
  private readonly state: OverlayState;
  private readonly stateFile: string;
  private isWrittenOnce = false;

  /** `directory`: the unit's own, for the overlay and what is remembered of it. */
  constructor(
    directory: string,
    private readonly record: UnitRecord,
    readonly sources: UnitSources,
    private readonly cache: SourceCache,
  ) {
    const { invocation } = record;
    this.stateFile = path.join(directory, "state.json");
    this.state = loadState(this.stateFile, invocation);
    this.mirror = new Mirror(path.join(directory, "overlay"), sources.original);
    this.cwd = this.mirror.pathOf(invocation.cwd);
    this.isTestBuild = inspectArgs(invocation.args).hasTestCode;
    this.isEdition2015 = editionOf(invocation.args) === "2015";
  }

  /** Somebody has removed what was written: nothing that is remembered of it holds. */
  get isGone(): boolean {
    return this.isWrittenOnce && !fs.existsSync(this.mirror.root);
  }

  /** Why an edit of one of these files' bodies is not what it seems; undefined when it is. To be asked after `sync`. */
  refusalOf(files: readonly string[]): Refusal | undefined {
    const unknown = files.find((file) => !this.sources.has(file));
    if (unknown !== undefined) return new Refusal("foreignFile", path.basename(unknown));
    const included = files.find((file) => this.sources.isIncluded(file));
    return included === undefined ? undefined : new Refusal("includedFile", path.basename(included));
  }

  /**
   * Edited functions that no item of their module can name, so that nothing makes rustc generate them. (Those that only their callers can
   * instantiate are none of them.)
   */
  unrooted(file: string, functions: readonly BodyRef[]): readonly BodyRef[] {
    const text = this.sources.textOf(file);
    const whole = text === undefined ? undefined : this.blank(file, text)?.whole;
    const roots = this.rootsOf(file, whole ?? []);
    const isInstantiated = ({ span }: BodyRef): boolean =>
      whole?.some((outer) => outer.isGeneric && outer.span.start <= span.start && span.end <= outer.span.end) ?? false;
    const isRooted = ({ path: name }: BodyRef): boolean =>
      roots.some((root) => name === root.path || name.startsWith(`${root.path}::`));
    return functions.filter((fn) => this.isPart(fn) && !isRooted(fn) && !isInstantiated(fn));
  }

  /** What the overlay's text of a file has more than the original. */
  insertions(file: string): readonly Insertion[] {
    return this.state.files[file]?.insertions ?? [];
  }

  /** Stops keeping recently edited functions of a file: a root of one of them does not compile. */
  forgetRecent(file: string): void {
    this.state.recent = this.state.recent.filter((fn) => fn.file !== file);
  }

  /** Blanked functions in which macros may define items that the crate needs. Parses what has not been parsed yet. */
  mayHideItems(): FunctionName[] {
    return this.sources.files.flatMap((file) =>
      (this.blankedFile(file)?.blanked ?? [])
        .filter((fn) => fn.hasUnknownMacros)
        .map((fn) => ({ file, path: fn.path })),
    );
  }

  /** Brings the overlay up to date. `edited` stay whole from now on; `texts`: files that were read already. */
  sync(edited: readonly FunctionName[], texts: readonly SourceText[]): void {
    const keys = new Set(edited.map(functionKey));
    const recent = [...edited, ...this.state.recent.filter((fn) => !keys.has(functionKey(fn)))];
    // However many one save edits: all of them are needed.
    this.state.recent = recent.slice(0, Math.max(WORKING_SET, edited.length));
    const { files } = this.sources;
    this.mirror.sync(files, [this.record.invocation.cwd]);
    this.isWrittenOnce = true;
    for (const file of Object.keys(this.state.files)) {
      if (!this.sources.has(file)) Reflect.deleteProperty(this.state.files, file);
    }
    this.sources.refresh(texts);
    for (const file of files) this.refreshText(file);
    this.sources.save();
    saveState(this.stateFile, this.state);
  }

  /** What the overlay has of a file at the moment; undefined for a file that is not blanked. */
  blankedFile(file: string): Blanked | undefined {
    const known = this.state.files[file];
    if (known === undefined || known.overlay === null) return undefined;
    const text = this.sources.textOf(file);
    return text === undefined ? undefined : this.blank(file, text);
  }

  private refreshText(file: string): void {
    const { sources } = this;
    const original = sources.stampOf(file);
    if (original === undefined) {
      Reflect.deleteProperty(this.state.files, file);
      return;
    }
    const known = this.state.files[file];
    const kept = this.keptDigest(file);
    const isEdited = sources.isEdited(file);
    const isSame = !isEdited && known?.kept === kept && isSameStamp(known.original, original);
    if (isSame && this.isWritten(file, known)) return;
    const text = sources.textOf(file);
    const own = text === undefined || sources.isIncluded(file) ? undefined : this.overlayText(file, text);
    // The file may have been saved again since its text was read, and a link would lead to the newer one.
    this.mirror.write(file, own?.text ?? (isEdited ? text : undefined));
    const overlay = own !== undefined || isEdited ? fileStamp(fs.statSync(this.mirror.pathOf(file))) : null;
    this.state.files[file] = { original, kept, insertions: [...(own?.insertions ?? [])], overlay };
  }

  /** The text with blanked bodies and roots; undefined when it would be the original's. */
  private overlayText(file: string, text: string): Rooted | undefined {
    const blanked = this.blank(file, text);
    if (blanked === undefined) return undefined;
    const roots = this.rootsOf(file, blanked.whole);
    return blanked.blanked.length + roots.length === 0 ? undefined : addRoots(blanked.text, roots, this.isEdition2015);
  }

  /** Whether the unit has a function at all, as far as tests go. */
  private isPart(fn: BodyRef): boolean {
    return this.isTestBuild || !fn.isTestOnly;
  }

  private rootsOf(file: string, whole: readonly BodyRef[]): BodyRef[] {
    const recent = new Set(this.state.recent.filter((fn) => fn.file === file).map((fn) => fn.path));
    return whole.filter(
      (fn) => fn.root !== undefined && this.isPart(fn) && (recent.has(fn.path) || keepsNested(recent, fn.path)),
    );
  }

  private isWritten(file: string, { overlay }: OverlayFile): boolean {
    const stat = fs.lstatSync(this.mirror.pathOf(file), { throwIfNoEntry: false });
    if (stat === undefined) return false;
    if (overlay === null) return stat.isSymbolicLink();
    return !stat.isSymbolicLink() && isSameStamp(overlay, fileStamp(stat));
  }

  private blank(file: string, text: string): Blanked | undefined {
    const { outline } = this.cache.get(file, text);
    if (typeof outline === "string") return undefined;
    const kept = this.keptPaths(file);
    return blank(text, outline, (fn: BodyRef) => kept.has("*") || kept.has(fn.path) || keepsNested(kept, fn.path));
  }

  private keptPaths(file: string): Set<string> {
    const functions = [...this.state.recent, ...this.sources.learned];
    return new Set(functions.filter((fn) => fn.file === file).map((fn) => fn.path));
  }

  private keptDigest(file: string): string {
    return digest(...[...this.keptPaths(file)].sort(), this.sources.isIncluded(file) ? "included" : "");
  }
}

/** Whether a function nested in this one is kept. */
function keepsNested(kept: ReadonlySet<string>, outer: string): boolean {
  return [...kept].some((name) => name.startsWith(`${outer}::`));
}
