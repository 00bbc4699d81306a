/**
 * Living next to rust-analyzer: switching off its run and debug lenses for users who prefer ours. That goes through
 * `addConfiguration`, which rust-analyzer's extension exports for this; a value that the user set by hand wins over it.
 */
import * as vscode from "vscode";
import type { Context } from "./context.js";
import { lensOverrides } from "./lensOverrides.js";
import { extensionId } from "./rustAnalyzerSettings.js";
import { setting } from "./settings.js";
import { tellSettingsChanged } from "./settingsSync.js";

const replacedKey = "rustAnalyzerLensesReplaced";

/** What rust-analyzer's extension exports, as far as it is used here. */
interface RustAnalyzerApi {
  addConfiguration(extensionId: string, configuration: Record<string, unknown>): Promise<void>;
}

/** Keeps rust-analyzer's lenses as `cranefly.lens.replaceRustAnalyzer` says, and the server informed. */
export function registerRustAnalyzer(context: Context): void {
  const apply = () => void replaceLenses(context).catch((error: unknown) => context.log.warn(String(error)));
  apply();
  context.own(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("cranefly.lens")) {
        apply();
      }
      if (event.affectsConfiguration("rust-analyzer.checkOnSave")) {
        tellSettingsChanged(context);
      }
    }),
  );
  context.own(
    vscode.extensions.onDidChange(() => {
      apply();
      tellSettingsChanged(context);
    }),
  );
}

async function replaceLenses(context: Context): Promise<void> {
  const overrides = lensOverrides({
    replace: setting("lens.replaceRustAnalyzer", false),
    run: setting("lens.run", true),
    debug: setting("lens.debug", true),
  });
  const state = context.extension.workspaceState;
  const wanted = JSON.stringify(overrides);
  // rust-analyzer keeps overrides in its workspace state: what is the same needs no new one, and none at all is the default.
  if (wanted === state.get(replacedKey, "{}")) {
    return;
  }
  const extension = vscode.extensions.getExtension<Partial<RustAnalyzerApi>>(extensionId);
  if (extension === undefined) {
    return;
  }
  const api = await extension.activate();
  if (api.addConfiguration === undefined) {
    context.log.warn("this version of rust-analyzer takes no configuration from other extensions; its lenses stay");
    return;
  }
  await api.addConfiguration(context.extension.extension.id, overrides);
  await state.update(replacedKey, wanted);
}
