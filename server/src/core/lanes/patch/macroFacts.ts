/** Which macros a text calls, defines and imports, and what else may bring names that nobody sees: read off the lexer's tokens. */
import { type ImportedMacros, importedMacros } from "../../source/importedMacros.js";
import { readAttributes } from "../../source/attributes.js";
import { tokensOf } from "../../source/lexer.js";
import { type UseLeaf, useLeaves } from "../../source/useTrees.js";

/** A path of a macro, and what it may be the name of. */
export interface MacroUse {
  readonly kind: "call" | "derive" | "attribute";
  readonly path: readonly string[];
  /** Where its name stands. */
  readonly offset: number;
  /** The input has declarations that bring names, such as imports. */
  readonly bringsNames: boolean;
  /** It stands in the definition of a macro by example, whose arguments may come to it. */
  readonly isInDefinition: boolean;
  /** What it may make names of: the words of its input, as `pieceOf` has them. */
  readonly words: ReadonlySet<string>;
}

/** An import, and where it stands. */
export interface PlacedLeaf extends UseLeaf {
  readonly offset: number;
  /** In the input or in the definition of a macro: nobody knows where it ends up. */
  readonly isInMacro: boolean;
}

export interface MacroFactsOfText {
  readonly uses: readonly MacroUse[];
  /** Macros by example that it defines. */
  readonly defined: ReadonlySet<string>;
  /** The texts of all these, and the input of macros that may define others. */
  readonly definitions: readonly string[];
  /** Procedural macros that it defines. */
  readonly procMacros: ReadonlySet<string>;
  /** One of these by example, whose expansion may bring names. */
  readonly bringing: string | undefined;
  /** All imports, wherever they stand. */
  readonly leaves: readonly PlacedLeaf[];
  /** Modules that it declares. */
  readonly modules: ReadonlySet<string>;
  /** An external crate by another name, or one whose macros need no import. */
  readonly renamesCrates: boolean;
  /** The latter alone. */
  readonly usesMacros: boolean;
}

/** What may make names mean something where they are not written. */
const BRINGING = new Set(["use", "mod", "extern", "include", "macro_rules", "macro"]);

const KEYWORDS = new Set(
  "return if while match in break else let move mut ref as for loop yield await unsafe where dyn impl".split(" "),
);

/** A word without what macros change of it when they make names: cases and underscores. */
export function pieceOf(word: string): string {
  return word.replace(/^r#|_/g, "").toLowerCase();
}

/** Throws `LexError`. */
export function macroFactsOf(text: string): MacroFactsOfText {
  return new Reader(text).read();
}

class Reader {
  private readonly words: readonly string[];
  private readonly starts: readonly number[];
  private readonly ends: readonly number[];
  private readonly isName: readonly boolean[];
  private readonly uses: MacroUse[] = [];
  /** Undefined until there is an attribute: it takes a look at the whole text. */
  private imported: ImportedMacros | undefined;
  private readonly defined = new Set<string>();
  private readonly definitions: string[] = [];
  private readonly procMacros = new Set<string>();
  private readonly leaves: PlacedLeaf[] = [];
  /** Up to which word the input of a macro reaches, and the definition of one. */
  private inputEnd = 0;
  private definitionEnd = 0;
  private readonly modules = new Set<string>();
  private bringing: string | undefined;
  private hasAliases = false;
  private usesMacros = false;
  private hasExternCrate = false;

  constructor(private readonly text: string) {
    const tokens = [...tokensOf(text)].filter(({ kind }) => kind !== "outerDoc" && kind !== "innerDoc");
    this.words = tokens.map(({ start, end }) => text.slice(start, end));
    this.starts = tokens.map(({ start }) => start);
    this.ends = tokens.map(({ end }) => end);
    this.isName = tokens.map(({ kind }) => kind === "identifier");
  }

  read(): MacroFactsOfText {
    for (const [at, word] of this.words.entries()) {
      if (word === "#") this.attribute(at);
      else if (this.isName[at] === true) this.name(at, word);
    }
    const { uses, defined, definitions, procMacros, bringing, leaves, modules } = this;
    const usesMacros = this.hasExternCrate && this.usesMacros;
    const renamesCrates = this.hasAliases || usesMacros;
    return { uses, defined, definitions, procMacros, bringing, leaves, modules, renamesCrates, usesMacros };
  }

  private name(at: number, word: string): void {
    const next = this.word(at + 1);
    if (word === "use" && next !== "<") this.import(at);
    else if (word === "mod") this.modules.add(next);
    else if (word === "macro" && this.isName[at + 1] === true) this.bringing ??= next;
    else if (word === "extern" && next === "crate") {
      this.hasExternCrate = true;
      this.hasAliases ||= this.word(at + 2) === "self" || this.word(at + 3) === "as";
    } else if (next === "!" && !KEYWORDS.has(word)) this.call(at, word);
  }

  private call(at: number, word: string): void {
    const opening = this.word(at + 2);
    if (word === "macro_rules" && this.isName[at + 2] === true) {
      const name = this.word(at + 2).replace(/^r#/, "");
      this.defined.add(name);
      if (this.bringsNames(at + 3)) this.bringing ??= name;
      const end = this.groupEnd(at + 3);
      this.definitions.push(this.textOf(at, end));
      this.definitionEnd = Math.max(this.definitionEnd, end);
    } else if (opening === "(" || opening === "[" || opening === "{") {
      const end = this.groupEnd(at + 2);
      const bringsNames = this.bringsNames(at + 2);
      if (bringsNames) this.definitions.push(this.textOf(at, end));
      this.add("call", at, this.pathBefore(at), [at + 2, end], bringsNames);
      this.inputEnd = Math.max(this.inputEnd, end);
    }
  }

  private textOf(first: number, last: number): string {
    return this.text.slice(this.starts[first], this.ends[last]);
  }

  private add(
    kind: MacroUse["kind"],
    at: number,
    path: readonly string[],
    [first, end]: readonly [number, number],
    bringsNames = false,
  ): void {
    const words = new Set<string>();
    for (let i = first; i < end; i++) {
      // (In literals as well, as in attributes' arguments.)
      for (const [word] of this.word(i).matchAll(/[\p{XID_Start}_][\p{XID_Continue}]*/gu)) words.add(pieceOf(word));
    }
    const isInDefinition = at < this.definitionEnd;
    this.uses.push({ kind, path, offset: this.starts[at] ?? 0, bringsNames, words, isInDefinition });
  }

  /** Where what an attribute stands on ends: an item, a field, a variant, a statement. */
  private targetEnd(from: number): number {
    let at = from;
    while (this.word(at) === "#" && this.word(at + 1) === "[") at = this.groupEnd(at + 1) + 1;
    for (; at < this.words.length; at++) {
      const word = this.word(at);
      if (/^[)\]},;]$/.test(word)) return at;
      if (word === "{") return this.groupEnd(at);
      if (word === "(" || word === "[") at = this.groupEnd(at);
    }
    return at;
  }

  /** The path that ends with a word. */
  private pathBefore(last: number): string[] {
    let first = last;
    while (this.word(first - 1) === ":" && this.word(first - 2) === ":" && this.isName[first - 3] === true) first -= 3;
    const path = this.words.slice(first, last + 1).filter((word) => word !== ":");
    // A macro's parameter, or `$crate`.
    if (this.word(first - 1) === "$") path[0] = `$${path[0] ?? ""}`;
    return path.map((word) => word.replace(/^r#/, ""));
  }

  private attribute(at: number): void {
    const open = this.word(at + 1) === "!" ? at + 2 : at + 1;
    if (this.word(open) !== "[") return;
    const end = this.groupEnd(open);
    const words = this.words.slice(open + 1, end);
    if (words.includes("macro_use")) this.usesMacros = true;
    if (words.includes("proc_macro")) this.procMacros.add(this.word(this.words.indexOf("fn", end) + 1));
    const written = this.text.slice(this.starts[at], this.ends[end]);
    this.imported ??= importedMacros(this.text);
    const { macros } = readAttributes([written], this.imported);
    const target = [at, this.targetEnd(end + 1)] as const;
    for (const name of macros) this.add("attribute", at, name.split("::"), target);
    for (const [i, word] of words.entries()) {
      if (word !== "derive" || words[i + 1] !== "(") continue;
      const close = this.groupEnd(open + 1 + i + 1);
      const list = this.words.slice(open + 1 + i + 2, close).join("");
      for (const path of list.split(",").filter((it) => it !== "")) {
        this.add("derive", at, path.replace(/^::/, "").split("::"), target);
      }
    }
  }

  private import(at: number): void {
    let end = at;
    while (end < this.words.length && this.words[end] !== ";") end++;
    const place = { offset: this.starts[at] ?? 0, isInMacro: at < Math.max(this.inputEnd, this.definitionEnd) };
    // A variable of a macro may be any path.
    if (this.words.slice(at, end).some((word) => word === "$" || word === "#")) {
      this.leaves.push({ ...place, path: ["super"], name: undefined });
    }
    const leaves = useLeaves(this.text.slice(this.starts[at], this.starts[end] ?? this.text.length));
    this.leaves.push(...leaves.map((leaf) => ({ ...leaf, ...place })));
  }

  private bringsNames(open: number): boolean {
    return this.words.slice(open, this.groupEnd(open)).some((word, i, all) => {
      return BRINGING.has(word) && !(word === "use" && all[i + 1] === "<");
    });
  }

  private groupEnd(open: number): number {
    let depth = 0;
    for (let at = open; at < this.words.length; at++) {
      if (/^[([{]$/.test(this.word(at))) depth++;
      else if (/^[)\]}]$/.test(this.word(at)) && --depth === 0) return at;
    }
    return this.words.length;
  }

  private word(at: number): string {
    return this.words[at] ?? "";
  }
}
