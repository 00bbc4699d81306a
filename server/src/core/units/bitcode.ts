/**
 * The bitcode that a run of rustc leaves: kept where no later run touches it, with digests of what rustc wrote.
 *
 * LLVM's reader trusts what it reads, and reads it in the engine's process. So the engine takes nothing whose digest is not the one that
 * was taken when rustc had just ended. Unchanged codegen units are hard links to what an earlier run wrote, by way of rustc's incremental
 * session; whatever happened to such a file since, its digest is still the first one.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import type { BitcodeFile } from "../../../../shared/src/protocol.js";
import { list, readJson, writeAtomic } from "../support/files.js";

/** Beside the bitcode: the digests, by file name, for the next run. */
const DIGESTS = "digests.json";
const Digests = z.record(z.string(), z.string());

/** How many generations stay beside a new one. */
const KEPT_BEFORE = 2;

/** What was kept of a run. */
export interface KeptBitcode {
  readonly directory: string;
  /** The codegen units, by name. */
  readonly files: readonly BitcodeFile[];
}

/**
 * Gives the bitcode in `out`, which rustc has just left, a directory that no later run of rustc touches. Two generations before it are
 * kept: the engine may still be reading the last one that it was told of, and a compilation that another edit overtook may have
 * come after that.
 */
export function keepBitcode(directory: string, out: string): KeptBitcode {
  const generations = list(directory)
    .flatMap((name) => (/^bc-\d+$/.test(name) ? [Number(name.slice(3))] : []))
    .sort((a, b) => b - a);
  const [newest = 0] = generations;
  const known = knownDigests(path.join(directory, `bc-${newest}`));
  const next = path.join(directory, `bc-${newest + 1}`);
  const kept = bitcodeIn(out).map((name) => {
    const digest = known.get(inodeOf(path.join(out, name)) ?? 0n) ?? contentDigest(path.join(out, name));
    return { name, file: { path: path.join(next, name), digest } };
  });
  writeAtomic(path.join(out, DIGESTS), JSON.stringify(Object.fromEntries(kept.map((it) => [it.name, it.file.digest]))));
  fs.renameSync(out, next);
  for (const old of generations.slice(KEPT_BEFORE)) {
    fs.rmSync(path.join(directory, `bc-${old}`), { recursive: true, force: true });
  }
  return { directory: next, files: kept.map(({ file }) => file) };
}

/** SHA-256 of a file's content: what the engine computes of what it has read. */
export function contentDigest(file: string): string {
  return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

/** Digests of a generation's files by inode. As long as they are there, nothing else has their inodes. */
function knownDigests(directory: string): ReadonlyMap<bigint, string> {
  const digests = readJson(path.join(directory, DIGESTS), Digests) ?? {};
  const known = new Map<bigint, string>();
  for (const [name, digest] of Object.entries(digests)) {
    const inode = inodeOf(path.join(directory, name));
    if (inode !== undefined) known.set(inode, digest);
  }
  return known;
}

function inodeOf(file: string): bigint | undefined {
  return fs.statSync(file, { throwIfNoEntry: false, bigint: true })?.ino;
}

/** The codegen units. Of a crate with just one rustc also makes a copy under the crate's own name. */
function bitcodeIn(directory: string): string[] {
  const files = list(directory).filter((name) => name.endsWith(".bc"));
  const units = files.filter((name) => name.endsWith(".rcgu.bc"));
  return units.length > 0 ? units : files;
}
