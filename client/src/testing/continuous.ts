/** Run-on-save: requests that run again whenever what they are about was saved or built anew. */
import * as vscode from "vscode";
import type { Context } from "../context.js";

/** What continuous runs need of the Test Explorer. */
export interface Runs {
  /** The generation of a project's tests as they are saved now; undefined when that does not compile. May throw. */
  generationOf(project: string, token: vscode.CancellationToken): Promise<number | undefined>;
  run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void>;
}

interface Continuous {
  readonly request: vscode.TestRunRequest;
  /** Of the run that is under way. */
  current: vscode.CancellationTokenSource | undefined;
  /** The projects of which something was saved since. */
  readonly changed: Set<string>;
  /** The generations that ran to their end, by project. */
  readonly ran: Map<string, number>;
}

export class ContinuousRuns implements vscode.Disposable {
  private readonly active = new Set<Continuous>();
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly context: Context,
    private readonly runs: Runs,
  ) {
    this.subscriptions = [
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        const project = context.projects.of(uri);
        if (project !== undefined) this.trigger(project.project);
      }),
      // What was changed outside of the editor.
      context.projects.onDidPublish(({ project, summary }) => {
        if (summary.selection === "build") this.trigger(project);
      }),
      context.server.onNotification("cranefly/testsChanged", ({ project }) => this.trigger(project)),
    ];
  }

  /** Runs the tests of `request` after every change, until `token` is cancelled. */
  add(request: vscode.TestRunRequest, token: vscode.CancellationToken): void {
    const entry: Continuous = { request, current: undefined, changed: new Set(), ran: new Map() };
    this.active.add(entry);
    token.onCancellationRequested(() => {
      this.active.delete(entry);
      entry.current?.cancel();
    });
  }

  dispose(): void {
    for (const entry of this.active) entry.current?.cancel();
    this.active.clear();
    for (const subscription of this.subscriptions) void subscription.dispose();
  }

  private trigger(project: string): void {
    for (const entry of this.active) {
      const { include } = entry.request;
      if (include !== undefined && !include.some((item) => rootOf(item).id === project)) continue;
      entry.changed.add(project);
      // What runs is about older sources.
      entry.current?.cancel();
      if (entry.current === undefined) void this.start(entry);
    }
  }

  private async start(entry: Continuous): Promise<void> {
    while (entry.changed.size > 0 && this.active.has(entry)) {
      const source = new vscode.CancellationTokenSource();
      entry.current = source;
      try {
        await this.runOnce(entry, source.token);
      } catch (error) {
        this.context.log.info(`run on save: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        entry.current = undefined;
        source.dispose();
      }
    }
  }

  /** Runs the request if a project's tests are not those that ran last. */
  private async runOnce(entry: Continuous, token: vscode.CancellationToken): Promise<void> {
    const projects = [...entry.changed];
    entry.changed.clear();
    const generations = new Map<string, number>();
    for (const project of projects) {
      const generation = await this.runs.generationOf(project, token);
      if (generation !== undefined && generation !== entry.ran.get(project)) generations.set(project, generation);
    }
    if (generations.size === 0) return;
    // Runs of one request are parts of one result, in which a failure stays; so each run has a request of its own.
    const { include, exclude, profile } = entry.request;
    await this.runs.run(new vscode.TestRunRequest(include, exclude, profile, true), token);
    // (What was cancelled has to run again.)
    if (token.isCancellationRequested) return;
    for (const [project, generation] of generations) entry.ran.set(project, generation);
  }
}

function rootOf(item: vscode.TestItem): vscode.TestItem {
  return item.parent === undefined ? item : rootOf(item.parent);
}
