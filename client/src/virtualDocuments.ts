/**
 * The texts that functions are on their way to machine code, as read-only documents: asked of the server when they are
 * shown, and again after each generation. What is known about a text (its lines' sources, its symbols) is kept for linking.
 */
import * as vscode from "vscode";
import type { GenerationParams, InspectResult } from "../../shared/src/lsp.js";
import type { Context } from "./context.js";
import { fromQuery, inspectScheme, toUriParts, type Address } from "./inspect/address.js";
import { shiftLine } from "./inspect/mapping.js";

interface Entry {
  readonly uri: vscode.Uri;
  readonly address: Address;
  /** Where the function is now: edits above it move it. */
  line: number;
  /** The newest answer; undefined while there is none, and for explanations. */
  result: InspectResult | undefined;
}

export class VirtualDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly entries = new Map<string, Entry>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: vscode.Disposable[];

  /** The text of a document is to be asked for again. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly context: Context) {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(inspectScheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.entries.delete(uri.toString())),
      vscode.workspace.onDidChangeTextDocument((event) => this.follow(event)),
      context.projects.onDidPublish((event) => this.refresh(event)),
    ];
  }

  /** What is known about a shown text. */
  resultOf(uri: vscode.Uri): InspectResult | undefined {
    return this.entries.get(uri.toString())?.result;
  }

  async provideTextDocumentContent(uri: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const entry = this.entry(uri);
    if (entry === undefined) {
      return "This document's address is not one of Cranefly's.";
    }
    try {
      return await this.textOf(entry, token);
    } catch (error) {
      entry.result = undefined;
      const message = error instanceof Error ? error.message : String(error);
      return entry.address.what === "explanation" ? message : `; ${message.replaceAll("\n", "\n; ")}\n`;
    }
  }

  dispose(): void {
    this.subscriptions.forEach((subscription) => void subscription.dispose());
    this.changed.dispose();
  }

  private async textOf(entry: Entry, token: vscode.CancellationToken): Promise<string> {
    const { what, uri, previous } = entry.address;
    const place = { uri, line: entry.line };
    if (what === "explanation") {
      return (await this.context.request("cranefly/explain", place, token)).text;
    }
    const params = { ...place, what, ...(previous === true ? { previous } : {}) };
    entry.result = await this.inspect(params, entry.address.symbol, token);
    return entry.result.text;
  }

  /** By symbol; an edit may have given the function another one, and then its place finds it. */
  private async inspect(
    params: { uri: string; line: number; what: InspectKindOf; previous?: boolean },
    symbol: string | undefined,
    token: vscode.CancellationToken,
  ): Promise<InspectResult> {
    if (symbol === undefined) {
      return this.context.request("cranefly/inspect", params, token);
    }
    try {
      return await this.context.request("cranefly/inspect", { ...params, symbol }, token);
    } catch (error) {
      if (token.isCancellationRequested) {
        throw error;
      }
      return this.context.request("cranefly/inspect", params, token);
    }
  }

  private entry(uri: vscode.Uri): Entry | undefined {
    const known = this.entries.get(uri.toString());
    if (known !== undefined) {
      return known;
    }
    const address = fromQuery(uri.query);
    if (address === undefined) {
      return undefined;
    }
    const entry: Entry = { uri, address, line: address.line, result: undefined };
    this.entries.set(uri.toString(), entry);
    return entry;
  }

  private follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (document.uri.scheme === inspectScheme) {
      return;
    }
    const source = document.uri.toString();
    for (const entry of this.entries.values()) {
      if (entry.address.uri === source) {
        for (const { range, text } of contentChanges) {
          const newLines = text.split("\n").length;
          entry.line = shiftLine(entry.line, { start: range.start.line, end: range.end.line, newLines });
        }
      }
    }
  }

  private refresh({ project }: GenerationParams): void {
    for (const entry of this.entries.values()) {
      const own = this.context.projects.of(vscode.Uri.parse(entry.address.uri))?.project;
      if (own === undefined || own === project) {
        this.changed.fire(entry.uri);
      }
    }
  }
}

type InspectKindOf = Exclude<Address["what"], "explanation">;

/** The URI of the document that shows what `address` says. */
export function virtualUri(address: Address): vscode.Uri {
  return vscode.Uri.from({ scheme: inspectScheme, ...toUriParts(address) });
}
