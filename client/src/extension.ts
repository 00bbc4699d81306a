/** The extension's entry: makes the context, lets each part register itself, and starts the language server. */
import type * as vscode from "vscode";
import { Context } from "./context.js";
import { registerDashboard } from "./dashboard/index.js";
import { registerDebug } from "./debug/index.js";
import { registerRustAnalyzer } from "./rustAnalyzer.js";
import { registerSettingsSync } from "./settingsSync.js";
import { registerStatusBar } from "./statusBar.js";
import { registerTesting } from "./testing/index.js";

let active: Context | undefined;

/** Called by VS Code when the extension is needed; never in an untrusted workspace (see `capabilities` in package.json). */
export function activate(extension: vscode.ExtensionContext): void {
  const context = new Context(extension);
  active = context;
  registerStatusBar(context);
  registerSettingsSync(context);
  registerRustAnalyzer(context);
  registerTesting(context);
  registerDebug(context);
  registerDashboard(context);
  void context.server.start();
}

/** Ends the server, and with it everything that it started but the engine, which serves other windows, too. */
export async function deactivate(): Promise<void> {
  await active?.server.stop();
  active = undefined;
}
