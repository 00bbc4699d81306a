// Install and build: each step looks first whether there is anything to do.
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { buildWithProgress } from "./cargoProgress.mjs";
import { engine, repository } from "./paths.mjs";
import { mustRun } from "./run.mjs";
import { requireTools } from "./tools.mjs";

/**
 * Cargo for the engine: its own target directory wherever the user's environment points, and the toolchain's default
 * flags, so that all steps share what they compile.
 */
export const engineEnvironment = { CARGO_TARGET_DIR: path.join(engine, "target"), RUSTC_WRAPPER: undefined };

/** `npm ci`, when node_modules is missing or older than the lock file. */
export async function install() {
  const lock = path.join(repository, "package-lock.json");
  // npm writes this file at the end of every installation.
  const installed = path.join(repository, "node_modules/.package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  await mustRun("npm", ["ci", "--no-audit", "--no-fund"]);
}

/**
 * The engine (release) and the bundle of the command line; both tools skip what is current. `hasTests`: the engine's tests, too. They use
 * more of some libraries' features than the engine does; built with them, these are compiled once.
 */
export async function compile({ hasTests = false } = {}) {
  const command = hasTests ? ["test", "--no-run"] : ["build"];
  await buildWithProgress("the engine", [...command, "--release", "--locked"], {
    cwd: engine,
    env: engineEnvironment,
    edges: hasTests ? "normal,build,dev" : "normal,build",
  });
  await mustRun("npm", ["run", "--silent", "bundle"]);
}

/** All that `bin/cranefly` needs. */
export async function build() {
  requireTools();
  await install();
  await compile();
}
