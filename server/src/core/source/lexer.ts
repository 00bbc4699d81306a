/**
 * A lexer for Rust, written down from the reference's chapter on tokens.
 *
 * It knows where tokens begin and end, not what they mean. It exists beside the tree-sitter grammar for two reasons: as a second
 * opinion on where a body ends (two independent readings that agree), and to compare and scan pieces of text far faster
 * than through a syntax tree. Offsets are UTF-16 units, as everywhere in this folder unless a name says bytes.
 */

export type TokenKind =
  | "identifier"
  | "lifetime"
  | "literal"
  /** `///`, `/** … *\/`: an attribute in disguise. */
  | "outerDoc"
  /** `//!`, `/*! … *\/`. */
  | "innerDoc"
  | "open"
  | "close"
  /** One character of punctuation. */
  | "punctuation";

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

/** The text is not what this lexer, or Rust, can read: an unterminated string, a stray quote, a front matter. */
export class LexError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
    this.name = "LexError";
  }
}

const IDENTIFIER_START = /[\p{XID_Start}_]/u;
const IDENTIFIER = /[\p{XID_Continue}]*/uy;
const NUMBER = /[0-9][0-9a-zA-Z_]*(?:\.[0-9][0-9a-zA-Z_]*)?(?:(?<=[eE])[+-][0-9_]+)?/y;
/** Pattern_White_Space, and the byte order mark that rustc drops at a file's start. */
const WHITESPACE = /[\t\n\v\f\r \u0085\u200E\u200F\u2028\u2029\uFEFF]+/y;
const STRING_BODY = /[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const RAW_PREFIX = /(?:b|c)?r(#*)"/y;
const QUOTED_PREFIX = /[bc]?"/y;
const BYTE_PREFIX = /b'/y;
const CHARACTER = /'(?:\\(?:u\{[^}'\n]*\}|[^\n])[^'\n]*|[^'\\\n\r\t])'/uy;
const LIFETIME = /'(?:r#)?[\p{XID_Start}_]\p{XID_Continue}*/uy;
const RAW_IDENTIFIER = /r#(?=[\p{XID_Start}_])/uy;

/** The end of a sticky match at an offset, or -1. */
function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** The tokens of `text` between two offsets, comments left out. Throws `LexError`. */
export function* tokensOf(text: string, start = 0, end = text.length): Generator<Token> {
  let at = start === 0 ? skipShebang(text) : start;
  while (at < end) {
    const token = tokenAt(text, at);
    if (token.end > end) throw new LexError("a token crosses the end of the piece", at);
    if (token.kind !== undefined) yield { kind: token.kind, start: at, end: token.end };
    at = token.end;
  }
}

/** What begins at an offset; `kind` undefined for white space and comments. */
function tokenAt(text: string, at: number): { readonly kind: TokenKind | undefined; readonly end: number } {
  const blank = matchEnd(WHITESPACE, text, at);
  if (blank > 0) return { kind: undefined, end: blank };
  const c = text.charAt(at);
  switch (c) {
    case "/":
      if (text[at + 1] === "/") return lineComment(text, at);
      if (text[at + 1] === "*") return blockComment(text, at);
      return { kind: "punctuation", end: at + 1 };
    case '"':
      return { kind: "literal", end: stringEnd(text, at + 1) };
    case "'":
      return quote(text, at);
    case "(":
    case "[":
    case "{":
      return { kind: "open", end: at + 1 };
    case ")":
    case "]":
    case "}":
      return { kind: "close", end: at + 1 };
    default:
      break;
  }
  if (c >= "0" && c <= "9") return { kind: "literal", end: matchEnd(NUMBER, text, at) };
  const prefixed = c === "b" || c === "c" || c === "r" ? prefixedLiteral(text, at) : undefined;
  if (prefixed !== undefined) return { kind: "literal", end: prefixed };
  const first = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (IDENTIFIER_START.test(first)) {
    const raw = matchEnd(RAW_IDENTIFIER, text, at);
    return { kind: "identifier", end: matchEnd(IDENTIFIER, text, raw < 0 ? at + first.length : raw) };
  }
  if (c > "\x7f" || c < " ") throw new LexError(`unknown start of token ${JSON.stringify(first)}`, at);
  return { kind: "punctuation", end: at + 1 };
}

/** The end of a literal that begins with `b`, `c` or `r`; undefined when it is an identifier. */
function prefixedLiteral(text: string, at: number): number | undefined {
  RAW_PREFIX.lastIndex = at;
  const raw = RAW_PREFIX.exec(text);
  if (raw !== null) {
    const close = `"${raw[1] ?? ""}`;
    const end = text.indexOf(close, at + raw[0].length);
    if (end < 0) throw new LexError("unterminated raw string", at);
    return end + close.length;
  }
  const quoted = matchEnd(QUOTED_PREFIX, text, at);
  if (quoted > 0) return stringEnd(text, quoted);
  if (matchEnd(BYTE_PREFIX, text, at) < 0) return undefined;
  const end = matchEnd(CHARACTER, text, at + 1);
  if (end < 0) throw new LexError("unterminated byte literal", at);
  return end;
}

function stringEnd(text: string, at: number): number {
  const end = matchEnd(STRING_BODY, text, at);
  if (end < 0) throw new LexError("unterminated string", at);
  return end;
}

/** `'a'` is a character, `'a` a lifetime. */
function quote(text: string, at: number): { kind: TokenKind; end: number } {
  const character = matchEnd(CHARACTER, text, at);
  if (character > 0) return { kind: "literal", end: character };
  const lifetime = matchEnd(LIFETIME, text, at);
  if (lifetime < 0) throw new LexError("unterminated character literal", at);
  return { kind: "lifetime", end: lifetime };
}

function lineComment(text: string, at: number): { kind: TokenKind | undefined; end: number } {
  const newline = text.indexOf("\n", at);
  const end = newline < 0 ? text.length : newline;
  if (text[at + 2] === "!") return { kind: "innerDoc", end };
  return { kind: text[at + 2] === "/" && text[at + 3] !== "/" ? "outerDoc" : undefined, end };
}

const COMMENT_EDGE = /\/\*|\*\//g;

function blockComment(text: string, at: number): { kind: TokenKind | undefined; end: number } {
  COMMENT_EDGE.lastIndex = at + 2;
  let depth = 1;
  while (depth > 0) {
    const edge = COMMENT_EDGE.exec(text);
    if (edge === null) throw new LexError("unterminated block comment", at);
    depth += edge[0] === "/*" ? 1 : -1;
  }
  const end = COMMENT_EDGE.lastIndex;
  if (text[at + 2] === "!") return { kind: "innerDoc", end };
  const isDoc = text[at + 2] === "*" && text[at + 3] !== "*" && end - at > 4;
  return { kind: isDoc ? "outerDoc" : undefined, end };
}

/** `#!` begins a shebang unless it begins an inner attribute. A front matter (`---`) is not stable Rust yet. */
function skipShebang(text: string): number {
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  if (text.startsWith("#!", at) && !isAttributeBehind(text, at + 2)) {
    const newline = text.indexOf("\n", at);
    at = newline < 0 ? text.length : newline;
  }
  if (/^\s*---/.test(text.slice(at, at + 400))) throw new LexError("front matter", at);
  return at;
}

/** Whether the next thing behind white space and comments is `[`. */
function isAttributeBehind(text: string, start: number): boolean {
  for (let at = start; at < text.length;) {
    const token = tokenAt(text, at);
    if (token.kind !== undefined) return text[at] === "[";
    at = token.end;
  }
  return false;
}

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/**
 * Whether the text between two offsets is one group: an opening delimiter, balanced content, and the closing delimiter
 * of the first as its last character.
 */
export function isGroup(text: string, start: number, end: number): boolean {
  const open: string[] = [];
  try {
    for (const token of tokensOf(text, start, end)) {
      if (token.kind === "open") open.push(CLOSING[text.charAt(token.start)] ?? "");
      else if (token.kind === "close" && open.pop() !== text[token.start]) return false;
      if (open.length === 0) return token.kind === "close" && token.end === end;
    }
  } catch (error) {
    if (error instanceof LexError) return false;
    throw error;
  }
  return false;
}

/** A stretch of text that takes no part in a comparison. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The tokens of a piece as texts that are equal if and only if rustc sees the same. White space and comments count only
 * within macro invocations and attributes, where `stringify!` and procedural macros may see them, and between
 * punctuation, where they separate tokens.
 */
export function comparable(text: string, start: number, end: number, ignored: readonly Span[] = []): string[] {
  const out: string[] = [];
  const tokens = [...tokensOf(text, start, end)].filter(
    (token) => !ignored.some((span) => span.start <= token.start && token.end <= span.end),
  );
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    const close = opensVerbatim(text, tokens, i) ? closing(text, tokens, i) : i;
    const last = tokens[close] ?? token;
    const next = tokens[close + 1];
    const isJoint = last.kind === "punctuation" && next?.kind === "punctuation" && next.start === last.end;
    out.push(text.slice(token.start, last.end) + (isJoint ? "\0" : ""));
    i = close;
  }
  return out;
}

/** Whether a token opens the group of a macro invocation, a macro definition or an attribute. */
function opensVerbatim(text: string, tokens: readonly Token[], at: number): boolean {
  if (tokens[at]?.kind !== "open") return false;
  const before = (n: number): string => {
    const token = tokens[at - n];
    return token === undefined ? "" : text.slice(token.start, token.end);
  };
  const isName = tokens[at - 1]?.kind === "identifier";
  return before(1) === "!" || before(1) === "#" || (isName && before(2) === "!");
}

/** The index of the token that closes the group opened at `at`; the last one when none does. */
function closing(text: string, tokens: readonly Token[], at: number): number {
  let depth = 0;
  for (let i = at; i < tokens.length; i++) {
    if (tokens[i]?.kind === "open") depth++;
    else if (tokens[i]?.kind === "close" && --depth === 0) return i;
  }
  throw new LexError("unclosed group", tokens[at]?.start ?? text.length);
}

/** The number of the token that closes the group which one opens; the last one where nothing does. */
export function groupEnd(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]?.kind === "open") depth++;
    else if (tokens[i]?.kind === "close" && --depth === 0) return i;
  }
  return tokens.length - 1;
}
