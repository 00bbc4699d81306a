// npm projects of their own, for what only some commands need: kept out of node_modules, so that a user's installation
// stays small, and installed below target/ when a command needs them.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { mustRun } from "./run.mjs";

/** Keeps npm to what it was asked for. */
export const npmOptions = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/**
 * Installs a project from its lock file, unless exactly that is installed already.
 *
 * @param {string} manifest the folder with package.json and package-lock.json
 * @param {string} home where it is installed
 * @param {{ announce: string, finish?: () => Promise<void> }} options `announce` is printed before an installation,
 *   `finish` belongs to it: without its success nothing counts as installed
 */
export async function installNpmProject(manifest, home, { announce, finish }) {
  const lock = readFileSync(path.join(manifest, "package-lock.json"));
  const digest = createHash("sha256").update(lock).digest("hex");
  const marker = path.join(home, "installed");
  if (existsSync(marker) && readFileSync(marker, "utf8") === digest) return;

  rmSync(marker, { force: true });
  mkdirSync(home, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) cpSync(path.join(manifest, file), path.join(home, file));
  console.log(announce);
  await mustRun("npm", ["ci", ...npmOptions], { cwd: home });
  await finish?.();
  writeFileSync(marker, digest);
}
