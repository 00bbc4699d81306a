/** An open file's syntax tree, kept up to date with its text. */
import { Edit, type Point, type Tree } from "web-tree-sitter";
import { ParserFailed, type RustParser, checkLength } from "../../../core/source/grammar.js";
import { readable } from "../../../core/source/readable.js";
import { extractStructure } from "./extract.js";
import { EMPTY_STRUCTURE, type Structure } from "./structure.js";

export class RustDocument {
  private tree: Tree | undefined;
  private text = "";
  /** What the tree is of. */
  private parsed = "";
  private current: Structure = EMPTY_STRUCTURE;

  /** The parser's when the tree was made. */
  private generation = 0;

  constructor(private readonly parser: RustParser) {}

  /** The structure of the text that was last given. */
  get structure(): Structure {
    return this.current;
  }

  /** Brings the tree up to date; what the edit did not touch is not parsed again. A text: why there is no structure. */
  update(text: string): string | undefined {
    this.dropLost();
    if (this.tree !== undefined && text === this.text) return undefined;
    try {
      this.parser.guard(() => this.parse(text));
      return undefined;
    } catch (error) {
      // What it is nested too deeply for is our own walk through the tree.
      if (!(error instanceof ParserFailed || error instanceof RangeError)) throw error;
      this.dispose();
      return error.message;
    }
  }

  private parse(text: string): void {
    checkLength(text);
    const parsed = readable(text);
    const before = this.tree;
    before?.edit(editBetween(this.parsed, parsed));
    const tree = this.parser.parse(parsed, before ?? null);
    before?.delete();
    this.tree = tree;
    this.text = text;
    this.parsed = parsed;
    this.current = extractStructure(tree, text);
  }

  /** A tree is gone with the memory of a parser that failed. */
  private dropLost(): void {
    if (this.generation !== this.parser.generation) this.tree = undefined;
    this.generation = this.parser.generation;
  }

  /** Frees the tree. */
  dispose(): void {
    this.dropLost();
    this.tree?.delete();
    this.tree = undefined;
    this.text = "";
    this.parsed = "";
    this.current = EMPTY_STRUCTURE;
  }
}

/** The structure of a text that will not be edited; undefined when there is none. */
export function structureOf(parser: RustParser, text: string): Structure | undefined {
  const document = new RustDocument(parser);
  try {
    return document.update(text) === undefined ? document.structure : undefined;
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
