/** Go to definition, document symbols and lenses of Cranelift IR. */
import { type CodeLens, type DocumentSymbol, type Range, SymbolKind } from "vscode-languageserver/node";
import { LensCommands } from "../../../../../shared/src/lsp.js";
import { type ClifText, type Span, functionAround, wordAt } from "./clifText.js";

/** Where the entity or function at a place is defined. */
export function definitionAt(text: ClifText, line: number, character: number): Span | undefined {
  const found = wordAt(text.lines[line] ?? "", character);
  if (found === undefined) return undefined;
  const own = functionAround(text, line)?.definitions.get(found.word);
  if (own !== undefined) return own.span;
  return text.functions.find((item) => item.name === found.word)?.span;
}

export function symbolsOf(text: ClifText): DocumentSymbol[] {
  return text.functions.map((item) => ({
    name: item.name,
    kind: SymbolKind.Function,
    range: linesOf(text, item.startLine, item.endLine),
    selectionRange: rangeOf(item.span),
    children: item.blocks.map((block) => ({
      name: block.name,
      kind: SymbolKind.Namespace,
      range: linesOf(text, block.span.line, block.endLine),
      selectionRange: rangeOf(block.span),
    })),
  }));
}

/** `▶ Run` at each directive, and one for all of them at the top. */
export function runLenses(uri: string, text: ClifText): CodeLens[] {
  const lenses = text.directives.map(({ line, kind }) => lens(uri, line, kind === "run" ? "▶ Run" : "▶ Print", line));
  return lenses.length > 1 ? [lens(uri, 0, `▶ Run all ${lenses.length}`, undefined), ...lenses] : lenses;
}

function lens(uri: string, at: number, title: string, line: number | undefined): CodeLens {
  const range = { start: { line: at, character: 0 }, end: { line: at, character: 0 } };
  return { range, command: { title, command: LensCommands.runClif, arguments: [{ uri, line }] } };
}

export function rangeOf(span: Span): Range {
  return { start: { line: span.line, character: span.start }, end: { line: span.line, character: span.end } };
}

function linesOf(text: ClifText, start: number, end: number): Range {
  return { start: { line: start, character: 0 }, end: { line: end, character: (text.lines[end] ?? "").length } };
}
