/**
 * Names in a body by which it may reach what belongs to others: rustc cannot tell whether it may, since all of the twin is public.
 */
import { EXPRESSION_MACROS } from "../bodyFacts.js";
import { type Token, tokensOf } from "../lexer.js";

/** Names that format strings take from around them: `{name}`, `{name:?}`. */
const CAPTURED = /\{([\p{XID_Start}_]\p{XID_Continue}*)/gu;

/**
 * The names in a body's text that may be others' fields, methods and items. `hasGlobs`: the module has glob imports, which bring what is
 * private elsewhere, too; then a name alone is one, unless the body has bound it before. Throws `LexError`.
 */
export function namesOfOthers(text: string, hasGlobs: boolean): ReadonlySet<string> {
  const tokens = [...tokensOf(text)];
  const word = (i: number): string => wordAt(text, tokens[i]);
  const found = new Set<string>();
  const bound = new Set<string>();
  const unknown = unknownMacros(tokens, word);
  for (const [i, token] of tokens.entries()) {
    if (token.kind === "literal" && hasGlobs) {
      for (const [, name = ""] of word(i).matchAll(CAPTURED)) if (!bound.has(name)) found.add(name);
    }
    if (token.kind !== "identifier") continue;
    const name = word(i);
    if (isBinding(i, word)) bound.add(name);
    else if (isQualified(i, word) || unknown(i) || (hasGlobs && !bound.has(name))) found.add(name);
  }
  return found;
}

/** `let name`, `let mut name`. */
function isBinding(i: number, word: (i: number) => string): boolean {
  return word(i - 1) === "let" || (word(i - 1) === "mut" && word(i - 2) === "let");
}

/** `.name`, `::name`, `name: value`, and `Type { name, … }`, which a list of arguments may look like. */
function isQualified(i: number, word: (i: number) => string): boolean {
  const [before, after] = [word(i - 1), word(i + 1)];
  if (before === "." || (before === ":" && word(i - 2) === ":")) return true;
  if (after === ":") return word(i + 2) !== ":";
  return (before === "{" || before === ",") && (after === "," || after === "}");
}

/** Whether a token is among the arguments of a macro that may make anything of them, such as a field's name. */
function unknownMacros(tokens: readonly Token[], word: (i: number) => string): (i: number) => boolean {
  const inside = new Set<number>();
  for (const [i, token] of tokens.entries()) {
    const isCall = token.kind === "identifier" && word(i + 1) === "!" && tokens[i + 2]?.kind === "open";
    if (!isCall || EXPRESSION_MACROS.has(word(i))) continue;
    let depth = 0;
    for (let at = i + 2; at < tokens.length; at++) {
      if (tokens[at]?.kind === "open") depth++;
      else if (tokens[at]?.kind === "close" && --depth === 0) break;
      inside.add(at);
    }
  }
  return (i) => inside.has(i);
}

function wordAt(text: string, token: Token | undefined): string {
  return token === undefined ? "" : text.slice(token.start, token.end);
}
