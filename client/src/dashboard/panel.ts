/** The dashboard's panel: one for the window, showing one project. */
import * as vscode from "vscode";
import type { Context } from "../context.js";
import { page } from "./html.js";
import { type ToPage, parseFromPage } from "./pageMessages.js";

export const viewType = "cranefly.dashboard";

export class DashboardPanel {
  private readonly disposables: vscode.Disposable[] = [];
  /** Counts requests: an answer that a newer request has overtaken is dropped. */
  private asked = 0;
  private asking: vscode.CancellationTokenSource | undefined;

  /** `project`: the URI of a `ProjectStatus`; undefined for the active editor's. */
  constructor(
    private readonly context: Context,
    private readonly panel: vscode.WebviewPanel,
    private project: string | undefined,
    onDispose: () => void,
  ) {
    const { webview } = panel;
    const folder = context.asset("dist");
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    const uri = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    webview.html = page(uri("dashboard.js"), uri("dashboard.css"), webview.cspSource);
    this.disposables.push(
      webview.onDidReceiveMessage(
        (message: unknown) => void this.receive(message).catch((e: unknown) => context.report(e)),
      ),
      // A hidden page is gone; it asks for its data when it is back.
      context.projects.onDidPublish(() => this.refresh()),
      context.projects.onDidChange(() => this.refresh()),
      panel.onDidDispose(() => {
        this.asking?.dispose();
        for (const disposable of this.disposables) disposable.dispose();
        onDispose();
      }),
    );
  }

  /** Shows a project. */
  show(project: string | undefined): void {
    this.project = project;
    this.panel.reveal();
    this.refresh();
  }

  private refresh(): void {
    if (this.panel.visible) void this.load().catch((error: unknown) => this.context.report(error));
  }

  private async load(): Promise<void> {
    const number = ++this.asked;
    this.asking?.cancel();
    this.asking?.dispose();
    this.asking = new vscode.CancellationTokenSource();
    const project = this.project ?? this.context.projects.active?.project;
    if (project === undefined || this.context.projects.byId(project) === undefined) {
      this.project = undefined;
      await this.send({ type: "empty", message: "No cargo workspace is open." });
      return;
    }
    const data = await this.context.request("cranefly/dashboard", { project }, this.asking.token);
    if (number !== this.asked) return;
    this.panel.title = `Cranefly: ${data.name}`;
    await this.send({ type: "data", data });
  }

  private async send(message: ToPage): Promise<void> {
    await this.panel.webview.postMessage(message);
  }

  private async receive(value: unknown): Promise<void> {
    const message = parseFromPage(value);
    switch (message?.type) {
      case "ready":
        await this.load();
        break;
      case "open":
        await open(message.file, message.line);
        break;
      case "export":
        await this.export();
        break;
      case "rebuild":
        await this.context.request("cranefly/control", { project: this.project, action: "rebuild" });
        break;
      case undefined:
        this.context.log.warn("the dashboard sent something that is not understood");
        break;
    }
  }

  /** Everything that is shown, as JSON. */
  private async export(): Promise<void> {
    const data = await this.context.request("cranefly/dashboard", { project: this.project });
    const folder = vscode.Uri.parse(data.project);
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(folder, `cranefly-dashboard-${data.name}.json`),
      filters: { JSON: ["json"] },
      title: "Export dashboard",
    });
    if (target === undefined) return;
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(`${JSON.stringify(data, undefined, 2)}\n`));
  }
}

async function open(file: string, line: number): Promise<void> {
  const position = new vscode.Position(Math.max(0, line - 1), 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), {
    selection: new vscode.Range(position, position),
    viewColumn: vscode.ViewColumn.One,
  });
}
