/** Places that rustc tells, in terms of the files and modules of a crate. */
import type { Replacement } from "../../source/blank.js";
import type { Mirror } from "../mirror/mirror.js";

/** The file that rustc means by a name, which may be remapped, or relative. */
export function fileNamed(name: string, files: Iterable<string>, mirror: Mirror): string | undefined {
  for (const file of files) if (name === file || mirror.pathOf(file).endsWith(`/${name}`)) return file;
  return undefined;
}

/** The offset of a line and a column, both from 1, the latter in characters. */
export function offsetAt(text: string, line: number, column: number): number {
  let start = 0;
  for (let left = line - 1; left > 0; left--) start = text.indexOf("\n", start) + 1;
  let offset = start;
  for (let left = column - 1; left > 0; left--) offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  return offset;
}

/** Where something stood before replacements were made. */
export function offsetBefore(replacements: readonly Replacement[], offset: number): number {
  let moved = 0;
  for (const { start, end, text } of replacements) {
    if (start + moved + text.length > offset) return Math.min(offset - moved, end);
    moved += text.length - (end - start);
  }
  return offset - moved;
}
