/** Watches what a workspace is made of and says when something may have changed; what did is for the lanes to find out. */
import * as fs from "node:fs";
import * as path from "node:path";
import { type FSWatcher, watch } from "chokidar";
import * as z from "zod";
import type { Layout } from "./layout.js";
import type { SelectionState } from "./selection.js";
import { loadUnit } from "./unit.js";

/** One save is several events, microseconds apart. What comes later cancels the work that this began. */
const COALESCE_MS = 3;

/** A file that was seen as it changed is told of once more when its folder has been read: no news for so long. */
const ECHO_MS = 1000;

/** chokidar would watch the parents of an absent file (among them `/`), and says that it is ready before it is. */
const ABSENT_POLL_MS = 1000;
const IGNORED = /[/\\](target|node_modules|\.git|\.hg|\.jj|\.svn)([/\\]|$)/;

const RawDetails = z.looseObject({ watchedPath: z.string() });

export class Watcher {
  private watcher: FSWatcher | undefined;
  private readonly watched = new Set<string>();
  /** Files that are not there yet but would matter, such as a `rust-toolchain.toml` in any parent folder. */
  private readonly awaited = new Set<string>();
  private poll: NodeJS.Timeout | undefined;
  private timer: NodeJS.Timeout | undefined;
  private firstMs: number | undefined;
  /** When the kernel last told of a path. */
  private readonly seen = new Map<string, number>();

  /** `onChange` gets the time of the first event of a burst, by `performance.now()`. */
  constructor(private readonly onChange: (sinceMs: number) => void) {}

  /**
   * Watches what the state names, in addition to what is watched already. `extra`: files known without a state. Gives
   * whether anything is watched now that was not: what changed there before now was not seen.
   */
  async follow(
    layout: Layout | undefined,
    state: SelectionState | undefined,
    extra: readonly string[],
  ): Promise<boolean> {
    const wanted = new Set<string>(extra);
    for (const directory of state?.packageDirs ?? []) wanted.add(directory);
    for (const input of state?.cargoInputs ?? []) wanted.add(input.path);
    for (const input of state?.scripts.flatMap((script) => script.inputs) ?? []) wanted.add(input.path);
    if (layout !== undefined) {
      for (const key of state?.units ?? []) {
        for (const input of loadUnit(layout, key)?.inputs ?? []) wanted.add(input.path);
      }
    }
    const roots = [...(state?.packageDirs ?? [])];
    const fresh = [...wanted].filter((item) => {
      if (this.watched.has(item)) return false;
      // A package's folder covers the files in it, unless they lie in a folder that is not looked into.
      const covered = roots.some((root) => root !== item && item.startsWith(root + path.sep));
      return !covered || IGNORED.test(item);
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
    if (this.watcher !== undefined) {
      this.watcher.add(present);
      return true;
    }
    const watcher = watch(present, {
      ignoreInitial: true,
      // chokidar would hold back a replaced file for 100 ms; bursts are coalesced here.
      atomic: false,
      ignored: (file) => IGNORED.test(file) && !this.watched.has(file) && !this.isParentOfWatched(file),
    });
    this.watcher = watcher;
    // chokidar drops changes of a file within 50 ms of the one before; the kernel's own events are complete.
    watcher.on("raw", (_event, name, details) => this.raw(name, details));
    watcher.on("all", (event, file) => this.settled(event, file));
    await new Promise<void>((resolve) => watcher.once("ready", resolve));
    return true;
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    clearInterval(this.poll);
    await this.watcher?.close();
  }

  private lookForAwaited(): void {
    const arrived = [...this.awaited].filter((item) => fs.existsSync(item));
    if (arrived.length === 0) return;
    for (const item of arrived) {
      this.awaited.delete(item);
      this.watched.add(item);
    }
    this.watcher?.add(arrived);
    this.event();
  }

  private isParentOfWatched(file: string): boolean {
    return [...this.watched].some((item) => item.startsWith(file + path.sep));
  }

  /** An event as the kernel tells it: of a watched file, or of an entry of a watched folder. */
  private raw(name: string | null, details: unknown): void {
    const watched = RawDetails.safeParse(details);
    if (!watched.success) {
      this.event();
      return;
    }
    const { watchedPath } = watched.data;
    const file = name === null || path.basename(watchedPath) === name ? watchedPath : path.join(watchedPath, name);
    if (IGNORED.test(file) && !this.watched.has(file)) return;
    const now = performance.now();
    for (const [other, at] of this.seen) {
      if (at > now - ECHO_MS) break;
      this.seen.delete(other);
    }
    this.seen.delete(file);
    this.seen.set(file, now);
    this.event();
  }

  /** What chokidar makes of it, which matters where the kernel was not asked yet: below a new folder. */
  private settled(event: string, file: string): void {
    const at = this.seen.get(file);
    if (event === "change" || (at !== undefined && at > performance.now() - ECHO_MS)) return;
    this.event();
  }

  private event(): void {
    this.firstMs ??= performance.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const since = this.firstMs ?? performance.now();
      this.firstMs = undefined;
      this.onChange(since);
    }, COALESCE_MS);
  }
}
