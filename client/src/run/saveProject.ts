/** Saving before a run, as VS Code does before tasks, but early enough to be built. */
import * as vscode from "vscode";

/** Saves the project's edited files, unless the user told VS Code not to save before tasks. */
export async function saveProject(project: string): Promise<void> {
  if (vscode.workspace.getConfiguration("task").get("saveBeforeRun") === "never") {
    return;
  }
  const edited = vscode.workspace.textDocuments.filter(
    (document) => document.isDirty && !document.isUntitled && isIn(project, document.uri),
  );
  await Promise.all(edited.map((document) => document.save()));
}

function isIn(project: string, uri: vscode.Uri): boolean {
  const file = uri.toString();
  return file === project || file.startsWith(project.endsWith("/") ? project : `${project}/`);
}
