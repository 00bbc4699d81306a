/**
 * Starts programs under a debugger: what Cranefly made, or, for who wants to see variables, what cargo builds.
 *
 * Cranefly's programs have the line tables and function names of their sources, so breakpoints, steps and stacks work; they have
 * no descriptions of variables. That is said once, after the session has started, with a way to debug the cargo build instead.
 */
import * as vscode from "vscode";
import type { PrepareResult, ProgramCommand, RunTarget } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import type { DebuggingApi, DebugOptions } from "../features.js";
import { programEnvironment } from "../programEnvironment.js";
import { invocationFor } from "../run/invocation.js";
import { prepareRun } from "../run/askToPrepare.js";
import { saveProject } from "../run/saveProject.js";
import { runSettings } from "../settings.js";
import { findAdapter } from "./adapters.js";
import { noAdapter } from "./adapterFactory.js";
import { buildCommand, buildWithCargo, programArguments } from "./cargoBuild.js";
import {
  type AdapterKind,
  type DebugExtras,
  type DebugProgram,
  codeLldbArguments,
  lldbDapArguments,
  programOf,
} from "./launchArguments.js";
import { CODELLDB_TYPE, DEBUG_TYPE, SESSION_FIELD, type Sessions } from "./sessions.js";
import { activeBreakpoints, debugSettings } from "./settings.js";
import { findFormatters } from "./toolchain.js";

const CODELLDB_EXTENSION = "vadimcn.vscode-lldb";
/** The key under which it is remembered that the user knows about variables. */
const TOLD_KEY = "debug.toldAboutVariables";

/** What is started, and whether that has variables. */
interface Resolved {
  readonly program: DebugProgram;
  readonly label: string;
  readonly hasVariables: boolean;
}

export class Debugger implements DebuggingApi {
  constructor(
    private readonly context: Context,
    private readonly sessions: Sessions,
  ) {}

  async start(target: RunTarget, options: DebugOptions = {}): Promise<boolean> {
    const configuration = await this.configurationOf(target, options);
    if (configuration === undefined) return false;
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(target.project));
    const { onOutput, onEnd, testRun } = options;
    const id = this.sessions.add({ ...(onOutput && { onOutput }), ...(onEnd && { onEnd }) });
    const named = { ...configuration, [SESSION_FIELD]: id };
    const isStarted = await vscode.debug.startDebugging(folder, named, testRun === undefined ? {} : { testRun });
    if (!isStarted) this.sessions.remove(id);
    else if (configuration["hasVariables"] !== true) this.tellAboutVariables(target, options);
    return isStarted;
  }

  /**
   * The debug configuration that starts a target, for the adapter that there is. Undefined when that was given up, or cannot
   * be, which the user was told then.
   */
  async configurationOf(
    target: RunTarget,
    options: DebugOptions = {},
    extras: DebugExtras = {},
  ): Promise<vscode.DebugConfiguration | undefined> {
    const project = vscode.Uri.parse(target.project);
    const kind = this.adapterKind(project);
    if (kind === undefined) return undefined;
    const resolved = await this.resolve(target, options);
    if (resolved === undefined) return undefined;
    const { program, label, hasVariables } = resolved;
    const formatters = await findFormatters(program.cwd, programEnvironment(process.env));
    const common = { name: label, request: "launch", hasVariables, hasSlots: program.hasSlots };
    if (kind === "codelldb") {
      return { ...common, type: CODELLDB_TYPE, ...codeLldbArguments(program, formatters, extras) };
    }
    const removedEnvironment = Object.entries(program.env).flatMap(([name, value]) => (value === null ? [name] : []));
    return { ...common, type: DEBUG_TYPE, removedEnvironment, ...lldbDapArguments(program, formatters, extras) };
  }

  /** The adapter to use; tells the user when there is none. */
  private adapterKind(scope: vscode.Uri): AdapterKind | undefined {
    const { adapter, lldbDapPath } = debugSettings(scope);
    const hasCodeLldb = vscode.extensions.getExtension(CODELLDB_EXTENSION) !== undefined;
    if (adapter !== "codelldb" && findAdapter(lldbDapPath, process.env["PATH"] ?? "") !== undefined) return "lldb-dap";
    if (adapter !== "lldb-dap" && hasCodeLldb) return "codelldb";
    const missing =
      adapter === "codelldb"
        ? "The extension CodeLLDB is not installed, which the setting cranefly.debug.adapter asks for."
        : noAdapter(lldbDapPath);
    void this.tellMissing(missing);
    return undefined;
  }

  private async tellMissing(message: string): Promise<void> {
    const settings = "Open Settings";
    const find = "Find CodeLLDB";
    const choice = await vscode.window.showErrorMessage(`Cranefly: ${message}`, settings, find);
    if (choice === settings) await vscode.commands.executeCommand("workbench.action.openSettings", "cranefly.debug");
    if (choice === find) {
      await vscode.commands.executeCommand("workbench.extensions.search", CODELLDB_EXTENSION);
    }
  }

  private async resolve(target: RunTarget, options: DebugOptions): Promise<Resolved | undefined> {
    await saveProject(target.project);
    const project = vscode.Uri.parse(target.project);
    const { args, env, cwd } = options;
    const overrides = { ...(args && { args }), ...(env && { env }), ...(cwd !== undefined && { cwd }) };
    const invocation = invocationFor(target, overrides);
    const params = { target, ...invocation, breakpoints: activeBreakpoints() };
    if (options.byCargo === true || debugSettings(project).variables === "cargo") {
      const prepared = await this.context.request("cranefly/prepare", { ...params, byCargo: true, wait: false });
      // What cargo would start the program with, if there is a build that tells.
      const known = await this.context.request("cranefly/prepare", { target, ...invocation, wait: false });
      return this.buildByCargo(prepared, known.kind === "program" ? known.command : undefined);
    }
    const source = new vscode.CancellationTokenSource();
    try {
      const prepared = await prepareRun(this.context, params, runSettings(project).stale, source.token);
      if (prepared === undefined) return undefined;
      if (prepared.kind === "program") {
        const program = programOf(prepared.command, prepared.executable);
        return { program, label: prepared.label, hasVariables: prepared.debugInfo === "full" };
      }
      return await this.buildByCargo(prepared);
    } finally {
      source.dispose();
    }
  }

  /** Builds with cargo. `like`: how the same program of Cranefly's is started. */
  private async buildByCargo(prepared: PrepareResult, like?: ProgramCommand): Promise<Resolved | undefined> {
    if (prepared.kind === "none") {
      void vscode.window.showErrorMessage(`Cranefly: there is nothing to debug: ${prepared.reason}`);
      return undefined;
    }
    const { command, label } = prepared;
    if (prepared.kind === "program") throw new Error("the server was asked for cargo's command and gave its own");
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: `Cranefly: cargo builds ${label}`,
      cancellable: true,
    };
    const executable = await vscode.window.withProgress(options, async (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      const onLine = (line: string): void => {
        this.context.log.info(line);
        progress.report({ message: line.trim() });
      };
      try {
        return await buildWithCargo(buildCommand(command), onLine, controller.signal);
      } catch (error) {
        if (token.isCancellationRequested) return undefined;
        throw error;
      }
    });
    if (executable === undefined) return undefined;
    const { cwd, env } = like ?? command;
    const program = { executable, args: programArguments(command), cwd, env, hasSlots: false };
    return { program, label, hasVariables: true };
  }

  /** Says once why there are no variables. */
  private tellAboutVariables(target: RunTarget, options: DebugOptions): void {
    const { globalState } = this.context.extension;
    if (debugSettings(vscode.Uri.parse(target.project)).variables !== "ask" || globalState.get(TOLD_KEY) === true)
      return;
    void globalState.update(TOLD_KEY, true);
    const cargo = "Debug the Cargo Build";
    const always = "Always Use Cargo";
    const message =
      "Cranefly: breakpoints, steps and stacks work in what Cranefly compiles; variables are not shown, because it is compiled with line tables only. The cargo build has them, and takes longer.";
    void vscode.window.showInformationMessage(message, cargo, always).then(async (choice) => {
      if (choice === undefined) return;
      if (choice === always) {
        const configuration = vscode.workspace.getConfiguration("cranefly");
        await configuration.update("debug.variables", "cargo", vscode.ConfigurationTarget.Global);
      }
      await vscode.debug.stopDebugging();
      await this.start(target, { ...options, byCargo: true }).catch((error: unknown) => this.context.report(error));
    });
  }
}
