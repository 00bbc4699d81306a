/** One run of rustc on an overlay, and the bitcode that came of it. */
import * as path from "node:path";
import type { BitcodeFile } from "../../../../../shared/src/protocol.js";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import type { Layout } from "../../support/layout.js";
import type { UnitRecord } from "../../units/record.js";
import { type LaneOptions, type MirrorCrate, collectDiagnostics, compileMirror } from "../mirror/compileMirror.js";
import { deniedByDefault, lintArgs } from "../mirror/lints.js";
import { type Finding, finding } from "./findings.js";
import type { Overlay } from "./overlay.js";

export interface CompiledOverlay {
  /** Everything that rustc said about a place in a file. */
  readonly findings: readonly Finding[];
  /** Keeps the bitcode of all codegen units, in place of what the run before has left; undefined when rustc failed. */
  readonly keepBitcode: (() => readonly BitcodeFile[]) | undefined;
}

/** Runs rustc once. Rejects with `Cancelled` when the signal aborts. */
export async function compileOverlay(
  layout: Layout,
  record: UnitRecord,
  overlay: Overlay,
  options: LaneOptions,
): Promise<CompiledOverlay> {
  const directory = layout.bodyLane(record.invocation.key);
  const lints = lintArgs(record, overlay.sources.denied, await deniedByDefault(record, options.env));
  const diagnostics: Diagnostic[] = [];
  const crate: MirrorCrate = {
    mirror: overlay.mirror,
    directory,
    // Nobody compiles against an overlay.
    metadata: undefined,
    incrementalDir: path.join(directory, "incremental"),
    // A library's metadata is for its dependents, who are none of the overlay's, and all that it exports would be generated. A program
    // stays one, for its symbols say that it is.
    crateType: (kind) => (kind === "bin" ? kind : overlay.sources.isNoStd ? "lib" : "staticlib"),
    extra: lints,
  };
  const { exit, keep } = await compileMirror(record, crate, options, collectDiagnostics(diagnostics));
  const findings = diagnostics.flatMap((diagnostic) => finding(diagnostic, overlay) ?? []);
  return { findings, keepBitcode: exit.code === 0 ? () => keep().files : undefined };
}
