/**
 * How cargo runs a build script of the workspace: its executable, folder and environment, so that the script can be run
 * again without cargo.
 *
 * cargo offers no hook for that, so the shim leaves a recorder where cargo expects the script: a shell script that notes
 * its environment beside `OUT_DIR` and becomes the real one.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { readJson, readText, writeAtomic } from "../support/files.js";
import { parseEnvironment, shellQuote } from "../support/shell.js";
import { CAPTURE_ONLY, environmentDifference } from "../support/environment.js";

/** A run of a build script. */
export const ScriptRun = z.object({
  executable: z.string(),
  cwd: z.string(),
  /** What cargo set on top of the user's environment; null: removed. */
  env: z.record(z.string(), z.string().nullable()),
});
export type ScriptRun = z.infer<typeof ScriptRun>;

/** Written by the recorder: NUL-separated executable, folder and the raw environment. */
const RAW = "cranefly-run";
const RECORD = "cranefly-run.json";

/** Puts the recorder in a compiled build script's place. `userWrapper`: the user's own RUSTC_WRAPPER, or "". */
export function installRecorder(executable: string, userWrapper: string): void {
  const real = `${path.basename(executable)}.script`;
  fs.renameSync(executable, path.join(path.dirname(executable), real));
  const text = [
    "#!/bin/sh",
    "# Written by Cranefly: notes how cargo runs this build script, and runs it.",
    // Beside this file, wherever the project has been moved to. (cargo starts scripts by their whole path.)
    `real="\${0%/*}"/${shellQuote(real)}`,
    `{ printf '%s\\0' "$real" "$PWD"; cat "/proc/$$/environ"; } > "\${OUT_DIR%/*}/${RAW}"`,
    userWrapper === "" ? "unset RUSTC_WRAPPER" : `export RUSTC_WRAPPER=${shellQuote(userWrapper)}`,
    'exec "$real"',
    "",
  ].join("\n");
  fs.writeFileSync(executable, text, { mode: 0o755 });
}

/**
 * How the script that fills `outDir` was last run; undefined when no recorder was there. `env`: the environment that the
 * present capture was started in.
 */
export function takeRun(outDir: string, env: NodeJS.ProcessEnv): ScriptRun | undefined {
  const directory = path.dirname(outDir);
  const record = path.join(directory, RECORD);
  const raw = readText(path.join(directory, RAW));
  if (raw === undefined) return readJson(record, ScriptRun);
  const [executable = "", cwd = "", ...variables] = raw.split("\0");
  const found = parseEnvironment(variables.join("\0"));
  const run: ScriptRun = {
    executable,
    cwd,
    env: environmentDifference(env, Object.fromEntries(found), CAPTURE_ONLY),
  };
  writeAtomic(record, JSON.stringify(run));
  fs.rmSync(path.join(directory, RAW), { force: true });
  return run;
}
