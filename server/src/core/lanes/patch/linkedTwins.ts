/**
 * Twins that know each other: each is compiled against those of the workspace's libraries that its crate uses, so that patch crates of
 * several crates can be compiled against each other. (rustc takes a library and its twin for one crate, and would not load both.)
 */
import * as path from "node:path";
import type { UnitRecord } from "../../units/record.js";
import type { Libraries } from "../mirror/compileMirror.js";
import type { Twin } from "./twin.js";

/** Metadata that takes the place of a library, by the library's unit. */
export type MadeLibraries = ReadonlyMap<string, string>;

const NONE: MadeLibraries = new Map();

export class LinkedTwins {
  private readonly twins = new Map<string, Twin | undefined>();

  /** `known`: a unit's twin, if it was compiled against these libraries; `unitOf`: a unit by its key. */
  constructor(
    private readonly known: (record: UnitRecord, libraries: Libraries) => Twin | undefined,
    private readonly unitOf: (key: string) => UnitRecord | undefined,
  ) {}

  /** The unit's twin that was compiled against the others; undefined if one of them is missing. */
  twinOf(record: UnitRecord): Twin | undefined {
    const { key } = record.invocation;
    if (!this.twins.has(key)) {
      const libraries = this.librariesOf(record);
      this.twins.set(key, libraries && this.known(record, libraries));
    }
    return this.twins.get(key);
  }

  /** What the unit is compiled against; undefined if a twin is missing. `made`: patch crates in the place of twins. */
  librariesOf(record: UnitRecord, made: MadeLibraries = NONE): Libraries | undefined {
    const externs = new Map<string, string>();
    const folders = new Set<string>();
    for (const { name, unit } of record.externs) {
      if (unit === null) continue;
      const used = this.unitOf(unit);
      const twin = used && this.twinOf(used);
      const own = used && this.librariesOf(used, made);
      if (twin === undefined || own === undefined) return undefined;
      const metadata = made.get(unit) ?? twin.metadata;
      externs.set(name, metadata);
      for (const folder of [path.dirname(twin.metadata), path.dirname(metadata), ...own.folders]) folders.add(folder);
    }
    return { externs, folders: [...folders] };
  }

  /** The libraries that a unit uses, directly or not, those first that others use. */
  upstreamOf(record: UnitRecord): readonly UnitRecord[] {
    const found = new Map<string, UnitRecord>();
    const visit = ({ externs }: UnitRecord): void => {
      for (const { unit } of externs) {
        const used = unit === null ? undefined : this.unitOf(unit);
        if (used === undefined || found.has(used.invocation.key)) continue;
        visit(used);
        found.set(used.invocation.key, used);
      }
    };
    visit(record);
    return [...found.values()];
  }
}

/** Whether a crate uses any of the workspace's libraries. */
export function usesLibraries({ externs }: UnitRecord): boolean {
  return externs.some(({ unit }) => unit !== null);
}
