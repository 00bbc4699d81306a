/** Source files as they are read. */
import { isUtf8 } from "node:buffer";
import * as fs from "node:fs";
import { digest, statOf } from "../support/files.js";
import { type FileStamp, fileStamp } from "../support/stamps.js";

/** A source file that was read. */
export interface SourceText {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  /** The file as it was when it was read. */
  readonly stamp: FileStamp;
}

/** What was found in the place of a source file. */
export interface ReadSource {
  /** Of the content, as in the records of units. */
  readonly hash: string;
  /** Undefined where the file is not UTF-8, and so no source. */
  readonly text: string | undefined;
  readonly stamp: FileStamp;
}

/** Reads a file; undefined when there is none. */
export function readSource(file: string): ReadSource | undefined {
  // Looked at first: what is saved while it is read has another stamp than this one.
  const stat = statOf(file);
  if (stat === undefined) return undefined;
  try {
    const bytes = fs.readFileSync(file);
    const text = isUtf8(bytes) ? bytes.toString("utf8") : undefined;
    return { hash: digest(bytes), text, stamp: fileStamp(stat) };
  } catch {
    return undefined;
  }
}
