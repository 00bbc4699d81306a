/** The status bar item: a view of the active editor's project. The words are in `statusText.ts` and `statusTooltip.ts`. */
import * as vscode from "vscode";
import type { Context } from "./context.js";
import type { ServerState } from "./server.js";
import { statusView, type StatusView } from "./statusText.js";
import { tooltip, tooltipCommands } from "./statusTooltip.js";

/** Adds the item, which is there as long as the extension is. */
export function registerStatusBar(context: Context): void {
  context.own(new StatusBar(context));
}

class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly subscriptions: vscode.Disposable[];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly context: Context) {
    this.item = vscode.window.createStatusBarItem("cranefly.status", vscode.StatusBarAlignment.Left, 10);
    this.item.name = "Cranefly";
    this.item.command = "cranefly.showActions";
    this.subscriptions = [context.projects.onDidChange(() => this.render())];
    this.render();
    this.item.show();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.subscriptions.forEach((subscription) => void subscription.dispose());
    this.item.dispose();
  }

  private render(): void {
    const { server, projects } = this.context;
    const now = Date.now();
    const project = projects.active;
    // Until it has looked for projects, the server is as good as starting.
    const state: ServerState = server.state.kind === "running" && !projects.known ? { kind: "starting" } : server.state;
    const view = statusView(state, project, now);
    this.item.text = view.text;
    this.item.accessibilityInformation = { label: view.label, role: "button" };
    this.item.backgroundColor = background(view.severity);
    const text = new vscode.MarkdownString(tooltip(state, project, now), true);
    text.isTrusted = { enabledCommands: [...tooltipCommands()] };
    this.item.tooltip = text;
    this.tick(view.ticks);
  }

  /** Only a rebuild under way costs a timer. */
  private tick(on: boolean): void {
    clearTimeout(this.timer);
    this.timer = on ? setTimeout(() => this.render(), 1000) : undefined;
  }
}

function background(severity: StatusView["severity"]): vscode.ThemeColor | undefined {
  switch (severity) {
    case "normal":
      return undefined;
    case "warning":
      return new vscode.ThemeColor("statusBarItem.warningBackground");
    case "error":
      return new vscode.ThemeColor("statusBarItem.errorBackground");
  }
}
