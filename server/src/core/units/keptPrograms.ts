/**
 * Programs as they were published. While cargo builds, and when that fails, a placeholder of its own stands where a program is
 * expected: then the one before is put back, as cargo leaves the program before a failed build.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { linkOrCopy, statOf } from "../support/files.js";
import { walk } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { unitOfPlaceholder } from "./outputs.js";

/** Keeps programs, by their paths below the target directory. */
export function keepPrograms(layout: Layout, names: readonly string[]): void {
  for (const name of names) replace(path.join(layout.root, name), path.join(layout.programs, name));
}

/** Puts back what was kept wherever a placeholder is. */
export function restorePrograms(layout: Layout): void {
  for (const kept of walk(layout.programs, { nestedPackages: true, everything: true })) {
    const executable = path.join(layout.root, path.relative(layout.programs, kept));
    if (unitOfPlaceholder(executable) !== undefined) replace(kept, executable);
  }
}

function replace(from: string, to: string): void {
  const inode = (file: string): number | undefined => statOf(file)?.ino;
  if (inode(from) === inode(to)) return;
  const temporary = `${to}.${process.pid}.tmp`;
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.rmSync(temporary, { force: true });
  linkOrCopy(from, temporary);
  fs.renameSync(temporary, to);
}
