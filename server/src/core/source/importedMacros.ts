/**
 * What a file's imports say of the names in its attributes: that a built-in macro is another one here, or that a name is that of a
 * macro which is known.
 *
 * Read off the lexer's tokens, so that words in comments and strings count for nothing, and those in macros' arguments count.
 */
import { LexError, type Token, tokensOf } from "./lexer.js";

/** What a procedural macro makes of the function that it stands on. */
export interface MadeFunction {
  /** An `async fn` becomes one that blocks until its body has come to its end: nobody else has that future. */
  readonly isBlocking: boolean;
  /** It becomes a test. */
  readonly isTest: boolean;
}

const BLOCKING: MadeFunction = { isBlocking: true, isTest: false };
const BLOCKING_TEST: MadeFunction = { isBlocking: true, isTest: true };

/**
 * Procedural macros, by their paths, that make nothing of a function but another body for it: what is edited in the one is edited in
 * the other. Sources: tracing-attributes' `expand.rs`, tokio-macros' `entry.rs`, actix-macros' `lib.rs`.
 */
const IN_PLACE: ReadonlyMap<string, MadeFunction> = new Map([
  ["tracing::instrument", { isBlocking: false, isTest: false }],
  ["tokio::main", BLOCKING],
  ["tokio::test", BLOCKING_TEST],
  ["actix_web::main", BLOCKING],
  ["actix_web::test", BLOCKING_TEST],
  ["actix_rt::main", BLOCKING],
  ["actix_rt::test", BLOCKING_TEST],
]);

/**
 * Procedural macros, by their paths, that make of each `async fn` in the impl of a trait one that gives its future in a box, and of one
 * whatever the others are: nobody knows the future's type. Source: async-trait's `expand.rs`; the others hand it on under their names.
 */
const BOXING = ["async_trait::async_trait", "tonic::async_trait", "axum::async_trait", "serenity::async_trait"];

/** Built-in attribute macros whose names others have, too. */
const OFTEN_SHADOWED = ["test", "bench"];

/** What a file's imports say of attributes. */
export interface ImportedMacros {
  /** Built-in macros that are others here. */
  readonly shadowed: ReadonlySet<string>;
  /** Macros that are known to rewrite bodies and no more, by their names here. */
  readonly inPlace: ReadonlyMap<string, MadeFunction>;
  /** Macros that are known to box the futures of an impl's functions, by their names here. */
  readonly boxing: ReadonlySet<string>;
}

/** A file without any of these words imports nothing of interest: most files need not be read for it. */
const OF_INTEREST = /\b(?:macro_use|test|bench|instrument|main|async_trait)\b/;

/** Which names are those of macros in a file's attributes. */
export function importedMacros(text: string): ImportedMacros {
  if (!OF_INTEREST.test(text)) return { shadowed: new Set(), inPlace: IN_PLACE, boxing: new Set(BOXING) };
  try {
    return importsIn(wordsIn(text));
  } catch (error) {
    // What the lexer cannot read may import anything.
    if (error instanceof LexError) return { shadowed: new Set(OFTEN_SHADOWED), inPlace: new Map(), boxing: new Set() };
    throw error;
  }
}

/** The tokens but for doc comments, which may stand between an attribute and its item; raw identifiers as they are called. */
export function wordsIn(text: string): string[] {
  const isDoc = ({ kind }: Token): boolean => kind === "outerDoc" || kind === "innerDoc";
  const tokens = [...tokensOf(text)].filter((token) => !isDoc(token));
  return tokens.map(({ start, end }) => text.slice(start, end).replace(/^r#(?=[\p{L}_])/u, ""));
}

function importsIn(words: readonly string[]): ImportedMacros {
  const shadowed = new Set<string>();
  const imports: (readonly string[])[] = [];
  // Of the attributes in front of the next item.
  let isMacroUse = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const next = words[at + 1];
    if (word === "#" && next === "[") {
      const end = groupEnd(words, at + 1);
      isMacroUse ||= words.slice(at + 2, end).includes("macro_use");
      at = end;
    } else if (word === "pub") {
      if (next === "(") at = groupEnd(words, at + 1);
    } else if (word === "extern" && next === "crate") {
      // All macros of the crate at once. A glob import cannot: rustc calls the name ambiguous then (E0659).
      if (isMacroUse) for (const name of OFTEN_SHADOWED) shadowed.add(name);
    } else {
      isMacroUse = false;
      if (word !== "use") continue;
      const end = importEnd(words, at + 1);
      // (`use<…>` is that of a bound.)
      if (next !== "<") imports.push(words.slice(at + 1, end));
      at = end - 1;
    }
  }
  for (const item of imports) {
    for (const [i, word] of item.entries()) {
      if (OFTEN_SHADOWED.includes(word) && !(item[i + 1] === ":" && item[i + 2] === ":")) shadowed.add(word);
    }
  }
  const named = [...IN_PLACE].flatMap(([path, made]) => namesOf(path, imports).map((name) => [name, made] as const));
  return { shadowed, inPlace: new Map(named), boxing: new Set(BOXING.flatMap((path) => namesOf(path, imports))) };
}

/** The macro's path, and its name where the file imports it, and nothing else of that name. */
function namesOf(path: string, imports: readonly (readonly string[])[]): string[] {
  const [crate = "", name = ""] = path.split("::");
  const named = imports.filter((item) => item.includes(name));
  return named.length > 0 && named.every((item) => isItsOwn(item, crate, name)) ? [path, name] : [path];
}

/** Whether an import is `crate::name` or `crate::{…, name, …}`. */
export function isItsOwn(item: readonly string[], crate: string, name: string): boolean {
  const text = item.join(" ");
  const [start] = [`: : ${crate} : : `, `${crate} : : `].filter((head) => text.startsWith(head));
  if (start === undefined) return false;
  const rest = item.slice(start.trim().split(" ").length);
  if (rest[0] !== "{") return rest.join("") === name;
  const list = rest.slice(1, -1);
  if (list.includes("{")) return false;
  return list.every((word, i) => {
    const isEntry = (i === 0 || list[i - 1] === ",") && (i === list.length - 1 || list[i + 1] === ",");
    return word !== name || isEntry;
  });
}

const DEPTH: Readonly<Record<string, number>> = { "(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1 };

/** Where the group ends that begins at a place; the last word of a text that ends before. */
function groupEnd(words: readonly string[], open: number): number {
  let depth = 0;
  for (let at = open; at < words.length; at++) {
    depth += DEPTH[words[at] ?? ""] ?? 0;
    if (depth === 0) return at;
  }
  return words.length - 1;
}

/** Where an import ends: at its semicolon, or with the group that it stands in. */
function importEnd(words: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < words.length; at++) {
    depth += DEPTH[words[at] ?? ""] ?? 0;
    if (depth < 0 || words[at] === ";") return at;
  }
  return words.length;
}
