/** Small file helpers: atomic writes, reading what may be missing, paths. */
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";

/** Writes a file so that a reader sees the old or the new text, never half of it. */
export function writeAtomic(file: string, text: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    fs.writeFileSync(temporary, text, { mode });
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** Like `writeAtomic`, but leaves a file with the same text (and so its modification time) alone. */
export function writeIfChanged(file: string, text: string, mode = 0o644): void {
  if (readText(file) !== text) writeAtomic(file, text, mode);
}

/** A path without links, as far as it is one. */
export function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    return file;
  }
}

/** Gives a file another name. */
export function linkOrCopy(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch {
    // Not every file system has links.
    fs.copyFileSync(from, to);
  }
}

/** The text of a file, or undefined when it cannot be read. */
export function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Reads and checks a JSON file; undefined when it is missing, torn or of an older shape. */
export function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** A short, stable digest of text. */
export function digest(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(part);
    hash.update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}

/** Digest of a file's content, or "absent". */
export function digestFile(file: string): string {
  try {
    return digest(fs.readFileSync(file));
  } catch {
    return ABSENT;
  }
}

/** In the place of a digest: there is no such file. */
export const ABSENT = "absent";

/** What a path looks like; undefined where there is nothing, or no way to it. */
export function statOf(file: string): fs.Stats | undefined {
  // `throwIfNoEntry` saves making an error for the many files that may be absent.
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The names in a directory, sorted; none when it cannot be read. */
export function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** A directory and all its parents, innermost first. */
export function ancestors(directory: string): string[] {
  const list = [directory];
  for (let current = directory; path.dirname(current) !== current;) {
    current = path.dirname(current);
    list.push(current);
  }
  return list;
}

/** Whether a path is a directory or below it. Both are absolute. */
export function isWithin(file: string, directory: string): boolean {
  return file === directory || file.startsWith(directory.endsWith("/") ? directory : `${directory}/`);
}

/** The innermost directory that holds all of the paths. */
export function commonAncestor(directories: readonly string[]): string {
  let common = directories[0] ?? "/";
  for (const directory of directories) {
    while (!isWithin(directory, common)) common = path.dirname(common);
  }
  return common;
}
