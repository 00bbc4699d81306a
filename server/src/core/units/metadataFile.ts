/**
 * A library's metadata file while and after rustc makes it anew.
 *
 * rustc writes metadata long before it is done, so the file from before is put aside meanwhile: a unit whose compilation ends in between
 * is still the one that its record is about. And where the library's users see nothing of what changed, the file from before stays the
 * one they are compiled against. All of them have to load the same one, since rustc refuses a crate that was compiled against another.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { linkOrCopy, list } from "../support/files.js";
import { isCurrent, restamped, stamp } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { inspectArgs } from "./arguments.js";
import { outputsOf, removeSessions } from "./outputs.js";
import { type UnitRecord, loadUnit, saveUnit } from "./record.js";

export class MetadataFile {
  private readonly aside: string;

  /** `file`: where users look for it; undefined where there is none. */
  constructor(
    private readonly layout: Layout,
    private readonly key: string,
    private readonly file: string | undefined,
  ) {
    this.aside = path.join(layout.unit(key), "metadata");
  }

  /** Where the file from before is while rustc runs. */
  get before(): string {
    return this.aside;
  }

  /** Runs rustc, and leaves the file as it was before unless that gives 0. (rustc makes a new file, wherever the old one is linked to.) */
  async keepingUnlessDone(compile: () => Promise<number>): Promise<number> {
    const { file, aside } = this;
    fs.rmSync(aside, { force: true });
    if (file === undefined || !fs.existsSync(file)) return compile();
    linkOrCopy(file, aside);
    let exitCode: number | undefined;
    try {
      exitCode = await compile();
      return exitCode;
    } finally {
      if (exitCode !== 0) this.restore();
    }
  }

  /** The file is as it was before. */
  restore(): void {
    if (this.file === undefined || !fs.existsSync(this.aside)) return;
    fs.renameSync(this.aside, this.file);
    // (Where it is still the same file, nothing was renamed.)
    fs.rmSync(this.aside, { force: true });
  }

  /** rustc is done, and the library's users get what it made. */
  replace(): void {
    fs.rmSync(this.aside, { force: true });
    fs.rmSync(this.layout.newerMetadata(this.key), { force: true });
  }

  /** rustc is done, and the library's users keep what was there before. `before`: its stamp. */
  keepOld(before: NonNullable<UnitRecord["metadata"]>, moved: boolean): Pick<UnitRecord, "metadata" | "newer"> {
    const newer = this.layout.newerMetadata(this.key);
    fs.renameSync(before.path, newer);
    fs.renameSync(this.aside, before.path);
    return { metadata: restamped(before), newer: { file: stamp(newer), moved } };
  }
}

/** Gives a library's users its newest metadata. They have to be compiled against it then, all of them. */
export function putInPlace(layout: Layout, record: UnitRecord): UnitRecord {
  const { newer, metadata, ...rest } = record;
  if (newer === undefined || metadata === null) return record;
  if (isCurrent(newer.file)) {
    fs.renameSync(newer.file.path, metadata.path);
    // To cargo, what was compiled before is older.
    const now = new Date();
    fs.utimesSync(metadata.path, now, now);
    const placed = { ...rest, metadata: { ...newer.file, ...stamp(metadata.path) } };
    saveUnit(layout, placed);
    return placed;
  }
  // It is made anew, as whatever has no metadata.
  for (const file of [newer.file.path, metadata.path]) fs.rmSync(file, { force: true });
  removeSessions(outputsOf(layout, record.invocation, inspectArgs(record.invocation.args)));
  return record;
}

/**
 * As `putInPlace`, of whatever was compiled in the target directory: for cargo, which compiles users of libraries itself. Gives whether
 * there was any.
 */
export function putAllInPlace(layout: Layout): boolean {
  let hasAny = false;
  for (const key of list(layout.units)) {
    if (!fs.existsSync(layout.newerMetadata(key))) continue;
    const record = loadUnit(layout, key);
    if (record?.newer === undefined) fs.rmSync(layout.newerMetadata(key), { force: true });
    else putInPlace(layout, record);
    hasAny ||= record?.newer !== undefined;
  }
  return hasAny;
}
