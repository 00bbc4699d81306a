/** What a patch crate's module imports: declarations without macros that cannot be imported, and these macros' definitions. */
import { refuse } from "../../edits/refusal.js";
import type { MacroFacts } from "./moduleFacts.js";

/** The identifiers in a text, keywords, and words of literals and comments. */
export function wordsIn(text: string): string[] {
  return text.match(/[\p{XID_Start}_]\p{XID_Continue}*/gu) ?? [];
}

/** An import without one of the names that it imports. */
export function withoutLeaf(declaration: string, name: string): string {
  const leaf = `(?:[\\w#]+ ?:: ?)*${name}(?: as \\w+)? ?`;
  const inGroup = declaration.replace(new RegExp(`(?<=[{,] ?)${leaf}(?:, ?|(?=\\}))`, "u"), "");
  if (inGroup !== declaration) return inGroup;
  return new RegExp(`\\buse (?::: ?)?${leaf};$`, "u").test(declaration) ? "" : declaration;
}

/** The macros that words call, and those that these call, in order. `macros`: undefined for one that cannot be written. */
export function usedMacros(
  macros: ReadonlyMap<string, MacroFacts | undefined>,
  words: ReadonlySet<string>,
): MacroFacts[] {
  const used = new Set<string>();
  const queue = [...words];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (used.has(name) || !macros.has(name)) continue;
    used.add(name);
    const text = macros.get(name)?.text;
    if (text === undefined) refuse("longMacro");
    queue.push(...wordsIn(text));
  }
  return [...macros].flatMap(([name, macro]) => (used.has(name) && macro !== undefined ? [macro] : []));
}
