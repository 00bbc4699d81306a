/**
 * Lends cargo's own build what cargo has built here: where a program turns out to be cargo's after all, only the user's own packages,
 * and what is not certain to be what cargo would build, are left to build.
 *
 * Other packages are compiled here by the very command that cargo would use, whose hash names their files, so cargo takes them for its
 * own wherever they are (as in a target directory that was moved). Which units those are: `lendable.ts`. While they are lent, no cargo
 * builds there (`cargoLock.ts`); where one does, nothing is lent. A unit is lent as a whole or not at all, after those that it uses.
 */
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { withCargoLocks } from "./cargoLock.js";
import type { Metadata } from "./cargo.js";
import { NOTES, type Unit, judge } from "./lendable.js";
import type { Layout } from "../support/layout.js";

/** Lends what it can; gives how many units that were. Throws what the file system says, and the signal's reason. */
export async function lendToCargo(layout: Layout, metadata: Metadata, signal?: AbortSignal): Promise<number> {
  signal?.throwIfAborted();
  const { target_directory: target, build_directory: build = target } = metadata;
  const before = judge(layout, metadata, build);
  if (before.lent.length === 0) return 0;
  await makeBuildDirectory(layout, build);
  const locked = new Set([...before.lent, ...before.there].map(({ folder }) => folder));
  const work = async (): Promise<number> => {
    // What another cargo has built until now is there now.
    const now = judge(layout, metadata, build);
    if (now.there.some(({ folder }) => !locked.has(folder))) return 0;
    const units = now.lent.filter(({ folder }) => locked.has(folder));
    for (const unit of units) await lendUnit(layout.root, build, unit, signal);
    return units.length;
  };
  return (
    (await withCargoLocks(
      [...locked].map((folder) => path.join(build, folder)),
      work,
    )) ?? 0
  );
}

/** cargo marks the directory only where it makes it itself. */
async function makeBuildDirectory(layout: Layout, build: string): Promise<void> {
  const made = await fs.mkdir(build, { recursive: true });
  if (made !== undefined) await copy(path.join(layout.root, "CACHEDIR.TAG"), path.join(build, "CACHEDIR.TAG"));
}

async function lendUnit(root: string, build: string, unit: Unit, signal: AbortSignal | undefined): Promise<void> {
  const [from, to] = [path.join(root, unit.folder), path.join(build, unit.folder)];
  const note = path.join(to, NOTES, unit.name);
  const draft = path.join(to, NOTES, `.${unit.name}.${process.pid}.tmp`);
  const made: string[] = [];
  try {
    for (const name of unit.libraries) {
      signal?.throwIfAborted();
      await lendFile(path.join(from, "deps", name), path.join(to, "deps", name));
      made.push(path.join(to, "deps", name));
    }
    signal?.throwIfAborted();
    // (Nothing of this name is there.)
    made.push(path.join(to, "build", unit.name), draft);
    await copy(path.join(from, "build", unit.name), path.join(to, "build", unit.name));
    await copy(path.join(from, NOTES, unit.name), draft);
    // Last, and as a whole: from then on cargo takes the unit for built.
    await fs.rename(draft, note);
  } catch (error) {
    for (const name of made) await fs.rm(name, { recursive: true, force: true });
    throw error;
  }
}

/**
 * What rustc writes itself is the same file: it only ever puts other files in the place of these. All else is a copy, also what
 * linkers make: some of them write into a file that is there.
 */
async function lendFile(from: string, to: string): Promise<void> {
  await fs.mkdir(path.dirname(to), { recursive: true });
  if (/\.(?:rlib|rmeta)$/.test(from)) {
    try {
      await fs.link(from, to);
      return;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") throw error;
      // Not every file system has links, and none has them to another one.
    }
  }
  await copy(from, to);
}

/** Copies a file, a link or a folder with its times, by which cargo goes. Throws where a file is there already. */
async function copy(from: string, to: string): Promise<void> {
  const stat = await fs.lstat(from).catch(() => undefined);
  if (stat === undefined) return;
  await fs.mkdir(path.dirname(to), { recursive: true });
  if (stat.isDirectory()) {
    await fs.mkdir(to, { recursive: true });
    for (const name of await fs.readdir(from)) await copy(path.join(from, name), path.join(to, name));
  } else if (stat.isSymbolicLink()) {
    await fs.symlink(await fs.readlink(from), to);
  } else {
    await fs.copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
  await fs.lutimes(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
}
