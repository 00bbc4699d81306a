/** Macros that make nothing of the words of their input but code: none of it ends up in a text, as `assert!` and `dbg!` have it. */
import type { Node } from "web-tree-sitter";
import { isAttributeText } from "./attributeTexts.js";
import { STD_MACROS } from "./knownMacros.js";
import type { CrateMacros } from "./macroUses.js";
import { type MacroFacts } from "./moduleFacts.js";

const LOGGING = "error warn info debug trace log";

/** The names by crates: those of std, and what others have. */
const HARMLESS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    std:
      "print println eprint eprintln format format_args write writeln panic vec matches todo unimplemented unreachable " +
      "assert_eq assert_ne debug_assert_eq debug_assert_ne addr_of addr_of_mut ready try",
    log: LOGGING,
    tracing: LOGGING,
    anyhow: "anyhow bail",
    eyre: "eyre bail",
    color_eyre: "eyre bail",
    serde_json: "json",
    smallvec: "smallvec",
    futures: "join try_join select select_biased",
    futures_util: "join try_join select select_biased",
    tokio: "join try_join select",
  }).map(([crate, names]) => [crate, new Set(names.split(" "))]),
);

/** Those that show their condition, unless they are told what to say. */
const WITH_CONDITION: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["std", new Set(["assert", "debug_assert"])],
  ...["anyhow", "eyre", "color_eyre"].map((crate) => [crate, new Set(["ensure"])] as const),
]);

/** What a crate's macros do with names in their input. */
export class MacroInputs {
  private readonly own = new Map<string, readonly MacroFacts[]>();

  /** `byExample`: the crate's own macros by example. */
  constructor(
    byExample: readonly MacroFacts[],
    private readonly macros: CrateMacros,
  ) {
    for (const macro of byExample) this.own.set(macro.name, [...(this.own.get(macro.name) ?? []), macro]);
  }

  /** Whether no macro around a node, whose arguments it is part of, may show its words. */
  isUnshown(node: Node | undefined): boolean {
    for (let outer = node; outer !== undefined; outer = outer.parent ?? undefined) {
      if (outer.type === "attribute_item" || outer.type === "macro_definition") return false;
      const path = pathOfMacro(outer);
      if (path === undefined) continue;
      if (!this.isHarmless(path, new Set()) && !(this.isOneOf(WITH_CONDITION, path) && hasText(outer))) return false;
    }
    return true;
  }

  /** Whether a node is part of the input of a macro that may do with it what it likes: those of std take expressions, once. */
  isHandedOn(node: Node | undefined): boolean {
    return !isInputOf(node, (path) => this.isOfStd(path));
  }

  /**
   * Whether a word is part of a text that names nothing by it: a literal in an attribute, or in the input of macros, that make no code of a
   * text's words, unless it stands in braces, where it may be an argument of a format. (A macro that is not known may parse the text.)
   */
  isText(node: Node | undefined, offset: number, file: string): boolean {
    const literal = literalAround(node);
    if (literal === undefined) return false;
    const before = literal.text.slice(0, offset - literal.startIndex);
    if (before.lastIndexOf("{") > before.lastIndexOf("}")) return false;
    const attribute = attributeAround(literal);
    if (attribute !== undefined) return isAttributeText(literal, attribute, file, this.macros);
    return isInputOf(literal, (path) => this.isOfStd(path) || this.isHarmless(path, new Set()));
  }

  private isOfStd(path: readonly string[]): boolean {
    return STD_MACROS.has(path.at(-1) ?? "") && this.macros.cratesOf(path).every((crate) => crate === "std");
  }

  private isHarmless(path: readonly string[], seen: Set<string>): boolean {
    const name = path.at(-1) ?? "";
    const crates = this.macros.cratesOf(path);
    if (!crates.includes("crate")) return this.isOneOf(HARMLESS, path);
    if (!crates.every((crate) => crate === "crate")) return false;
    if (seen.has(name)) return true;
    seen.add(name);
    return (this.own.get(name) ?? [{ text: undefined }]).every(({ text }) => {
      const called = [
        ...(text ?? "dbg!").matchAll(/(?<!macro_rules ?)(?:([\p{XID_Start}_]\p{XID_Continue}*) ?)?!(?!=)/gu),
      ];
      // (`!value` has no name in front.)
      return called.every(([, inner]) => inner === undefined || isKeyword(inner) || this.isHarmless([inner], seen));
    });
  }

  private isOneOf(known: typeof HARMLESS, path: readonly string[]): boolean {
    const name = path.at(-1) ?? "";
    return this.macros.cratesOf(path).every((crate) => known.get(crate)?.has(name) === true);
  }
}

/** Whether all macros whose input a node is part of are such, and no attribute is around it. */
function isInputOf(node: Node | undefined, isSuch: (path: readonly string[]) => boolean): boolean {
  for (let outer = node; outer !== undefined; outer = outer.parent ?? undefined) {
    // (In a macro's input an attribute is no node, but its tokens.)
    if (/attribute_item$/.test(outer.type) || outer.previousSibling?.type === "#") return false;
    const path = pathOfMacro(outer);
    if (path !== undefined && !isSuch(path)) return false;
  }
  return true;
}

/** Whether a node is part of a literal. */
export function isInText(node: Node | undefined): boolean {
  return literalAround(node) !== undefined;
}

function literalAround(node: Node | undefined): Node | undefined {
  let literal = node;
  while (literal !== undefined && /^(string_content|escape_sequence)$/.test(literal.type)) {
    literal = literal.parent ?? undefined;
  }
  return literal !== undefined && /^(raw_)?string_literal$/.test(literal.type) ? literal : undefined;
}

function attributeAround(literal: Node): Node | undefined {
  let outer: Node | null = literal;
  while (outer !== null && !/attribute_item$/.test(outer.type)) outer = outer.parent;
  return outer ?? undefined;
}

/** The path of a macro whose input a node is. */
function pathOfMacro({ type, previousSibling: mark }: Node): readonly string[] | undefined {
  if (type !== "token_tree" || mark?.type !== "!") return undefined;
  const path: string[] = [];
  // In another macro's input a path is no node, but its tokens.
  for (let part = mark.previousSibling; part !== null; part = part.previousSibling) {
    path.unshift(...part.text.split("::").map((segment) => segment.trim()));
    const separator = part.previousSibling;
    if (separator?.type !== "::") break;
    part = separator;
  }
  return path;
}

/** Whether a text follows the condition. */
function hasText(group: Node): boolean {
  return group.children.some((child) => child.type === "," && child.nextSibling?.type === "string_literal");
}

function isKeyword(word: string): boolean {
  return /^(if|while|match|return|macro_rules|in|else)$/.test(word);
}
