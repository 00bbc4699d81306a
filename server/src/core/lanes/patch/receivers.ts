/** How methods are found: by their name, their receiver, and from where they can be used. */
import type { Node } from "web-tree-sitter";
import type { ItemChange } from "../../edits/itemChange.js";
import type { Item } from "../../source/items.js";
import { tokensOf } from "../../source/lexer.js";
import { isPatchable } from "./exposedBodies.js";

/**
 * Whether rustc finds a member of a type wherever it found the one of before, and nowhere else: it looks at nothing but the name, the
 * receiver, and who may use it.
 */
export function isFoundAsBefore({ type, before, after }: ItemChange): boolean {
  if (before === undefined || after === undefined) return false;
  const isVisible = before.visibility === after.visibility || isOfCrate(before);
  return isVisible && (type !== "function_item" || receiverOf(before) === receiverOf(after));
}

function isOfCrate({ visibility }: Item): boolean {
  return visibility === "pub" || visibility === "pub(crate)";
}

/** Whether nothing but references to its symbol makes a function's code part of a program: no other code holds its body. */
export function isKnownByReferences({ before }: ItemChange): boolean {
  return before?.fn !== undefined && isPatchable(before.fn);
}

/** A method's receiver without lifetimes, `& mut self`; undefined of a function without one. */
export function receiverOf({ text, name }: Pick<Item, "text" | "name">): string | undefined {
  const words = [...tokensOf(text)].flatMap(({ kind, start, end }) =>
    kind === "lifetime" || kind === "outerDoc" ? [] : text.slice(start, end),
  );
  let at = words.findIndex((word, i) => word === name && words[i - 1] === "fn") + 1;
  if (at === 0) return undefined;
  if (words[at] === "<") {
    for (let depth = 0; at < words.length; at++) {
      if (words[at] === "<") depth++;
      // (`->` ends nothing.)
      else if (words[at] === ">" && words[at - 1] !== "-" && --depth === 0) break;
    }
    at++;
  }
  return receiverIn(words.slice(at + 1));
}

/** The receiver of a function in a tree. */
export function receiverOfNode(node: Node): string | undefined {
  const list = node.childForFieldName("parameters");
  if (list === null) return undefined;
  const { text } = list;
  const words = [...tokensOf(text)].flatMap(({ kind, start, end }) =>
    kind === "lifetime" ? [] : text.slice(start, end),
  );
  return receiverIn(words.slice(1));
}

/** `words`: from the first parameter on. */
function receiverIn(words: readonly string[]): string | undefined {
  let depth = 0;
  const end = words.findIndex((word) => {
    if (word === "<" || word === "(") depth++;
    else if ((word === ">" || word === ")") && depth > 0) depth--;
    else return (word === "," || word === ")") && depth === 0;
    return false;
  });
  const first = words.slice(0, end < 0 ? words.length : end);
  if (first[0] === "mut") first.shift();
  return /^(& )?(mut )?self( :|$)/.test(first.join(" ")) ? first.join(" ") : undefined;
}
