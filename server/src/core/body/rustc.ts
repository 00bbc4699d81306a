/** rustc's command line for an overlay, one run of it, and the bitcode that came of it. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { BitcodeFile } from "../../../../shared/src/protocol.js";
import type { Diagnostic } from "../../../../shared/src/report.js";
import { bitcodeArgs, inspectRemaps, overlayArgs } from "../args.js";
import { keepBitcode } from "../bitcode.js";
import { parseDiagnostic } from "../compile.js";
import { parseDepInfo } from "../depinfo.js";
import { readText } from "../files.js";
import type { Layout } from "../layout.js";
import { run } from "../process.js";
import { type UnitRecord, unitEnvironment } from "../unit.js";
import { type Finding, finding, originalFile } from "./errors.js";
import { deniedByDefault, lintArgs } from "./lints.js";
import type { Overlay } from "./overlay.js";
import { isWithin, overlayRemaps } from "./remap.js";

export interface CompileOverlayOptions {
  /** The user's environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Nobody waits for it. */
  readonly isBackground?: boolean;
}

/** The bitcode of a run. */
export interface Bitcode {
  /** The codegen units that differ from those of the last run whose bitcode was taken. */
  readonly changed: readonly BitcodeFile[];
  /** All of the overlay's codegen units. */
  readonly all: readonly BitcodeFile[];
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

function takeBitcode(directory: string, out: string, overlay: Overlay, depInfo: string): Bitcode {
  const { files, changed } = keepBitcode(directory, out);
  const inputs = parseDepInfo(readText(depInfo) ?? "").files.map((file) => originalFile(overlay, file));
  return { changed, all: files, inputs };
}
