/** Lenses above functions and hints at the end of their first line: what compiling them took. */
import type { CodeLens, InlayHint } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { type ExplainParams, LensCommands, type ServerSettings } from "../../../../../shared/src/lsp.js";
import type { KnownFunction } from "../functions/functionStore.js";
import { hintText, isShown, lensTitle } from "./functionText.js";

type LensSettings = ServerSettings["lens"];

export function functionLenses(
  document: TextDocument,
  functions: readonly KnownFunction[],
  settings: LensSettings,
): CodeLens[] {
  return shown(functions, settings).map(({ item, facts }) => ({
    range: {
      start: { line: item.nameRange.line, character: item.nameRange.start },
      end: { line: item.nameRange.line, character: item.nameRange.end },
    },
    command: {
      title: lensTitle(facts, settings),
      command: LensCommands.explain,
      arguments: [explainParams(document, item.nameRange.line)],
    },
  }));
}

export function functionHints(
  document: TextDocument,
  functions: readonly KnownFunction[],
  settings: LensSettings,
): InlayHint[] {
  return shown(functions, settings).map(({ item, facts }) => ({
    position: item.headEnd,
    label: [
      {
        value: hintText(facts, settings),
        tooltip: "What this function's compilation took. Select for an explanation.",
        command: {
          title: "Explain",
          command: LensCommands.explain,
          arguments: [explainParams(document, item.nameRange.line)],
        },
      },
    ],
    paddingLeft: true,
  }));
}

function shown(functions: readonly KnownFunction[], settings: LensSettings): KnownFunction[] {
  return functions.filter(({ facts }) => isShown(facts, settings));
}

function explainParams(document: TextDocument, line: number): ExplainParams {
  return { uri: document.uri, line };
}
