/** The dashboard: where a save's time went, how that changed, what is slow and what is big. */
import * as vscode from "vscode";
import type { Context } from "../context.js";
import { DashboardPanel, viewType } from "./panel.js";

/** Adds the dashboard. */
export function registerDashboard(context: Context): void {
  let current: DashboardPanel | undefined;
  const attach = (panel: vscode.WebviewPanel, project: string | undefined): void => {
    current = new DashboardPanel(context, panel, project, () => (current = undefined));
  };
  context.features.dashboard = {
    open: (project) => {
      if (current !== undefined) current.show(project);
      else attach(vscode.window.createWebviewPanel(viewType, "Cranefly", vscode.ViewColumn.Active), project);
      return Promise.resolve();
    },
  };
  // A window that is loaded again gets its dashboard back.
  context.own(
    vscode.window.registerWebviewPanelSerializer(viewType, {
      deserializeWebviewPanel: (panel) => {
        attach(panel, undefined);
        return Promise.resolve();
      },
    }),
  );
}
