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

/** A digest of what a unit's library loads; "" if it is none, or uses nothing but the toolchain's own. */
export async function loadedCrates(
  layout: Layout,
  { metadata, externs, invocation }: UnitRecord,
  { rustc, env, signal }: AskOptions,
): Promise<string> {
  if (metadata === null || externs.every((extern) => extern.path === "")) return "";
  const hash = metadata.hash === "" ? digestFile(metadata.path) : metadata.hash;
  const file = path.join(layout.unit(invocation.key), "loads.json");
  const known = readJson(file, Loads);
  if (known?.metadata === hash) return known.loads;
  const lines: string[] = [];
  const exit = await run([rustc, "-Zls=root", metadata.path], {
    cwd: invocation.cwd,
    // It compiles nothing: whether it is a nightly one makes no difference to what it reads.
    env: { ...env, RUSTC_BOOTSTRAP: "1" },
    onStdout: (line) => lines.push(line),
    onStderr: () => undefined,
    signal,
  });
  const crates = exit.code === 0 ? lines.flatMap((line) => /^\d+ (\S+) hash /.exec(line)?.[1] ?? []) : [];
  // Where it does not say, whatever changed in the metadata may be that.
  const loads = crates.length === 0 ? hash : digest(...crates);
  writeAtomic(file, JSON.stringify({ metadata: hash, loads }));
  return loads;
}
