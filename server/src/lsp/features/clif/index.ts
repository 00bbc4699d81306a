/** Answers requests about `.clif` documents and the virtual ones that show a function's Cranelift IR. */
import type { CodeLens, DocumentSymbol, Hover, Location, Position } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { hoverAt } from "./clifHover.js";
import { type ClifText, parseClif } from "./clifText.js";
import { definitionAt, rangeOf, runLenses, symbolsOf } from "./navigation.js";

export const CLIF = "clif";

export class ClifDocuments {
  private readonly texts = new WeakMap<TextDocument, { readonly version: number; readonly text: ClifText }>();

  hover(document: TextDocument, { line, character }: Position): Hover | null {
    const found = hoverAt(this.of(document), line, character);
    return found === undefined
      ? null
      : { contents: { kind: "markdown", value: found.text }, range: rangeOf(found.span) };
  }

  definition(document: TextDocument, { line, character }: Position): Location | null {
    const span = definitionAt(this.of(document), line, character);
    return span === undefined ? null : { uri: document.uri, range: rangeOf(span) };
  }

  symbols(document: TextDocument): DocumentSymbol[] {
    return symbolsOf(this.of(document));
  }

  lenses(document: TextDocument): CodeLens[] {
    return runLenses(document.uri, this.of(document));
  }

  private of(document: TextDocument): ClifText {
    const known = this.texts.get(document);
    if (known?.version === document.version) return known.text;
    const text = parseClif(document.getText());
    this.texts.set(document, { version: document.version, text });
    return text;
  }
}
