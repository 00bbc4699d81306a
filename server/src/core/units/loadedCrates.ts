/**
 * Which crates a library loads, and in which order. By that rustc decides in which order crates are linked, and what a manifest names
 * is only loaded where something uses it: an edit may change it. rustc itself is asked, once for each metadata.
 */
import * as path from "node:path";
import * as z from "zod";
import { digest, digestFile, readJson, writeAtomic } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import { run } from "../support/process.js";
import type { UnitRecord } from "./record.js";

/** What was told of a unit's metadata, beside its record. */
const Loads = z.object({ metadata: z.string(), loads: z.string() });

export interface AskOptions {
  /** The toolchain's compiler. */
  readonly rustc: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** A digest of what a unit's library loads; "" if it is none, or uses nothing but the toolchain's own. `at`: where its metadata is now. */
export async function loadedCrates(
  layout: Layout,
  { metadata, externs, invocation }: UnitRecord,
  options: AskOptions,
  at = metadata?.path,
): Promise<string> {
  if (metadata === null || at === undefined || externs.every((extern) => extern.path === "")) return "";
  const hash = metadata.hash === "" ? digestFile(at) : metadata.hash;
  const file = path.join(layout.unit(invocation.key), "loads.json");
  const known = readJson(file, Loads);
  if (known?.metadata === hash) return known.loads;
  const loads = await loadsOf(at, invocation.cwd, options);
  // Where it does not say, whatever changed in the metadata may be that.
  writeAtomic(file, JSON.stringify({ metadata: hash, loads: loads ?? hash }));
  return loads ?? hash;
}

/** Whether a library, compiled again, loads what it loaded before. `at`: where its metadata from before is now. */
export async function loadsTheSame(
  layout: Layout,
  before: UnitRecord,
  made: UnitRecord,
  at: string,
  options: AskOptions,
): Promise<boolean> {
  if (made.metadata === null || made.externs.every((extern) => extern.path === "")) return true;
  const [old, now] = await Promise.all([
    loadedCrates(layout, before, options, at),
    loadsOf(made.metadata.path, made.invocation.cwd, options),
  ]);
  return now !== undefined && now === old;
}

/** What metadata says that its crate loads; undefined if rustc does not say. */
async function loadsOf(metadata: string, cwd: string, { rustc, env, signal }: AskOptions): Promise<string | undefined> {
  const lines: string[] = [];
  const exit = await run([rustc, "-Zls=root", metadata], {
    cwd,
    // It compiles nothing: whether it is a nightly one makes no difference to what it reads.
    env: { ...env, RUSTC_BOOTSTRAP: "1" },
    onStdout: (line) => lines.push(line),
    onStderr: () => undefined,
    signal,
  });
  const crates = exit.code === 0 ? lines.flatMap((line) => /^\d+ (\S+) hash /.exec(line)?.[1] ?? []) : [];
  return crates.length === 0 ? undefined : digest(...crates);
}
