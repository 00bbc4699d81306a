/**
 * What a crate may not use of the workspace's libraries, and has no mark in their twins (`privacy.ts`), where all is public. The crate itself
 * cannot mean it: rustc would say that it is private. But in the twin it may hide something else, or be taken although it is an error.
 */
import { tokensOf } from "../../source/lexer.js";
import type { RestrictedName } from "./privacy.js";

/** The names of a twin that other crates have to do without. */
export function restrictedForOthers(restricted: readonly RestrictedName[]): readonly RestrictedName[] {
  return restricted.filter(({ kind, scope }) => kind !== "hidden" && kind !== "constructor" && scope !== "");
}

/** What is known of a text. */
interface TextOptions {
  /** Its crate has glob imports that may lead to the libraries, so that names of theirs may stand alone. */
  readonly hasGlobs: boolean;
  readonly isImport?: boolean;
  /** Else it has compiled before, and its patterns allow for what others may not know. */
  readonly isEdited?: boolean;
}

/** Whether a text may mean such a name. */
export function meansUpstream(
  text: string,
  restricted: readonly RestrictedName[],
  { hasGlobs, isImport = false, isEdited = true }: TextOptions,
): boolean {
  if (restricted.length === 0) return false;
  const kinds = new Map<string, Set<RestrictedName["kind"]>>();
  for (const { kind, name } of restricted) kinds.set(name, (kinds.get(name) ?? new Set()).add(kind));
  const words = [...tokensOf(text)].map(({ start, end }) => text.slice(start, end));
  // (Whether there may be more of a type matters to patterns only.)
  const hasPatterns = words.some((word, i) => {
    return word === "match" || word === "matches" || (word === "let" && ["if", "while"].includes(words[i - 1] ?? ""));
  });
  return words.some((word, i) => {
    const own = kinds.get(word);
    if (own === undefined) return false;
    if ((own.has("open") && hasPatterns && isEdited) || own.has("field")) return true;
    const isBehindPath = words[i - 1] === ":" && words[i - 2] === ":";
    // (A field may have a module's name.)
    const isPath = words[i + 1] === ":" && words[i + 2] === ":";
    return (hasGlobs || isImport || isBehindPath) && (own.has("name") || (own.has("module") && isPath));
  });
}

/** Whether a text has a glob import that may lead into one of these crates, or to what such a one brings. */
export function mayHaveGlobsOf(crates: ReadonlySet<string>, text: string): boolean {
  if (!text.includes("*")) return false;
  return [...text.matchAll(/\buse\s[^;]*/g)].some(([use]) => {
    return (
      use.includes("*") && [...use.matchAll(/[\p{XID_Start}_]\p{XID_Continue}*/gu)].some(([word]) => crates.has(word))
    );
  });
}
