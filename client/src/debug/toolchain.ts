/** What the project's toolchain has for lldb: formatters for std's types, and where std's sources are. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

export interface Formatters {
  /** lldb commands that load them. */
  readonly commands: readonly string[];
  /** Where sources are now that debug info names by other folders. */
  readonly sourceMap: readonly (readonly [string, string])[];
}

export const NO_FORMATTERS: Formatters = { commands: [], sourceMap: [] };

/** rustup may have to look the toolchain up first. */
const LIMIT_MS = 20_000;

/** The formatters of the toolchain that cargo uses in `folder`; none if there is no rustc. */
export async function findFormatters(folder: string, env: NodeJS.ProcessEnv): Promise<Formatters> {
  const rustc = env["RUSTC"] ?? "rustc";
  const ask = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(rustc, args, { cwd: folder, env, timeout: LIMIT_MS })).stdout;
  try {
    const sysroot = (await ask("--print", "sysroot")).trim();
    return formattersIn(sysroot, await ask("-vV"));
  } catch {
    return NO_FORMATTERS;
  }
}

/** `version`: what `rustc -vV` says. */
export function formattersIn(sysroot: string, version: string): Formatters {
  const scripts = path.join(sysroot, "lib", "rustlib", "etc");
  const lookup = path.join(scripts, "lldb_lookup.py");
  const settings = path.join(scripts, "lldb_commands");
  const commands = [
    ...(fs.existsSync(lookup) ? [`command script import ${quoted(lookup)}`] : []),
    // Newer toolchains do in the script what these commands did.
    ...(fs.existsSync(lookup) && fs.existsSync(settings) ? [`command source -s 1 ${quoted(settings)}`] : []),
  ];
  const hash = /^commit-hash: ([0-9a-f]{40})$/m.exec(version)?.[1];
  const sources = path.join(sysroot, "lib", "rustlib", "src", "rust");
  const hasSources = hash !== undefined && fs.existsSync(path.join(sources, "library"));
  return { commands, sourceMap: hasSources ? [[`/rustc/${hash}`, sources]] : [] };
}

/** A path as an argument of an lldb command. */
function quoted(file: string): string {
  return `"${file.replace(/["\\]/g, "\\$&")}"`;
}
