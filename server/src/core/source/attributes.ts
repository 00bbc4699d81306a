/**
 * Which attributes leave an item as it is written. Every other one may be a procedural macro, which sees the text of
 * what it stands on and may make anything of it.
 *
 * Source: the Rust reference's index of built-in attributes.
 */
import type { ImportedMacros, MadeFunction } from "./importedMacros.js";
import { type Token, tokensOf } from "./lexer.js";

/** `derive`, `global_allocator` and `test` are macros, but built in, and add items beside the one they stand on. */
const INERT = new Set([
  ..."allow warn deny forbid expect must_use deprecated doc inline cold no_mangle export_name link_section".split(" "),
  ..."track_caller target_feature instruction_set no_builtins used repr non_exhaustive automatically_derived".split(
    " ",
  ),
  ..."cfg test ignore should_panic bench derive default global_allocator panic_handler link link_name".split(" "),
  ..."link_ordinal no_link macro_use macro_export path feature no_std no_core no_main no_implicit_prelude".split(" "),
  ..."crate_name crate_type recursion_limit type_length_limit windows_subsystem debugger_visualizer".split(" "),
  ..."collapse_debuginfo naked cfg_eval unsafe".split(" "),
]);

/** Attributes of tools, which rustc leaves alone. */
const TOOLS = new Set(["rustfmt", "clippy", "diagnostic", "miri", "rust_analyzer"]);

const LINT_LEVELS = new Set(["deny", "forbid"]);

/** Attributes of one item. */
export interface Attributes {
  /** Their paths as written, those under `cfg_attr` and `unsafe(…)` included: `inline`, `tokio::main`. */
  readonly names: readonly string[];
  /** Those of them that may be procedural macros, and may make anything of what they stand on. */
  readonly macros: readonly string[];
  /** Those of the latter that are known to box the futures of an impl's functions. */
  readonly boxing: readonly string[];
  /** It has a procedural macro that is known to make another body of a function's. */
  readonly isRewritten: boolean;
  /** What such macros make of the function. */
  readonly made: MadeFunction;
  readonly inline: "hint" | "always" | "never" | undefined;
  /** `#[test]`, `#[bench]` or `#[cfg(test)]`: it is part of test builds only. */
  readonly isTestOnly: boolean;
  /** Lints that `deny` and `forbid` name. */
  readonly denied: readonly string[];
}

export const NO_ATTRIBUTES: Attributes = {
  names: [],
  macros: [],
  boxing: [],
  isRewritten: false,
  made: { isBlocking: false, isTest: false },
  inline: undefined,
  isTestOnly: false,
  denied: [],
};

/** One attribute: its path and the tokens behind it. */
interface Attribute {
  readonly name: string;
  readonly rest: readonly string[];
}

/** Reads `#[…]` or `#![…]` texts. */
export function readAttributes(texts: readonly string[], { shadowed, inPlace, boxing }: ImportedMacros): Attributes {
  const attributes = texts.flatMap((text) => {
    const words = wordsOf(text);
    const open = words.indexOf("[");
    return parseMeta(words.slice(open + 1, words.lastIndexOf("]")));
  });
  const names = attributes.map(({ name }) => name);
  const inline = attributes.find(({ name }) => name === "inline");
  return {
    names,
    macros: names.filter((name) => !inPlace.has(name) && (!isInert(name) || shadowed.has(name))),
    boxing: names.filter((name) => boxing.has(name)),
    isRewritten: names.some((name) => inPlace.has(name)),
    made: {
      isBlocking: names.some((name) => inPlace.get(name)?.isBlocking === true),
      isTest: names.some((name) => inPlace.get(name)?.isTest === true),
    },
    inline: inline === undefined ? undefined : inlineKind(inline.rest),
    isTestOnly: attributes.some(isTestOnly),
    denied: attributes.flatMap(({ name, rest }) => (LINT_LEVELS.has(name) ? lintNames(rest) : [])),
  };
}

function isInert(name: string): boolean {
  const tool = name.split("::")[0] ?? "";
  return INERT.has(name) || (tool !== name && TOOLS.has(tool)) || name.startsWith("rustc_");
}

function isTestOnly({ name, rest }: Attribute): boolean {
  return name === "test" || name === "bench" || (name === "cfg" && rest.join("") === "(test)");
}

function inlineKind(rest: readonly string[]): Attributes["inline"] {
  if (rest.includes("always")) return "always";
  return rest.includes("never") ? "never" : "hint";
}

function wordsOf(text: string): string[] {
  const tokens: Token[] = [...tokensOf(text)];
  return tokens.map(({ start, end }) => text.slice(start, end));
}

/** `path`, `path = …`, `path(…)`, and what `cfg_attr(condition, …)` and `unsafe(…)` wrap. */
function parseMeta(words: readonly string[]): Attribute[] {
  let at = 0;
  let name = "";
  while (at < words.length && !["(", "[", "{", "="].includes(words[at] ?? "")) name += words[at++] ?? "";
  const rest = words.slice(at);
  if (name === "cfg_attr") return splitCommas(inner(rest)).slice(1).flatMap(parseMeta);
  if (name === "unsafe") return parseMeta(inner(rest));
  return name === "" ? [] : [{ name, rest }];
}

/** The words between the outermost parentheses. */
function inner(words: readonly string[]): string[] {
  return words.slice(1, -1);
}

function splitCommas(words: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    if (word === "," && depth === 0) {
      parts.push([]);
      continue;
    }
    if (["(", "[", "{"].includes(word)) depth++;
    if ([")", "]", "}"].includes(word)) depth--;
    parts.at(-1)?.push(word);
  }
  return parts.filter((part) => part.length > 0);
}

function lintNames(rest: readonly string[]): string[] {
  return splitCommas(inner(rest))
    .filter((part) => part[1] !== "=")
    .map((part) => part.join(""));
}
