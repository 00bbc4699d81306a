/** The last report of a project as a JSON file, with an entry for each function; its shape is in shared/src/report.ts. */
import * as vscode from "vscode";
import type { Context } from "./context.js";

/** Asks where to, has the server write it, and offers to open it. */
export async function exportReport(context: Context): Promise<void> {
  const project = context.projects.active;
  if (project === undefined || project.history.length === 0) {
    void vscode.window.showInformationMessage("Cranefly: nothing was built yet, so there is no report.");
    return;
  }
  const uri = vscode.Uri.parse(project.project);
  const folder = vscode.workspace.getWorkspaceFolder(uri)?.uri ?? uri;
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, `cranefly-${project.name}-report.json`),
    filters: { JSON: ["json"] },
    title: "Export report",
  });
  if (target === undefined) {
    return;
  }
  if (target.scheme !== "file") {
    void vscode.window.showErrorMessage("Cranefly: a report can only be written to the machine that has the project.");
    return;
  }
  await context.request("cranefly/report", { project: project.project, file: target.fsPath });
  const open = "Open";
  if ((await vscode.window.showInformationMessage(`Cranefly: wrote ${target.fsPath}`, open)) === open) {
    await vscode.window.showTextDocument(target);
  }
}
