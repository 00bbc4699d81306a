/** Tasks of type `cranefly`: those of tasks.json, and one for each program that cargo knows. */
import * as vscode from "vscode";
import type { Context } from "../context.js";
import type { Runner } from "./runner.js";
import {
  definitionOf,
  isTaskDefinition,
  overridesOf,
  targetOf,
  taskType,
  type TaskDefinition,
} from "./taskDefinition.js";

export class CraneflyTasks implements vscode.TaskProvider {
  constructor(
    private readonly context: Context,
    private readonly runner: Runner,
  ) {}

  async provideTasks(token: vscode.CancellationToken): Promise<vscode.Task[]> {
    const { targets } = await this.context.request("cranefly/targets", { project: undefined }, token);
    return targets.flatMap(({ target, label }) => {
      if (target.kind === "test") {
        return [];
      }
      const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(target.project));
      return [this.task(definitionOf(target), folder ?? vscode.TaskScope.Workspace, `run ${label}`)];
    });
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const { definition, scope, name } = task;
    // Strict equality of definitions is asked for: VS Code finds the resolved task by it.
    return isTaskDefinition(definition) ? this.task(definition, scope ?? vscode.TaskScope.Workspace, name) : undefined;
  }

  /**
   * A task is built before it is known what it will run: which generation there is, and whether cargo has to do it, is
   * only known at its start. So it runs in two steps: a terminal that waits for the build, and the program's own.
   */
  private task(
    definition: TaskDefinition,
    scope: vscode.WorkspaceFolder | vscode.TaskScope,
    name: string,
  ): vscode.Task {
    const execution = new vscode.CustomExecution((resolved) =>
      Promise.resolve(
        new WaitingTerminal(this.context, this.runner, isTaskDefinition(resolved) ? resolved : definition),
      ),
    );
    const task = new vscode.Task(definition, scope, name, taskType, execution, []);
    // The program's own terminal is the one to look at.
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Never, echo: false };
    return task;
  }
}

/** Starts the program in its own terminal, and ends when that ends, with the same exit code. */
class WaitingTerminal implements vscode.Pseudoterminal {
  private readonly written = new vscode.EventEmitter<string>();
  private readonly closed = new vscode.EventEmitter<number>();
  readonly onDidWrite = this.written.event;
  readonly onDidClose = this.closed.event;

  constructor(
    private readonly context: Context,
    private readonly runner: Runner,
    private readonly definition: TaskDefinition,
  ) {}

  open(): void {
    this.run().then(
      (code) => this.closed.fire(code),
      (error: unknown) => this.fail(error),
    );
  }

  close(): void {
    this.runner.stop();
  }

  private async run(): Promise<number> {
    const { targets } = await this.context.request("cranefly/targets", { project: undefined });
    const found = targetOf(this.definition, targets);
    if ("problem" in found) {
      throw new Error(found.problem);
    }
    this.written.fire(`cranefly: ${found.target.name} runs in a terminal of its own\r\n`);
    return (await this.runner.runToEnd(found.target, overridesOf(this.definition))) ?? 130;
  }

  private fail(error: unknown): void {
    this.context.report(error);
    this.written.fire(`cranefly: ${error instanceof Error ? error.message : String(error)}\r\n`);
    this.closed.fire(1);
  }
}
