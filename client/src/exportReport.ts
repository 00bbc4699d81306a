/** The last report of a project as a JSON file, with an entry for each function; its shape is in shared/src/report.ts. */
import * as vscode from "vscode";
import type { Context } from "./context.js";

/** Asks where to, writes, and offers to open it. */
export async function exportReport(context: Context): Promise<void> {
  const project = context.projects.active;
  const { report } = await context.request("cranefly/report", { project: project?.project });
  if (report === undefined) {
    void vscode.window.showInformationMessage("Cranefly: nothing was built yet, so there is no report.");
    return;
  }
  const folder =
    project === undefined ? vscode.workspace.workspaceFolders?.[0]?.uri : vscode.Uri.parse(project.project);
  const name = `cranefly-${project?.name ?? "report"}-${report.generation}.json`;
  const target = await vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: { JSON: ["json"] },
    title: "Export report",
  });
  if (target === undefined) {
    return;
  }
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(`${JSON.stringify(report, undefined, 2)}\n`));
  const open = "Open";
  if ((await vscode.window.showInformationMessage(`Cranefly: wrote ${target.fsPath}`, open)) === open) {
    await vscode.window.showTextDocument(target);
  }
}
