/** The plain LSP requests about documents, handed to what answers them by language. */
import type { Hover, Position } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { ServerContext } from "../protocol/api.js";
import { CLIF, type ClifDocuments } from "./clif/index.js";
import { hoverText } from "./functions/functionHover.js";
import type { FunctionStore } from "./functions/functionStore.js";
import { Lenses } from "./lenses/index.js";
import { rangeOf } from "./lenses/runLenses.js";
import type { SyntaxStore } from "./syntax/documentStore.js";

const RUST = "rust";

/** What the answers are made of. */
export interface Sources {
  readonly syntax: SyntaxStore;
  readonly functions: FunctionStore;
  readonly clif: ClifDocuments;
}

export function registerEditor(context: ServerContext, { syntax, functions, clif }: Sources): void {
  const { connection, documents, capabilities } = context;
  const lenses = new Lenses(context, syntax, functions);

  capabilities.codeLensProvider = { resolveProvider: false };
  capabilities.inlayHintProvider = true;
  capabilities.hoverProvider = true;
  capabilities.definitionProvider = true;
  capabilities.documentSymbolProvider = true;

  connection.onCodeLens(async ({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    if (document?.languageId === CLIF) return clif.lenses(document);
    return document?.languageId === RUST ? lenses.of(document) : [];
  });
  connection.languages.inlayHint.on(async ({ textDocument, range }) => {
    const document = documents.get(textDocument.uri);
    return document?.languageId === RUST ? lenses.hints(document, range) : [];
  });
  connection.onHover(async ({ textDocument, position }) => {
    const document = documents.get(textDocument.uri);
    if (document?.languageId === CLIF) return clif.hover(document, position);
    return document?.languageId === RUST ? hover(context, functions, document, position) : null;
  });
  // Of Rust, these two are rust-analyzer's.
  connection.onDefinition(({ textDocument, position }) => {
    const document = documents.get(textDocument.uri);
    return document?.languageId === CLIF ? clif.definition(document, position) : null;
  });
  connection.onDocumentSymbol(({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    return document?.languageId === CLIF ? clif.symbols(document) : null;
  });
}

/** On a function's name: what its compilation took. */
async function hover(
  context: ServerContext,
  functions: FunctionStore,
  document: TextDocument,
  position: Position,
): Promise<Hover | null> {
  if (!context.settings.current.enable) return null;
  const known = (await functions.of(document)).find(({ item: { nameRange } }) => {
    const { line, start, end } = nameRange;
    return line === position.line && start <= position.character && position.character <= end;
  });
  if (known === undefined) return null;
  const stale = context.projects.projectOf(document.uri)?.built("build")?.stale;
  return {
    contents: { kind: "markdown", value: hoverText(known.item.name, known.facts, stale) },
    range: rangeOf(known.item.nameRange),
  };
}
