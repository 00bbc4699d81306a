/** Tells the server that settings changed; it then asks for them (`workspace/configuration`). */
import * as vscode from "vscode";
import type { Context } from "./context.js";
import { section } from "./settings.js";

/** Keeps the server informed of changes in the `cranefly` section. */
export function registerSettingsSync(context: Context): void {
  context.own(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(section)) {
        tellSettingsChanged(context);
      }
    }),
  );
}

/** Says that what the server would get as its settings is not what it got before. */
export function tellSettingsChanged(context: Context): void {
  context.server.client
    ?.sendNotification("workspace/didChangeConfiguration", { settings: null })
    .catch((error: unknown) => context.log.debug(String(error)));
}
