/**
 * Which base images there are, and which of them stay. Programs find theirs by its path, and so do copies of programs that are
 * complete in themselves: so what nobody is known to need any more stays for a while, too.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { ProgramInterface } from "../../../../shared/src/protocol.js";
import { list, readJson, statOf, writeAtomic, writeIfChanged } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import { Stamp } from "../support/stamps.js";

/** The images that were linked from the same libraries, each for another interface. */
export const Images = z.object({
  /** Files that the linker has read, and that are not named by the key of all this. */
  files: z.array(Stamp),
  /** The linker's own file, which is one of them; undefined where it could not be found by its name. */
  linker: z.string().optional(),
  /** What it takes by need for one interface or another: only of these names it makes a difference whether a program needs them. */
  offered: z.array(z.string()),
  /** Sections with bounds that libraries add to. */
  sections: z.array(z.string()),
  /** The newest last. */
  images: z.array(z.object({ folder: z.string(), interface: ProgramInterface })),
});
export type Images = z.infer<typeof Images>;

/** The file that lists them, in their directory. */
export function indexIn(directory: string): string {
  return path.join(directory, "images.json");
}

/** How many images that were linked from the same libraries are found again. */
const FOUND_AGAIN = 4;

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long any image stays. */
const ANY_MS = 2 * DAY_MS;
/** How long those stay that would be found again, after the last link from the same libraries. */
const FOUND_AGAIN_MS = 7 * DAY_MS;

/** The images that programs were last published on, by executable. */
const Published = z.record(z.string(), z.string());

/** Notes on which images programs were published. */
export function notePublished(
  layout: Layout,
  programs: readonly { readonly executable: string; readonly base: string }[],
): void {
  const published = new Map(Object.entries(readJson(layout.publishedBases, Published) ?? {}));
  for (const { executable, base } of programs) published.set(executable, base);
  const left = [...published].filter(([executable]) => fs.existsSync(executable));
  writeIfChanged(layout.publishedBases, JSON.stringify(Object.fromEntries(left)));
}

/** Removes images that nobody needs. `named`: those that programs are to be published on. The target directory's lock is held. */
export function removeUnusedBases(layout: Layout, named: readonly string[], nowMs = Date.now()): void {
  const published = Object.values(readJson(layout.publishedBases, Published) ?? {});
  const needed = new Set([...named, ...published].map((image) => path.dirname(image)));
  for (const key of list(layout.bases)) removeUnusedIn(path.join(layout.bases, key), needed, nowMs);
}

function removeUnusedIn(directory: string, needed: ReadonlySet<string>, nowMs: number): void {
  const ageMs = (file: string): number => nowMs - (statOf(file)?.mtimeMs ?? 0);
  const index = indexIn(directory);
  const known = readJson(index, Images);
  const newest = ageMs(index) < FOUND_AGAIN_MS ? known?.images.slice(-FOUND_AGAIN) : [];
  const images = known?.images.filter((image) => needed.has(image.folder) || newest?.includes(image) === true) ?? [];
  const listed = new Set(images.map(({ folder }) => folder));
  const folders = list(directory)
    .map((name) => path.join(directory, name))
    .filter((file) => statOf(file)?.isDirectory() === true);
  const isKept = (folder: string): boolean => needed.has(folder) || listed.has(folder) || ageMs(folder) < ANY_MS;
  const unused = folders.filter((folder) => !isKept(folder));
  if (unused.length === folders.length) {
    fs.rmSync(directory, { recursive: true, force: true });
    return;
  }
  if (known !== undefined && images.length < known.images.length) {
    writeAtomic(index, JSON.stringify({ ...known, images }));
  }
  for (const folder of unused) fs.rmSync(folder, { recursive: true, force: true });
}
