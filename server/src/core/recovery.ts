/**
 * What was taken away or damaged is forgotten, and just that, so that the same update makes it anew: a target directory that was
 * removed, records cut short by a full disk, a base image that a cleaner took. Each level says by its error what it misses.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { LostBuild } from "./cargo/capture.js";
import { list } from "./support/files.js";
import type { Layout } from "./support/layout.js";
import { DamagedProgram } from "./engine/publish.js";
import { CompiledNatively, adopt } from "./units/adopted.js";
import { forgetUnit, MissingUnit } from "./units/record.js";

/** What an update has forgotten. Nothing is forgotten twice: what is missing then is no accident. */
export class Recovery {
  private readonly units = new Set<string>();
  private readonly files = new Set<string>();
  private hasForgottenAll = false;

  constructor(private readonly layout: Layout) {}

  /** Forgets what the error says is of no use. Gives whether it is worth another attempt, which has to ask cargo. */
  forget(error: unknown): boolean {
    if (error instanceof MissingUnit) return this.forgetUnits(error.keys) || this.forgetAll();
    if (error instanceof CompiledNatively) {
      const fresh = error.libraries.filter((file) => !this.files.has(file));
      for (const file of fresh) this.files.add(file);
      return fresh.length > 0 && adopt(this.layout, fresh);
    }
    if (error instanceof LostBuild) return this.forgetAll();
    if (error instanceof DamagedProgram) {
      const { base, units } = error;
      if (base !== "") fs.rmSync(path.dirname(base), { recursive: true, force: true });
      return this.forgetUnits(units);
    }
    const file = missingFile(error);
    if (file?.startsWith(this.layout.root + path.sep) !== true) return false;
    // cargo makes what it misses itself.
    if (this.files.has(file)) return this.forgetAll();
    this.files.add(file);
    return true;
  }

  private forgetUnits(keys: readonly string[]): boolean {
    const fresh = keys.filter((key) => !this.units.has(key));
    for (const key of fresh) this.units.add(key);
    const isKnown = fresh.map((key) => forgetUnit(this.layout, key)).every((known) => known);
    return fresh.length > 0 && (isKnown || this.forgetAll());
  }

  /** Nobody knows what cargo takes for fresh. */
  private forgetAll(): boolean {
    if (this.hasForgottenAll) return false;
    this.hasForgottenAll = true;
    const { root, private: own, lock, adopted, beside } = this.layout;
    // Which crates have to be bitcode is not lost with what they were built as. And while tests run, programs of the user's own
    // lie beside what is ours. (The lock is held.)
    const kept = [own, adopted, beside];
    for (const file of [...inFolder(own), ...inFolder(root)]) {
      if (!kept.includes(file) && !file.startsWith(lock)) fs.rmSync(file, { recursive: true, force: true });
    }
    return true;
  }
}

function inFolder(folder: string): string[] {
  return list(folder).map((name) => path.join(folder, name));
}

/** The file that somebody tried to read, or the folder to write to. */
function missingFile(error: unknown): string | undefined {
  const isMissing = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
  return isMissing && "path" in error && typeof error.path === "string" ? error.path : undefined;
}
