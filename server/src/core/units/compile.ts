/**
 * Compiles one unit to bitcode: runs rustc with the rewritten command line and records what came of it.
 *
 * Used by the shim that stands in rustc's place while cargo captures, and by the crate lane. Never runs cargo.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { Diagnostic } from "../../../../shared/src/report.js";
import { type RustcArgs, bitcodeArgs, inspectArgs, nativeLibraryArgs } from "./arguments.js";
import { keepBitcode } from "./bitcode.js";
import { keepTexts, pruneTexts } from "./compiledTexts.js";
import { type DepInfo, parseDepInfo } from "./depInfo.js";
import { readText } from "../support/files.js";
import { fileTime, isCurrent, stamp, stampOfRead } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { mayHaveLinkAttributes } from "./linkWords.js";
import { MetadataFile } from "./metadataFile.js";
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
  /**
   * Hears that a library's users may be compiled, as soon as its metadata is there: nothing of what they are compiled of changes any
   * more, unless the library does not compile after all. Not called where they keep the metadata from before. `made`: as far as it is known.
   */
  readonly onInterface?: (made: UnitRecord) => void;
  /** Asked when a library was compiled again; see `UnseenChange`. Without it, its users are to be compiled again. */
  readonly unseenChange?: UnseenChange;
}

/**
 * Says whether a library's users see nothing of a change, but for the lines of what they have of it (`moved`); undefined if they may.
 * `before`, `made`: its records; `metadata`: the file from before.
 */
export type UnseenChange = (
  before: UnitRecord,
  made: UnitRecord,
  metadata: string,
) => Promise<{ readonly moved: boolean } | undefined>;

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
  let early: Promise<void> | undefined;
  let [isTold, isOver] = [false, false];
  const onStderr = (line: string): void => {
    const diagnostic = parseDiagnostic(line);
    if (diagnostic !== undefined) diagnostics.push(diagnostic);
    if (options.onInterface !== undefined && isMetadataNote(line)) early ??= tellInterface(options.onInterface);
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
  const before = outputs.metadata === undefined ? undefined : loadUnit(layout, invocation.key);
  // (Asked first: what is given another name counts as changed.)
  const isKnown = before?.metadata != null && before.metadata.path === outputs.metadata && isCurrent(before.metadata);
  const metadata = new MetadataFile(layout, invocation.key, outputs.metadata);
  const recordOf = (bitcode: Pick<UnitRecord, "bitcodeDir" | "bitcode"> | undefined): UnitRecord => {
    const depInfo = parseDepInfo(readText(outputs.depInfo) ?? "");
    return {
      version: 6,
      invocation,
      crate: args.crate,
      ...(bitcode ?? { bitcodeDir: "", bitcode: [] }),
      inputs: depInfo.files.map((file) => stampOfRead(path.resolve(invocation.cwd, file), startedMs)),
      envDeps: trackedVariables(depInfo, invocation),
      externs,
      linkSources: bitcode === undefined ? [] : linkSources(depInfo, invocation),
      metadata: outputs.metadata === undefined ? null : stamp(outputs.metadata),
      diagnostics,
    };
  };
  const tellInterface = async (tell: (made: UnitRecord) => void): Promise<void> => {
    try {
      const made = recordOf(undefined);
      const isOther = isKnown && native === undefined && made.metadata?.hash !== before.metadata?.hash;
      const unseen = isOther ? await options.unseenChange?.(before, made, metadata.before) : undefined;
      if (unseen !== undefined || isOver) return;
      isTold = true;
      tell(made);
    } catch {
      // They are told when it is done.
    }
  };
  const exitCode = await metadata.keepingUnlessDone(async () => {
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
  isOver = exitCode !== 0;
  await early;
  if (isOver) return { exitCode, record: undefined, diagnostics };

  const bitcode = keepBitcode(directory, out);
  const made = recordOf({ bitcodeDir: bitcode.directory, bitcode: [...bitcode.files] });
  const kept =
    isKnown && native === undefined && !isTold ? await keptMetadata(metadata, before, made, options) : undefined;
  if (kept === undefined) metadata.replace();
  const record = { ...made, ...kept };
  leavePlaceholders(invocation.key, outputs, invocation.needsRlib);
  if (record.metadata !== null) keepTexts(layout, invocation.key, record.inputs);
  saveUnit(layout, record);
  pruneTexts(layout, invocation.key, record.metadata === null ? [] : record.inputs);
  return { exitCode: 0, record, diagnostics };
}

/** Whether it was not the sources that rustc failed on. */
function hasFailedItself(diagnostics: readonly Diagnostic[]): boolean {
  const levels = new Set(diagnostics.map(({ level }) => level));
  return levels.has("error: internal compiler error") || !levels.has("error");
}

/** What a library's record says of its metadata if its users keep what they were compiled against; undefined if they do not. */
async function keptMetadata(
  file: MetadataFile,
  before: UnitRecord,
  made: UnitRecord,
  { unseenChange }: CompileOptions,
): Promise<Pick<UnitRecord, "metadata" | "newer"> | undefined> {
  if (before.metadata === null || made.metadata === null || made.metadata.hash === before.metadata.hash)
    return undefined;
  let unseen: Awaited<ReturnType<UnseenChange>>;
  try {
    unseen = await unseenChange?.(before, made, file.before);
  } catch (error) {
    file.restore();
    throw error;
  }
  if (unseen === undefined) return undefined;
  return file.keepOld(before.metadata, unseen.moved || before.newer?.moved === true);
}

const ArtifactNote = z.object({ artifact: z.string(), emit: z.literal("metadata") });

/** Whether a line of rustc's JSON output says that the metadata is there. */
function isMetadataNote(line: string): boolean {
  if (!line.startsWith("{") || !line.includes('"artifact"')) return false;
  try {
    return ArtifactNote.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}

/** Texts of sources that may name libraries to link. (What macros include as data may be any text.) */
function linkSources({ files }: DepInfo, { cwd }: Invocation): string[] {
  return files.filter(isSource).flatMap((file) => {
    const text = readText(path.resolve(cwd, file)) ?? "";
    return mayHaveLinkAttributes(text) ? text : [];
  });
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
