/** The commands that open a function's texts. */
import * as vscode from "vscode";
import type { InspectKind, InspectResult } from "../../../shared/src/lsp.js";
import { LensCommands } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import { virtualUri, VirtualDocuments } from "../virtualDocuments.js";
import { fromQuery, inspectScheme, titles, type Address } from "./address.js";
import { Linking } from "./linking.js";
import { registerNavigation } from "./navigation.js";

/** A place in a source file, as lenses and hovers give it, or as the cursor tells; the line counts from 0. */
interface SourceLine {
  readonly uri: string;
  readonly line: number;
  readonly symbol?: string;
}

/** Adds the virtual documents with their commands. */
export function registerInspecting(context: Context): void {
  const documents = context.own(new VirtualDocuments(context));
  context.own(new Linking(documents));
  registerNavigation(context, documents);
  const kinds = { showLlvmIr: "llvm", showCraneliftIr: "clif", showMachineCode: "asm" } as const;
  for (const [command, what] of Object.entries(kinds)) {
    context.command(`cranefly.${command}`, (place?: SourceLine) => show(context, what, place ?? lineAtCursor()));
  }
  context.command("cranefly.diffWithPrevious", (place?: SourceLine) => diff(context, place ?? lineAtCursor()));
  context.command(LensCommands.explain, (place?: SourceLine) => explain(place ?? lineAtCursor()));
}

async function show(context: Context, what: InspectKind, place: SourceLine): Promise<void> {
  const chosen = await choose(context, what, place);
  if (chosen === undefined) {
    return;
  }
  const document = await vscode.workspace.openTextDocument(virtualUri(chosen));
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
    preview: true,
  });
}

async function diff(context: Context, place: SourceLine): Promise<void> {
  const what = await chooseKind();
  const chosen = what === undefined ? undefined : await choose(context, what, place);
  if (chosen === undefined) {
    return;
  }
  const previous = virtualUri({ ...chosen, previous: true });
  const title = `${chosen.name}: ${titles[chosen.what]}, previous ↔ current`;
  await vscode.commands.executeCommand("vscode.diff", previous, virtualUri(chosen), title, { preview: true });
}

async function explain(place: SourceLine): Promise<void> {
  const uri = virtualUri({ what: "explanation", name: "Explanation", uri: place.uri, line: place.line });
  await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
}

/** The instance to show: the only one, the one that `place` names, or the one that the user chooses. */
async function choose(context: Context, what: InspectKind, place: SourceLine): Promise<Address | undefined> {
  const { uri, line, symbol } = place;
  const found = await context.request("cranefly/inspect", {
    uri,
    line,
    what,
    ...(symbol === undefined ? {} : { symbol }),
  });
  const instance = symbol === undefined && found.instances.length > 1 ? await chooseInstance(found) : found;
  return instance && { what, uri, line, name: instance.name, symbol: instance.symbol };
}

async function chooseInstance(
  found: InspectResult,
): Promise<{ readonly name: string; readonly symbol: string } | undefined> {
  const items = found.instances.map(({ name, symbol }) => ({ label: name, detail: symbol, name, symbol }));
  return vscode.window.showQuickPick(items, {
    title: `${items.length} functions here`,
    placeHolder: "Which instance or closure?",
    matchOnDetail: true,
  });
}

async function chooseKind(): Promise<InspectKind | undefined> {
  const kinds: readonly InspectKind[] = ["clif", "llvm", "asm"];
  const items = kinds.map((what) => ({ label: titles[what], what }));
  return (await vscode.window.showQuickPick(items, { title: "Compare with the previous generation" }))?.what;
}

/** The place of the cursor in a Rust file, or the one that the active virtual document is about. */
function lineAtCursor(): SourceLine {
  const editor = vscode.window.activeTextEditor;
  const uri = editor?.document.uri;
  if (uri?.scheme === inspectScheme) {
    const address = fromQuery(uri.query);
    if (address !== undefined) {
      return address;
    }
  }
  if (editor === undefined || editor.document.languageId !== "rust") {
    throw new Error("put the cursor into a function of a Rust file first.");
  }
  return { uri: editor.document.uri.toString(), line: editor.selection.active.line };
}
