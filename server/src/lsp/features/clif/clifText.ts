/**
 * A text in Cranelift IR as far as navigation needs it: functions, blocks, definitions, directives.
 *
 * Line by line, because the language is: a text that is being edited, or that no parser would take, still has all of its
 * other lines. Lines and columns count from 0.
 */
export interface Span {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export type DefinitionKind = "block" | "parameter" | "value" | "alias" | "declaration";

/** Where an entity of a function gets its meaning. */
export interface Definition {
  readonly name: string;
  readonly kind: DefinitionKind;
  readonly span: Span;
  /** Of parameters, and of values whose instruction names it. */
  readonly type: string | undefined;
}

export interface ClifBlock {
  readonly name: string;
  readonly span: Span;
  readonly endLine: number;
}

export interface ClifFunction {
  /** `%add` or `u0:3`. */
  readonly name: string;
  readonly span: Span;
  readonly startLine: number;
  readonly endLine: number;
  readonly blocks: readonly ClifBlock[];
  readonly definitions: ReadonlyMap<string, Definition>;
}

/** `; run: %f(1) == 2` */
export interface Directive {
  readonly line: number;
  readonly kind: "run" | "print";
}

export interface ClifText {
  readonly lines: readonly string[];
  readonly functions: readonly ClifFunction[];
  readonly directives: readonly Directive[];
}

/** Entities: values, blocks, functions, signatures, global values, stack slots, tables, constants. */
const ENTITY = /\b(?:v|block|fn|sig|gv|ss|dss|dt|jt|extable|const)\d+\b/g;
const HEADER = /^\s*function\s+(%[\w.$:"-]+|u\d+:\d+)/;
const BLOCK = /^\s*(block\d+)\b\s*(\(.*?\))?\s*(?:cold)?\s*:/;
const DECLARATION = /^\s*((?:fn|sig|gv|ss|dss|dt|jt|const)\d+)\s*=/;
const ALIAS = /^\s*(v\d+)\s*->/;
/** Results, the instruction, and the type that it may carry. Source positions (`@0012`) come first. */
const INSTRUCTION = /^\s*(?:@[0-9a-f]+\s+)?((?:v\d+\s*,\s*)*v\d+)\s*=\s*([a-z]\w*)(?:\.([a-z]\w*))?/;
const DIRECTIVE = /^\s*;\s*(run|print)\s*(?::|$)/;

/** Reads a text. Never fails. */
export function parseClif(text: string): ClifText {
  const lines = text.split(/\r?\n/);
  const functions: ClifFunction[] = [];
  const directives: Directive[] = [];
  let open: FunctionReader | undefined;
  lines.forEach((line, number) => {
    const directive = DIRECTIVE.exec(line);
    if (directive !== null && open === undefined) {
      directives.push({ line: number, kind: directive[1] === "print" ? "print" : "run" });
    }
    const header = HEADER.exec(line);
    if (header !== null) {
      if (open !== undefined) functions.push(open.end(number - 1));
      const name = header[1] ?? "";
      open = new FunctionReader(name, spanOf(line, number, name), number);
    }
    if (open === undefined) return;
    const code = withoutComment(line);
    open.read(code, number);
    if (/^\s*\}/.test(code) || (header !== null && /\{.*\}\s*$/.test(code))) {
      functions.push(open.end(number));
      open = undefined;
    }
  });
  if (open !== undefined) functions.push(open.end(lines.length - 1));
  return { lines, functions, directives };
}

class FunctionReader {
  private readonly definitions = new Map<string, Definition>();
  private readonly blocks: { name: string; span: Span; endLine: number }[] = [];

  constructor(
    private readonly name: string,
    private readonly span: Span,
    private readonly startLine: number,
  ) {}

  read(code: string, line: number): void {
    const block = BLOCK.exec(code);
    if (block !== null) {
      this.block(block[1] ?? "", block[2] ?? "", code, line);
      return;
    }
    const declared = DECLARATION.exec(code)?.[1];
    if (declared !== undefined) this.define(declared, "declaration", code, line, undefined);
    const alias = ALIAS.exec(code)?.[1];
    if (alias !== undefined) this.define(alias, "alias", code, line, undefined);
    const instruction = INSTRUCTION.exec(code);
    if (instruction === null) return;
    const [, results = "", opcode = "", type] = instruction;
    // The controlling type of a comparison is its operands'.
    const own = opcode === "icmp" || opcode === "fcmp" ? undefined : type;
    for (const result of results.split(",")) this.define(result.trim(), "value", code, line, own);
  }

  end(line: number): ClifFunction {
    const { name, span, startLine, definitions, blocks } = this;
    this.closeBlock(line - 1);
    return { name, span, startLine, endLine: line, blocks, definitions };
  }

  private block(name: string, parameters: string, code: string, line: number): void {
    this.closeBlock(line - 1);
    const span = spanOf(code, line, name);
    this.blocks.push({ name, span, endLine: line });
    this.definitions.set(name, { name, kind: "block", span, type: undefined });
    for (const match of parameters.matchAll(/\b(v\d+)\s*:\s*(\w+)/g)) {
      this.define(match[1] ?? "", "parameter", code, line, match[2]);
    }
  }

  private closeBlock(line: number): void {
    const last = this.blocks.at(-1);
    if (last !== undefined) last.endLine = Math.max(last.span.line, line);
  }

  /** The first definition counts: a second one is an error, for the compiler to tell. */
  private define(name: string, kind: DefinitionKind, code: string, line: number, type: string | undefined): void {
    if (!this.definitions.has(name)) this.definitions.set(name, { name, kind, span: spanOf(code, line, name), type });
  }
}

/** The place of a name as a whole word. */
function spanOf(text: string, line: number, name: string): Span {
  const pattern = new RegExp(`(?<![\\w%])${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?!\\w)`);
  const start = Math.max(0, text.search(pattern));
  return { line, start, end: start + name.length };
}

/** A line's code: comments begin with a semicolon outside of quotes. */
export function withoutComment(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === ";" && !quoted) return line.slice(0, at);
  }
  return line;
}

/** The word at a place: an entity, a function's name, an instruction with or without its type, any other word. */
export function wordAt(text: string, character: number): { readonly word: string; readonly start: number } | undefined {
  for (const match of text.matchAll(/%[\w.$:-]+|u\d+:\d+|[A-Za-z_]\w*/g)) {
    if (match.index <= character && character <= match.index + match[0].length) {
      return { word: match[0], start: match.index };
    }
  }
  return undefined;
}

/** The function around a line; a directive below a function is about the one before it. */
export function functionAround(text: ClifText, line: number): ClifFunction | undefined {
  return text.functions.find((item) => item.startLine <= line && line <= item.endLine);
}

/** Every mention of an entity in a function's code, its definition included. */
export function mentionsOf(text: ClifText, item: ClifFunction, name: string): Span[] {
  const mentions: Span[] = [];
  for (let line = item.startLine; line <= item.endLine; line += 1) {
    for (const match of withoutComment(text.lines[line] ?? "").matchAll(ENTITY)) {
      if (match[0] === name) mentions.push({ line, start: match.index, end: match.index + name.length });
    }
  }
  return mentions;
}
