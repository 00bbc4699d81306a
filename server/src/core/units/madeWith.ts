/**
 * What a selection's state was made with, and other builds in the same target directory may make otherwise, under the same name: of
 * another selection, with another environment or configuration. To cargo one of the two is always out of date.
 */
import * as z from "zod";
import { digest, statOf } from "../support/files.js";
import { FileStamp, NO_STAMP, fileStamp } from "../support/stamps.js";
import type { Invocation } from "./invocation.js";
import type { UnitRecord } from "./record.js";

/** A library that cargo compiled natively, as it was. (When it was changed last does not count: it may get another name.) */
const Library = FileStamp.omit({ ctimeMs: true }).extend({ path: z.string() });

export const MadeWith = z.object({
  /** How each unit was compiled: digests, by key. */
  invocations: z.record(z.string(), z.string()),
  libraries: z.array(Library),
});
export type MadeWith = z.infer<typeof MadeWith>;

export function madeWith(records: readonly UnitRecord[], libraries: readonly string[]): MadeWith {
  return {
    invocations: Object.fromEntries(records.map(({ invocation }) => [invocation.key, howCompiled(invocation)])),
    libraries: libraries.map(libraryAt),
  };
}

/** What was made otherwise since. */
export function madeOtherwise(made: MadeWith, records: readonly UnitRecord[]): string | undefined {
  const unit = records.find(({ invocation }) => made.invocations[invocation.key] !== howCompiled(invocation));
  if (unit !== undefined) return unit.invocation.id;
  return made.libraries.find((library) => {
    const now = libraryAt(library.path);
    return now.mtimeMs !== library.mtimeMs || now.size !== library.size || now.inode !== library.inode;
  })?.path;
}

/** (By whom it is compiled, a wrapper of the user's, is the same to cargo.) */
function howCompiled({ args, cwd, env }: Invocation): string {
  return digest(JSON.stringify([args, cwd, Object.entries(env).sort()]));
}

function libraryAt(file: string): z.infer<typeof Library> {
  const stat = statOf(file);
  const { mtimeMs, size, inode } = stat === undefined ? NO_STAMP : fileStamp(stat);
  return { path: file, mtimeMs, size, inode };
}
