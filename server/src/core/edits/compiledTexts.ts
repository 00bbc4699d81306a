/**
 * The texts that the crate lane compiled, on the disk, by their digests: a process that is started for one command finds in them what an
 * edit is an edit of.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { digest, list, readText, writeAtomic } from "../support/files.js";
import { isCurrent } from "../support/stamps.js";
import { readSource } from "../source/sourceText.js";
import type { UnitRecord } from "../units/record.js";

/** As many texts as are in use may lie beside them: those of other selections, and of what was compiled before. */
const SPARE = 4;
const MIN_SPARE = 512;

export class CompiledTexts {
  constructor(private readonly folder: string) {}

  /** The text with this digest; undefined if it is not there, or is another one. */
  get(hash: string): string | undefined {
    const text = readText(path.join(this.folder, hash));
    return text !== undefined && digest(Buffer.from(text)) === hash ? text : undefined;
  }

  /** Keeps the texts of units' sources, as far as they are still what the records say. */
  keep(records: readonly UnitRecord[]): void {
    const known = new Set(list(this.folder));
    const wanted = new Set<string>();
    for (const { inputs } of records) {
      for (const { path: file, hash } of inputs) {
        if (path.extname(file) !== ".rs" || hash === "" || wanted.has(hash)) continue;
        wanted.add(hash);
        if (known.has(hash)) continue;
        const now = readSource(file);
        if (now?.hash === hash && now.text !== undefined) this.put(hash, now.text);
      }
    }
    this.makeRoom(known, wanted);
  }

  /** Keeps what sources are now, which the crate lane may compile before anybody can keep what it has compiled. */
  keepNow(records: readonly UnitRecord[]): void {
    const files = records.flatMap(({ inputs }) => inputs.filter((input) => !isCurrent(input)));
    for (const file of new Set(files.map((input) => input.path))) {
      const now = path.extname(file) === ".rs" ? readSource(file) : undefined;
      if (now?.text !== undefined) this.put(now.hash, now.text);
    }
  }

  put(hash: string, text: string): void {
    const file = path.join(this.folder, hash);
    if (fs.existsSync(file)) return;
    try {
      writeAtomic(file, text);
    } catch {
      // Then an edit of it is the crate lane's.
    }
  }

  private makeRoom(known: ReadonlySet<string>, wanted: ReadonlySet<string>): void {
    if (known.size <= wanted.size * SPARE + MIN_SPARE) return;
    for (const name of known) if (!wanted.has(name)) fs.rmSync(path.join(this.folder, name), { force: true });
  }
}
