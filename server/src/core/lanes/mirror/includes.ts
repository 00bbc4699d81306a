/** Which files a source may read as data: by the arguments of its `include!`, `include_str!` and `include_bytes!`. */
import { LexError, tokensOf } from "../../source/lexer.js";

export interface Includes {
  /** Base names of files that it certainly reads. */
  readonly names: readonly string[];
  /** Whether there may be others: the path of one is computed. */
  readonly hasOthers: boolean;
}

const INCLUDES = /\binclude(?:_str|_bytes)?\s*!/;
const MACROS: ReadonlySet<string> = new Set(["include", "include_str", "include_bytes"]);
/** What may stand in an argument beside literals: `concat!(env!("OUT_DIR"), "/name.txt")`. */
const KNOWN_WORDS: ReadonlySet<string> = new Set(["concat", "env", "!", ","]);

export function includesOf(text: string): Includes {
  // Most sources have none, and need not be taken apart.
  if (!INCLUDES.test(text)) return { names: [], hasOthers: false };
  let tokens;
  try {
    tokens = [...tokensOf(text)];
  } catch (error) {
    if (error instanceof LexError) return { names: [], hasOthers: true };
    throw error;
  }
  const words = tokens.map(({ kind, start, end }) => ({ kind, text: text.slice(start, end) }));
  const names: string[] = [];
  let hasOthers = false;
  for (const [i, { text: word }] of words.entries()) {
    if (!MACROS.has(word) || words[i + 1]?.text !== "!" || words[i + 2]?.kind !== "open") continue;
    let end = i + 3;
    for (let depth = 1; end < words.length; end++) {
      if (words[end]?.kind === "open") depth++;
      else if (words[end]?.kind === "close" && --depth === 0) break;
    }
    const name = baseNameOf(words.slice(i + 3, end));
    if (name === undefined) hasOthers = true;
    else names.push(name);
  }
  return { names, hasOthers };
}

/** The last name of the path that an argument stands for; undefined where it is not certain. */
export function baseNameOf(argument: readonly { readonly kind: string; readonly text: string }[]): string | undefined {
  const isKnown = argument.every(
    ({ kind, text }) => kind === "literal" || kind === "open" || kind === "close" || KNOWN_WORDS.has(text),
  );
  const last = argument.findLastIndex(({ kind }) => kind === "literal");
  const literal = argument[last]?.text;
  if (!isKnown || literal === undefined || argument[last - 3]?.text === "env") return undefined;
  const isAlone = argument.every(({ text }, i) => i === last || text === ",");
  const path = /^(?:"([^"\\]*)"|r(#*)"(.*)"\2)$/s.exec(literal);
  const written = path?.[1] ?? path?.[3];
  if (written === undefined || (!isAlone && !written.includes("/"))) return undefined;
  return written.slice(written.lastIndexOf("/") + 1);
}
