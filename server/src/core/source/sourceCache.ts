/** Parsed sources, the last two of a file: a text is parsed once, and again only where an edit touched it. */
import { Edit, type Node, type Tree } from "web-tree-sitter";
import { ParserFailed, RustParser, checkLength } from "./grammar.js";
import { readable } from "./readable.js";
import { LexError } from "./lexer.js";
import { outlineOf } from "./outline.js";
import type { Outline } from "./functions.js";

/** A text with its tree and outline. `outline` is a text when there is none: the reason why. */
export interface Source {
  readonly text: string;
  readonly outline: Outline | string;
  /** The body of a function of the outline. Only to be asked for while the source is one of the two newest of its file. */
  readonly bodyNode: (start: number) => Node | undefined;
  /** Undefined when the parser has no tree of it. */
  readonly root: Node | undefined;
}

interface Held {
  readonly source: Source;
  /** What the tree is of. */
  readonly parsed: string;
  /** Undefined when the parser failed on it, which is not tried again. */
  readonly tree: Tree | undefined;
  /** There may be a tree the next time. */
  readonly isPassing: boolean;
}

/** How many files' trees are kept, and how long their texts may be together: a tree takes up to sixty times its text. */
const MAX_FILES = 64;
const MAX_TOTAL = 8_000_000;

/** A file has the text that the crate lane compiled and the one that was saved last; each save is compared with the former. */
const MAX_TEXTS = 2;

/** One that several may use, one after the other. */
export type SharedSources = () => Promise<SourceCache>;

/** A bounded cache of parsed files. Trees live outside of the collector's reach, so it frees them itself. */
export class SourceCache {
  /** By file, the one that was used last in front. */
  private readonly held = new Map<string, readonly Held[]>();
  private generation: number;

  constructor(private readonly parser: RustParser) {
    this.generation = parser.generation;
  }

  /** `bundleDir`: where the grammar's files lie. Rejects with `Unsupported` when they are missing. */
  static async create(bundleDir: string): Promise<SourceCache> {
    return new SourceCache(await RustParser.load(bundleDir));
  }

  /** The file's source for a text; parsed incrementally when an earlier text of the file is known. */
  get(file: string, text: string): Source {
    this.dropLost();
    const known = this.held.get(file) ?? [];
    const found = known.find(({ source }) => source.text === text) ?? this.read(text, known[0]);
    this.dropLost();
    const kept = this.held.get(file) ?? [];
    if (found.isPassing) return found.source;
    const all = [found, ...kept.filter((held) => held !== found)];
    for (const { tree } of all.slice(MAX_TEXTS)) tree?.delete();
    this.held.delete(file);
    this.held.set(file, all.slice(0, MAX_TEXTS));
    this.shrink(file);
    return found.source;
  }

  /** The parser failed while somebody looked at a tree. */
  lose(error: unknown): void {
    this.parser.lose(error);
  }

  /** Waits until a parser that failed is there again. */
  settled(): Promise<void> {
    return this.parser.settled();
  }

  /** Both of a file's texts at a time. */
  compare<T>(file: string, oldText: string, newText: string, use: (before: Source, after: Source) => T): T {
    const before = this.get(file, oldText);
    return use(before, this.get(file, newText));
  }

  /** Frees a file's trees. */
  forget(file: string): void {
    this.dropLost();
    for (const { tree } of this.held.get(file) ?? []) tree?.delete();
    this.held.delete(file);
  }

  dispose(): void {
    this.dropLost();
    for (const file of [...this.held.keys()]) this.forget(file);
    this.parser.delete();
  }

  private read(text: string, before: Held | undefined): Held {
    try {
      return this.parser.guard(() => this.parse(text, before));
    } catch (error) {
      // What it is nested too deeply for is our own walk through the tree.
      if (!(error instanceof ParserFailed || error instanceof RangeError)) throw error;
      const source = { text, outline: error.message, bodyNode: () => undefined, root: undefined };
      return { parsed: "", tree: undefined, isPassing: error instanceof ParserFailed && !error.isLasting, source };
    }
  }

  /** Parses with the help of an earlier text's tree, which stays as it is. */
  private parse(text: string, before: Held | undefined): Held {
    checkLength(text);
    const parsed = readable(text);
    const tree = this.treeOf(parsed, before);
    try {
      return { tree, parsed, isPassing: false, source: sourceOf(text, tree) };
    } catch (error) {
      if (error instanceof RangeError) tree.delete();
      throw error;
    }
  }

  /** How the parser recovers from an error depends on the earlier tree, so a text that has one is parsed anew. */
  private treeOf(parsed: string, before: Held | undefined): Tree {
    const edited = before?.tree?.copy();
    if (edited === undefined) return this.parser.parse(parsed, null);
    edited.edit(editOf(before?.parsed ?? "", parsed));
    const tree = this.parser.parse(parsed, edited);
    edited.delete();
    if (!tree.rootNode.hasError) return tree;
    tree.delete();
    return this.parser.parse(parsed, null);
  }

  /** Forgets what was in the memory of a parser that failed; what it failed on is remembered. */
  private dropLost(): void {
    if (this.generation === this.parser.generation) return;
    this.generation = this.parser.generation;
    for (const [file, texts] of this.held) {
      const failed = texts.filter(({ tree }) => tree === undefined);
      if (failed.length > 0) this.held.set(file, failed);
      else this.held.delete(file);
    }
  }

  /** Frees what was not used for longest, but for one file's. */
  private shrink(used: string): void {
    const lengthOf = (texts: readonly Held[]): number => texts.reduce((sum, { parsed }) => sum + parsed.length, 0);
    let total = [...this.held.values()].reduce((sum, texts) => sum + lengthOf(texts), 0);
    for (const [file, texts] of this.held) {
      if ((this.held.size <= MAX_FILES && total <= MAX_TOTAL) || file === used) return;
      total -= lengthOf(texts);
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
