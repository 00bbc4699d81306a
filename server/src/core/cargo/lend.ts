/**
 * Lends cargo's own build what cargo has built here: where a program turns out to be cargo's after all, only the user's own packages
 * are left to build.
 *
 * Other packages are compiled here by the very command that cargo would use, whose hash names their files, so cargo takes them for its
 * own wherever they are (as in a target directory that was moved). Nothing is lent that is there already, and of what is not known to be
 * laid out as expected nothing at all: then cargo builds it again.
 */
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isOnlyDynamic } from "../units/arguments.js";
import { list } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import { adoptedPackages } from "./adoptedPackages.js";
import { type Metadata, localPackages } from "./cargo.js";

/** Where cargo notes what it built in a profile's folder, by package and hash. */
const NOTES = ".fingerprint";

/** Lends all that is missing there; gives how many units that were. */
export async function lendToCargo(layout: Layout, metadata: Metadata): Promise<number> {
  const { target_directory: target, build_directory: build = target } = metadata;
  const kept = new Set(keptPackages(layout, metadata));
  const folders = list(layout.root).flatMap((name) => [
    name,
    ...list(path.join(layout.root, name)).map((inner) => path.join(name, inner)),
  ]);
  let count = 0;
  for (const folder of folders) {
    const [from, to] = [path.join(layout.root, folder), path.join(build, folder)];
    const there = new Set(list(path.join(to, NOTES)));
    const units = list(path.join(from, NOTES)).filter((unit) => !there.has(unit) && !kept.has(packageOf(unit)));
    if (units.length === 0) continue;
    const libraries = byHash(list(path.join(from, "deps")));
    for (const unit of units) {
      await lendUnit(from, to, unit, libraries.get(hashOf(unit)) ?? []);
      count++;
    }
  }
  return count;
}

/** Packages of which something else is built here than cargo would. */
function keptPackages(layout: Layout, metadata: Metadata): string[] {
  const dynamic = metadata.packages.filter(({ targets }) =>
    targets.some(({ crate_types: kinds }) => isOnlyDynamic(kinds)),
  );
  return [...localPackages(metadata), ...adoptedPackages(layout, metadata), ...dynamic].map(({ name }) => name);
}

/** `libraries`: the names of what was made of the unit. */
async function lendUnit(from: string, to: string, unit: string, libraries: readonly string[]): Promise<void> {
  for (const name of libraries) await lendFile(path.join(from, "deps", name), path.join(to, "deps", name));
  await copy(path.join(from, "build", unit), path.join(to, "build", unit));
  // Last, and as a whole: from then on cargo takes the unit for built.
  const draft = path.join(to, NOTES, `.${unit}.${process.pid}.tmp`);
  await copy(path.join(from, NOTES, unit), draft);
  await fs.rename(draft, path.join(to, NOTES, unit)).catch(() => fs.rm(draft, { recursive: true, force: true }));
}

/** What rustc and linkers only replace by other files is the same file; all else, which may be written into, is a copy. */
async function lendFile(from: string, to: string): Promise<void> {
  await fs.mkdir(path.dirname(to), { recursive: true });
  if (/\.(?:rlib|rmeta|so)$/.test(from)) {
    const isLent = await fs.link(from, to).then(
      () => true,
      (error: unknown) => error instanceof Error && "code" in error && error.code === "EEXIST",
    );
    if (isLent) return;
  }
  await copy(from, to);
}

/** Copies a file, a link or a folder with its times, by which cargo goes. What is there stays. */
async function copy(from: string, to: string): Promise<void> {
  const stat = await fs.lstat(from).catch(() => undefined);
  if (stat === undefined) return;
  if (stat.isDirectory()) {
    await fs.mkdir(to, { recursive: true });
    for (const name of await fs.readdir(from)) await copy(path.join(from, name), path.join(to, name));
  } else {
    await fs.mkdir(path.dirname(to), { recursive: true });
    const made = stat.isSymbolicLink()
      ? fs.readlink(from).then((target) => fs.symlink(target, to))
      : fs.copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const isThere = await made.then(
      () => false,
      (error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "EEXIST") return true;
        throw error;
      },
    );
    if (isThere) return;
  }
  await fs.lutimes(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
}

function packageOf(unit: string): string {
  return unit.replace(/-[0-9a-f]{16}$/, "");
}

function hashOf(unit: string): string {
  return unit.slice(unit.lastIndexOf("-") + 1);
}

function byHash(names: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of names) {
    const [, hash] = /-([0-9a-f]{16})\./.exec(name) ?? [];
    if (hash !== undefined) found.set(hash, [...(found.get(hash) ?? []), name]);
  }
  return found;
}
