/**
 * Remembers where a selection's `target/cranefly` is, so that a second run need not ask cargo. Only a hint: the cargo
 * lane asks again, and the state in the folder says itself whether it is current.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { readText, writeIfChanged } from "../support/files.js";
import { cacheDirectory } from "../support/layout.js";

function hintFile(key: string, env: NodeJS.ProcessEnv): string {
  return path.join(cacheDirectory(env), "roots", key);
}

export function findRoot(key: string, env: NodeJS.ProcessEnv): string | undefined {
  const root = readText(hintFile(key, env));
  return root !== undefined && fs.existsSync(root) ? root : undefined;
}

export function rememberRoot(key: string, root: string, env: NodeJS.ProcessEnv): void {
  try {
    writeIfChanged(hintFile(key, env), root);
  } catch {
    // A home that cannot be written to costs one `cargo metadata` per run.
  }
}

export function forgetRoot(key: string, env: NodeJS.ProcessEnv): void {
  fs.rmSync(hintFile(key, env), { force: true });
}
