/**
 * The texts that a library was compiled of, kept beside its record: by them another process can tell what was edited since. A text is in
 * a file with its digest's name.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { digest, list, readText, writeAtomic } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import type { Stamp } from "../support/stamps.js";

/** Keeps the texts of sources, as far as they are still what the stamps say. To be called before there is a record of them. */
export function keepTexts(layout: Layout, key: string, inputs: readonly Stamp[]): void {
  const directory = layout.texts(key);
  const kept = new Set(list(directory));
  for (const { path: file, hash } of sourcesOf(inputs)) {
    if (kept.has(hash)) continue;
    const text = readText(file);
    if (text === undefined || digest(text) !== hash) continue;
    writeAtomic(path.join(directory, hash), text);
    kept.add(hash);
  }
}

/** Removes all texts but those of sources. To be called when the record of them is there. */
export function pruneTexts(layout: Layout, key: string, inputs: readonly Stamp[]): void {
  const directory = layout.texts(key);
  const wanted = new Set(sourcesOf(inputs).map(({ hash }) => hash));
  for (const name of list(directory)) {
    if (!wanted.has(name)) fs.rmSync(path.join(directory, name), { force: true });
  }
}

/** The text with a digest; undefined when it was not kept, or is damaged. */
export function compiledText(layout: Layout, key: string, hash: string): string | undefined {
  const text = hash === "" ? undefined : readText(path.join(layout.texts(key), hash));
  return text !== undefined && digest(text) === hash ? text : undefined;
}

/** Rust sources whose texts are known. */
function sourcesOf(inputs: readonly Stamp[]): readonly Stamp[] {
  return inputs.filter(({ path: file, hash }) => path.extname(file) === ".rs" && hash !== "");
}
