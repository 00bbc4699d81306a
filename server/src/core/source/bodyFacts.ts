/** What a body's tokens say of it. */
import { LexError, type Span, type Token, isGroup, tokensOf } from "./lexer.js";

/** What stands between a blanked body's braces, besides blanks: of every type, and right wherever a body is. */
export const REPLACEMENT = "loop{}";

export interface BodyFacts {
  /** The lexer cannot read it, or does not find its end where the parser does. */
  readonly isDamaged: boolean;
  /** Items, or macros that may expand to items. */
  readonly hasItems: boolean;
  /** Others than functions, constants and statics, which nobody sees but the body. */
  readonly hasOtherItems: boolean;
  /** Statements that are calls of macros of the crate's or its dependencies' own, which might expand to items. */
  readonly hasUnknownMacros: boolean;
  /** `#![…]` at its start. */
  readonly hasInnerAttributes: boolean;
  /** No line between its braces has room for the replacement. */
  readonly isShort: boolean;
  /** Its last line has characters of several bytes, so blanks would move what follows on that line, in bytes or columns. */
  readonly isUnsteady: boolean;
}

const ITEM_KEYWORDS = new Set(["struct", "enum", "impl", "trait", "mod", "static", "type", "extern"]);
/** What stands in front of `impl Trait`, and never of an item. */
const IN_FRONT_OF_TYPES = new Set([":", ">", "&", "(", ",", "<", "mut"]);
/** Macros that are known to make items, or that read a file of them. */
const ITEM_MACROS = new Set(["macro_rules", "thread_local", "lazy_static", "include", "cfg_if", "bitflags"]);
/** Macros with braces that are expressions. */
export const EXPRESSION_MACROS = new Set([
  ..."vec println eprintln print eprint format write writeln panic assert assert_eq assert_ne debug_assert".split(" "),
  ..."matches todo unimplemented unreachable dbg select select_biased join try_join json quote quote_spanned".split(
    " ",
  ),
  ..."trace debug info warn error log bail ensure anyhow eyre".split(" "),
  ..."parse_quote html indoc formatdoc hashmap btreemap hashset btreeset stream try_stream async_stream".split(" "),
]);

/** Scans a body. */
export function bodyFacts(text: string, { start, end }: Span): BodyFacts {
  const last = text.slice(Math.max(start, text.lastIndexOf("\n", end - 1) + 1), end);
  const facts: BodyFacts = {
    isDamaged: false,
    hasItems: false,
    hasOtherItems: false,
    hasUnknownMacros: false,
    hasInnerAttributes: false,
    isShort: !text
      .slice(start + 1, end - 1)
      .split(/\r?\n/)
      .some((line) => Buffer.byteLength(line, "utf8") >= REPLACEMENT.length),
    isUnsteady: Buffer.byteLength(last, "utf8") !== last.length,
  };
  if (!isGroup(text, start, end)) return { ...facts, isDamaged: true };
  try {
    const tokens = [...tokensOf(text, start, end)];
    const word = (i: number): string => wordAt(text, tokens[i]);
    return {
      ...facts,
      ...itemFacts(tokens, word),
      hasUnknownMacros: hasUnknownMacros(tokens, word),
      hasInnerAttributes: word(1) === "#" && word(2) === "!",
    };
  } catch (error) {
    if (error instanceof LexError) return { ...facts, isDamaged: true };
    throw error;
  }
}

function wordAt(text: string, token: Token | undefined): string {
  return token === undefined ? "" : text.slice(token.start, token.end);
}

/** Whether a body's tokens, those that macros get included, may be or become items. `use` is none: nobody else sees it. */
function itemFacts(
  tokens: readonly Token[],
  word: (i: number) => string,
  known: ReadonlySet<number> = new Set(),
): Pick<BodyFacts, "hasItems" | "hasOtherItems"> {
  let hasItems = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token?.kind !== "identifier" || known.has(token.start)) continue;
    const name = word(i);
    const next = word(i + 1);
    const isMacro = next === "!" && (tokens[i + 2]?.kind === "open" || name === "macro_rules");
    const isOther =
      (ITEM_KEYWORDS.has(name) && name !== "static" && !(name === "impl" && IN_FRONT_OF_TYPES.has(word(i - 1)))) ||
      (name === "union" && tokens[i + 1]?.kind === "identifier") ||
      (isMacro && makesItems(name, word(i + 2)));
    if (isOther) return { hasItems: true, hasOtherItems: true };
    // `fn(` is a type, `fn name` an item; `const {` and `*const` are none, `const NAME` is.
    hasItems ||=
      name === "static" ||
      (name === "fn" && next !== "(") ||
      (name === "const" && next !== "{" && word(i - 1) !== "*" && word(i - 1) !== "raw");
  }
  return { hasItems, hasOtherItems: false };
}

/**
 * Whether a body may have other items than functions, constants and statics, and those whose keywords begin at `known` offsets. Throws
 * `LexError`.
 */
export function hasItemsBesides(text: string, { start, end }: Span, known: ReadonlySet<number>): boolean {
  const tokens = [...tokensOf(text, start, end)];
  return itemFacts(tokens, (i) => wordAt(text, tokens[i]), known).hasOtherItems;
}

/** Whether a statement begins with a call of a macro that is not known to be an expression: `path::name!(`. */
function hasUnknownMacros(tokens: readonly Token[], word: (i: number) => string): boolean {
  return tokens.some((token, i) => {
    if (token.kind !== "identifier" || word(i + 1) !== "!" || tokens[i + 2]?.kind !== "open") return false;
    let first = i;
    while (word(first - 1) === ":" && word(first - 2) === ":") first -= 3;
    return ["{", "}", ";"].includes(word(first - 1)) && !EXPRESSION_MACROS.has(word(i));
  });
}

/** Whether a macro that is called in a body may expand to items. `opening`: the delimiter of its arguments. */
export function makesItems(path: string, opening: string): boolean {
  const name = path.slice(path.lastIndexOf(":") + 1).trim();
  return ITEM_MACROS.has(name) || (opening === "{" && !EXPRESSION_MACROS.has(name));
}
