/**
 * Compiles a unit's sources as they are in a mirror: with some texts changed, in a folder that looks like the original, by the unit's own
 * command line, adapted. An overlay, a public twin and a patch crate are that.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import { isWithin } from "../../support/files.js";
import { type Exit, run } from "../../support/process.js";
import { bitcodeArgs, inspectRemaps, overlayArgs } from "../../units/arguments.js";
import { type KeptBitcode, keepBitcode } from "../../units/bitcode.js";
import { parseDiagnostic } from "../../units/compile.js";
import { unitEnvironment } from "../../units/invocation.js";
import type { UnitRecord } from "../../units/record.js";
import type { Mirror } from "./mirror.js";
import { overlayRemaps } from "./remap.js";

/** What a crate is compiled against in the place of the workspace's libraries: their twins, or patch crates. */
export interface Libraries {
  /** Metadata, by the names under which the crate uses the libraries. */
  readonly externs: ReadonlyMap<string, string>;
  /** Where the metadata lies that these were compiled against. */
  readonly folders: readonly string[];
}

/** How a lane runs rustc. */
export interface LaneOptions {
  /** The user's environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Nobody waits for the result, so rustc runs with low priority. */
  readonly isBackground?: boolean;
  readonly libraries?: Libraries | undefined;
}

/** What is compiled of a mirror, and where it goes. */
export interface MirrorCrate {
  readonly mirror: Mirror;
  /** For what rustc writes: the bitcode lies in numbered folders there. */
  readonly directory: string;
  /** Where metadata goes; undefined: nobody compiles against it. */
  readonly metadata: string | undefined;
  /** Undefined: every run is a whole one. */
  readonly incrementalDir: string | undefined;
  /** The crate type in the place of the unit's. */
  readonly crateType: (unit: string) => string;
  /** It is a library, also where the unit is a program or a test harness. */
  readonly isLibrary?: boolean;
  readonly metadataSuffix?: string;
  readonly extra: readonly string[];
}

export interface CompiledMirror {
  readonly exit: Exit;
  /** Keeps the bitcode of a run that succeeded, in place of the one before. */
  readonly keep: () => KeptBitcode;
}

/** Runs rustc once. `onLine`: called with each line of its messages. Rejects with `Cancelled` when the signal aborts. */
export async function compileMirror(
  record: UnitRecord,
  crate: MirrorCrate,
  options: LaneOptions,
  onLine: (line: string) => void,
): Promise<CompiledMirror> {
  const { invocation } = record;
  const out = path.join(crate.directory, "out");
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const exit = await run([...invocation.command, ...commandLine(record, crate, out, options.libraries)], {
    cwd: crate.mirror.pathOf(invocation.cwd),
    env: unitEnvironment(invocation, options.env),
    signal: options.signal,
    isBackground: options.isBackground === true,
    onStderr: onLine,
  });
  return { exit, keep: () => keepBitcode(crate.directory, out) };
}

/** For `onLine`: adds the lines that are diagnostics to a list. */
export function collectDiagnostics(diagnostics: Diagnostic[]): (line: string) => void {
  return (line) => {
    const diagnostic = parseDiagnostic(line);
    if (diagnostic !== undefined) diagnostics.push(diagnostic);
  };
}

function commandLine(
  { invocation, externs }: UnitRecord,
  crate: MirrorCrate,
  out: string,
  libraries: Libraries | undefined,
): string[] {
  const { mirror } = crate;
  const ownLibraries = new Set(externs.filter(({ unit }) => unit !== null).map((extern) => extern.path));
  const bitcode = bitcodeArgs(invocation.args, {
    bitcodeDir: out,
    cwd: mirror.pathOf(invocation.cwd),
    depInfo: path.join(crate.directory, "unit.d"),
    metadata: crate.metadata,
    link: undefined,
    incrementalDir: crate.incrementalDir ?? "",
    isWorkspaceLib: (rlib) => ownLibraries.has(path.resolve(invocation.cwd, rlib)),
  });
  return overlayArgs(bitcode, {
    source: (file) => (isWithin(file, mirror.original) ? mirror.pathOf(file) : file),
    incrementalDir: crate.incrementalDir,
    crateType: crate.crateType,
    isLibrary: crate.isLibrary === true,
    ...(crate.metadataSuffix === undefined ? {} : { metadataSuffix: crate.metadataSuffix }),
    ...(libraries === undefined ? {} : { libraries: libraries.externs }),
    extra: [
      ...(libraries?.folders ?? []).map((folder) => `-Ldependency=${folder}`),
      ...overlayRemaps(mirror.root, mirror.original, inspectRemaps(invocation.args)),
      ...crate.extra,
    ],
  });
}
