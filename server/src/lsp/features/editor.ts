/** The plain LSP requests about documents, handed to what answers them by language. */
import type { ServerContext } from "../api.js";
import { FunctionStore } from "./functions/store.js";
import { Lenses } from "./lenses/index.js";
import { SyntaxStore } from "./syntax/store.js";

/** The directory of the bundles: this text is part of one. */
const BUNDLE_DIRECTORY = __dirname;

export function registerEditor(context: ServerContext): void {
  const { connection, documents, capabilities } = context;
  const syntax = new SyntaxStore(context, BUNDLE_DIRECTORY);
  const functions = new FunctionStore(context, syntax);
  const lenses = new Lenses(context, syntax, functions);

  capabilities.codeLensProvider = { resolveProvider: false };
  capabilities.inlayHintProvider = true;

  connection.onCodeLens(async ({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    if (document?.languageId === "rust") return lenses.of(document);
    return [];
  });
  connection.languages.inlayHint.on(async ({ textDocument, range }) => {
    const document = documents.get(textDocument.uri);
    return document?.languageId === "rust" ? lenses.hints(document, range) : [];
  });
}
