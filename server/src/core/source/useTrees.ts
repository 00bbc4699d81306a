/** What an import names, leaf by leaf. */
import { tokensOf } from "./lexer.js";

/** One name that an import brings, or all of a module's. */
export interface UseLeaf {
  /** From the first segment on; of a glob, the path in front of it. `::` at the start is not told. */
  readonly path: readonly string[];
  /** The name that it brings; `_` for a trait without a name; undefined for a glob. */
  readonly name: string | undefined;
}

/** The leaves of a `use` declaration, attributes and visibility included. Throws `LexError`. */
export function useLeaves(declaration: string): readonly UseLeaf[] {
  const words = [...tokensOf(declaration)].map(({ start, end }) => declaration.slice(start, end));
  const at = words.lastIndexOf("use");
  return at < 0 ? [] : new TreeReader(words.slice(at + 1)).read();
}

class TreeReader {
  private at = 0;
  private readonly leaves: UseLeaf[] = [];

  constructor(private readonly words: readonly string[]) {}

  read(): readonly UseLeaf[] {
    this.tree([]);
    return this.leaves;
  }

  private tree(before: readonly string[]): void {
    const path = [...before];
    for (;;) {
      const word = this.words[this.at];
      if (word === ":") this.at++;
      else if (word === "{") {
        this.group(path);
        return;
      } else if (word === "*") {
        this.at++;
        this.leaves.push({ path, name: undefined });
        return;
      } else if (word === undefined || !/^[\p{XID_Start}_]/u.test(word)) {
        return;
      } else {
        this.at++;
        path.push(word.replace(/^r#/, ""));
        if (this.words[this.at] !== ":") break;
      }
    }
    // `a::{self}` is `a`.
    const own = path.at(-1) === "self" && path.length > 1 ? path.slice(0, -1) : path;
    let name = own.at(-1) ?? "";
    if (this.words[this.at] === "as") {
      name = this.words[this.at + 1] ?? "";
      this.at += 2;
    }
    this.leaves.push({ path: own, name });
  }

  private group(path: readonly string[]): void {
    this.at++;
    while (this.at < this.words.length && this.words[this.at] !== "}") {
      const from = this.at;
      this.tree(path);
      if (this.words[this.at] === ",") this.at++;
      // What is no tree ends it: rustc says what is wrong.
      else if (this.at === from) return;
    }
    this.at++;
  }
}
