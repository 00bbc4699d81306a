/** The engine ended too often: nothing more happens by itself, so the user is told, once, with buttons. */
import * as vscode from "vscode";
import type { Context } from "./context.js";

export function registerEngineFailure(context: Context): void {
  let isShown = false;
  context.own(
    context.projects.onDidChange(() => {
      const reason = reasonOf(context);
      if (reason !== undefined && !isShown) {
        offer(context, reason).catch((error: unknown) => context.report(error));
      }
      isShown = reason !== undefined;
    }),
  );
}

/** Why it was given up, if it was. All projects of a toolchain have the same engine. */
function reasonOf(context: Context): string | undefined {
  const reasons = context.projects.all.flatMap(({ state }) =>
    state.kind === "down" && state.why === "givenUp" ? [state.reason] : [],
  );
  return reasons[0];
}

async function offer(context: Context, reason: string): Promise<void> {
  const restart = "Restart Engine";
  const logs = "Show Logs";
  const choice = await vscode.window.showErrorMessage(`Cranefly: ${reason}.`, restart, logs);
  if (choice === restart) {
    await vscode.commands.executeCommand("cranefly.restartEngine");
  } else if (choice === logs) {
    context.log.show();
  }
}
