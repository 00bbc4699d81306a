/** Watches what a workspace is made of and says when something may have changed; what did is for the lanes to find out. */
import * as fs from "node:fs";
import * as path from "node:path";
import { type FSWatcher, watch } from "chokidar";
import * as z from "zod";
import { AbsentFiles } from "./absentFiles.js";
import { digestFile, statOf } from "../support/files.js";
import { SKIPPED_DIRECTORIES, type Stamp, isTargetDirectory } from "../support/stamps.js";

/** One save is several events, microseconds apart. What comes later cancels the work that this began. */
const COALESCE_MS = 3;

/** More files than one saves by hand: a checkout, say. Its end is waited for, so long after the last of its events … */
const MANY_FILES = 8;
const MANY_QUIET_MS = 150;
/** … but not for ever. */
const MAX_DELAY_MS = 3000;
/** Events that are so far apart have nothing to do with each other. */
const BURST_END_MS = 500;

/** What is no source as far as anyone knows, a log that a program writes to, say, is told of no more often than this. */
const OTHERS_MS = 1000;
/** What a draft of a target directory has behind its name, itself or what lies in it. */
const DRAFT = /^[A-Za-z0-9]{6}(\/|$)/;
const SOURCE = /\.(rs|toml|lock)$/;

/** So long a source may be empty while it is written anew. */
const EMPTY_MS = 20;

/** How much later than the editor's word the kernel's may come, and what then happens without it. */
const SAVED_MS = 200;

/** A file that was seen as it changed is told of once more when its folder has been read: no news for so long. */
const ECHO_MS = 1000;

/** chokidar would watch the parents of an absent file (among them `/`), and says that it is ready before it is. */
const ABSENT_POLL_MS = 2000;
/** Folders that are not looked into, unless a build has read what is in them. */
const isSkipped = (file: string): boolean => file.split(path.sep).some((name) => SKIPPED_DIRECTORIES.has(name));
/** Up to a folder in which cargo may build. */
const TARGET = /^.*?[/\\]target(?=[/\\]|$)/;

const RawDetails = z.looseObject({ watchedPath: z.string() });

/** What is to be watched. */
export interface WatchedFiles {
  /** The packages' folders, everything in them included; undefined: those that are known already. */
  readonly roots: readonly string[] | undefined;
  /** What builds have read. */
  readonly read: readonly Stamp[];
  /** Files and folders that no build has read. */
  readonly others: readonly string[];
  /** Folders that builds write to. */
  readonly products: readonly string[];
}

export class Watcher {
  private readonly watchers: FSWatcher[] = [];
  private readonly watched = new Set<string>();
  /** Files that are not there yet but would matter, such as a `rust-toolchain.toml` in any parent folder. */
  private readonly awaited = new AbsentFiles();
  private poll: NodeJS.Timeout | undefined;
  private timer: NodeJS.Timeout | undefined;
  private firstMs: number | undefined;
  private roots: readonly string[] = [];
  /** When the kernel last told of a path. */
  private readonly seen = new Map<string, number>();
  /** What builds have read, as far as it is known; and folders of which they have read everything. */
  private readonly inputs = new Set<string>();
  private readonly trees = new Set<string>();
  /** Those of them in which every folder counts, whatever it is named. */
  private readonly wholeTrees = new Set<string>();
  private isComplete = false;
  /** Folders that cargo writes to. */
  private readonly products = new Set<string>();
  /** The sources that changed and were not told of yet; and what was in them when they were told of last, or compiled. */
  private readonly sources = new Set<string>();
  private readonly contents = new Map<string, string>();
  private othersMs = Number.NEGATIVE_INFINITY;
  /** The files of the burst that goes on, and when its last event came. */
  private readonly burst = new Set<string>();
  private lastMs = 0;
  /** What the editor says that it has saved, and the kernel has not told of yet. */
  private readonly saves = new Map<string, { readonly sinceMs: number; readonly timer: NodeJS.Timeout }>();

  /**
   * `onChange` gets the time of the first event of a burst, by `performance.now()`, and whether a source is among its files, or
   * something else that a build has read, with other contents than before; `onError` what cannot be watched, such as more files than the kernel allows.
   */
  constructor(
    private readonly onChange: (sinceMs: number, hasSource: boolean) => void,
    private readonly onError: (error: unknown) => void = () => undefined,
    /** Whether a file that is no source is of interest while builds do not succeed: cargo may read what Cranefly has not. */
    private readonly mayBeRead: (file: string) => boolean = () => true,
  ) {}

  /**
   * Watches these files in addition to what is watched already. `isComplete`: the builds have succeeded, so that what they have
   * not read is of no interest to the next. Gives whether anything is watched now that was not: what changed there before now was
   * not seen.
   */
  async follow({ roots, read, others, products }: WatchedFiles, isComplete = false): Promise<boolean> {
    this.isComplete = isComplete;
    const wanted = new Set<string>([...others, ...(roots ?? [])]);
    for (const folder of products) this.products.add(folder);
    for (const { path: file, tree, hash } of read) {
      wanted.add(file);
      if (tree?.everything === true) this.wholeTrees.add(file);
      if (tree !== undefined) this.trees.add(file);
      else if (!this.contents.has(file)) this.contents.set(file, hash);
    }
    for (const item of wanted) this.inputs.add(item);
    if (roots !== undefined) this.roots = roots;
    const fresh = [...wanted].filter((item) => {
      if (this.watched.has(item)) return false;
      // A package's folder covers the files in it, unless they lie in a folder that is not looked into.
      const covered = roots?.some((root) => root !== item && item.startsWith(root + path.sep));
      return covered !== true || isUnwatched(item);
    });
    const present: string[] = [];
    for (const item of fresh) {
      if (fs.existsSync(item)) present.push(item);
      else this.awaited.add(item);
    }
    this.poll ??= setInterval(() => this.lookForAwaited(), ABSENT_POLL_MS).unref();
    for (const item of present) {
      this.awaited.delete(item);
      this.watched.add(item);
    }
    if (present.length === 0) return false;
    await this.watch(present);
    return true;
  }

  /** Cargo writes to these folders. */
  ignore(folders: readonly string[]): void {
    for (const folder of folders) this.products.add(folder);
  }

  /** Whatever changes from when this resolves on is seen. (A watcher says of what it is given first only that it is ready.) */
  private async watch(files: readonly string[]): Promise<void> {
    const watcher = watch([...files], {
      ignoreInitial: true,
      // chokidar would hold back a replaced file for 100 ms; bursts are coalesced here.
      atomic: false,
      ignored: (file) => this.isIgnored(file) && !this.watched.has(file) && !this.isParentOfWatched(file),
    });
    this.watchers.push(watcher);
    // chokidar drops changes of a file within 50 ms of the one before; the kernel's own events are complete.
    watcher.on("raw", (_event, name, details) => this.raw(name, details));
    watcher.on("all", (event, file) => this.settled(event, file));
    watcher.on("error", (error) => this.onError(error));
    await new Promise<void>((resolve) => watcher.once("ready", resolve));
  }

  /**
   * An editor has saved a file at `sinceMs`, which counts as the time of the event that follows. Where none follows, as on
   * some network file systems, this is the event. Gives whether a build may have read it, and the event is still to come.
   */
  saved(file: string, sinceMs: number): boolean {
    const told = this.seen.get(file);
    if (told !== undefined && told > sinceMs - SAVED_MS) return false;
    clearTimeout(this.saves.get(file)?.timer);
    const timer = setTimeout(() => this.event(file), SAVED_MS);
    this.saves.set(file, { sinceMs, timer });
    return !this.isProduct(file) && !this.isUnread(file);
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    clearInterval(this.poll);
    for (const { timer } of this.saves.values()) clearTimeout(timer);
    await Promise.all(this.watchers.map((watcher) => watcher.close()));
  }

  private lookForAwaited(): void {
    const arrived = this.awaited.arrived();
    if (arrived.length === 0) return;
    for (const item of arrived) this.watched.add(item);
    void this.watch(arrived).then(() => arrived.forEach((item) => this.event(item)));
  }

  private isIgnored(file: string): boolean {
    if ([...this.products].some((folder) => isBelow(file, folder))) return true;
    return isUnwatched(file) && ![...this.wholeTrees].some((folder) => isBelow(file, folder));
  }

  /** A file that no build has read, such as a log of the program's. */
  private isUnread(file: string): boolean {
    if (SOURCE.test(file) || this.inputs.has(file)) return false;
    if ([...this.products].some((folder) => isDraftOf(file, folder))) return true;
    if (!this.isComplete) return !this.mayBeRead(file) && isFile(file);
    return ![...this.trees].some((folder) => isBelow(file, folder)) && isFile(file);
  }

  /** What builds write themselves, such as a build script's output: seen from the package that it is in, if it is in one. */
  private isProduct(file: string): boolean {
    const root = this.roots.find((item) => file.startsWith(item + path.sep));
    const isKnown = [...this.products].some((folder) => isBelow(file, folder));
    if (isKnown) return true;
    return isUnwatched(file, root) && ![...this.wholeTrees].some((folder) => isBelow(file, folder));
  }

  private isParentOfWatched(file: string): boolean {
    return [...this.watched].some((item) => item.startsWith(file + path.sep));
  }

  /** An event as the kernel tells it: of a watched file, or of an entry of a watched folder. */
  private raw(name: string | null, details: unknown): void {
    const watched = RawDetails.safeParse(details);
    if (!watched.success) {
      this.event(name ?? "");
      return;
    }
    const { watchedPath } = watched.data;
    const file = name === null || path.basename(watchedPath) === name ? watchedPath : path.join(watchedPath, name);
    if (this.isIgnored(file) && !this.watched.has(file)) return;
    const now = performance.now();
    for (const [other, at] of this.seen) {
      if (at > now - ECHO_MS) break;
      this.seen.delete(other);
    }
    this.seen.delete(file);
    this.seen.set(file, now);
    this.event(file);
  }

  /** What chokidar makes of it, which matters where the kernel was not asked yet: below a new folder. */
  private settled(event: string, file: string): void {
    const at = this.seen.get(file);
    if (event === "change" || (at !== undefined && at > performance.now() - ECHO_MS)) return;
    this.event(file);
  }

  private event(file: string): void {
    const now = performance.now();
    const save = this.saves.get(file);
    clearTimeout(save?.timer);
    this.saves.delete(file);
    if (this.isUnread(file)) return;
    this.firstMs = Math.min(this.firstMs ?? now, save?.sinceMs ?? now);
    if (now - this.lastMs > BURST_END_MS) this.burst.clear();
    this.lastMs = now;
    if (this.burst.size <= MANY_FILES) this.burst.add(file);
    // What build scripts made is seldom touched but when a target directory is removed.
    const isProduct = this.isProduct(file);
    const isMany = this.burst.size > MANY_FILES || isProduct;
    const quietMs = isMany ? MANY_QUIET_MS : COALESCE_MS;
    // A build that was cancelled for what it writes would begin again for ever.
    if (!isProduct && (SOURCE.test(file) || this.inputs.has(file))) this.sources.add(file);
    const earliestMs = this.sources.size > 0 ? now : Math.max(now, this.othersMs + OTHERS_MS);
    const latestMs = Math.max(earliestMs, this.firstMs + MAX_DELAY_MS);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fire(), Math.min(earliestMs + quietMs, latestMs) - now);
  }

  private fire(isLate = false): void {
    // Most who write a file anew empty it first.
    if (!isLate && [...this.sources].some(isEmpty)) {
      this.timer = setTimeout(() => this.fire(true), EMPTY_MS);
      return;
    }
    const { firstMs } = this;
    const hasSource = this.haveChanged([...this.sources]);
    this.firstMs = undefined;
    this.sources.clear();
    if (!hasSource) this.othersMs = performance.now();
    this.onChange(firstMs ?? performance.now(), hasSource);
  }

  /** Whether there is anything in the files that was not there before: a build script may write them again and again. */
  private haveChanged(files: readonly string[]): boolean {
    // (Not worth the reading.)
    if (files.length > MANY_FILES) return true;
    const changed = files.filter((file) => {
      const before = this.contents.get(file);
      const now = digestFile(file);
      this.contents.set(file, now);
      return now !== before;
    });
    return changed.length > 0;
  }
}

/**
 * Cargo makes a target directory under another name beside it, `targetXXXXXX`, and renames it once its `CACHEDIR.TAG` is there
 * (`create_dir_all_excluded_from_backups_atomic` of cargo-util, by the rules of tempfile). Whether it is still there when its event
 * comes is chance; and the kernel tells of what is in it by the draft's name, also once it has the other.
 */
function isDraftOf(file: string, folder: string): boolean {
  return file.startsWith(folder) && DRAFT.test(file.slice(folder.length));
}

/** Whether a path leads through a folder that is not looked into. `from`: what is behind this counts. */
function isUnwatched(file: string, from = ""): boolean {
  const inside = file.slice(from.length);
  if (isSkipped(inside)) return true;
  for (let rest = inside, start = from; ;) {
    const [named] = TARGET.exec(rest) ?? [];
    if (named === undefined) return false;
    start += named;
    rest = rest.slice(named.length);
    if (isTargetDirectory(start)) return true;
  }
}

function isBelow(file: string, folder: string): boolean {
  return file.startsWith(folder + path.sep);
}

function isFile(file: string): boolean {
  return statOf(file)?.isFile() === true;
}

function isEmpty(file: string): boolean {
  return statOf(file)?.size === 0;
}
