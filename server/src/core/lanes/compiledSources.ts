/** What the programs' units were compiled of, so that it can be told whether anything but known edits is different now. */
import type { UnitRecord } from "../units/record.js";

export class CompiledSources {
  private known: ReadonlyMap<string, string> | undefined;

  /** The programs consist of these units. */
  keep(records: readonly UnitRecord[]): void {
    this.known = partsOf(records);
  }

  /** Whether units are made of the same, but for files with these digests. False where it is not known what they were made of. */
  differOnlyBy(edits: ReadonlyMap<string, string>, records: readonly UnitRecord[]): boolean {
    const { known } = this;
    if (known === undefined) return false;
    const now = partsOf(records);
    // (A new module's file is there since the edit.)
    const isThere = (part: string): boolean => known.has(part) || edits.has(part);
    if ([...known.keys()].some((part) => !now.has(part))) return false;
    return [...now].every(([part, hash]) => isThere(part) && hash === (edits.get(part) ?? known.get(part)));
  }
}

/** Digests of files, and the variables that units have read. */
function partsOf(records: readonly UnitRecord[]): Map<string, string> {
  const parts = new Map<string, string>();
  for (const { invocation, inputs, envDeps } of records) {
    for (const { path, hash } of inputs) parts.set(path, hash);
    // (No path is that of a unit.)
    parts.set(`unit ${invocation.key}`, JSON.stringify(envDeps));
  }
  return parts;
}
