/** What a target is started with in this editor: settings, configurations, variables, the project's folder. */
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import * as vscode from "vscode";
import type { RunTarget } from "../../../shared/src/lsp.js";
import { runSettings } from "../settings.js";
import { invocationOf, type Invocation } from "./configurations.js";
import { substituteAll } from "./variables.js";

/** `overrides` win over the settings; environment changes add up. The working directory is absolute. */
export function invocationFor(target: RunTarget, overrides: Partial<Invocation> = {}): Invocation {
  const project = vscode.Uri.parse(target.project);
  const base = invocationOf(target, runSettings(project));
  const merged: Invocation = {
    args: overrides.args ?? base.args,
    env: { ...base.env, ...overrides.env },
    cwd: overrides.cwd ?? base.cwd,
  };
  const { args, env, cwd } = substituteAll(merged, {
    workspaceFolder: vscode.workspace.getWorkspaceFolder(project)?.uri.fsPath,
    userHome: homedir(),
    env: process.env,
  });
  return { args, env, cwd: cwd === undefined ? undefined : resolve(rootOf(project), cwd) };
}

/** The project's folder; a single file's is the one that it lies in. */
function rootOf(project: vscode.Uri): string {
  return project.path.endsWith(".rs") ? dirname(project.fsPath) : project.fsPath;
}
