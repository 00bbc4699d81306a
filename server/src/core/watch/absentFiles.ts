/** Waits for files that are not there. Watches nothing: whoever uses it looks from time to time, which costs next to nothing. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ancestors, statOf } from "../support/files.js";

/** A folder that changed so lately may change once more without another modification time. */
const CLOCK_TICK_MS = 50;

/** Looks at the folders in which the files would begin to be, which are few and seldom change. */
export class AbsentFiles {
  /** By the nearest folder that is there. */
  private readonly folders = new Map<string, { mtimeMs: number; readonly files: Set<string> }>();

  add(file: string): void {
    const folder = ancestors(path.dirname(file)).find((item) => fs.existsSync(item)) ?? "/";
    const known = this.folders.get(folder);
    // Whether it is there by now is for the next look to say.
    if (known === undefined) this.folders.set(folder, { mtimeMs: -1, files: new Set([file]) });
    else known.files.add(file);
  }

  delete(file: string): void {
    for (const { files } of this.folders.values()) files.delete(file);
  }

  /** Those that are there now; they are forgotten here. */
  arrived(): string[] {
    const arrived: string[] = [];
    for (const [folder, known] of [...this.folders]) {
      const mtimeMs = statOf(folder)?.mtimeMs;
      if (mtimeMs !== undefined && mtimeMs === known.mtimeMs) continue;
      known.mtimeMs = mtimeMs === undefined || Date.now() - mtimeMs < CLOCK_TICK_MS ? -1 : mtimeMs;
      const { files } = known;
      arrived.push(...[...files].filter((file) => fs.existsSync(file)));
      for (const file of arrived) files.delete(file);
      // The folder is gone, or one between it and the file is there now.
      const others = [...files];
      files.clear();
      if (mtimeMs === undefined) this.folders.delete(folder);
      for (const file of others) this.add(file);
    }
    return arrived;
  }
}
