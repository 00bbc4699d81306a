/** Selecting lines of a source file highlights the lines that they became in the texts beside it, and the other way round. */
import * as vscode from "vscode";
import type { InspectResult } from "../../../shared/src/lsp.js";
import type { VirtualDocuments } from "../virtualDocuments.js";
import { inspectScheme } from "./address.js";
import { asRanges, sourceLinesOf, textLinesOf, type LineRange } from "./mapping.js";

export class Linking implements vscode.Disposable {
  private readonly decoration = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.wordHighlightStrongBackground"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.wordHighlightStrongForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Center,
  });
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly documents: VirtualDocuments) {
    this.subscriptions = [
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.link(textEditor, true)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.linkActive(true)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === inspectScheme) {
          this.linkActive(false);
        }
      }),
    ];
  }

  dispose(): void {
    this.subscriptions.forEach((subscription) => void subscription.dispose());
    this.decoration.dispose();
  }

  private linkActive(reveal: boolean): void {
    if (vscode.window.activeTextEditor !== undefined) {
      this.link(vscode.window.activeTextEditor, reveal);
    }
  }

  /** Highlights in the other editors what belongs to the selection of `from`. */
  private link(from: vscode.TextEditor, reveal: boolean): void {
    if (from !== vscode.window.activeTextEditor) {
      return;
    }
    const range = { start: from.selection.start.line, end: from.selection.end.line };
    const shown = this.documents.resultOf(from.document.uri);
    for (const other of vscode.window.visibleTextEditors) {
      const lines = other === from ? [] : this.linesIn(other, from, range, shown);
      if (lines !== undefined) {
        this.highlight(other, lines, reveal);
      }
    }
  }

  /** The lines of `other` that belong to `range` of `from`; undefined when the two have nothing to do with each other. */
  private linesIn(
    other: vscode.TextEditor,
    from: vscode.TextEditor,
    range: LineRange,
    shown: InspectResult | undefined,
  ): number[] | undefined {
    const { uri } = other.document;
    if (shown !== undefined) {
      return uri.scheme === "file" ? linesOfFile(sourceLinesOf(shown.lines, range), uri.fsPath) : undefined;
    }
    const text = this.documents.resultOf(uri);
    return text === undefined || from.document.uri.scheme !== "file"
      ? undefined
      : textLinesOf(text.lines, from.document.uri.fsPath, range);
  }

  private highlight(editor: vscode.TextEditor, lines: readonly number[], reveal: boolean): void {
    const ranges = asRanges(lines).map(({ start, end }) => new vscode.Range(start, 0, end, 0));
    editor.setDecorations(this.decoration, ranges);
    const [first] = ranges;
    const visible = ranges.some((range) => editor.visibleRanges.some((seen) => seen.intersection(range) !== undefined));
    if (reveal && first !== undefined && !visible) {
      editor.revealRange(first, vscode.TextEditorRevealType.InCenter);
    }
  }
}

function linesOfFile(files: ReadonlyMap<string, number[]>, path: string): number[] {
  return [...files].flatMap(([file, lines]) =>
    file === path || (!file.startsWith("/") && path.endsWith(`/${file}`)) ? lines : [],
  );
}
