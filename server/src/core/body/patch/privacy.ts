/**
 * Names in a body by which it may reach what belongs to others: rustc cannot tell whether it may, since all of the twin is public.
 */
import { EXPRESSION_MACROS } from "../bodyFacts.js";
import { type Token, tokensOf } from "../lexer.js";
import type { ModuleFacts } from "./facts.js";

/** Names that format strings take from around them: `{name}`, `{name:?}`. */
const CAPTURED = /\{([\p{XID_Start}_]\p{XID_Continue}*)/gu;

/** What a name belongs to: fields, methods and paths are written in different ways. */
export type NameKind = "field" | "associated" | "item";

/** A name that not everybody may use, or a use of one: `field len`. */
export type KindOfName = `${NameKind} ${string}`;

/** What decides what a body's names may stand for. */
export interface Surroundings {
  /** The module has glob imports, which bring what is private elsewhere, too; then a name alone is one, unless the body has bound it before. */
  readonly hasGlobs: boolean;
  /** Whether a path that begins with this name leads into another crate, of which rustc knows what is private. */
  readonly isCrate: (name: string) => boolean;
}

/** The names in a body's text that may be others' fields, methods and items. Throws `LexError`. */
export function namesOfOthers(text: string, { hasGlobs, isCrate }: Surroundings): ReadonlySet<KindOfName> {
  const tokens = [...tokensOf(text)];
  const word = (i: number): string => wordAt(text, tokens[i]);
  const found = new Set<KindOfName>();
  const add = (name: string, ...kinds: readonly NameKind[]): void => {
    for (const kind of kinds) found.add(`${kind} ${name}`);
  };
  const bound = new Set<string>();
  const unknown = unknownMacros(tokens, word);
  for (const [i, token] of tokens.entries()) {
    if (token.kind === "literal" && hasGlobs) {
      for (const [, name = ""] of word(i).matchAll(CAPTURED)) if (!bound.has(name)) add(name, "item");
    }
    if (token.kind !== "identifier") continue;
    const name = word(i);
    if (isBinding(i, word)) bound.add(name);
    else if (unknown(i)) add(name, "field", "associated", "item");
    else {
      add(name, ...kindsOf(i, word, isCrate));
      if (hasGlobs && !bound.has(name)) add(name, "item");
    }
  }
  return found;
}

/** `let name`, `let mut name`. */
function isBinding(i: number, word: (i: number) => string): boolean {
  return word(i - 1) === "let" || (word(i - 1) === "mut" && word(i - 2) === "let");
}

/** What a name may be by what stands beside it. */
function kindsOf(i: number, word: (i: number) => string, isCrate: Surroundings["isCrate"]): readonly NameKind[] {
  const [before, after] = [word(i - 1), word(i + 1)];
  // `value.method(…)`, `value.method::<T>(…)`, `value.field`.
  if (before === ".") return after === "(" || isPath(i + 1, word) ? ["associated"] : ["field"];
  if (isPath(i - 2, word)) return isCrate(headOf(i, word)) ? [] : ["associated", "item"];
  // `Type { name: value, name, … }`, which a list of arguments may look like.
  if (after === ":") return isPath(i + 1, word) ? [] : ["field"];
  return (before === "{" || before === ",") && (after === "," || after === "}") ? ["field"] : [];
}

/** `::` */
function isPath(i: number, word: (i: number) => string): boolean {
  return word(i) === ":" && word(i + 1) === ":";
}

/** The name that a path begins with; "" where it begins with a type, such as `<T as Trait>`. */
function headOf(i: number, word: (i: number) => string): string {
  let at = i;
  while (isPath(at - 2, word)) {
    const name = word(at - 3);
    // `::name::…`, or `Type::<T>::…`.
    if (!/^[\p{XID_Start}_]/u.test(name)) return name === ">" ? "" : word(at);
    at -= 3;
  }
  return word(at);
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

/** Whether a name in a path's beginning could be one of the crate's own, which would hide a crate of that name. */
export function mayBeOwn(name: string, facts: ModuleFacts): boolean {
  const leaf = new RegExp(`(::|\\bas\\s|[{,])\\s*${name}\\b`);
  return (
    facts.names.has(name) ||
    facts.imports.some((text) => leaf.test(text)) ||
    facts.children.some((child) => child.name === name || (child.inline !== undefined && mayBeOwn(name, child.inline)))
  );
}
