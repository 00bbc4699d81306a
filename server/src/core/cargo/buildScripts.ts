/**
 * Build scripts of the workspace, run again without cargo when one of their inputs changed. If a script says and writes
 * what it did before, cargo has nothing to decide and the crate lane goes on; if not, cargo has to run.
 *
 * Most scripts name no inputs, so that cargo runs them for every edit of their package, and nearly always in vain.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { type BuildScript, type Package, parseRerunIf } from "./cargo.js";
import { digest, isWithin, readText, statOf } from "../support/files.js";
import { Stamp, alwaysChanged, fileTime, isCurrent, restamped, stamp, stampTree, walk } from "../support/stamps.js";
import { run } from "../support/process.js";
import { ScriptRun, takeRun } from "./scriptRun.js";
import { applyEnvironment } from "../support/environment.js";

/** What a build script was last run on, and what came of it. */
export const ScriptState = z.object({
  packageId: z.string(),
  /** undefined: nobody knows how cargo runs it, so that only cargo can. */
  run: ScriptRun.optional(),
  outDir: z.string(),
  /** Digest of the `cargo::…` lines that it printed. */
  directives: z.string(),
  /** The files in `OUT_DIR`. */
  produced: z.array(Stamp),
  /** What it asks to be rerun for; for a script that asks for nothing the files of its package, as cargo does. */
  inputs: z.array(Stamp),
  /** Those of its inputs that it writes itself, as it was seen to do in its last run. */
  rewritten: z.array(z.string()).optional(),
  /** It did so more than once. */
  isItsOwn: z.boolean().optional(),
  variables: z.record(z.string(), z.string().nullable()),
});
export type ScriptState = z.infer<typeof ScriptState>;

/** A file beside `OUT_DIR` that is there while the output in `OUT_DIR` may come from another run than the recorded one. */
const UNSETTLED = "cranefly-unsettled";

/**
 * The file beside `OUT_DIR` in which cargo keeps what a script printed: in today's layout, and in the next one. (If neither is there, only
 * cargo can run the script again.)
 */
const OUTPUTS = ["output", path.join("run", "stdout")];

/** What a script printed when it last ran. */
export function outputOf({ out_dir: outDir }: Pick<BuildScript, "out_dir">): string {
  return OUTPUTS.map((name) => readText(path.join(path.dirname(outDir), name))).find(isText) ?? "";
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}

/** The state of a script that cargo has just run or found fresh. `startedMs`: when cargo was started. */
export function scriptState(
  script: BuildScript,
  owner: Package,
  env: NodeJS.ProcessEnv,
  targetDirectory: string,
  startedMs: number,
): ScriptState {
  const outDir = script.out_dir;
  const packageDir = path.dirname(owner.manifest_path);
  const output = outputOf(script);
  fs.rmSync(path.join(path.dirname(outDir), UNSETTLED), { force: true });
  const { paths, variables } = parseRerunIf(output, packageDir);
  const scriptRun = takeRun(outDir, env);
  return {
    packageId: script.package_id,
    ...(scriptRun === undefined ? {} : { run: scriptRun }),
    outDir,
    directives: directivesOf(output.split("\n")),
    produced: produced(outDir),
    inputs: stampInputs(paths, variables, packageDir, targetDirectory, startedMs),
    variables: valuesOf(variables, env),
  };
}

/** Variables as the user has them; null: not at all. */
export function valuesOf(names: Iterable<string>, env: NodeJS.ProcessEnv): Record<string, string | null> {
  return Object.fromEntries([...names].map((name) => [name, env[name] ?? null]));
}

/** The variable that has another value than these. */
export function changedVariable(
  values: Readonly<Record<string, string | null>>,
  env: NodeJS.ProcessEnv,
): string | undefined {
  return Object.entries(values).find(([name, value]) => (env[name] ?? null) !== value)?.[0];
}

function stampInputs(
  paths: readonly string[],
  variables: readonly string[],
  packageDir: string,
  targetDirectory: string,
  startedMs: number,
): Stamp[] {
  if (paths.length + variables.length === 0) return [stampTree(packageDir, { nestedPackages: false }, startedMs)];
  return paths.map((file) => stampOfNamed(file, targetDirectory, startedMs));
}

/**
 * The stamp of what a script names. For a file that is not there cargo always runs it, and for a folder in which cargo builds as well.
 * In any other folder everything counts, whatever it is named.
 */
export function stampOfNamed(file: string, targetDirectory: string, startedMs?: number): Stamp {
  const stat = statOf(file);
  if (stat === undefined || isWithin(targetDirectory, file)) return alwaysChanged(file);
  return stat.isDirectory()
    ? stampTree(file, { nestedPackages: true, everything: true }, startedMs)
    : stamp(file, startedMs);
}

/** The outcome of `settleScripts`. */
export interface Settled {
  /** What changed in a way that only cargo can deal with. */
  readonly cargoReason: string | undefined;
  /** The scripts, with new stamps where one was run again. */
  readonly scripts: readonly ScriptState[];
  /** What the user should know of them. */
  readonly warnings: readonly string[];
}

/** Runs the scripts again whose inputs changed. `onStart`: a script is run. */
export async function settleScripts(
  scripts: readonly ScriptState[],
  env: NodeJS.ProcessEnv,
  targetDirectory: string,
  signal: AbortSignal | undefined,
): Promise<Settled> {
  const settled = await Promise.all(scripts.map((script) => settle(script, env, targetDirectory, signal)));
  const reasons = settled.filter((item) => typeof item === "string");
  const states = settled.filter((item) => typeof item !== "string");
  return { cargoReason: reasons[0], scripts: states, warnings: states.flatMap(warningOf) };
}

/** Warns of a script that writes its own inputs: cargo would run it in every build, and a watch would never come to rest. */
function warningOf({ packageId, outDir, rewritten, isItsOwn }: ScriptState): string[] {
  const [file] = rewritten ?? [];
  if (isItsOwn !== true || file === undefined) return [];
  const name = /#(.*)@/.exec(packageId)?.[1] ?? /([^/]+)#/.exec(packageId)?.[1] ?? outDir;
  return [`the build script of ${name} writes ${file}, for which it is to be run again: it is run once for each save`];
}

/**
 * What has changed of what a script reads or writes since it ran. Not for a script that runs in each build, whatever changes.
 */
export function changedSinceScript(script: ScriptState, env: NodeJS.ProcessEnv): string | undefined {
  const inputs = script.inputs.filter(({ hash }) => hash !== "");
  return changedScriptInput({ ...script, inputs }, env) ?? (isUnsettled(script) ? script.outDir : undefined);
}

/** Whether its output may come from another run than the recorded one. */
function isUnsettled({ outDir, produced: files }: ScriptState): boolean {
  return fs.existsSync(markerOf(outDir)) || !files.every(isCurrent);
}

function markerOf(outDir: string): string {
  return path.join(path.dirname(outDir), UNSETTLED);
}

/** Gives the script's state, or the input because of which cargo has to run. */
async function settle(
  script: ScriptState,
  env: NodeJS.ProcessEnv,
  targetDirectory: string,
  signal: AbortSignal | undefined,
): Promise<ScriptState | string> {
  const marker = markerOf(script.outDir);
  const reason = changedScriptInput(script, env) ?? (isUnsettled(script) ? script.outDir : undefined);
  if (reason === undefined) return script;
  if (script.run === undefined || !fs.existsSync(script.run.executable)) return reason;
  const startedMs = fileTime(path.dirname(script.outDir));
  const restamp = (old: Stamp, since?: number): Stamp => {
    const { path: file, tree } = old;
    const isPackage = tree !== undefined && tree.everything !== true;
    return isPackage ? stampTree(file, tree, since) : stampOfNamed(file, targetDirectory, since);
  };
  const inputs = script.inputs.map((input) => restamp(input, startedMs));
  const timesBefore = inputTimes(script.inputs);
  const before = produced(script.outDir, script.produced);
  const lines: string[] = [];
  fs.writeFileSync(marker, "");
  const exit = await run([script.run.executable], {
    cwd: script.run.cwd,
    env: applyEnvironment(env, script.run.env),
    onStdout: (line) => lines.push(line),
    onStderr: () => undefined,
    signal,
  });
  const now = produced(script.outDir);
  restoreTimes(before, now);
  if (exit.code !== 0 || directivesOf(lines) !== script.directives) return reason;
  if (!isSameOutput(script.produced, now)) return reason;
  fs.rmSync(marker);
  const variables = valuesOf(Object.keys(script.variables), env);
  const rewritten = [...inputTimes(script.inputs)].flatMap(([file, ms]) =>
    timesBefore.get(file) === ms ? [] : [file],
  );
  // A file that the script writes in each run is no reason to run it again. (cargo does run it again, but only when it is called.)
  const isItsOwn = rewritten.length > 0 && rewritten.every((file) => script.rewritten?.includes(file));
  const settled = isItsOwn ? script.inputs.map((input) => restamp(input)) : inputs;
  return { ...script, produced: script.produced.map(restamped), inputs: settled, rewritten, isItsOwn, variables };
}

/** When the files that a script is rerun for were modified. */
function inputTimes(inputs: readonly Stamp[]): Map<string, number> {
  const files = inputs.flatMap(({ path: file, tree }) => (tree === undefined ? [file] : walk(file, tree)));
  return new Map(files.map((file) => [file, statOf(file)?.mtimeMs ?? 0]));
}

/** The input of a script that changed since it ran. */
function changedScriptInput(script: ScriptState, env: NodeJS.ProcessEnv): string | undefined {
  const file = script.inputs.find((input) => !isCurrent(input));
  if (file !== undefined) return file.path;
  const variable = changedVariable(script.variables, env);
  return variable === undefined ? undefined : `$${variable}`;
}

/** cargo reads nothing but these lines. */
function directivesOf(lines: readonly string[]): string {
  return digest(...lines.map((line) => line.trimEnd()).filter((line) => line.startsWith("cargo:")));
}

/** Stamps of the files in `OUT_DIR`. `known`: earlier ones. */
function produced(outDir: string, known: readonly Stamp[] = []): Stamp[] {
  const before = new Map(known.map((file) => [file.path, file]));
  return walk(outDir, { nestedPackages: true, everything: true }).map((file) =>
    stamp(file, undefined, before.get(file)),
  );
}

/** Gives files that were written with what was in them their old times back, which cargo and others go by. */
function restoreTimes(before: readonly Stamp[], now: readonly Stamp[]): void {
  const after = new Map(now.map((file) => [file.path, file]));
  for (const { path: file, hash, mtimeMs } of before) {
    const written = after.get(file);
    if (written?.hash === hash && written.mtimeMs !== mtimeMs) fs.utimesSync(file, mtimeMs / 1000, mtimeMs / 1000);
  }
}

function isSameOutput(before: readonly Stamp[], now: readonly Stamp[]): boolean {
  const isSame = (file: Stamp, index: number): boolean =>
    file.path === now[index]?.path && file.hash === now[index].hash;
  return before.length === now.length && before.every(isSame);
}
