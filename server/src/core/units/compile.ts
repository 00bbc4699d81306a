/**
 * Compiles one unit to bitcode: runs rustc with the rewritten command line and records what came of it.
 *
 * Used by the shim that stands in rustc's place while cargo captures, and by the crate lane. Never runs cargo.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Diagnostic } from "../../../../shared/src/report.js";
import { type RustcArgs, bitcodeArgs, inspectArgs, nativeLibraryArgs } from "./arguments.js";
import { keepBitcode } from "./bitcode.js";
import { type DepInfo, parseDepInfo } from "./depInfo.js";
import { linkOrCopy, readText } from "../support/files.js";
import { fileTime, stamp, stampOfRead } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { mayHaveLinkAttributes } from "./linkWords.js";
import { announce, announcedOutputs, leavePlaceholders, outputsOf, removeSessions, unitOfOutput } from "./outputs.js";
import { run } from "../support/process.js";
import { type UnitRecord, loadUnit, saveUnit } from "./record.js";
import { type Invocation, unitEnvironment } from "./invocation.js";

export interface CompileOptions {
  /** The user's environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Every line that rustc writes to standard error: diagnostics and artifact notes as JSON. */
  readonly onLine?: (line: string) => void;
  readonly sameGroup?: boolean;
  /** Nobody waits for it. */
  readonly isBackground?: boolean;
}

/** A unit's result and diagnostics; without a record it did not compile. */
export interface CompileResult {
  readonly exitCode: number;
  readonly record: UnitRecord | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles a unit, and makes the result the unit's current one if rustc succeeds. */
export async function compileUnit(
  layout: Layout,
  invocation: Invocation,
  options: CompileOptions,
): Promise<CompileResult> {
  const args = inspectArgs(invocation.args);
  const outputs = outputsOf(layout, invocation, args);
  const directory = layout.unit(invocation.key);
  const out = path.join(directory, "out");
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  fs.mkdirSync(path.dirname(outputs.depInfo), { recursive: true });
  announce(layout, invocation.key, outputs);

  const isWorkspaceLib = (rlib: string): boolean =>
    unitOfOutput(layout, path.resolve(invocation.cwd, rlib)) !== undefined;
  const command = bitcodeArgs(invocation.args, {
    bitcodeDir: out,
    cwd: invocation.cwd,
    depInfo: outputs.depInfo,
    metadata: outputs.metadata,
    link: invocation.needsRlib ? outputs.rlib : undefined,
    incrementalDir: outputs.incremental,
    isWorkspaceLib,
  });

  // As it will read them: what is made of a library meanwhile is not what this was compiled against.
  const externs = usedExterns(layout, args, invocation);
  const diagnostics: Diagnostic[] = [];
  const onStderr = (line: string): void => {
    const diagnostic = parseDiagnostic(line);
    if (diagnostic !== undefined) diagnostics.push(diagnostic);
    options.onLine?.(line);
  };
  const env = unitEnvironment(invocation, options.env);
  const runOptions = {
    cwd: invocation.cwd,
    env,
    onStderr,
    signal: options.signal,
    sameGroup: options.sameGroup ?? false,
    isBackground: options.isBackground ?? false,
  };
  const startedMs = fileTime(directory);
  // The same sources again: only what the first run could not see (code generation, linking) is news.
  const onNativeLine = (line: string): void => {
    const diagnostic = parseDiagnostic(line);
    if (diagnostic?.level.startsWith("error") === true) onStderr(line);
  };
  const native = nativeLibraryArgs(invocation.args);
  const exitCode = await keepingUnlessDone(outputs.metadata, path.join(directory, "metadata"), async () => {
    let exit = await run([...invocation.command, ...command], runOptions);
    if (exit.code !== 0 && hasFailedItself(diagnostics)) {
      // Whatever an earlier run has left it may be damaged.
      removeSessions(outputs);
      exit = await run([...invocation.command, ...command], runOptions);
    }
    if (exit.code !== 0 || native === undefined) return exit.code ?? 101;
    const nativeExit = await run([...invocation.command, ...native], { ...runOptions, onStderr: onNativeLine });
    return nativeExit.code ?? 101;
  });
  if (exitCode !== 0) return { exitCode, record: undefined, diagnostics };

  const bitcode = keepBitcode(directory, out);
  const depInfo = parseDepInfo(readText(outputs.depInfo) ?? "");
  const record: UnitRecord = {
    version: 6,
    invocation,
    crate: args.crate,
    bitcodeDir: bitcode.directory,
    bitcode: [...bitcode.files],
    inputs: depInfo.files.map((file) => stampOfRead(path.resolve(invocation.cwd, file), startedMs)),
    envDeps: trackedVariables(depInfo, invocation),
    externs,
    // (What macros include as data may be any text.)
    linkSources: depInfo.files.filter(isSource).flatMap((file) => {
      const text = readText(path.resolve(invocation.cwd, file)) ?? "";
      return mayHaveLinkAttributes(text) ? text : [];
    }),
    metadata: outputs.metadata === undefined ? null : stamp(outputs.metadata),
    diagnostics,
  };
  leavePlaceholders(invocation.key, outputs, invocation.needsRlib);
  saveUnit(layout, record);
  return { exitCode: 0, record, diagnostics };
}

/** Whether it was not the sources that rustc failed on. */
function hasFailedItself(diagnostics: readonly Diagnostic[]): boolean {
  const levels = new Set(diagnostics.map(({ level }) => level));
  return levels.has("error: internal compiler error") || !levels.has("error");
}

/**
 * Runs `compile`, and leaves a file as it was before unless that gives 0: rustc writes metadata long before it is done, and a unit
 * whose compilation is ended in between is still the one that its record is about. `aside`: where the file stays meanwhile.
 * (rustc makes a new file, wherever the old one is linked to.)
 */
async function keepingUnlessDone(
  file: string | undefined,
  aside: string,
  compile: () => Promise<number>,
): Promise<number> {
  fs.rmSync(aside, { force: true });
  if (file === undefined || !fs.existsSync(file)) return compile();
  linkOrCopy(file, aside);
  let exitCode: number | undefined;
  try {
    exitCode = await compile();
    return exitCode;
  } finally {
    if (exitCode !== 0) fs.renameSync(aside, file);
    // (Where it is still the same file, nothing was renamed.)
    fs.rmSync(aside, { force: true });
  }
}

function isSource(file: string): boolean {
  return path.extname(file) === ".rs";
}

/** cargo sets most tracked variables itself; what it sets is part of the invocation and checked by the cargo lane. */
function trackedVariables(depInfo: DepInfo, invocation: Invocation): { name: string; value: string | null }[] {
  return depInfo.env
    .filter(({ name }) => invocation.env[name] === undefined)
    .map(({ name, value }) => ({ name, value: value ?? null }));
}

function usedExterns(layout: Layout, args: RustcArgs, invocation: Invocation): UnitRecord["externs"] {
  return args.externs.flatMap((extern) => {
    if (extern.path === undefined) return [{ name: extern.name, path: "", unit: null, hash: "" }];
    const file = path.resolve(invocation.cwd, extern.path);
    const unit = unitOfOutput(layout, file);
    const hash = unit === undefined ? "" : metadataHash(layout, unit);
    return [{ name: extern.name, path: file, unit: unit ?? null, hash }];
  });
}

/** The hash of a library's metadata as it is now: its record may be about an earlier one, or not be there yet. */
function metadataHash(layout: Layout, key: string): string {
  const file = announcedOutputs(layout, key)?.metadata;
  return file === undefined ? "" : stamp(file, undefined, loadUnit(layout, key)?.metadata ?? undefined).hash;
}

/** A line of rustc's JSON output, if it is a diagnostic. */
export function parseDiagnostic(line: string): Diagnostic | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || "artifact" in value) return undefined;
    const parsed = Diagnostic.safeParse(value);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
