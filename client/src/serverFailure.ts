/** The server crashed too often: nothing more happens by itself, so the user is told, with buttons. */
import * as vscode from "vscode";
import type { Context } from "./context.js";

export function registerServerFailure(context: Context): void {
  context.own(
    context.server.onDidChangeState((state) => {
      void vscode.commands.executeCommand("setContext", "cranefly.active", state.kind !== "stopped");
      if (state.kind === "failed") {
        offer(context, state.reason).catch((error: unknown) => context.report(error));
      }
    }),
  );
}

async function offer(context: Context, reason: string): Promise<void> {
  const restart = "Restart";
  const logs = "Show Logs";
  const choice = await vscode.window.showErrorMessage(`Cranefly is not running: ${reason}.`, restart, logs);
  if (choice === restart) {
    await context.server.restart();
  } else if (choice === logs) {
    context.log.show();
  }
}
