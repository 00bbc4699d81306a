/** Stamps, which tell whether a file or a folder is what it was; and what is in a folder. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { ABSENT, digest, digestFile, statOf } from "./files.js";

/** By which a file is told from what it was before, without reading it. */
export const FileStamp = z.object({ mtimeMs: z.number(), size: z.number() });
export type FileStamp = z.infer<typeof FileStamp>;

/** The stamp of a text that is in no file. */
export const NO_STAMP: FileStamp = { mtimeMs: 0, size: -1 };

/** Whether a file is the one that has the stamp. */
export function isSameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  return a !== undefined && a.size >= 0 && a.mtimeMs === b?.mtimeMs && a.size === b.size;
}

/** Which files of a directory count. */
export const TreeOptions = z.object({
  /** Also those of packages in it. */
  nestedPackages: z.boolean(),
  /** Also build products and version control. */
  everything: z.boolean().optional(),
});
export type TreeOptions = z.infer<typeof TreeOptions>;

/**
 * What a path looked like when it was used. A directory's `hash` is that of the names, sizes and times below it.
 * `hash` empty: it changed while it was being used, so it counts as changed whatever it looks like now.
 */
export const Stamp = z.object({
  path: z.string(),
  mtimeMs: z.number(),
  size: z.number(),
  hash: z.string(),
  /** For a directory: what is looked at. */
  tree: TreeOptions.optional(),
});
export type Stamp = z.infer<typeof Stamp>;

/**
 * Takes the stamp of a path. A file modified at or after `startedMs` may have been read before or after that. `known`: an
 * earlier stamp of the path, which saves reading a file that has its size and time still.
 */
export function stamp(file: string, startedMs = Number.POSITIVE_INFINITY, known?: Stamp): Stamp {
  const stat = statOf(file);
  if (stat === undefined) return { path: file, mtimeMs: 0, size: -1, hash: ABSENT };
  if (stat.isDirectory()) return stampTree(file, { nestedPackages: true }, startedMs);
  const { mtimeMs, size } = stat;
  if (mtimeMs >= startedMs) return { path: file, mtimeMs, size, hash: "" };
  const isKnown = known !== undefined && known.hash !== "" && known.size === size && known.mtimeMs === mtimeMs;
  return { path: file, mtimeMs, size, hash: isKnown ? known.hash : digestFile(file) };
}

/** Takes the stamp of a directory: the names, sizes and times of the files in it. */
export function stampTree(directory: string, tree: TreeOptions, startedMs = Number.POSITIVE_INFINITY): Stamp {
  const { hash, newestMs } = treeDigest(directory, tree);
  return { path: directory, mtimeMs: 0, size: 0, hash: newestMs >= startedMs ? "" : hash, tree };
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
  if (stat.size === old.size && stat.mtimeMs === old.mtimeMs) return true;
  return stat.size === old.size && digestOf(old.path) === old.hash;
}

const SKIPPED_DIRECTORIES = new Set(["target", "node_modules", ".git", ".hg", ".jj", ".svn"]);

/** Every file below a directory, sorted. */
export function walk(directory: string, options: TreeOptions): string[] {
  const found: string[] = [];
  const visit = (current: string): void => {
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(current, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = path.join(current, entry.name);
      if (entry.isDirectory()) {
        if (options.everything !== true && SKIPPED_DIRECTORIES.has(entry.name)) continue;
        if (!options.nestedPackages && fs.existsSync(path.join(full, "Cargo.toml"))) continue;
        visit(full);
      } else {
        found.push(full);
      }
    }
  };
  visit(directory);
  return found;
}

/** Digest of the names, sizes and modification times of everything below a directory. */
function treeDigest(directory: string, options: TreeOptions): { hash: string; newestMs: number } {
  let newestMs = 0;
  const entries = walk(directory, options).map((file) => {
    const stat = statOf(file);
    if (stat === undefined) return `${file}\0gone`;
    newestMs = Math.max(newestMs, stat.mtimeMs);
    return `${file}\0${stat.size}\0${stat.mtimeMs}`;
  });
  return { hash: digest(...entries), newestMs };
}

/** Whether a file, or one below a directory, was modified at or after a time. */
export function isNewer(file: string, sinceMs: number): boolean {
  const stat = statOf(file);
  if (stat?.isDirectory() !== true) return stat !== undefined && stat.mtimeMs >= sinceMs;
  return treeDigest(file, { nestedPackages: true }).newestMs >= sinceMs;
}
