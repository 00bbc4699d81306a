/** The extension's entry: makes the context, lets each part register itself, and starts the language server. */
import type * as vscode from "vscode";
import { registerChecks } from "./setupChecks.js";
import { registerClif } from "./clif.js";
import { registerCommands } from "./commands.js";
import { Context } from "./context.js";
import { registerDashboard } from "./dashboard/index.js";
import { registerDebug } from "./debug/index.js";
import { registerEngineFailure } from "./engineFailure.js";
import { registerInspecting } from "./inspect/commands.js";
import { registerRunning } from "./run/commands.js";
import { registerRustAnalyzer } from "./rustAnalyzer.js";
import { registerServerFailure } from "./serverFailure.js";
import { registerStatusBar } from "./statusBar.js";
import { registerTesting } from "./testing/index.js";

let active: Context | undefined;

/** Called by VS Code when the extension is needed; never in an untrusted workspace (see `capabilities` in package.json). */
export function activate(extension: vscode.ExtensionContext): void {
  const context = new Context(extension);
  active = context;
  registerStatusBar(context);
  registerServerFailure(context);
  registerEngineFailure(context);
  registerCommands(context);
  registerRunning(context);
  registerInspecting(context);
  registerClif(context);
  registerChecks(context);
  registerRustAnalyzer(context);
  registerTesting(context);
  registerDebug(context);
  registerDashboard(context);
  context.server.start().catch((error: unknown) => context.report(error));
}

/** Ends the server, and with it everything that it started but the engine, which serves other windows, too. */
export async function deactivate(): Promise<void> {
  await active?.server.stop();
  active = undefined;
}
