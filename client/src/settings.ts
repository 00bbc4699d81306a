/** The client's own settings, typed. Defaults and descriptions are in package.json; those of the server are in `ServerSettings`. */
import * as vscode from "vscode";
import type { RunConfiguration } from "./run/configurations.js";

export const section = "cranefly";

/** What to do when a program is started while something newer is being built. */
export type StaleRun = "ask" | "wait" | "runAnyway";

export interface RunSettings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | null>>;
  /** Undefined: the server decides, as cargo would. */
  readonly cwd: string | undefined;
  readonly configurations: readonly RunConfiguration[];
  readonly stale: StaleRun;
  readonly clearTerminal: boolean;
  readonly focusTerminal: boolean;
}

/** Reads a setting as package.json declares it. `scope` is the file or folder that the setting is for. */
export function setting<T>(key: string, fallback: T, scope?: vscode.ConfigurationScope): T {
  return vscode.workspace.getConfiguration(section, scope).get<T>(key, fallback);
}

/** The settings of runs in the folder of `scope`. */
export function runSettings(scope?: vscode.Uri): RunSettings {
  const cwd = setting<string | null>("run.cwd", null, scope);
  return {
    args: setting<readonly string[]>("run.args", [], scope),
    env: setting<Record<string, string | null>>("run.env", {}, scope),
    cwd: cwd === null || cwd === "" ? undefined : cwd,
    configurations: setting<readonly RunConfiguration[]>("run.configurations", [], scope),
    stale: setting<StaleRun>("run.stale", "ask", scope),
    clearTerminal: setting("run.clearTerminal", true, scope),
    focusTerminal: setting("run.focusTerminal", false, scope),
  };
}
