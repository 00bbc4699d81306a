/** What the text in front of a body says of a function, an impl or a trait. */
import { type Token, comparable, tokensOf } from "./lexer.js";

/** A function's header, from its first token after the attributes to its body. */
export interface FunctionHeader {
  readonly name: string;
  readonly isConst: boolean;
  readonly isAsync: boolean;
  /** `gen fn`, which no stable compiler has. */
  readonly isGenerator: boolean;
  readonly isUnsafe: boolean;
  /** `extern "C" fn` and the like. */
  readonly isExtern: boolean;
  /** Type or const parameters, or `impl Trait` as an argument; lifetimes make no instantiations. */
  readonly isGeneric: boolean;
  /** `impl Trait`, or a macro that may expand to it, anywhere in the return type. */
  readonly returnsImpl: boolean;
}

class Words {
  private readonly tokens: readonly Token[];

  constructor(
    private readonly text: string,
    start: number,
    end: number,
  ) {
    this.tokens = [...tokensOf(text, start, end)];
  }

  get length(): number {
    return this.tokens.length;
  }
  at(i: number): string {
    const token = this.tokens[i];
    return token === undefined ? "" : this.text.slice(token.start, token.end);
  }
  kind(i: number): string | undefined {
    return this.tokens[i]?.kind;
  }
  indexOf(word: string, from = 0): number {
    for (let i = from; i < this.length; i++) if (this.at(i) === word) return i;
    return -1;
  }
  /** The index behind the group opened at `i`. */
  behindGroup(i: number): number {
    let depth = 0;
    for (let at = i; at < this.length; at++) {
      if (this.kind(at) === "open") depth++;
      else if (this.kind(at) === "close" && --depth === 0) return at + 1;
    }
    return this.length;
  }
  /** The index behind the generics opened by `<` at `i`, and whether a parameter is a type or a constant. */
  generics(i: number): { behind: number; isGeneric: boolean } {
    if (this.at(i) !== "<") return { behind: i, isGeneric: false };
    let isGeneric = false;
    let isParameterStart = true;
    let depth = 0;
    for (let at = i; at < this.length; at++) {
      const word = this.at(at);
      if (word === "<") depth++;
      else if (word === ">" && this.at(at - 1) !== "-" && this.at(at - 1) !== "=") depth--;
      else if (this.kind(at) === "open") at = this.behindGroup(at) - 1;
      else if (word === "," && depth === 1) isParameterStart = true;
      else if (this.kind(at) === "identifier" && isParameterStart && depth === 1) isGeneric = true;
      if (this.kind(at) === "lifetime" || this.kind(at) === "identifier") isParameterStart = false;
      if (depth === 0) return { behind: at + 1, isGeneric };
    }
    return { behind: this.length, isGeneric };
  }
  has(word: string, from: number, to: number): boolean {
    const at = this.indexOf(word, from);
    return at >= 0 && at < to;
  }
}

/** Reads a function's header; undefined when it is none that this knows. Throws `LexError`. */
export function functionHeader(text: string, start: number, bodyStart: number): FunctionHeader | undefined {
  const words = new Words(text, start, bodyStart);
  const fn = words.indexOf("fn");
  if (fn < 0 || words.kind(fn + 1) !== "identifier") return undefined;
  const { behind, isGeneric } = words.generics(fn + 2);
  if (words.at(behind) !== "(") return undefined;
  const result = words.behindGroup(behind);
  const where = words.indexOf("where", result);
  const end = where < 0 ? words.length : where;
  let hasMacro = false;
  for (let i = result; i < end; i++) hasMacro ||= words.at(i) === "!" && words.kind(i + 1) === "open";
  return {
    name: words.at(fn + 1),
    isConst: words.has("const", 0, fn),
    isAsync: words.has("async", 0, fn),
    isGenerator: words.has("gen", 0, fn),
    isUnsafe: words.has("unsafe", 0, fn),
    isExtern: words.has("extern", 0, fn),
    isGeneric: isGeneric || words.has("impl", behind, result),
    returnsImpl: hasMacro || words.has("impl", result, end),
  };
}

/** What holds for every function of an impl, a trait or a module. */
export interface ContainerHeader {
  /** As it is written, without attributes, visibility and `where`: `impl<T> Foo for Bar<T>`, `mod a`. */
  readonly label: string;
  readonly isGeneric: boolean;
  /** Nightly's `impl const Trait` and `const trait`: its functions may run at compile time. */
  readonly isConst: boolean;
}

/** Reads the header of an impl, a trait or a module. Throws `LexError`. */
export function containerHeader(text: string, start: number, bodyStart: number): ContainerHeader {
  const words = new Words(text, start, bodyStart);
  const keyword = ["impl", "trait", "mod"].map((word) => words.indexOf(word)).filter((at) => at >= 0);
  const first = Math.min(...keyword, words.length);
  const { behind, isGeneric } = words.generics(words.at(first) === "impl" ? first + 1 : first + 2);
  const isConst = words.has("const", 0, first) || words.at(behind) === "const";
  const header = comparable(text, start, bodyStart).map((word) => word.replace("\0", ""));
  const from = header.indexOf(words.at(first));
  const where = header.indexOf("where");
  const label = header.slice(from, where < 0 ? undefined : where);
  return { label: joinWords(label), isGeneric, isConst };
}

/** Puts blanks back where two words would otherwise run together. */
function joinWords(words: readonly string[]): string {
  let out = "";
  for (const word of words) {
    const needsBlank = /[\p{XID_Continue}>)\]]$/u.test(out) && /^['\p{XID_Continue}]/u.test(word);
    out += (needsBlank || word === "=" || out.endsWith("=") || word === "+" || out.endsWith("+") ? " " : "") + word;
    if (word === "," || word === ":") out += out.endsWith("::") ? "" : " ";
  }
  return out.replace(/: : ?/g, "::").trim();
}
