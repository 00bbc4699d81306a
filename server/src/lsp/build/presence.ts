/**
 * Notices that cargo workspaces come and go in places that nothing else watches: folders of the editor, and folders where a
 * workspace was. Watches each folder, or the nearest one that is there, without what is below it.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { ancestors, statOf } from "../../core/support/files.js";

/** Removing or checking out a tree is many events. */
const QUIET_MS = 200;

export class Presence {
  private readonly watchers = new Map<string, { readonly watcher: fs.FSWatcher; readonly inode: number }>();
  private folders: readonly string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private seen = "";

  /** `onChange`: a manifest, or a folder beside one, is there that was not, or is not there any more. */
  constructor(private readonly onChange: () => void) {}

  watch(folders: readonly string[]): void {
    this.folders = folders;
    const before = this.look();
    this.attach();
    this.seen = before;
    // What came before the watchers were there has no event.
    if (this.look() !== before) this.event();
  }

  close(): void {
    clearTimeout(this.timer);
    for (const { watcher } of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private attach(): void {
    const wanted = new Set(this.folders.map((folder) => ancestors(folder).find((item) => fs.existsSync(item)) ?? "/"));
    for (const [folder, { watcher, inode }] of this.watchers) {
      // A folder that was removed and made anew is another one: its old watcher is deaf.
      if (wanted.has(folder) && inodeOf(folder) === inode) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (!this.watchers.has(folder)) this.attachTo(folder);
    }
  }

  private attachTo(folder: string): void {
    try {
      const { ino: inode } = fs.statSync(folder);
      const watcher = fs.watch(folder, { persistent: false }, () => this.event());
      watcher.on("error", () => this.drop(folder));
      this.watchers.set(folder, { watcher, inode });
    } catch {
      // It was removed in between; the event of its parent follows.
    }
  }

  private drop(folder: string): void {
    this.watchers.get(folder)?.watcher.close();
    this.watchers.delete(folder);
    this.event();
  }

  private event(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.attach();
      const now = this.look();
      if (now === this.seen) return;
      this.seen = now;
      this.onChange();
    }, QUIET_MS);
  }

  /** Which manifests and folders there are. */
  private look(): string {
    return this.folders
      .map((folder) => {
        const names = list(folder).filter((entry) => entry.isDirectory() || entry.name === "Cargo.toml");
        return [folder, fs.existsSync(folder), ...names.map((entry) => entry.name)].join(path.delimiter);
      })
      .join("\n");
  }
}

function inodeOf(folder: string): number | undefined {
  return statOf(folder)?.ino;
}

function list(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
