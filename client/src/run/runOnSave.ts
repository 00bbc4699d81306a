/** Run on save: after each good generation of a project, the program that was run last is started again. */
import * as vscode from "vscode";
import type { GenerationParams } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import type { Runner } from "./runner.js";

const stateKey = "runOnSave";

export class RunOnSave implements vscode.Disposable {
  private readonly subscription: vscode.Disposable;
  private readonly item: vscode.StatusBarItem;

  constructor(
    private readonly context: Context,
    private readonly runner: Runner,
  ) {
    this.item = vscode.window.createStatusBarItem("cranefly.runOnSave", vscode.StatusBarAlignment.Left, 9);
    this.item.name = "Cranefly: run on save";
    this.item.text = "$(debug-rerun)";
    this.item.tooltip = "The program that was run last runs again after each save. Click to switch off.";
    this.item.accessibilityInformation = { label: "Cranefly runs on save; switch off", role: "button" };
    this.item.command = "cranefly.toggleRunOnSave";
    this.subscription = context.projects.onDidPublish((event) => this.published(event));
    this.show();
  }

  /** Switches it on or off for this workspace. */
  async toggle(): Promise<void> {
    await this.context.extension.workspaceState.update(stateKey, !this.on);
    this.show();
    if (this.on && this.runner.last === undefined) {
      await vscode.commands.executeCommand("cranefly.run");
    }
  }

  dispose(): void {
    this.subscription.dispose();
    this.item.dispose();
  }

  private get on(): boolean {
    return this.context.extension.workspaceState.get<boolean>(stateKey, false);
  }

  private show(): void {
    if (this.on) {
      this.item.show();
    } else {
      this.item.hide();
    }
  }

  private published({ project, summary }: GenerationParams): void {
    const { last } = this.runner;
    if (!this.on || last?.target.project !== project || last.target.kind === "test") {
      return;
    }
    if (summary.selection === "build" && summary.ok && !summary.stale) {
      this.runner.run(last.target, last.overrides).catch((error: unknown) => this.context.report(error));
    }
  }
}
