/** An open file's syntax tree, kept up to date with its text. */
import { Edit, type Parser, type Point, type Tree } from "web-tree-sitter";
import { readable } from "../../../core/syntax/readable.js";
import { extractStructure } from "./extract.js";
import { EMPTY_STRUCTURE, type Structure } from "./structure.js";

/** Larger files are generated tables; parsing one would hold up the whole server for seconds. In UTF-16 code units. */
export const MAX_LENGTH = 4_000_000;

export class RustDocument {
  private tree: Tree | undefined;
  private text = "";
  /** What the tree is of. */
  private parsed = "";
  private current: Structure = EMPTY_STRUCTURE;

  constructor(private readonly parser: Parser) {}

  /** The structure of the text that was last given. */
  get structure(): Structure {
    return this.current;
  }

  /** Brings the tree up to date; what the edit did not touch is not parsed again. `false`: the file is too large. */
  update(text: string): boolean {
    if (text.length > MAX_LENGTH) {
      this.dispose();
      return false;
    }
    if (this.tree !== undefined && text === this.text) return true;
    const before = this.tree;
    const parsed = readable(text);
    if (before !== undefined) before.edit(editBetween(this.parsed, parsed));
    const tree = this.parser.parse(parsed, before ?? null);
    before?.delete();
    this.tree = tree ?? undefined;
    this.text = text;
    this.parsed = parsed;
    this.current = tree === null ? EMPTY_STRUCTURE : extractStructure(tree, text);
    return true;
  }

  /** Frees the tree. */
  dispose(): void {
    this.tree?.delete();
    this.tree = undefined;
    this.text = "";
    this.parsed = "";
    this.current = EMPTY_STRUCTURE;
  }
}

/** The structure of a text that will not be edited; undefined when it is too large. */
export function structureOf(parser: Parser, text: string): Structure | undefined {
  const document = new RustDocument(parser);
  try {
    return document.update(text) ? document.structure : undefined;
  } finally {
    document.dispose();
  }
}

/** The one edit that makes `after` of `before`: everything between their common beginning and their common end. */
export function editBetween(before: string, after: string): Edit {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  let common = 0;
  while (
    common < shorter - start &&
    before.charCodeAt(before.length - 1 - common) === after.charCodeAt(after.length - 1 - common)
  ) {
    common += 1;
  }
  const oldEndIndex = before.length - common;
  const newEndIndex = after.length - common;
  const startPosition = pointAt(before, start, { row: 0, column: 0 }, 0);
  return new Edit({
    startIndex: start,
    oldEndIndex,
    newEndIndex,
    startPosition,
    oldEndPosition: pointAt(before, oldEndIndex, startPosition, start),
    newEndPosition: pointAt(after, newEndIndex, startPosition, start),
  });
}

/** The position of an offset, counted from a known one. */
function pointAt(text: string, offset: number, from: Point, fromOffset: number): Point {
  let { row } = from;
  let lineStart = fromOffset - from.column;
  for (let at = text.indexOf("\n", fromOffset); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    row += 1;
    lineStart = at + 1;
  }
  return { row, column: offset - lineStart };
}
