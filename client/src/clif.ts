/** `.clif` files: their `; run:` directives run through the engine's compiler, results appear at their lines. */
import * as vscode from "vscode";
import { LensCommands, type RunClifResult } from "../../shared/src/lsp.js";
import type { Context } from "./context.js";

/** Arguments of the lens: one directive's line (from 0), or all. */
interface ClifArguments {
  readonly uri: string;
  readonly line?: number;
}

export function registerClif(context: Context): void {
  const diagnostics = context.own(vscode.languages.createDiagnosticCollection("cranefly-clif"));
  context.command(LensCommands.runClif, async (args?: ClifArguments) => {
    const document = await documentOf(args);
    const { results } = await context.request("cranefly/runClif", {
      uri: document.uri.toString(),
      text: document.getText(),
      line: args?.line,
    });
    diagnostics.set(
      document.uri,
      results.map((result) => diagnosticOf(document, result)),
    );
    showResults(results);
  });
  context.own(vscode.workspace.onDidChangeTextDocument(({ document }) => diagnostics.delete(document.uri)));
  context.own(vscode.workspace.onDidCloseTextDocument(({ uri }) => diagnostics.delete(uri)));
}

async function documentOf(args: ClifArguments | undefined): Promise<vscode.TextDocument> {
  if (args !== undefined) {
    return vscode.workspace.openTextDocument(vscode.Uri.parse(args.uri));
  }
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId !== "clif") {
    throw new Error("open a .clif file first.");
  }
  return document;
}

function diagnosticOf(document: vscode.TextDocument, result: RunClifResult["results"][number]): vscode.Diagnostic {
  const line = document.lineAt(Math.min(result.line, document.lineCount - 1));
  const severity = result.ok ? vscode.DiagnosticSeverity.Information : vscode.DiagnosticSeverity.Error;
  const diagnostic = new vscode.Diagnostic(line.range, result.message, severity);
  diagnostic.source = "cranefly";
  return diagnostic;
}

function showResults(results: RunClifResult["results"]): void {
  const failed = results.filter(({ ok }) => !ok);
  const [first] = failed;
  if (first === undefined) {
    void vscode.window.setStatusBarMessage(`Cranefly: ${results.length} of ${results.length} directives passed`, 4000);
  } else {
    void vscode.window.showErrorMessage(
      `Cranefly: ${failed.length} of ${results.length} directives failed; line ${first.line + 1}: ${first.message}`,
    );
  }
}
