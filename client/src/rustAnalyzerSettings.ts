/** What rust-analyzer is told to do: where it checks on save, rustc's diagnostics are its, not ours. */
import * as vscode from "vscode";

export const extensionId = "rust-lang.rust-analyzer";

/** Whether rust-analyzer is there and runs its own check at every save. */
export function rustAnalyzerChecks(): boolean {
  if (vscode.extensions.getExtension(extensionId) === undefined) {
    return false;
  }
  const configuration = vscode.workspace.getConfiguration("rust-analyzer");
  return configuration.get<boolean>("checkOnSave", true) && configuration.get<boolean>("checkOnSave.enable", true);
}
