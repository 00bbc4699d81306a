/**
 * A unit's overlay: its package's directory tree with blanked bodies, kept up to date file by file.
 *
 * Knows which functions have to stay whole: those that `outline.ts` names, the recently edited ones, and those without
 * which the unit did not compile.
 */
import { isUtf8 } from "node:buffer";
import * as fs from "node:fs";
import * as path from "node:path";
import { Refusal, refuse } from "../../edits/refusal.js";
import { cargoHome } from "../../support/environment.js";
import { digest, commonAncestor, isWithin } from "../../support/files.js";
import { editionOf, inspectArgs } from "../../units/arguments.js";
import type { UnitRecord } from "../../units/record.js";
import { type Blanked, blank } from "../../source/blank.js";
import { Mirror } from "../mirror/mirror.js";
import type { BodyRef, FunctionName } from "../../source/functions.js";
import { type Insertion, type Rooted, addRoots } from "../../source/rootStatics.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { type OverlayFile, type OverlayState, loadState, saveState } from "./overlayState.js";

/** How many recently edited functions stay whole: editing one of them again changes nothing but its body. */
const WORKING_SET = 32;

/** A mirror of less than this many folders' depth would be one of the whole machine. */
const MIN_DEPTH = 2;

/** A file of the editor: its text may be newer than the disk's. */
export interface FileText {
  readonly file: string;
  readonly text: string;
}

export class Overlay {
  readonly mirror: Mirror;
  readonly cwd: string;
  private readonly isEdition2015: boolean;
  private readonly isTestBuild: boolean;
  private readonly state: OverlayState;
  private readonly stateFile: string;
  private readonly sources: readonly string[];
  /** Texts of the last `sync` that may be newer than the disk's. */
  private given: ReadonlyMap<string, string> = new Map();

  /**
   * `directory`: the unit's own, for the overlay and what is remembered of it. Throws `Refused` when the sources lie too far
   * apart to be mirrored.
   */
  constructor(
    directory: string,
    private readonly record: UnitRecord,
    private readonly cache: SourceCache,
  ) {
    const { invocation } = record;
    this.stateFile = path.join(directory, "state.json");
    this.state = loadState(this.stateFile, invocation);
    const inputs = record.inputs.map((input) => input.path).filter((file) => isOwnFile(file, record));
    const original = commonAncestor([invocation.cwd, ...inputs.map((file) => path.dirname(file))]);
    if (original.split("/").length <= MIN_DEPTH) {
      refuse("scattered", invocation.id);
    }
    this.sources = inputs.filter((file) => file.endsWith(".rs"));
    this.mirror = new Mirror(path.join(directory, "overlay"), original);
    this.cwd = this.mirror.pathOf(invocation.cwd);
    this.isTestBuild = inspectArgs(invocation.args).hasTestCode;
    this.isEdition2015 = editionOf(invocation.args) === "2015";
  }

  /** Whether the crate, as far as can be seen, does without std and so without what a static library needs. */
  get isNoStd(): boolean {
    return Object.values(this.state.files).some((file) => file.isNoStd);
  }

  /** Lints that attributes anywhere in the unit deny or forbid. */
  get denied(): string[] {
    return [...new Set(Object.values(this.state.files).flatMap((file) => file.denied))];
  }

  /** Why an edit of one of these files' bodies is not what it seems; undefined when it is. To be asked after `sync`. */
  refusalOf(files: readonly string[]): Refusal | undefined {
    const unknown = files.find((file) => !this.sources.includes(file));
    if (unknown !== undefined) return new Refusal("foreignFile", path.basename(unknown));
    const included = files.find((file) => this.isIncluded(file));
    return included === undefined ? undefined : new Refusal("includedFile", path.basename(included));
  }

  /**
   * Edited functions that no item of their module can name, so that nothing makes rustc generate them. (Those that only their callers can
   * instantiate are none of them.)
   */
  unrooted(file: string, functions: readonly BodyRef[]): readonly BodyRef[] {
    const text = this.given.get(file) ?? readSource(file);
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

  /** All blanked functions, file by file. Parses what has not been parsed yet. */
  blankedFunctions(): { readonly file: string; readonly functions: readonly BodyRef[] }[] {
    return this.sources.map((file) => ({ file, functions: this.blankedFile(file)?.blanked ?? [] }));
  }

  /** Functions that were found to be needed. */
  get learned(): readonly FunctionName[] {
    return [...this.state.learned];
  }

  /** Goes back to an earlier state of knowledge: what was learnt since has not helped. */
  unlearn(learned: readonly FunctionName[]): void {
    this.state.learned = [...learned];
    saveState(this.stateFile, this.state);
  }

  /** Blanked functions that may have hidden items from us. */
  suspects(): FunctionName[] {
    return this.blankedFunctions().flatMap(({ file, functions }) =>
      functions.filter((fn) => fn.hasUnknownMacros).map((fn) => ({ file, path: fn.path })),
    );
  }

  /** Looks at the sources again, without writing anything. */
  look(): void {
    this.given = new Map();
    for (const file of this.sources) this.refreshFacts(file);
  }

  /** Brings the overlay up to date. `edited` stay whole from now on; `texts`: files that are newer than on disk. */
  sync(edited: readonly FunctionName[], texts: readonly FileText[]): void {
    const keys = new Set(edited.map(keyOf));
    const recent = [...edited, ...this.state.recent.filter((fn) => !keys.has(keyOf(fn)))];
    // However many one save edits: all of them are needed.
    this.state.recent = recent.slice(0, Math.max(WORKING_SET, edited.length));
    this.mirror.sync(this.sources, [this.record.invocation.cwd]);
    this.given = new Map(texts.map(({ file, text }) => [file, text]));
    for (const file of Object.keys(this.state.files)) {
      if (!this.sources.includes(file)) Reflect.deleteProperty(this.state.files, file);
    }
    for (const file of this.sources) this.refreshFacts(file);
    for (const file of this.sources) this.refreshText(file);
    saveState(this.stateFile, this.state);
  }

  /** Keeps functions whole from now on. Returns whether that is any news. */
  learn(functions: readonly FunctionName[]): boolean {
    const known = new Set(this.state.learned.map(keyOf));
    const news = functions.filter((fn) => !known.has(keyOf(fn)) && !known.has(keyOf({ ...fn, path: "*" })));
    this.state.learned.push(...new Map(news.map((fn) => [keyOf(fn), fn])).values());
    saveState(this.stateFile, this.state);
    return news.length > 0;
  }

  /** What the overlay has of a file at the moment; undefined for a file that is not blanked. */
  blankedFile(file: string): Blanked | undefined {
    const known = this.state.files[file];
    if (known === undefined || known.overlay === null) return undefined;
    const text = this.given.get(file) ?? readSource(file);
    return text === undefined ? undefined : this.blank(file, text);
  }

  /** What other files have to know of this one. */
  private refreshFacts(file: string): void {
    const given = this.given.get(file);
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    const known = this.state.files[file];
    if (stat === undefined) {
      Reflect.deleteProperty(this.state.files, file);
      return;
    }
    const original = { mtimeMs: stat.mtimeMs, size: stat.size };
    const isKnown = known?.original.mtimeMs === original.mtimeMs && known.original.size === original.size;
    if (isKnown && given === undefined) return;
    const onDisk = readSource(file);
    const text = given ?? onDisk;
    const outline = text === undefined ? undefined : this.cache.get(file, text).outline;
    this.state.files[file] = {
      // A text that is not on the disk yet has no stamp: the file is looked at again next time.
      original: text === onDisk ? original : { mtimeMs: 0, size: -1 },
      overlay: null,
      insertions: [],
      kept: "",
      includes: text !== undefined && /\binclude(?:_str|_bytes)?\s*!/.test(text),
      mentions: mentionedFiles(text ?? ""),
      isNoStd: text !== undefined && /#!\s*\[[^\]]*\bno_(?:std|core)\b/.test(text),
      denied: outline === undefined || typeof outline === "string" ? [] : [...outline.denied],
    };
  }

  private refreshText(file: string): void {
    const given = this.given.get(file);
    const known = this.state.files[file];
    if (known === undefined) return;
    const kept = this.keptDigest(file);
    if (known.kept === kept && this.isWritten(file, known)) return;
    const text = given ?? readSource(file);
    const own = text === undefined || this.isIncluded(file) ? undefined : this.overlayText(file, text);
    // The text in the editor may be newer than the file that a link would lead to.
    this.mirror.write(file, own?.text ?? given);
    const { mtimeMs, size } = fs.statSync(this.mirror.pathOf(file));
    const isOwn = own !== undefined || given !== undefined;
    const insertions = own === undefined ? [] : [...own.insertions];
    this.state.files[file] = { ...known, kept, insertions, overlay: isOwn ? { mtimeMs, size } : null };
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
    return !stat.isSymbolicLink() && stat.mtimeMs === overlay.mtimeMs && stat.size === overlay.size;
  }

  private blank(file: string, text: string): Blanked | undefined {
    const { outline } = this.cache.get(file, text);
    if (typeof outline === "string") return undefined;
    const kept = this.keptPaths(file);
    return blank(text, outline, (fn: BodyRef) => kept.has("*") || kept.has(fn.path) || keepsNested(kept, fn.path));
  }

  private keptPaths(file: string): Set<string> {
    const functions = [...this.state.recent, ...this.state.learned];
    return new Set(functions.filter((fn) => fn.file === file).map((fn) => fn.path));
  }

  private keptDigest(file: string): string {
    return digest(...[...this.keptPaths(file)].sort(), this.isIncluded(file) ? "included" : "");
  }

  /**
   * Whether a file's text may be read as data. No telling what an `include_str!` with a computed path reads, so it is enough
   * that the unit has such a macro and a string with the file's name.
   */
  isIncluded(file: string): boolean {
    const files = Object.values(this.state.files);
    const name = path.basename(file);
    return files.some(({ includes }) => includes) && files.some(({ mentions }) => mentions.includes(name));
  }
}

/** Whether a function nested in this one is kept. */
function keepsNested(kept: ReadonlySet<string>, outer: string): boolean {
  return [...kept].some((name) => name.startsWith(`${outer}::`));
}

function keyOf({ file, path: name }: FunctionName): string {
  return `${file}\0${name}`;
}

/** Files that lie where the user keeps sources: no build script's output, nothing that cargo or rustup has downloaded. */
function isOwnFile(file: string, { invocation: { env } }: UnitRecord): boolean {
  const home = cargoHome({ ...process.env, ...env });
  const folders = [env["OUT_DIR"], path.join(home, "registry"), path.join(home, "git")];
  const isDownloaded = folders.some((folder) => typeof folder === "string" && isWithin(file, folder));
  return !isDownloaded && !file.includes("/lib/rustlib/src/rust/");
}

/** Texts that are not UTF-8 are no sources. */
function readSource(file: string): string | undefined {
  try {
    const bytes = fs.readFileSync(file);
    return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** Base names of Rust files in a text's strings, but for those of `#[path = "…"]`. */
function mentionedFiles(text: string): string[] {
  const found = [...text.matchAll(/(path\s*=\s*)?"([^"\n]*\.rs)"/g)];
  return [...new Set(found.flatMap(([, isPath, file]) => (isPath === undefined ? [path.basename(file ?? "")] : [])))];
}
