/** Stamps, which tell whether a file or a folder is what it was; and what is in a folder. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { ABSENT, digest, digestFile, list, realPath, statOf } from "./files.js";

/**
 * By which a file is told from what it was before, without reading it. What has replaced a file may be as long and as old (`mv`,
 * `cp -p`, a clock that went back), but it is another file, or was changed at another time, which nobody can set.
 */
export const FileStamp = z.object({ mtimeMs: z.number(), size: z.number(), ctimeMs: z.number(), inode: z.number() });
export type FileStamp = z.infer<typeof FileStamp>;

/** The stamp of a text that is in no file. */
export const NO_STAMP: FileStamp = { mtimeMs: 0, size: -1, ctimeMs: 0, inode: 0 };

export function fileStamp({ mtimeMs, size, ctimeMs, ino }: fs.Stats): FileStamp {
  return { mtimeMs, size, ctimeMs, inode: ino };
}

/** Whether a file is the one that has the stamp. */
export function isSameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  const isSame = (name: keyof FileStamp): boolean => a?.[name] === b?.[name];
  return a !== undefined && a.size >= 0 && isSame("mtimeMs") && isSame("size") && isSame("ctimeMs") && isSame("inode");
}

/**
 * What time it is for files in a folder: their file system may have another clock than this process, and one that goes in steps.
 * What is changed on that file system from now on has this time or a later one. (One on another file system with a clock that is
 * behind may not: that would have to be asked by writing there.)
 */
export function fileTime(folder: string): number {
  fs.mkdirSync(folder, { recursive: true });
  const probe = path.join(folder, `clock.${process.pid}.tmp`);
  const touch = (): number => {
    fs.writeFileSync(probe, "");
    return fs.statSync(probe).ctimeMs;
  };
  try {
    touch();
    // Linux (6.13 and newer) gives a file a time of its own, later than all before, if somebody has asked for its last one. Otherwise files
    // have the time of the last tick, up to 10 ms ago, and one that was saved just now could not be told from one saved from now on.
    return touch();
  } finally {
    fs.rmSync(probe, { force: true });
  }
}

/** Which files of a directory count. Links are followed. */
export const TreeOptions = z.object({
  /** Also those of packages in it. */
  nestedPackages: z.boolean(),
  /** Also build products and version control. */
  everything: z.boolean().optional(),
});
export type TreeOptions = z.infer<typeof TreeOptions>;

/**
 * What a path looked like when it was used. A directory's `hash` is that of what is below it (see `stampTree`).
 * `hash` empty: it changed while it was being used, so it counts as changed whatever it looks like now.
 */
export const Stamp = FileStamp.extend({
  path: z.string(),
  hash: z.string(),
  /** For a directory: what is looked at. */
  tree: TreeOptions.optional(),
});
export type Stamp = z.infer<typeof Stamp>;

/**
 * Takes the stamp of a path. A file changed at or after `startedMs` (see `fileTime`) may have been read before or after that. `known`:
 * an earlier stamp of the path, which saves reading a file that is the same still.
 */
export function stamp(file: string, startedMs = Number.POSITIVE_INFINITY, known?: Stamp): Stamp {
  const stat = statOf(file);
  if (stat === undefined) return { path: file, ...NO_STAMP, hash: ABSENT };
  if (stat.isDirectory()) return stampTree(file, { nestedPackages: true }, startedMs);
  const own = fileStamp(stat);
  if (changedMs(stat) >= startedMs) return { path: file, ...own, hash: "" };
  const isKnown = known !== undefined && known.hash !== "" && isSameStamp(known, own);
  return { path: file, ...own, hash: isKnown ? known.hash : digestFile(file) };
}

/** Takes the stamp of a file that was looked for. One that is not there now has changed, but for `absent`, those that never were. */
export function stampOfRead(file: string, startedMs: number, absent: ReadonlySet<string> = new Set()): Stamp {
  const taken = stamp(file, startedMs);
  return taken.hash === ABSENT && !absent.has(file) ? alwaysChanged(file) : taken;
}

/** Those that are not there. To be asked before what looks for them is started. */
export function absentOf(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.filter((file) => statOf(file) === undefined));
}

/** The stamp of what counts as changed whatever it looks like. */
export function alwaysChanged(file: string): Stamp {
  return { path: file, ...NO_STAMP, hash: "" };
}

/** Takes the stamp of a directory: what is in it by names, and the files' sizes and times. */
export function stampTree(directory: string, tree: TreeOptions, startedMs = Number.POSITIVE_INFINITY): Stamp {
  const { hash, newestMs } = treeDigest(directory, tree);
  return { path: directory, ...NO_STAMP, size: 0, hash: newestMs >= startedMs ? "" : hash, tree };
}

/** The stamp of a file whose times were set since, but not its contents. */
export function restamped(old: Stamp): Stamp {
  const stat = statOf(old.path);
  return stat === undefined ? old : { ...old, ...fileStamp(stat) };
}

/** A file's own time (`mtime`) may be set to one in the past or the future, that of its last change is the file system's. */
function changedMs({ ctimeMs }: fs.Stats): number {
  return ctimeMs;
}

/** Whether the path is as it was. A mere `touch` is no change. */
export function isCurrent(old: Stamp): boolean {
  return isCurrentWith(old, digestFile);
}

/** As `isCurrent`. `digestOf`: reads a file when its size and time do not tell. */
export function isCurrentWith(old: Stamp, digestOf: (file: string) => string): boolean {
  if (old.hash === "") return false;
  const stat = statOf(old.path);
  if (stat === undefined) return old.hash === ABSENT;
  if (stat.isDirectory()) return treeDigest(old.path, old.tree ?? { nestedPackages: true }).hash === old.hash;
  if (isSameStamp(old, fileStamp(stat))) return true;
  return stat.size === old.size && digestOf(old.path) === old.hash;
}

/** Names of folders that are not looked into unless everything counts. */
export const SKIPPED_DIRECTORIES: ReadonlySet<string> = new Set(["node_modules", ".git", ".hg", ".jj", ".svn"]);

/** Whether cargo builds in a folder, by what it leaves there: sources may be in a folder of that name as well. */
export function isTargetDirectory(folder: string): boolean {
  return ["CACHEDIR.TAG", ".rustc_info.json"].some((name) => fs.existsSync(path.join(folder, name)));
}

/** What is in a directory. */
interface Entry {
  readonly path: string;
  /** Undefined for what cannot be looked at: a link that leads nowhere, a name that is no text. */
  readonly stat: fs.Stats | undefined;
}

/** Everything below a directory, sorted, folders and what is behind links included. */
function entriesBelow(directory: string, options: TreeOptions): Entry[] {
  const found: Entry[] = [];
  // The folders that one is in, for a link may lead to one of them.
  const visit = (current: string, around: readonly string[]): void => {
    const own = realPath(current);
    if (around.includes(own)) return;
    for (const name of list(current)) {
      const full = path.join(current, name);
      const stat = statOf(full);
      const isDirectory = stat?.isDirectory() === true;
      if (isDirectory && isSkipped(full, name, options)) continue;
      found.push({ path: full, stat });
      if (isDirectory) visit(full, [...around, own]);
    }
  };
  visit(directory, []);
  return found;
}

function isSkipped(folder: string, name: string, { everything, nestedPackages }: TreeOptions): boolean {
  if (everything !== true && (SKIPPED_DIRECTORIES.has(name) || (name === "target" && isTargetDirectory(folder))))
    return true;
  return !nestedPackages && fs.existsSync(path.join(folder, "Cargo.toml"));
}

/** Every file below a directory, sorted. */
export function walk(directory: string, options: TreeOptions): string[] {
  return entriesBelow(directory, options).flatMap((entry) => (entry.stat?.isDirectory() === true ? [] : [entry.path]));
}

/** Digest of the names of everything below a directory, and of files' sizes and times. */
function treeDigest(directory: string, options: TreeOptions): { hash: string; newestMs: number } {
  // (A folder's own time tells when something was taken out of it.)
  const own = statOf(directory);
  let newestMs = own === undefined ? 0 : changedMs(own);
  const unnamed: string[] = [];
  const entries = entriesBelow(directory, options).map(({ path: file, stat }) => {
    if (stat === undefined) {
      // What is behind a name that is no text (then a letter stands for what is none) is not looked at.
      if (file.includes("\uFFFD")) unnamed.push(file);
      return `${file}\0gone`;
    }
    newestMs = Math.max(newestMs, changedMs(stat));
    if (stat.isDirectory()) return `${file}/`;
    const { size, mtimeMs, ctimeMs, inode } = fileStamp(stat);
    return `${file}\0${size}\0${mtimeMs}\0${ctimeMs}\0${inode}`;
  });
  return { hash: unnamed.length === 0 ? digest(...entries) : "", newestMs };
}

/** Whether a file, or a directory or what is below it, was changed at or after a time. */
export function isNewer(file: string, sinceMs: number): boolean {
  const stat = statOf(file);
  if (stat?.isDirectory() !== true) return stat !== undefined && changedMs(stat) >= sinceMs;
  return treeDigest(file, { nestedPackages: true }).newestMs >= sinceMs;
}
