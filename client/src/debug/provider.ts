/** Debug configurations in launch.json: a program by the names that cargo has for it. */
import * as vscode from "vscode";
import type { RunTarget } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import type { Debugger } from "./debugger.js";
import { DEBUG_TYPE } from "./sessions.js";

/** What a configuration of ours may say; package.json describes it. */
interface LaunchConfiguration extends vscode.DebugConfiguration {
  readonly program?: string;
  readonly package?: string;
  readonly bin?: string;
  readonly example?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
  readonly stopOnEntry?: boolean;
  readonly runInTerminal?: boolean;
  readonly initCommands?: readonly string[];
  readonly byCargo?: boolean;
}

export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  constructor(
    private readonly context: Context,
    private readonly debug: Debugger,
  ) {}

  /** F5 without a launch.json: the configuration is empty. */
  resolveDebugConfiguration(
    _folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): vscode.DebugConfiguration {
    if (Object.keys(configuration).length > 0) return configuration;
    return { type: DEBUG_TYPE, request: "launch", name: "Debug with Cranefly" };
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    _folder: vscode.WorkspaceFolder | undefined,
    configuration: LaunchConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    // It names an executable, or was made by `Debugger`.
    if (configuration.request !== "launch" || configuration.program !== undefined) return configuration;
    try {
      const target = await this.target(configuration);
      if (target === undefined) return undefined;
      const { args, env, cwd, stopOnEntry, runInTerminal, initCommands, byCargo } = configuration;
      const options = {
        ...(args && { args }),
        ...(env && { env }),
        ...(cwd !== undefined && { cwd }),
        ...(byCargo !== undefined && { byCargo }),
      };
      const extras = {
        ...(stopOnEntry !== undefined && { stopOnEntry }),
        ...(runInTerminal !== undefined && { runInTerminal }),
        ...(initCommands && { initCommands }),
      };
      const resolved = await this.debug.configurationOf(target, options, extras);
      return resolved && { ...resolved, name: configuration.name };
    } catch (error) {
      this.context.report(error);
      return undefined;
    }
  }

  /** The program that a configuration names; the user chooses if it leaves that open. */
  private async target(configuration: LaunchConfiguration): Promise<RunTarget | undefined> {
    const project = this.context.projects.active?.project;
    const { targets } = await this.context.request("cranefly/targets", { project });
    const { package: packageName, bin, example } = configuration;
    const named = targets.filter(
      ({ target }) =>
        (target.kind === "bin" || target.kind === "example") &&
        (packageName === undefined || target.package === packageName) &&
        (bin === undefined || (target.kind === "bin" && target.name === bin)) &&
        (example === undefined || (target.kind === "example" && target.name === example)),
    );
    if (named.length === 0) throw new Error("The launch configuration names no program of this workspace.");
    if (named.length === 1) return named[0]?.target;
    const items = named.map(({ label, target }) => ({ label, target }));
    return (await vscode.window.showQuickPick(items, { placeHolder: "Which program is to be debugged?" }))?.target;
  }
}
