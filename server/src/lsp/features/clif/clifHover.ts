/** Hovers of Cranelift IR: instructions, words of the language, and where entities come from. */
import { count, plain } from "../format.js";
import {
  type ClifFunction,
  type ClifText,
  type Span,
  functionAround,
  mentionsOf,
  withoutComment,
  wordAt,
} from "./clifText.js";
import { OPCODES } from "./opcodes.js";
import { aboutWord } from "./words.js";

/** Characters of a line of code that a hover repeats. */
const MAX_LINE = 200;

export interface ClifHover {
  /** Markdown. */
  readonly text: string;
  readonly span: Span;
}

/** The explanation of the word at a position; undefined in a comment. */
export function hoverAt(text: ClifText, line: number, character: number): ClifHover | undefined {
  const source = withoutComment(text.lines[line] ?? "");
  const found = wordAt(source, character);
  if (found === undefined) return undefined;
  const { word, start } = found;
  const about = aboutEntity(text, functionAround(text, line), word) ?? aboutInstruction(word) ?? aboutOther(word);
  return about === undefined ? undefined : { text: about, span: { line, start, end: start + word.length } };
}

function aboutInstruction(word: string): string | undefined {
  const opcode = OPCODES.get(word);
  return opcode && `${fenced(opcode.form)}\n\n${plain(opcode.about)}`;
}

function aboutOther(word: string): string | undefined {
  const other = aboutWord(word);
  return other && `\`${word}\` (${other.kind}): ${plain(other.about)}`;
}

function aboutEntity(text: ClifText, around: ClifFunction | undefined, word: string): string | undefined {
  const definition = around?.definitions.get(word);
  if (around !== undefined && definition !== undefined) {
    const uses = mentionsOf(text, around, word).length - 1;
    const type = definition.type === undefined ? "" : `: ${definition.type}`;
    const times = definition.kind === "block" ? count(uses, "branch", "branches") : count(uses, "use");
    return `${fenced(lineOf(text, definition.span))}\n\n\`${word}${type}\` · ${KINDS[definition.kind]} · ${times}`;
  }
  const target = text.functions.find((item) => item.name === word);
  return target && fenced(lineOf(text, target.span));
}

const KINDS = {
  block: "block",
  parameter: "parameter of its block",
  value: "result",
  alias: "another name of a value",
  declaration: "declaration",
} as const;

function lineOf(text: ClifText, span: Span): string {
  const line = withoutComment(text.lines[span.line] ?? "").trim();
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)}…`;
}

function fenced(code: string): string {
  return `\`\`\`clif\n${code}\n\`\`\``;
}
