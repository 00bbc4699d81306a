/**
 * Brings the users of libraries up to date with metadata that they were not compiled against, when nobody waits.
 *
 * All of them or none: a save that comes in between finds everything as it was before, and does not have to wait for the rest.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { linkOrCopy } from "../support/files.js";
import { restamped } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { putInPlace } from "../units/metadataFile.js";
import { type UnitRecord, loadUnit, saveUnit } from "../units/record.js";
import { dependentsOf } from "./choice.js";

/** The libraries whose users have lines of them that have moved. */
export function movedLibraries(records: readonly UnitRecord[]): readonly UnitRecord[] {
  return records.filter(({ newer }) => newer?.moved === true);
}

export class Refresh {
  private constructor(
    private readonly layout: Layout,
    /** As they were before. */
    private readonly records: readonly UnitRecord[],
  ) {}

  /** Gives the libraries' users the newest metadata, so that the crate lane compiles them. `records`: of all units. */
  static begin(layout: Layout, records: readonly UnitRecord[]): Refresh {
    const moved = movedLibraries(records);
    const concerned = new Set(moved.flatMap((library) => [library, ...dependentsOf(library, records)]));
    const refresh = new Refresh(layout, [...concerned]);
    for (const record of concerned) {
      for (const { file, aside } of refresh.files(record)) {
        fs.rmSync(aside, { force: true });
        if (fs.existsSync(file)) linkOrCopy(file, aside);
      }
    }
    for (const library of moved) putInPlace(layout, library);
    return refresh;
  }

  /** It came to its end. */
  done(): void {
    for (const record of this.records) {
      for (const { aside } of this.files(record)) fs.rmSync(aside, { force: true });
    }
  }

  /** It was ended by something that somebody waits for. */
  takeBack(): void {
    for (const record of this.records) {
      const { metadata, newer, invocation, bitcodeDir } = record;
      const now = loadUnit(this.layout, invocation.key);
      for (const { file, aside } of this.files(record)) {
        if (!fs.existsSync(aside)) continue;
        fs.renameSync(aside, file);
        // (Where it is still the same file, nothing was renamed.)
        fs.rmSync(aside, { force: true });
      }
      const again = newer === undefined ? {} : { newer: { ...newer, file: restamped(newer.file) } };
      saveUnit(this.layout, { ...record, metadata: metadata === null ? null : restamped(metadata), ...again });
      if (now !== undefined && now.bitcodeDir !== bitcodeDir)
        fs.rmSync(now.bitcodeDir, { recursive: true, force: true });
    }
  }

  /**
   * A unit's metadata, both of it, and where it is kept meanwhile: that of a library whose lines have moved changes its place, and that
   * of a user is made anew.
   */
  private files({ invocation, metadata, newer }: UnitRecord): readonly { file: string; aside: string }[] {
    const aside = (name: string): string => path.join(this.layout.unit(invocation.key), name);
    const own = metadata === null ? [] : [{ file: metadata.path, aside: aside("older.rmeta") }];
    return newer === undefined ? own : [...own, { file: newer.file.path, aside: aside("older-newer.rmeta") }];
  }
}
