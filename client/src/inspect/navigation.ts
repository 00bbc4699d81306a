/** Symbols in the texts: where they are defined, and what they are. */
import * as vscode from "vscode";
import type { InspectResult } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import { escape } from "../statusTooltip.js";
import type { VirtualDocuments } from "../virtualDocuments.js";
import { inspectScheme } from "./address.js";
import { referenceAt } from "./mapping.js";

type Reference = InspectResult["refs"][number];

/** Adds go-to-definition and hovers for the symbols of all virtual documents. */
export function registerNavigation(context: Context, documents: VirtualDocuments): void {
  const find = (document: vscode.TextDocument, { line, character }: vscode.Position): Reference | undefined => {
    const result = documents.resultOf(document.uri);
    return result === undefined ? undefined : referenceAt(result.refs, line, character);
  };
  const selector = { scheme: inspectScheme };
  context.own(
    vscode.languages.registerDefinitionProvider(selector, {
      provideDefinition: (document, position) => sourceOf(find(document, position)),
    }),
  );
  context.own(
    vscode.languages.registerHoverProvider(selector, {
      provideHover: (document, position) => {
        const reference = find(document, position);
        return reference === undefined ? undefined : new vscode.Hover(describe(reference), rangeOf(reference));
      },
    }),
  );
}

function sourceOf(reference: Reference | undefined): vscode.Location | undefined {
  if (reference?.file == null || reference.sourceLine < 1) {
    return undefined;
  }
  return new vscode.Location(vscode.Uri.file(reference.file), new vscode.Position(reference.sourceLine - 1, 0));
}

function rangeOf({ line, column, length }: Reference): vscode.Range {
  return new vscode.Range(line - 1, column - 1, line - 1, column - 1 + length);
}

function describe(reference: Reference): vscode.MarkdownString {
  const text = new vscode.MarkdownString(`**${escape(reference.name)}**\n\n\`${reference.symbol}\``);
  if (reference.file !== null && reference.sourceLine > 0) {
    text.appendMarkdown(`\n\n${escape(reference.file)}:${reference.sourceLine}`);
  }
  return text;
}
