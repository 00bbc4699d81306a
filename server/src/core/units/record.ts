/** The record of a unit (one rustc invocation of a workspace crate): how it is compiled and what it last gave. */
import * as fs from "node:fs";
import * as z from "zod";
import { BitcodeFile } from "../../../../shared/src/protocol.js";
import { Diagnostic } from "../../../../shared/src/report.js";
import { inspectArgs } from "./arguments.js";
import { Invocation, unitEnvironment } from "./invocation.js";
import { Unsupported } from "../support/errors.js";
import { readJson, writeAtomic } from "../support/files.js";
import { Stamp, isCurrent } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { announcedOutputs, outputsOf, removeOutputs } from "./outputs.js";

/** An `--extern` as it was when the unit was compiled; `hash` only for the workspace's own libraries. */
const UsedExtern = z.object({
  name: z.string(),
  path: z.string(),
  /** Key of the workspace unit that makes it; null for registry crates. */
  unit: z.string().nullable(),
  hash: z.string(),
});

/**
 * Metadata that a library's users were not compiled against, since they see nothing of what changed: it is of the unit's sources as they
 * were compiled last, and lies in the unit's own folder. What lies where its users look is that of sources before, which they all have in
 * common.
 */
const NewerMetadata = z.object({
  file: Stamp,
  /** What its users have of it, such as generic functions, stands on other lines now. */
  moved: z.boolean(),
});

/** A unit's last good result. */
export const UnitRecord = z.object({
  version: z.literal(6),
  invocation: Invocation,
  crate: z.string(),
  bitcodeDir: z.string(),
  bitcode: z.array(BitcodeFile),
  /** Files of dep-info, and tracked variables. */
  inputs: z.array(Stamp),
  envDeps: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
  externs: z.array(UsedExtern),
  /** Texts of those of its sources that may name libraries in `#[link(…)]`. */
  linkSources: z.array(z.string()),
  /**
   * The metadata file as rustc left it; null for a program. A later run that failed or was killed may have written
   * another one, which the recorded bitcode does not belong to.
   */
  metadata: Stamp.nullable(),
  newer: NewerMetadata.optional(),
  diagnostics: z.array(Diagnostic),
});
export type UnitRecord = z.infer<typeof UnitRecord>;

/** Units' records are gone or of another version of Cranefly: they have to be compiled through cargo again. */
export class MissingUnit extends Unsupported {
  constructor(readonly keys: readonly string[]) {
    super(`the record of unit ${keys.join(", ")} is missing`);
    this.name = "MissingUnit";
  }
}

/** Records as they were read or written, with their files' inodes: a new record is always a new file. */
const known = new Map<string, { readonly inode: bigint; readonly mtimeNs: bigint; readonly record: UnitRecord }>();

/** The record, which is read only when another process has written it: a record may be megabytes of JSON. */
export function loadUnit(layout: Layout, key: string): UnitRecord | undefined {
  const file = layout.unitRecord(key);
  const stat = fs.statSync(file, { throwIfNoEntry: false, bigint: true });
  if (stat === undefined) return undefined;
  const before = known.get(file);
  if (before?.inode === stat.ino && before.mtimeNs === stat.mtimeNs) return before.record;
  const record = readJson(file, UnitRecord);
  if (record !== undefined) known.set(file, { inode: stat.ino, mtimeNs: stat.mtimeNs, record });
  return record;
}

/** Throws `MissingUnit`. */
export function needUnit(layout: Layout, key: string): UnitRecord {
  const record = loadUnit(layout, key);
  if (record === undefined) throw new MissingUnit([key]);
  return record;
}

/**
 * Removes a unit with all that cargo knows it by, so that cargo calls our wrapper for it. Gives whether that is known: if not, cargo
 * takes it for fresh still.
 */
export function forgetUnit(layout: Layout, key: string): boolean {
  const record = loadUnit(layout, key);
  const known = record && outputsOf(layout, record.invocation, inspectArgs(record.invocation.args));
  const outputs = announcedOutputs(layout, key) ?? known;
  for (const directory of [layout.unit(key), layout.bodyLane(key)]) {
    fs.rmSync(directory, { recursive: true, force: true });
  }
  if (outputs !== undefined) removeOutputs(layout, outputs);
  return outputs !== undefined;
}

export function saveUnit(layout: Layout, record: UnitRecord): void {
  writeAtomic(layout.unitRecord(record.invocation.key), JSON.stringify(record));
}

/** The input that changed since the unit was compiled, for the report's reason; undefined when all are current. */
export function changedInput(record: UnitRecord, base: NodeJS.ProcessEnv): string | undefined {
  const file = record.inputs.find((input) => !isCurrent(input));
  if (file !== undefined) return file.path;
  const env = unitEnvironment(record.invocation, base);
  const variable = record.envDeps.find(({ name, value }) => (env[name] ?? null) !== value);
  if (variable !== undefined) return `$${variable.name}`;
  if (record.metadata !== null && !isCurrent(record.metadata)) return record.metadata.path;
  if (record.newer !== undefined && !isCurrent(record.newer.file)) return record.newer.file.path;
  return fs.existsSync(record.bitcodeDir) ? undefined : record.bitcodeDir;
}
