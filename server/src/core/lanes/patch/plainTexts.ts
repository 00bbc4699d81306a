/**
 * Which of the files that rustc has read beside a crate's sources are texts to it and nothing else, such as a README that is the crate's
 * documentation too: no name of the crate stands in them. What a procedural macro reads may become code, so nothing but `include_str!` and
 * `include_bytes!` may have the file's name, where no macro but those of std sees them. A file of a kind that is known to be made into code,
 * such as a grammar, is none; macros look for these by names of their own.
 */
import * as path from "node:path";
import { type Token, tokensOf } from "../../source/lexer.js";
import { baseNameOf } from "../mirror/includes.js";
import { STD_MACROS } from "./knownMacros.js";

const KINDS: ReadonlySet<string> = new Set([
  ..."md txt html css js svg sh bash zsh fish elv nu ps1 xsh".split(" ").map((kind) => `.${kind}`),
]);

const READING: ReadonlySet<string> = new Set(["include_str", "include_bytes"]);

/** `upstream`: sources whose macros the crate may use. Throws `LexError`. */
export function plainTexts(
  files: readonly string[],
  sources: readonly string[],
  upstream: () => readonly string[],
): ReadonlySet<string> {
  const candidates = files.filter((file) => KINDS.has(path.extname(file).toLowerCase()));
  if (candidates.length === 0 || upstream().some((text) => /\binclude\s*!/.test(text))) return new Set();
  const names = [...new Set(candidates.map((file) => path.basename(file)))];
  const readers = sources.filter((text) => /\binclude/.test(text) || names.some((name) => text.includes(name)));
  const all = readers.map((text) => readsOf(text));
  if (!all.every((reads) => reads !== undefined)) return new Set();
  const read = new Set(all.flatMap((reads) => reads.texts));
  const isElsewhere = (name: string): boolean => all.some(({ literals }) => literals.some((it) => it.includes(name)));
  const isPlain = (name: string): boolean => read.has(name) && !isElsewhere(name);
  return new Set(candidates.filter((file) => isPlain(path.basename(file))));
}

interface Reads {
  /** Base names of what is read as a text. */
  readonly texts: readonly string[];
  /** All other literals. */
  readonly literals: readonly string[];
}

/** What a group of tokens is the input of. */
type GroupKind = "plain" | "attribute" | "unknown";

/** What a source reads; undefined where it is not known what it includes. */
function readsOf(text: string): Reads | undefined {
  const tokens = [...tokensOf(text)].filter(({ kind }) => kind !== "outerDoc" && kind !== "innerDoc");
  const word = (at: number): string => text.slice(tokens[at]?.start ?? 0, tokens[at]?.end ?? 0);
  const texts: string[] = [];
  const literals: string[] = [];
  const groups: GroupKind[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const { kind } = tokens[at] ?? { kind: "close" };
    const name = word(at);
    if (kind === "open") groups.push(groupAt(tokens, word, at));
    else if (kind === "close") groups.pop();
    else if (kind === "literal") literals.push(name);
    else if (kind !== "identifier" || !(name === "include" || READING.has(name))) continue;
    else if (word(at + 1) !== "!" || tokens[at + 2]?.kind !== "open") {
      // (`include` may be a name like others.)
      if (READING.has(name)) return undefined;
    } else {
      const end = groupEnd(tokens, at + 2);
      const argument = tokens.slice(at + 3, end).map((token, i) => ({ kind: token.kind, text: word(at + 3 + i) }));
      const file = baseNameOf(argument);
      if (name === "include" && file === undefined) return undefined;
      const isDocumentation = word(at - 2) === "doc" && word(at - 1) === "=";
      const isSeen = groups.includes("unknown") || (groups.includes("attribute") && !isDocumentation);
      if (name === "include" || file === undefined || isSeen) continue;
      texts.push(file);
      at = end;
    }
  }
  return { texts, literals };
}

function groupAt(tokens: readonly Token[], word: (at: number) => string, open: number): GroupKind {
  const before = word(open - 1);
  if (before === "#" || (before === "!" && word(open - 2) === "#")) return "attribute";
  // The definition of a macro by example, or the input of a macro.
  if (word(open - 2) === "!" && word(open - 3) === "macro_rules") return "unknown";
  const isCall = before === "!" && tokens[open - 2]?.kind === "identifier";
  return isCall && !STD_MACROS.has(word(open - 2)) ? "unknown" : "plain";
}

function groupEnd(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]?.kind === "open") depth++;
    else if (tokens[at]?.kind === "close" && --depth === 0) return at;
  }
  return tokens.length;
}
