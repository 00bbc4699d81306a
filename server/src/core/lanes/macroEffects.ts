/**
 * Macros in bodies that make what has an effect although nothing refers to it: a function that runs before `main`, say, or a symbol that
 * others find by its name. The engine takes what an edited function refers to, so it would miss that; and what is gone would stay.
 */
import type { BodyEdit, CompiledText } from "../edits/baseline.js";
import { LexError, type Token, tokensOf, groupEnd } from "../source/lexer.js";
import { STD_MACROS } from "./patch/knownMacros.js";

const EFFECT =
  /\b(?:link_section|no_mangle|export_name|global_asm|inventory|distributed_slice|linkme|ctor|dtor)\b|#\s*\[\s*used\b/;

/** What a source defines. */
interface Definitions {
  readonly names: ReadonlySet<string>;
  /** One of its macros may have an effect. */
  readonly haveEffect: boolean;
}

export class MacroEffects {
  /** By a text's digest. */
  private readonly known = new Map<string, Definitions>();

  /**
   * A macro that edited bodies call otherwise than before, and that may have such an effect. `sources`: of the workspace, whose macros by
   * example may call each other.
   */
  changed(edits: readonly BodyEdit[], sources: () => readonly CompiledText[]): string | undefined {
    const changed = edits.flatMap(changedCalls);
    const direct = changed.find(({ text }) => EFFECT.test(text));
    if (direct !== undefined || changed.length === 0) return direct?.name;
    const all = sources().map((source) => this.definitions(source));
    if (!all.some(({ haveEffect }) => haveEffect)) return undefined;
    return changed.find(({ name }) => all.some(({ names }) => names.has(name)))?.name;
  }

  private definitions({ text, hash }: CompiledText): Definitions {
    const known = this.known.get(hash);
    if (known !== undefined) return known;
    const names = new Set([...text.matchAll(/\bmacro_rules\s*!\s*(\w+)/g)].map(([, name = ""]) => name));
    const made = { names, haveEffect: names.size > 0 && EFFECT.test(text) };
    this.known.set(hash, made);
    return made;
  }
}

interface Call {
  readonly name: string;
  /** With its path and its input. */
  readonly text: string;
}

/** The calls that only one of the two texts has in its edited functions and items. */
function changedCalls({ text, before, ranges, items }: BodyEdit): readonly Call[] {
  const old = [
    ...ranges.map((range) => linesOf(before, range.old)),
    ...items.map((change) => change.before?.text ?? ""),
  ].flatMap(callsIn);
  const now = [
    ...ranges.map((range) => linesOf(text, range.new)),
    ...items.map((change) => change.after?.text ?? ""),
  ].flatMap(callsIn);
  const count = (calls: readonly Call[], call: Call): number => calls.filter((it) => it.text === call.text).length;
  return [...old, ...now].filter((call) => count(old, call) !== count(now, call));
}

function linesOf(text: string, [first, last]: readonly [number, number]): string {
  return text
    .split("\n")
    .slice(first - 1, last)
    .join("\n");
}

/** The calls of macros that are not std's; all of the text where it cannot be read. */
function callsIn(text: string): readonly Call[] {
  try {
    return callsAmong([...tokensOf(text)], text);
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    return [{ name: "", text }];
  }
}

function callsAmong(tokens: readonly Token[], text: string): readonly Call[] {
  const word = (i: number): string => {
    const token = tokens[i];
    return token === undefined ? "" : text.slice(token.start, token.end);
  };
  return tokens.flatMap((token, i) => {
    const isCall = token.kind === "identifier" && word(i + 1) === "!" && tokens[i + 2]?.kind === "open";
    if (!isCall || STD_MACROS.has(word(i))) return [];
    const from = tokens[pathStart(word, i)]?.start ?? token.start;
    return [{ name: word(i), text: text.slice(from, tokens[groupEnd(tokens, i + 2)]?.end) }];
  });
}

function pathStart(word: (i: number) => string, at: number): number {
  let first = at;
  while (word(first - 1) === ":" && word(first - 2) === ":" && first >= 3) first -= 3;
  return first;
}
