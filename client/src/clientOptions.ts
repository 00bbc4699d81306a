/** What the server gets to see of the editor: which documents, and the settings. */
import * as vscode from "vscode";
import type { LanguageClientOptions } from "vscode-languageclient/node";
import { inspectScheme } from "./inspect/address.js";
import { rustAnalyzerChecks } from "./rustAnalyzerSettings.js";
import { section } from "./settings.js";

/** What a hover may link to; what else stands in it comes from sources, and is not trusted. */
const linkedCommands = [
  "cranefly.showLlvmIr",
  "cranefly.showCraneliftIr",
  "cranefly.showMachineCode",
  "cranefly.diffWithPrevious",
  "cranefly.explainFunction",
  "cranefly.openDashboard",
];

export function clientOptions(): LanguageClientOptions {
  return {
    documentSelector: [
      { scheme: "file", language: "rust" },
      { scheme: "file", language: "clif" },
      { scheme: inspectScheme, language: "clif" },
    ],
    diagnosticCollectionName: "cranefly",
    initializationOptions: serverSettings(),
    markdown: { isTrusted: { enabledCommands: linkedCommands }, supportHtml: false },
    middleware: {
      workspace: {
        async configuration(params, token, next) {
          const result = await next(params, token);
          return Array.isArray(result)
            ? result.map((value: unknown, index) =>
                params.items[index]?.section === section ? withRustAnalyzer(value) : value,
              )
            : result;
        },
      },
    },
  };
}

/** The `cranefly` section as the server gets it, without being asked. */
export function serverSettings(): unknown {
  return withRustAnalyzer(vscode.workspace.getConfiguration().get<object>(section, {}));
}

function withRustAnalyzer(settings: unknown): unknown {
  return typeof settings === "object" && settings !== null
    ? { ...settings, rustAnalyzerChecks: rustAnalyzerChecks() }
    : settings;
}
