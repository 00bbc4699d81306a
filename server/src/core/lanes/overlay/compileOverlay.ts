/** rustc's command line for an overlay, one run of it, and the bitcode that came of it. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import { bitcodeArgs, inspectRemaps, overlayArgs } from "../../units/arguments.js";
import { bitcodeFiles, keepBitcode, parseDiagnostic } from "../../units/compile.js";
import { parseDepInfo } from "../../units/depInfo.js";
import { readText, isWithin } from "../../support/files.js";
import type { Layout } from "../../support/layout.js";
import { run } from "../../support/process.js";
import type { UnitRecord } from "../../units/record.js";
import { unitEnvironment } from "../../units/invocation.js";
import { type Finding, finding, originalFile } from "./findings.js";
import { deniedByDefault, lintArgs } from "../mirror/lints.js";
import type { Overlay } from "./overlay.js";
import { overlayRemaps } from "../mirror/remap.js";

export interface CompileOverlayOptions {
  /** The user's environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Nobody waits for it. */
  readonly isBackground?: boolean;
}

/** The bitcode of a run; absolute paths. */
export interface Bitcode {
  /** The codegen units that differ from those of the last run whose bitcode was taken. */
  readonly changed: readonly string[];
  /** All of the overlay's codegen units. */
  readonly all: readonly string[];
  /** The originals that rustc read. */
  readonly inputs: readonly string[];
}

export interface CompiledOverlay {
  /** Everything that rustc said about a place in a file. */
  readonly findings: readonly Finding[];
  /** Takes the bitcode, and makes it what the next run is compared with; undefined when rustc failed. */
  readonly bitcode: (() => Bitcode) | undefined;
}

/** Runs rustc once. Rejects with `Cancelled` when the signal aborts. */
export async function compileOverlay(
  layout: Layout,
  record: UnitRecord,
  overlay: Overlay,
  options: CompileOverlayOptions,
): Promise<CompiledOverlay> {
  const { invocation } = record;
  const directory = layout.bodyLane(invocation.key);
  const out = path.join(directory, "out");
  const depInfo = path.join(directory, "unit.d");
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const env = unitEnvironment(invocation, options.env);
  const byDefault = await deniedByDefault(invocation.command, invocation.cwd, env);
  const args = commandLine(record, overlay, { directory, out, depInfo, byDefault });

  const diagnostics: Diagnostic[] = [];
  const exit = await run([...invocation.command, ...args], {
    cwd: overlay.cwd,
    env,
    signal: options.signal,
    isBackground: options.isBackground === true,
    onStderr: (line) => {
      const diagnostic = parseDiagnostic(line);
      if (diagnostic !== undefined) diagnostics.push(diagnostic);
    },
  });
  const findings = diagnostics.flatMap((diagnostic) => finding(diagnostic, overlay) ?? []);
  if (exit.code !== 0) return { findings, bitcode: undefined };
  return { findings, bitcode: () => takeBitcode(directory, out, overlay, depInfo) };
}

interface Places {
  readonly directory: string;
  readonly out: string;
  readonly depInfo: string;
  readonly byDefault: readonly string[];
}

function commandLine({ invocation, externs }: UnitRecord, overlay: Overlay, places: Places): string[] {
  const ownLibraries = new Set(externs.filter(({ unit }) => unit !== null).map((extern) => extern.path));
  const { root, original } = overlay.mirror;
  const incrementalDir = path.join(places.directory, "incremental");
  const bitcode = bitcodeArgs(invocation.args, {
    bitcodeDir: places.out,
    cwd: overlay.cwd,
    depInfo: places.depInfo,
    // Nobody compiles against an overlay.
    metadata: undefined,
    link: undefined,
    incrementalDir,
    isWorkspaceLib: (rlib) => ownLibraries.has(path.resolve(invocation.cwd, rlib)),
  });
  return overlayArgs(bitcode, {
    source: (file) => (isWithin(file, original) ? overlay.mirror.pathOf(file) : file),
    incrementalDir,
    // A library's metadata is for its dependents, who are none of the overlay's, and all that it exports would be generated. A program
    // stays one, for its symbols say that it is.
    crateType: (kind) => (kind === "bin" ? kind : overlay.isNoStd ? "lib" : "staticlib"),
    extra: [
      ...overlayRemaps(root, original, inspectRemaps(invocation.args)),
      ...lintArgs(invocation.args, overlay.denied, places.byDefault),
    ],
  });
}

/** Hard links to unchanged codegen units have the inodes of the last run's. */
function takeBitcode(directory: string, out: string, overlay: Overlay, depInfo: string): Bitcode {
  const inodes = new Set(lastBitcode(directory).map((file) => fs.statSync(file, { bigint: true }).ino));
  const all = bitcodeFiles(keepBitcode(directory, out));
  return {
    changed: all.filter((file) => !inodes.has(fs.statSync(file, { bigint: true }).ino)),
    all,
    inputs: parseDepInfo(readText(depInfo) ?? "").files.map((file) => originalFile(overlay, file)),
  };
}

function lastBitcode(directory: string): string[] {
  const generations = fs
    .readdirSync(directory)
    .flatMap((name) => (/^bc-\d+$/.test(name) ? [Number(name.slice(3))] : []));
  return generations.length === 0 ? [] : bitcodeFiles(path.join(directory, `bc-${Math.max(...generations)}`));
}
