/**
 * Members of types that rustc judges otherwise as what they are in a patch crate: functions of a trait. Those never run at compile time,
 * and what `impl Trait` in their results stands for may hold any lifetime, in every edition.
 */
import { refuse } from "../../edits/refusal.js";
import type { Item } from "../../source/items.js";
import { tokensOf } from "../../source/lexer.js";

/** Throws `Refused`. `self`: the type, as its impl has it; `capturesAll`: an `impl Trait` may hold all lifetimes, as from edition 2024 on. */
export function checkMember({ fn, text, name }: Item, self: string, capturesAll: boolean): void {
  if (fn === undefined) return;
  const words = [...tokensOf(text)].flatMap(({ kind, start, end }) =>
    kind === "outerDoc" || kind === "innerDoc" ? [] : text.slice(start, end),
  );
  const at = words.findIndex((word, i) => word === "fn" && words[i + 1] === name);
  const opening = bodyAt(words, at);
  const header = words.slice(at, opening);
  if (words.slice(0, at).includes("const") && !isPlainConst(header, words.slice(opening)))
    refuse("methodForm", "const fn");
  if (!capturesAll && fn.returnsImpl && !isFree(header, self)) refuse("methodForm", "impl Trait");
}

/** The brace in front of a function's body: the last one that is in no other. */
function bodyAt(words: readonly string[], from: number): number {
  let depth = 0;
  let found = words.length;
  for (let i = from; i < words.length; i++) {
    if (words[i] === "{" && depth++ === 0) found = i;
    else if (words[i] === "}") depth--;
  }
  return found;
}

const PRIMITIVE = /^(bool|char|str|[ui](8|16|32|64|128|size)|f(32|64))$/;

/** What stands before a function's result, and the result. */
function partsOf(header: readonly string[]): readonly [parameters: readonly string[], result: readonly string[]] {
  let depth = 0;
  const end = header.findIndex((word) => (word === "(" ? depth++ < 0 : word === ")" && --depth === 0));
  return [header.slice(2, end), header.slice(end)];
}

/** Whether parameters have types without lifetimes and destructors, and without parameters of their own. */
function arePlain(parameters: readonly string[], also: RegExp): boolean {
  return parameters.every((word, i) => {
    const isName = parameters[i + 1] === ":" && parameters[i + 2] !== ":" && parameters[i - 1] !== ":";
    return isName || /^([(),:<>]|self|mut)$/.test(word) || PRIMITIVE.test(word) || also.test(word);
  });
}

/** Whether a constant function certainly is one: it puts together what it gets, calls nothing, and drops nothing. */
function isPlainConst(header: readonly string[], body: readonly string[]): boolean {
  const [parameters, result] = partsOf(header);
  const takesSelf = parameters.some((word, i) => word === "self" && /^(\(|mut)$/.test(parameters[i - 1] ?? ""));
  // (A reference may become one to what it derefs to.)
  if (takesSelf || !arePlain(parameters, /^(&|'.*)$/) || result.includes("&")) return false;
  return body.every((word, i) => {
    const [before = "", next = ""] = [body[i - 1], body[i + 1]];
    if (word === "(") return !/^(?:[\p{Ll}_].*|[)\]>])$/u.test(before);
    // A field of a field may be one behind a pointer.
    if (word === ".") return before === "self" && /^[\p{XID_Start}_\d]/u.test(next) && body[i + 2] !== ".";
    if (/^[\p{XID_Start}_]/u.test(word)) return !/^(for|while|loop|match|if|let|unsafe|async|move)$/.test(word);
    return /^(?:[{}),:;]|\d.*|["'].*)$/s.test(word);
  });
}

/** Whether no `impl Trait` in a function's result holds a lifetime that the function does not say. */
function isFree(header: readonly string[], self: string): boolean {
  const [parameters, result] = partsOf(header);
  const text = result.join(" ");
  if (/\buse </.test(text)) return true;
  if (/['<]/.test(self)) return false;
  if (arePlain(parameters, /^String$/)) return true;
  const references = parameters.filter((word) => word === "&").length;
  return references === 1 && /\+ '/.test(text) && arePlain(parameters, /^(&|String|'.*)$/);
}
