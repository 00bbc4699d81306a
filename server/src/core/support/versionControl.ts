/**
 * What git says that somebody works on. Nothing depends on it: where there is no git, no repository, or no answer in time, nobody
 * works on anything.
 */
import * as path from "node:path";
import { Cancelled } from "./errors.js";
import { type Exit, run } from "./process.js";

/** How long git may take, all in all. */
const PATIENCE_MS = 3000;

/** How many commits count as recent. */
const COMMITS = 10;

/** How many files are told, at most. */
const MAX_FILES = 256;

/**
 * Rust sources, in the repository that a folder is in, that differ from the last commit, or are new, then those of the last commits, the
 * newest first: absolute paths without links, each once. Rejects with `Cancelled` when the signal aborts.
 */
export async function workedOn(
  folder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const limit = new AbortController();
  const end = (): void => limit.abort();
  const timer = setTimeout(end, PATIENCE_MS).unref();
  signal?.addEventListener("abort", end, { once: true });
  const git = (...args: readonly string[]): Promise<readonly string[]> => ask(folder, env, limit.signal, args);
  try {
    if (signal?.aborted === true) throw new Cancelled();
    // (Its paths begin there, whatever folder it is asked in.)
    const [root] = await git("rev-parse", "--show-toplevel");
    if (root === undefined) return [];
    const changed = await git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", SOURCES);
    const committed = await git("log", "-n", String(COMMITS), "--format=", "--name-only", "-z", "--", SOURCES);
    const names = [...changed.map((entry) => entry.slice("XY ".length)), ...committed];
    return [...new Set(names)].slice(0, MAX_FILES).map((name) => path.join(root, name));
  } catch (error) {
    if (error instanceof Cancelled && signal?.aborted === true) throw error;
    return [];
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

const SOURCES = ":(top,glob)**/*.rs";

/** What git writes; nothing when it fails. */
async function ask(
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  args: readonly string[],
): Promise<readonly string[]> {
  const lines: string[] = [];
  const onStdout = (line: string): void => void lines.push(line);
  // A monitor is a program that the repository's configuration names.
  const command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", ...args];
  const options = { cwd, env, signal, onStdout, onStderr: () => undefined, isBackground: true };
  const exit: Exit = await run(command, options);
  if (exit.code !== 0) return [];
  return lines
    .join("\n")
    .split("\0")
    .filter((text) => text !== "");
}
