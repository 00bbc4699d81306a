/** Whether what a state stands on is still there: looked at before every update, since anybody may remove any of it. */
import * as fs from "node:fs";
import type { ProgramReport } from "../../../../shared/src/report.js";
import { inspectArgs } from "./arguments.js";
import { statOf } from "../support/files.js";
import { isCurrent } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { outputsOf, removeSessions } from "./outputs.js";
import type { BuiltPrograms } from "./program.js";
import type { UnitRecord } from "./record.js";

/** A library of cargo's that is gone, which only cargo can make anew. */
export function missingLibrary(records: readonly UnitRecord[]): string | undefined {
  const libraries = new Set(
    records.flatMap(({ externs }) => externs.flatMap(({ path, unit }) => (unit === null && path !== "" ? [path] : []))),
  );
  return [...libraries].find((file) => !fs.existsSync(file));
}

/**
 * Whether everything is there that the crate lane has made. Where metadata is another one than the recorded, so may be what rustc
 * would make it of the next time: that is the same file.
 */
export function isWhole(layout: Layout, records: readonly UnitRecord[], { programs }: BuiltPrograms): boolean {
  const damaged = records.filter(({ metadata }) => metadata !== null && !isCurrent(metadata));
  for (const { invocation } of damaged) removeSessions(outputsOf(layout, invocation, inspectArgs(invocation.args)));
  return (
    damaged.length === 0 &&
    records.every(({ bitcodeDir }) => fs.existsSync(bitcodeDir)) &&
    programs.every(({ base }) => fs.existsSync(base))
  );
}

function isThere({ path, size }: { readonly path: string; readonly size: number }): boolean {
  return statOf(path)?.size === size;
}

/** Sizes of the programs' files as they were published: a placeholder of cargo's build has another one. */
export type ProgramFiles = ReadonlyMap<string, number>;

export function programFiles(programs: readonly ProgramReport[]): ProgramFiles {
  return new Map(
    programs.flatMap(({ executable, image }) => [executable, image].map((file) => [file, statOf(file)?.size ?? 0])),
  );
}

export function arePublished(files: ProgramFiles): boolean {
  return [...files].every(([path, size]) => isThere({ path, size }));
}
