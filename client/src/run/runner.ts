/** Runs programs in terminals, one terminal a target: a second run of a target ends the first. */
import * as vscode from "vscode";
import type { PrepareResult, RunTarget } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import type { RunApi } from "../features.js";
import { runSettings, setting } from "../settings.js";
import { terminalProcess } from "./commandLine.js";
import type { Invocation } from "./configurations.js";
import { Ending } from "./ending.js";
import { invocationFor } from "./invocation.js";
import { prepareRun } from "./askToPrepare.js";
import { saveProject } from "./saveProject.js";
import { programTask, targetKey, targetOfProgramTask } from "./taskDefinition.js";

/** As package.json has it. */
const DEFAULT_STOP_SECONDS = 5;

/** What was run, to run it again. */
export interface LastRun {
  readonly target: RunTarget;
  readonly overrides: Partial<Invocation>;
}

type Runnable = Exclude<PrepareResult, { kind: "none" }>;

export class Runner implements RunApi, vscode.Disposable {
  private readonly executions = new Map<string, vscode.TaskExecution>();
  /** The first process of each terminal, and those that are to end. */
  private readonly processes = new Map<vscode.TaskExecution, number>();
  private readonly endings = new Map<vscode.TaskExecution, Ending>();
  private readonly preparing = new Map<string, vscode.CancellationTokenSource>();
  private readonly subscriptions: vscode.Disposable[];
  private readonly ran = new vscode.EventEmitter<LastRun>();
  /** Counts what is being started by us. */
  private starting = 0;
  /** The starts so far, in order. */
  private starts: Promise<void> = Promise.resolve();
  private lastRun: LastRun | undefined;

  /** A run was asked for. */
  readonly onDidRun = this.ran.event;

  constructor(private readonly context: Context) {
    this.subscriptions = [
      vscode.tasks.onDidStartTask(({ execution }) => this.adopt(execution)),
      vscode.tasks.onDidStartTaskProcess(({ execution, processId }) => {
        if (targetOfProgramTask(execution.task.definition) !== undefined) this.processes.set(execution, processId);
      }),
      vscode.tasks.onDidEndTaskProcess(({ execution }) => this.processes.delete(execution)),
      vscode.tasks.onDidEndTask(({ execution }) => this.forget(execution)),
    ];
  }

  /** What was run last in this window. */
  get last(): LastRun | undefined {
    return this.lastRun;
  }

  async run(target: RunTarget, overrides: Partial<Invocation> = {}): Promise<boolean> {
    this.lastRun = { target, overrides };
    this.ran.fire(this.lastRun);
    const prepared = await this.prepare(target, overrides);
    if (prepared === undefined) {
      return false;
    }
    // One after the other: a task that still runs, or is just being started, cannot be started.
    this.starts = this.starts.catch(() => undefined).then(() => this.start(target, prepared));
    await this.starts;
    return true;
  }

  private async start(target: RunTarget, prepared: Runnable): Promise<void> {
    const key = targetKey(target);
    await this.end(key);
    this.starting += 1;
    try {
      this.executions.set(key, await vscode.tasks.executeTask(this.taskFor(target, prepared)));
    } finally {
      this.starting -= 1;
    }
    this.updateContextKey();
  }

  /** The same, and waits for the program's end: its exit code, or undefined when it was not started or was ended. */
  async runToEnd(target: RunTarget, overrides: Partial<Invocation> = {}): Promise<number | undefined> {
    const codes = new Map<vscode.TaskExecution, number | undefined>();
    const subscriptions = [
      vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => codes.set(execution, exitCode)),
    ];
    try {
      if (!(await this.run(target, overrides))) {
        return undefined;
      }
      const execution = this.executions.get(targetKey(target));
      await this.ended(execution);
      return execution === undefined ? undefined : codes.get(execution);
    } finally {
      subscriptions.forEach((subscription) => void subscription.dispose());
    }
  }

  /**
   * How to start `target`, after what is to be saved was saved and what is to be waited for has ended. Undefined when
   * it was given up, or when there is nothing to run; the user was told then.
   */
  async prepare(target: RunTarget, overrides: Partial<Invocation>): Promise<Runnable | undefined> {
    const key = targetKey(target);
    const source = new vscode.CancellationTokenSource();
    this.preparing.get(key)?.cancel();
    this.preparing.set(key, source);
    try {
      await saveProject(target.project);
      const settings = runSettings(vscode.Uri.parse(target.project));
      const invocation = invocationFor(target, overrides);
      const prepared = await prepareRun(this.context, { target, ...invocation }, settings.stale, source.token);
      this.context.log.info(`run ${key}: ${prepared === undefined ? "given up" : describe(prepared)}`);
      if (prepared?.kind === "none") {
        await this.tellNothingToRun(prepared.reason);
        return undefined;
      }
      return source.token.isCancellationRequested ? undefined : prepared;
    } finally {
      source.dispose();
      if (this.preparing.get(key) === source) {
        this.preparing.delete(key);
      }
    }
  }

  stop(all = false): void {
    this.preparing.forEach((source) => source.cancel());
    const executions = [...this.executions.values()];
    for (const execution of all ? executions : executions.slice(-1)) {
      this.askToEnd(execution);
    }
  }

  /** Asks a program to end, with all that it has started; the second time it is killed. */
  private askToEnd(execution: vscode.TaskExecution): void {
    const running = this.endings.get(execution);
    const leader = this.processes.get(execution);
    if (running !== undefined) {
      running.kill();
    } else if (leader === undefined) {
      execution.terminate();
    } else {
      const seconds = setting("run.stopTimeout", DEFAULT_STOP_SECONDS, vscode.workspace.workspaceFolders?.[0]);
      const { name } = execution.task;
      const onKill = (): void => this.context.log.warn(`${name} did not end within ${seconds} s: it is killed`);
      this.endings.set(execution, new Ending(leader, seconds * 1000, onKill));
    }
  }

  dispose(): void {
    this.subscriptions.forEach((subscription) => void subscription.dispose());
    this.preparing.forEach((source) => source.cancel());
    this.endings.forEach((ending) => ending.ended());
    this.ran.dispose();
  }

  /** The task that runs what was prepared. Its terminal begins with a line that names the generation, or says why cargo runs it. */
  private taskFor(target: RunTarget, prepared: Runnable): vscode.Task {
    const uri = vscode.Uri.parse(target.project);
    const settings = runSettings(uri);
    const launcher = this.context.asset("bin", "cranefly-terminal").fsPath;
    const process = terminalProcess(launcher, prepared.command, noticeOf(prepared));
    const task = new vscode.Task(
      programTask(target),
      vscode.workspace.getWorkspaceFolder(uri) ?? vscode.TaskScope.Workspace,
      prepared.label,
      "cranefly",
      new vscode.ProcessExecution(process.file, [...process.args], { cwd: process.cwd, env: { ...process.env } }),
      ["$cranefly-rustc", "$cranefly-panic"],
    );
    task.presentationOptions = {
      echo: false,
      reveal: vscode.TaskRevealKind.Always,
      focus: settings.focusTerminal,
      panel: vscode.TaskPanelKind.Dedicated,
      clear: settings.clearTerminal,
      showReuseMessage: false,
    };
    return task;
  }

  /** Ends the run of `key`, if there is one, and waits for its end: a task that still runs cannot be started again. */
  private async end(key: string): Promise<void> {
    const execution = this.executions.get(key);
    const ended = this.ended(execution);
    if (execution !== undefined && !this.endings.has(execution)) {
      this.askToEnd(execution);
    }
    await ended;
  }

  /** Resolves once `execution` has ended. */
  private async ended(execution: vscode.TaskExecution | undefined): Promise<void> {
    if (execution === undefined || ![...this.executions.values()].includes(execution)) {
      return;
    }
    await new Promise<void>((resolve) => {
      const subscription = vscode.tasks.onDidEndTask((event) => {
        if (event.execution === execution) {
          subscription.dispose();
          resolve();
        }
      });
    });
  }

  /**
   * VS Code's own "rerun" buttons start a terminal's program again without asking us. It runs the newest generation that
   * there is, and what is stale says so here, too.
   */
  private adopt(execution: vscode.TaskExecution): void {
    const { definition, name } = execution.task;
    const target = targetOfProgramTask(definition);
    if (this.starting > 0 || target === undefined) {
      return;
    }
    this.executions.set(targetKey(target), execution);
    this.updateContextKey();
    const state = this.context.projects.byId(target.project)?.state.kind;
    if (state === "rebuilding" || state === "stale") {
      const why = state === "stale" ? "its sources do not compile" : "it is being rebuilt";
      void vscode.window.showWarningMessage(`Cranefly: ${name} was started from its last good generation: ${why}.`);
    }
  }

  private forget(execution: vscode.TaskExecution): void {
    this.endings.get(execution)?.ended();
    this.endings.delete(execution);
    for (const [key, candidate] of this.executions) {
      if (candidate === execution) {
        this.executions.delete(key);
      }
    }
    this.updateContextKey();
  }

  private updateContextKey(): void {
    void vscode.commands.executeCommand("setContext", "cranefly.programRunning", this.executions.size > 0);
  }

  private async tellNothingToRun(reason: string): Promise<void> {
    const problems = "Show Problems";
    const logs = "Show Logs";
    const choice = await vscode.window.showErrorMessage(`Cranefly: there is nothing to run: ${reason}`, problems, logs);
    if (choice === problems) {
      await vscode.commands.executeCommand("workbench.actions.view.problems");
    } else if (choice === logs) {
      this.context.log.show();
    }
  }
}

/** For the log. */
function describe(prepared: PrepareResult): string {
  return prepared.kind === "none" ? prepared.reason : `${noticeOf(prepared)} (${prepared.command.argv[0] ?? ""})`;
}

/** The first line of the terminal. */
function noticeOf(prepared: Runnable): string {
  if (prepared.kind === "cargo") {
    return `cranefly: ${prepared.label} is run by cargo: ${prepared.reason}`;
  }
  const stale = prepared.stale === undefined ? "" : `, stale: ${prepared.stale}`;
  return `cranefly: ${prepared.label}, generation ${prepared.generation}${stale}`;
}
