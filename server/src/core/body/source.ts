/** Parsed sources, the last two of a file: a text is parsed once, and again only where an edit touched it. */
import { Edit, type Node, type Parser, type Tree } from "web-tree-sitter";
import { rustParser } from "../syntax/grammar.js";
import { readable } from "../syntax/readable.js";
import { LexError } from "./lexer.js";
import { type Outline, outlineOf } from "./outline.js";

/** A text with its tree and outline. `outline` is a text when there is none: the reason why. */
export interface Source {
  readonly text: string;
  readonly outline: Outline | string;
  /** The body of a function of the outline. Only to be asked for while the source is one of the two newest of its file. */
  readonly bodyNode: (start: number) => Node | undefined;
  readonly root: Node;
}

interface Held {
  readonly source: Source;
  /** What the tree is of. */
  readonly parsed: string;
  readonly tree: Tree;
}

/** How many files' trees are kept; a tree takes about twenty times its text. */
const MAX_FILES = 64;

/** A file has the text that the crate lane compiled and the one that was saved last; each save is compared with the former. */
const MAX_TEXTS = 2;

/** A bounded cache of parsed files. Trees live outside of the collector's reach, so it frees them itself. */
export class SourceCache {
  /** By file, the one that was used last in front. */
  private readonly held = new Map<string, readonly Held[]>();

  private constructor(private readonly parser: Parser) {}

  /** `bundleDir`: where the grammar's files lie. Rejects with `Unsupported` when they are missing. */
  static async create(bundleDir: string): Promise<SourceCache> {
    return new SourceCache(await rustParser(bundleDir));
  }

  /** The file's source for a text; parsed incrementally when an earlier text of the file is known. */
  get(file: string, text: string): Source {
    const known = this.held.get(file) ?? [];
    const found = known.find(({ source }) => source.text === text) ?? this.parse(text, known[0]);
    const all = [found, ...known.filter((held) => held !== found)];
    for (const { tree } of all.slice(MAX_TEXTS)) tree.delete();
    this.held.delete(file);
    this.held.set(file, all.slice(0, MAX_TEXTS));
    this.shrink();
    return found.source;
  }

  /** Both of a file's texts at a time. */
  compare<T>(file: string, oldText: string, newText: string, use: (before: Source, after: Source) => T): T {
    const before = this.get(file, oldText);
    return use(before, this.get(file, newText));
  }

  /** Frees a file's trees. */
  forget(file: string): void {
    for (const { tree } of this.held.get(file) ?? []) tree.delete();
    this.held.delete(file);
  }

  dispose(): void {
    for (const file of [...this.held.keys()]) this.forget(file);
    this.parser.delete();
  }

  /** Parses with the help of an earlier text's tree, which stays as it is. */
  private parse(text: string, before: Held | undefined): Held {
    const parsed = readable(text);
    const edited = before?.tree.copy();
    edited?.edit(editOf(before?.parsed ?? "", parsed));
    const tree = this.parser.parse(parsed, edited ?? null);
    edited?.delete();
    if (tree === null) throw new Error("tree-sitter gave no tree");
    return { tree, parsed, source: sourceOf(text, tree) };
  }

  private shrink(): void {
    for (const file of this.held.keys()) {
      if (this.held.size <= MAX_FILES) return;
      this.forget(file);
    }
  }
}

function sourceOf(text: string, tree: Tree): Source {
  const root = tree.rootNode;
  const bodyNode = (start: number): Node | undefined => {
    // The brace is the block's first child.
    const brace = root.descendantForIndex(start, start + 1);
    return brace?.type === "{" ? (brace.parent ?? undefined) : undefined;
  };
  try {
    return { text, outline: outlineOf(text, root), bodyNode, root };
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    return { text, outline: `${error.message} at offset ${error.offset}`, bodyNode, root };
  }
}

/** One edit, from the first to the last difference of two texts. */
function editOf(before: string, after: string): Edit {
  const { start, oldEnd, newEnd } = differenceOf(before, after);
  return new Edit({
    startIndex: start,
    oldEndIndex: oldEnd,
    newEndIndex: newEnd,
    startPosition: pointAt(before, start),
    oldEndPosition: pointAt(before, oldEnd),
    newEndPosition: pointAt(after, newEnd),
  });
}

/** The one stretch in which two texts differ. */
export function differenceOf(before: string, after: string): { start: number; oldEnd: number; newEnd: number } {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let tail = 0;
  while (
    tail < shorter - start &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  ) {
    tail++;
  }
  return { start, oldEnd: before.length - tail, newEnd: after.length - tail };
}

function pointAt(text: string, offset: number): { row: number; column: number } {
  let row = 0;
  let line = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", line)) {
    row++;
    line = at + 1;
  }
  return { row, column: offset - line };
}
