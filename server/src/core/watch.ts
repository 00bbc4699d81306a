/** Watches what a workspace is made of and says when something may have changed; what did is for the lanes to find out. */
import * as path from "node:path";
import { type FSWatcher, watch } from "chokidar";
import type { Layout } from "./layout.js";
import type { SelectionState } from "./selection.js";
import { loadUnit } from "./unit.js";

/** Editors write a file in several steps, and save several files at once. */
const COALESCE_MS = 12;
const IGNORED = /[/\\](target|node_modules|\.git|\.hg|\.jj|\.svn)([/\\]|$)/;

export class Watcher {
  private watcher: FSWatcher | undefined;
  private readonly watched = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private firstMs: number | undefined;

  /** `onChange` gets the time of the first event of a burst, by `performance.now()`. */
  constructor(private readonly onChange: (sinceMs: number) => void) {}

  /** Watches what the state names, in addition to what is watched already. `extra`: files known without a state. */
  async follow(layout: Layout | undefined, state: SelectionState | undefined, extra: readonly string[]): Promise<void> {
    const wanted = new Set<string>(extra);
    for (const directory of state?.packageDirs ?? []) wanted.add(directory);
    for (const input of state?.cargoInputs ?? []) wanted.add(input.path);
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
    if (fresh.length === 0) return;
    for (const item of fresh) this.watched.add(item);
    if (this.watcher !== undefined) {
      this.watcher.add(fresh);
      return;
    }
    const watcher = watch(fresh, {
      ignoreInitial: true,
      // chokidar would hold back a replaced file for 100 ms; bursts are coalesced here.
      atomic: false,
      ignored: (file) => IGNORED.test(file) && !this.watched.has(file) && !this.isParentOfWatched(file),
    });
    this.watcher = watcher;
    watcher.on("all", () => this.event());
    await new Promise<void>((resolve) => watcher.once("ready", resolve));
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.watcher?.close();
  }

  private isParentOfWatched(file: string): boolean {
    return [...this.watched].some((item) => item.startsWith(file + path.sep));
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
