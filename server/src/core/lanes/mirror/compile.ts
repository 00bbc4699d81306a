/** rustc's command lines for a unit's twin and its patch crates: libraries that differ from the unit in nothing else. */
import * as path from "node:path";
import { bitcodeArgs, inspectRemaps, overlayArgs } from "../../units/arguments.js";
import type { UnitRecord } from "../../units/record.js";
import type { Mirror } from "./mirror.js";
import { overlayRemaps } from "./remap.js";
import { isWithin } from "../../support/files.js";

export interface CrateOptions {
  /** For dep-info. */
  readonly directory: string;
  /** Where the bitcode goes. */
  readonly out: string;
  readonly metadata: string | undefined;
  readonly incrementalDir: string | undefined;
  readonly crateType: string;
  readonly metadataSuffix?: string;
  readonly extra: readonly string[];
}

/** The arguments for the unit's sources as they are in a mirror. */
export function crateArgs({ invocation, externs }: UnitRecord, mirror: Mirror, options: CrateOptions): string[] {
  const ownLibraries = new Set(externs.filter(({ unit }) => unit !== null).map((extern) => extern.path));
  const bitcode = bitcodeArgs(invocation.args, {
    bitcodeDir: options.out,
    cwd: mirror.pathOf(invocation.cwd),
    depInfo: path.join(options.directory, "unit.d"),
    metadata: options.metadata,
    link: undefined,
    incrementalDir: options.incrementalDir ?? "",
    isWorkspaceLib: (rlib) => ownLibraries.has(path.resolve(invocation.cwd, rlib)),
  });
  return overlayArgs(bitcode, {
    source: (file) => (isWithin(file, mirror.original) ? mirror.pathOf(file) : file),
    incrementalDir: options.incrementalDir,
    crateType: () => options.crateType,
    isLibrary: true,
    ...(options.metadataSuffix === undefined ? {} : { metadataSuffix: options.metadataSuffix }),
    extra: [...overlayRemaps(mirror.root, mirror.original, inspectRemaps(invocation.args)), ...options.extra],
  });
}
