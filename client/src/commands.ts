/** The commands about the engine, the server, and everything that has no part of its own. */
import * as vscode from "vscode";
import type { ControlParams } from "../../shared/src/lsp.js";
import type { Context } from "./context.js";
import { exportReport } from "./exportReport.js";
import { setting } from "./settings.js";
import { actionsFor } from "./statusTooltip.js";

export function registerCommands(context: Context): void {
  registerControl(context);
  registerTestCommands(context);
  context.command("cranefly.openDashboard", async (project?: string) => {
    if (context.features.dashboard === undefined) {
      throw new Error("the dashboard is not available.");
    }
    await context.features.dashboard.open(project ?? context.projects.active?.project);
  });
  context.command("cranefly.exportReport", () => exportReport(context));
  context.command("cranefly.showLogs", () => context.log.show());
  context.command("cranefly.restartServer", () => context.server.restart());
  context.command("cranefly.showActions", () => showActions(context));
  context.command("cranefly.openWalkthrough", () =>
    vscode.commands.executeCommand(
      "workbench.action.openWalkthrough",
      `${context.extension.extension.id}#welcome`,
      false,
    ),
  );
}

function registerControl(context: Context): void {
  /** Whether saves are ignored. A new server does as the setting says. */
  let paused = !setting("watch", true);
  context.own(context.server.onDidChangeState(() => (paused = !setting("watch", true))));
  context.command("cranefly.rebuild", () => control(context, "rebuild", context.projects.active?.project));
  context.command("cranefly.cancel", () => control(context, "cancel", context.projects.active?.project));
  context.command("cranefly.stopEngine", () => control(context, "stopEngine", undefined));
  context.command("cranefly.restartEngine", () =>
    context.server.state.kind === "running" ? control(context, "restartEngine", undefined) : context.server.restart(),
  );
  context.command("cranefly.clearCache", async () => {
    const clear = "Clear";
    const choice = await vscode.window.showWarningMessage(
      "Clear Cranefly's function cache? The next build compiles every function again.",
      { modal: true },
      clear,
    );
    return choice === clear && control(context, "clearCache", context.projects.active?.project);
  });
  context.command("cranefly.toggleWatch", async () => {
    await control(context, paused ? "resumeWatch" : "pauseWatch", undefined);
    paused = !paused;
    void vscode.window.setStatusBarMessage(
      paused ? "Cranefly no longer rebuilds on save" : "Cranefly rebuilds on save again",
      4000,
    );
  });
}

async function control(context: Context, action: ControlParams["action"], project: string | undefined): Promise<void> {
  const { message } = await context.request("cranefly/control", { project, action });
  if (message !== undefined) {
    void vscode.window.showInformationMessage(`Cranefly: ${message}`);
  }
}

function registerTestCommands(context: Context): void {
  const testing = () => {
    if (context.features.testing === undefined) {
      throw new Error("the Test Explorer is not available.");
    }
    return context.features.testing;
  };
  context.command("cranefly.testAtCursor", () => testing().runAtCursor(rustEditor(), { debug: false }));
  context.command("cranefly.debugTestAtCursor", () => testing().runAtCursor(rustEditor(), { debug: true }));
  context.command("cranefly.testFile", () => testing().runFile(rustEditor().document.uri));
  context.command("cranefly.rerunFailedTests", () => testing().rerunFailed());
}

function rustEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== "rust") {
    throw new Error("open a Rust file first.");
  }
  return editor;
}

/** The status bar's menu: the same actions as in its tooltip, for the keyboard. */
async function showActions(context: Context): Promise<void> {
  const actions = actionsFor(context.server.state, context.projects.active);
  const items = actions.map(({ command, title, icon }) => ({ label: `$(${icon}) ${title}`, command }));
  const chosen = await vscode.window.showQuickPick(items, { title: context.projects.active?.name ?? "Cranefly" });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}
