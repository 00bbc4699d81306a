/** The record of a unit (one rustc invocation of a workspace crate): how it is compiled and what it last gave. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { BitcodeFile } from "../../../shared/src/protocol.js";
import { Diagnostic } from "../../../shared/src/report.js";
import { type RustcArgs, inspectArgs } from "./args.js";
import { MissingUnit } from "./errors.js";
import { Stamp, isCurrent, readJson, writeAtomic } from "./files.js";
import type { Layout } from "./layout.js";
import { announcedOutputs, outputsOf, removeOutputs } from "./outputs.js";

/** How cargo (or the user, for a single file) invokes rustc for a unit. */
export const Invocation = z.object({
  key: z.string(),
  /** "package:target", for people. */
  id: z.string(),
  /** The program and its first arguments up to rustc itself: the user's own wrapper, if any, then rustc. */
  command: z.array(z.string()).min(1),
  /** That wrapper; "" where there is none. */
  wrapper: z.string().optional(),
  /** rustc's arguments as cargo gave them. */
  args: z.array(z.string()),
  cwd: z.string(),
  /** Variables that cargo sets on top of the user's environment; null: removed. */
  env: z.record(z.string(), z.string().nullable()),
  /** A build script, procedural macro or native library links to this library, so its rlib is needed as well. */
  needsRlib: z.boolean(),
});
export type Invocation = z.infer<typeof Invocation>;

/** An `--extern` as it was when the unit was compiled; `hash` only for the workspace's own libraries. */
const UsedExtern = z.object({
  name: z.string(),
  path: z.string(),
  /** Key of the workspace unit that makes it; null for registry crates. */
  unit: z.string().nullable(),
  hash: z.string(),
});

/** A unit's last good result. */
export const UnitRecord = z.object({
  version: z.literal(5),
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
  diagnostics: z.array(Diagnostic),
});
export type UnitRecord = z.infer<typeof UnitRecord>;

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

/** An invocation with the wrapper that the user has now: to cargo a unit is the same with another one. */
export function wrappedBy(invocation: Invocation, wrapper: string | undefined): Invocation {
  const { command, wrapper: before } = invocation;
  if (before === undefined || wrapper === undefined || before === wrapper) return invocation;
  const rest = before === "" ? command : command.slice(1);
  return { ...invocation, wrapper, command: wrapper === "" ? rest : [wrapper, ...rest] };
}

/** The environment to run a unit's rustc in: the user's present one with what cargo adds. */
export function unitEnvironment(invocation: Invocation, base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env = applyEnvironment(base, invocation.env);
  for (const name of JOB_SERVER_VARIABLES) Reflect.deleteProperty(env, name);
  return env;
}

/** Applies a recorded difference to an environment. */
export function applyEnvironment(
  base: NodeJS.ProcessEnv,
  difference: Readonly<Record<string, string | null>>,
): NodeJS.ProcessEnv {
  const env = { ...base };
  for (const [name, value] of Object.entries(difference)) {
    if (value === null) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
  return env;
}

/** Variables that the shell of a shim brings in. */
const SHELL_VARIABLES = ["_", "SHLVL", "PWD", "OLDPWD"];

/** cargo's job server: it ends with cargo, so a later compiler would only complain of it. */
export const JOB_SERVER_VARIABLES: readonly string[] = ["CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"];

/** Variables that cargo's children only have because of a capture, or of cargo's being there. */
export const CAPTURE_ONLY: ReadonlySet<string> = new Set([
  ...SHELL_VARIABLES,
  ...JOB_SERVER_VARIABLES,
  "RUSTC_WRAPPER",
  "CARGO_BUILD_RUSTC_WRAPPER",
  "RUSTDOC",
]);

/** What one environment has that another has not. */
export function environmentDifference(
  base: Readonly<Record<string, string | undefined>>,
  env: NodeJS.ProcessEnv,
  ignored: ReadonlySet<string>,
): Record<string, string | null> {
  const difference: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && base[name] !== value && !ignored.has(name)) difference[name] = value;
  }
  for (const name of Object.keys(base)) {
    if (env[name] === undefined && !ignored.has(name)) difference[name] = null;
  }
  return difference;
}

/** The input that changed since the unit was compiled, for the report's reason; undefined when all are current. */
export function changedInput(record: UnitRecord, base: NodeJS.ProcessEnv): string | undefined {
  const file = record.inputs.find((input) => !isCurrent(input));
  if (file !== undefined) return file.path;
  const env = unitEnvironment(record.invocation, base);
  const variable = record.envDeps.find(({ name, value }) => (env[name] ?? null) !== value);
  if (variable !== undefined) return `$${variable.name}`;
  if (record.metadata !== null && !isCurrent(record.metadata)) return record.metadata.path;
  return fs.existsSync(record.bitcodeDir) ? undefined : record.bitcodeDir;
}

/**
 * A unit's name for people and for the engine, "package:target". A library's target is "lib"; tests, examples and
 * benches carry their kind, because a program and a test may have the same name.
 */
export function unitId(args: RustcArgs, env: NodeJS.ProcessEnv, cwd: string): string {
  const packageName = env["CARGO_PKG_NAME"] ?? args.crate;
  const manifestDir = env["CARGO_MANIFEST_DIR"] ?? cwd;
  const suffix = args.isTest ? " (test)" : "";
  const source = args.source === undefined ? "" : path.relative(manifestDir, path.resolve(cwd, args.source));
  const folder = source.split(path.sep)[0];
  if (args.crateTypes.some((kind) => kind !== "bin")) return `${packageName}:lib`;
  if (env["CARGO_BIN_NAME"] !== undefined) return `${packageName}:${env["CARGO_BIN_NAME"]}${suffix}`;
  if (folder === "tests") return `${packageName}:test/${args.crate}`;
  if (folder === "examples") return `${packageName}:example/${args.crate}${suffix}`;
  if (folder === "benches") return `${packageName}:bench/${args.crate}`;
  return args.isTest ? `${packageName}:lib (test)` : `${packageName}:${args.crate}`;
}
