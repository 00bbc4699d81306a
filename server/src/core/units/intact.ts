/** Whether what a state stands on is still there: looked at before every update, since anybody may remove any of it. */
import * as fs from "node:fs";
import type { ProgramReport } from "../../../../shared/src/report.js";
import { inspectArgs } from "./arguments.js";
import { statOf } from "../support/files.js";
import { isCurrent } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { buildIdOf } from "./buildId.js";
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

/** What a program's file was when it was published. */
interface PublishedFile {
  /** A placeholder of cargo's build has another one. */
  readonly size: number;
  /** An executable's; the engine updates images in place, so that they have none of their own. */
  readonly buildId?: string | undefined;
}

/** The programs' files as they were published. */
export type ProgramFiles = ReadonlyMap<string, PublishedFile>;

export function programFiles(programs: readonly ProgramReport[]): ProgramFiles {
  const sizeOf = (file: string): number => statOf(file)?.size ?? 0;
  return new Map(
    programs.flatMap(({ executable, image }): [string, PublishedFile][] => [
      [executable, { size: sizeOf(executable), buildId: buildIdOf(executable) }],
      [image, { size: sizeOf(image) }],
    ]),
  );
}

/**
 * Whether the files are still what was published. Another build, of the tests, say, or somebody's command, may have published another program
 * at the same place, with as many bytes.
 */
export function arePublished(files: ProgramFiles): boolean {
  return [...files.keys()].every((file) => isPublished(files, file));
}

/** The same of one file. Of what was not published nothing is known. */
export function isPublished(files: ProgramFiles, file: string): boolean {
  const { size, buildId } = files.get(file) ?? {};
  return size === undefined || (statOf(file)?.size === size && (buildId === undefined || buildIdOf(file) === buildId));
}
