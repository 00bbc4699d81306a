/**
 * A directory that looks like another one: some of its files have texts of their own, everything else is a symbolic link
 * to the original.
 *
 * Directories on the way to an own text are real, so that `..` in `include_str!` and `#[path]` leads to the mirror's
 * other entries and through their links to the originals.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { readText, isWithin } from "../../support/files.js";

export class Mirror {
  /** Modification times of the original directories when they were last mirrored, in nanoseconds. */
  private readonly mirrored = new Map<string, bigint>();
  private layoutKey = "";

  /** Both absolute. Nothing but the mirror may lie at `root`. */
  constructor(
    readonly root: string,
    readonly original: string,
  ) {}

  /** Where a file of the original lies in the mirror. */
  pathOf(file: string): string {
    return path.join(this.root, path.relative(this.original, file));
  }

  /**
   * Makes the directories' entries the originals'. `files` get texts of their own, by `write`; `directories` have to be real
   * as well. All are absolute paths of originals.
   */
  sync(files: readonly string[], directories: readonly string[]): void {
    const own = new Set(files);
    const real = new Set<string>([this.original]);
    for (const start of [...files.map((file) => path.dirname(file)), ...directories]) {
      for (let directory = start; isWithin(directory, this.original) && !real.has(directory);) {
        real.add(directory);
        directory = path.dirname(directory);
      }
    }
    const layoutKey = JSON.stringify([...own].sort());
    if (layoutKey !== this.layoutKey) this.mirrored.clear();
    this.layoutKey = layoutKey;
    for (const directory of [...real].sort()) this.syncDirectory(directory, real, own);
  }

  /** Gives a file a text of its own; undefined: the original's. */
  write(file: string, text: string | undefined): void {
    const target = this.pathOf(file);
    if (text === undefined) {
      link(file, target);
      return;
    }
    // Never through a link: it would be the original that is written.
    if (isLink(target)) fs.unlinkSync(target);
    else if (readText(target) === text) return;
    fs.writeFileSync(target, text);
  }

  private syncDirectory(directory: string, real: ReadonlySet<string>, own: ReadonlySet<string>): void {
    const { mtimeNs } = fs.statSync(directory, { bigint: true });
    if (this.mirrored.get(directory) === mtimeNs) return;
    const target = this.pathOf(directory);
    if (isLink(target)) fs.unlinkSync(target);
    fs.mkdirSync(target, { recursive: true });
    const names = new Set(fs.readdirSync(directory));
    for (const name of fs.readdirSync(target)) {
      if (!names.has(name)) fs.rmSync(path.join(target, name), { recursive: true, force: true });
    }
    for (const name of names) {
      const original = path.join(directory, name);
      if (!real.has(original) && !own.has(original)) link(original, path.join(target, name));
    }
    this.mirrored.set(directory, mtimeNs);
  }
}

function isLink(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Makes `file` a link to `original`, whatever it was before. */
function link(original: string, file: string): void {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() === true && fs.readlinkSync(file) === original) return;
  if (stat !== undefined) fs.rmSync(file, { recursive: true, force: true });
  fs.symlinkSync(original, file);
}
