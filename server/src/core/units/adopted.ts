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

/**
 * A linker would lay side by side what these libraries and crates with bitcode have in sections of these names: the libraries have to
 * be compiled to bitcode, too.
 */
export class SharedSections extends Unsupported {
  constructor(
    readonly libraries: readonly string[],
    sections: readonly string[],
  ) {
    super(`the section ${sections.join(", ")} is added to by the workspace and by ${libraries.join(", ")}`);
    this.name = "SharedSections";
  }
}

/** The crates' names. */
export function adoptedCrates(layout: Layout): string[] {
  return readJson(layout.adopted, Adopted) ?? [];
}

/** Has cargo build these libraries anew, by the wrapper. Gives whether that is another way than they were built by. */
export function adopt(layout: Layout, libraries: readonly string[]): boolean {
  const before = adoptedCrates(layout);
  const crates = new Set([...before, ...libraries.map(crateOf)]);
  if (crates.size === before.length) return false;
  writeAtomic(layout.adopted, JSON.stringify([...crates]));
  for (const file of libraries) {
    // In a folder that others use as well they are not ours to remove.
    if (!file.startsWith(layout.root + path.sep)) return false;
    const stem = file.slice(0, -".rlib".length);
    for (const output of [file, `${stem}.rmeta`]) fs.rmSync(output, { force: true });
  }
  return true;
}

/** The crate that a library is of: `libNAME-HASH.rlib`. */
function crateOf(file: string): string {
  return path
    .basename(file, ".rlib")
    .replace(/^lib/, "")
    .replace(/-[0-9a-f]+$/, "");
}
