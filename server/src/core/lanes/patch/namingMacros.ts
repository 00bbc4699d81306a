/**
 * Macros by example that name no private function or field by a word of their input: only what stands in their definitions are such names.
 *
 * Items that a macro makes stay private in the twin, so their names are looked for in the text of a patch (`privacy.ts`), and every word
 * that a macro sees among a module's items might be one: `map` of `.map(…)`, too. Of a crate's own macros the definition tells more.
 */
import { tokensOf } from "../../source/lexer.js";
import { STD_MACROS } from "./knownMacros.js";
import { PLACES } from "./privacy.js";

/** Fragments that may be, or hold, items, or their names together with what makes them items. */
const WITH_ITEMS = new Set(["tt", "item", "stmt"]);

/** Whether the macro that a text defines gives no word of its input to a private function or a field. `own`: names of the crate's macros. */
export function isNameless(definition: string, own: ReadonlySet<string>): boolean {
  const words = [...tokensOf(definition)].map(({ start, end }) => definition.slice(start, end));
  const at = (i: number): string => words[i] ?? "";
  return words.every((word, i) => {
    // (What is public is public in the twin as well.)
    if (word === "fn") return at(i + 1) !== "$" || isPublic(words.slice(0, i));
    if (word === "struct" || word === "union") return false;
    if (word === ":") return !(at(i - 2) === "$" && WITH_ITEMS.has(at(i + 1)));
    const isCall = word === "!" && ["(", "[", "{"].includes(at(i + 1)) && /^\w/.test(at(i - 1));
    if (!isCall) return true;
    // Of a macro by a path, or by a name that is given, nothing is known.
    return ![":", "$"].includes(at(i - 2)) && STD_MACROS.has(at(i - 1)) && !own.has(at(i - 1));
  });
}

/** A word that may be the name of a function or a field. */
export function isName(word: string): boolean {
  return /^[\p{Lowercase}_]/u.test(word) && !/^([iu](8|16|32|64|128|size)|f32|f64|bool|char|str)$/.test(word);
}

/** Names of functions and fields that stand in a definition, and may be private. `words`: the definition's. */
export function privateNames(words: readonly string[]): string[] {
  const names = words.filter((word, i) => {
    if (!isName(word)) return false;
    return words[i - 1] === "fn" ? !isPublic(words.slice(0, i - 1)) : isField(words, i);
  });
  return hasPrivatePlaces(words) ? [...names, PLACES] : names;
}

/** Whether `pub` is the visibility of what words of a function's header end with. */
function isPublic(words: readonly string[]): boolean {
  const at = words.findLastIndex((word) => !/^(const|async|unsafe|safe|extern|".*")$/.test(word));
  return words[at] === "pub" && words[at - 1] !== "$";
}

/** Whether a word may be the name of a private field, which has no more than a colon behind it. */
function isField(words: readonly string[], i: number): boolean {
  if (!words.some((word) => word === "struct" || word === "union")) return false;
  return words[i + 1] === ":" && words[i + 2] !== ":" && !["$", "pub", ":"].includes(words[i - 1] ?? "");
}

/** Whether there is a struct whose fields have no names, and not all of which are public. */
export function hasPrivatePlaces(words: readonly string[]): boolean {
  return words.some((word, i) => {
    if (word !== "struct") return false;
    let at = i + 1;
    while (at < words.length && !["(", "{", ";"].includes(words[at] ?? "")) at++;
    return words[at] === "(" && !arePublic(words, at);
  });
}

/** Whether all fields between parentheses, of which the first one is at `open`, are public. */
function arePublic(words: readonly string[], open: number): boolean {
  let depth = 0;
  let isFirst = true;
  for (let i = open; i < words.length; i++) {
    const word = words[i] ?? "";
    if (depth === 1 && isFirst && word !== ")") {
      if (word !== "pub" || words[i + 1] === "(") return false;
      isFirst = false;
    }
    if (["(", "[", "{", "<"].includes(word)) depth++;
    else if ([")", "]", "}", ">"].includes(word)) depth--;
    if (depth === 0) return true;
    if (depth === 1 && word === ",") isFirst = true;
  }
  return false;
}
