/**
 * Crates from outside the workspace that are compiled to bitcode as the workspace's own are: a linker would lay side by side what
 * they and the workspace have in a section.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { Unsupported } from "../support/errors.js";
import { readJson, writeAtomic } from "../support/files.js";
import type { Layout } from "../support/layout.js";

/** Names of crates, as rustc knows them. */
const Adopted = z.array(z.string());

/** Libraries that have to be compiled to bitcode, as crates of the workspace are, and were compiled natively. */
export class CompiledNatively extends Unsupported {
  constructor(
    readonly libraries: readonly string[],
    message: string,
  ) {
    super(message);
    this.name = "CompiledNatively";
  }
}

/** The crates' names. */
export function adoptedCrates(layout: Layout): string[] {
  return readJson(layout.adopted, Adopted) ?? [];
}

/** Has cargo build these libraries anew, by the wrapper. Gives whether they were built in another way. */
export function adopt(layout: Layout, libraries: readonly string[]): boolean {
  // In a folder that others use as well they are not ours to remove.
  if (libraries.some((file) => !file.startsWith(layout.root + path.sep))) return false;
  const before = adoptedCrates(layout);
  const crates = new Set([...before, ...libraries.map(crateOf)]);
  if (crates.size > before.length) writeAtomic(layout.adopted, JSON.stringify([...crates]));
  const stems = libraries.map((file) => file.slice(0, -".rlib".length));
  const outputs = stems.flatMap((stem) => [`${stem}.rlib`, `${stem}.rmeta`]).filter((file) => fs.existsSync(file));
  for (const file of outputs) fs.rmSync(file);
  return outputs.length > 0;
}

/** The crate that a library is of: `libNAME-HASH.rlib`. (A crate's name has no dash.) */
function crateOf(file: string): string {
  return path
    .basename(file, ".rlib")
    .replace(/^lib/, "")
    .replace(/-[0-9a-f]+$/, "");
}
