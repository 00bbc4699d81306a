/**
 * The Test Explorer: its tree, its profiles, and what commands and lenses ask of it.
 *
 * The tests of a project are asked for when somebody looks at them (`cranefly.tests.discover`) or runs them, and from then on
 * whenever the server says that they are others.
 */
import * as vscode from "vscode";
import type { TestsResult } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import type { TestTarget, TestingApi } from "../features.js";
import { saveProject } from "../run/saveProject.js";
import { setting } from "../settings.js";
import { ContinuousRuns } from "./continuous.js";
import { Execution, type RunOptions } from "./execution.js";
import { Items, type TestLeaf } from "./items.js";

export class TestExplorer implements TestingApi, vscode.Disposable {
  private readonly controller: vscode.TestController;
  private readonly items: Items;
  private readonly execution: Execution;
  private readonly continuous: ContinuousRuns;
  private readonly profiles: { readonly run: vscode.TestRunProfile; readonly debug: vscode.TestRunProfile };
  private readonly subscriptions: readonly { dispose(): unknown }[];
  /** What failed when it last ran. */
  private readonly failures = new Set<vscode.TestItem>();
  /** Projects whose tests somebody wants to see, with what was found last. */
  private readonly asked = new Map<string, TestsResult | undefined>();
  /** Projects that are asked for in the background. */
  private readonly updating = new Set<string>();
  /** Projects that were asked for once more meanwhile. */
  private readonly again = new Set<string>();
  private isShown = false;

  constructor(private readonly context: Context) {
    this.controller = vscode.tests.createTestController("cranefly", "Rust (Cranefly)");
    this.items = new Items(this.controller);
    this.execution = new Execution(
      context,
      this.items,
      (project, token) => this.refresh(project, token),
      this.failures,
    );
    this.continuous = new ContinuousRuns(context, {
      generationOf: async (project, token) => {
        const { stale, generation } = await this.refresh(project, token);
        return stale === undefined ? generation : undefined;
      },
      run: (request, token) => this.handle(request, PLAIN_RUN, token),
    });
    this.controller.resolveHandler = (item) => this.resolve(item);
    this.controller.refreshHandler = async (token) => {
      this.setProjects();
      for (const item of this.items.projects) await this.refresh(item.id, token);
    };
    this.profiles = this.createProfiles();
    this.subscriptions = [
      this.controller,
      this.continuous,
      context.projects.onDidChange(() => this.setProjects()),
      context.server.onNotification("cranefly/testsChanged", ({ project }) => this.update(project)),
      context.server.onDidChangeState(({ kind }) => {
        // A new server knows nothing of what was asked of the old one.
        if (kind === "running") for (const project of this.asked.keys()) this.update(project);
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("cranefly.tests") && this.isShown) this.showAll();
      }),
    ];
    this.setProjects();
  }

  async run(target: TestTarget, { debug }: { readonly debug: boolean }): Promise<void> {
    await saveProject(target.project);
    const tests = await this.withProgress(target.project, (token) => this.refresh(target.project, token));
    const harness = tests?.harnesses.find((candidate) => candidate.program === target.program);
    if (harness === undefined) {
      if (tests !== undefined) throw new Error(`There is no test program ${target.program} any more: build again.`);
      return;
    }
    const wanted = new Set(target.names);
    const leaves = this.leavesOf(target.project).filter(
      (leaf) =>
        leaf.harness.package === harness.package &&
        leaf.harness.kind === harness.kind &&
        leaf.harness.target === harness.target &&
        (wanted.size === 0 || (leaf.name !== undefined && wanted.has(leaf.name))),
    );
    if (leaves.length === 0) throw new Error(`${harness.label} has no test ${target.names.join(", ")}.`);
    await this.start(leaves, debug);
  }

  async runAtCursor(editor: vscode.TextEditor, { debug }: { readonly debug: boolean }): Promise<void> {
    const { document, selection } = editor;
    const leaves = await this.leavesIn(document.uri);
    const above = leaves.filter(
      ({ item }) => item.range !== undefined && item.range.start.line <= selection.active.line,
    );
    const nearest = Math.max(...above.map(({ item }) => item.range?.start.line ?? -1));
    // A `#[test]` line above the function belongs to it as well.
    const below = leaves.filter(({ item }) => isAttributeOf(document, selection.active.line, item.range?.start.line));
    const chosen = below.length > 0 ? below : above.filter(({ item }) => item.range?.start.line === nearest);
    if (chosen.length === 0) throw new Error("There is no test at the cursor, or before it in this file.");
    await this.start(chosen, debug);
  }

  async runFile(uri: vscode.Uri): Promise<void> {
    const leaves = await this.leavesIn(uri);
    if (leaves.length === 0) throw new Error(`There are no tests in ${vscode.workspace.asRelativePath(uri)}.`);
    await this.start(leaves, false);
  }

  async rerunFailed(): Promise<void> {
    const known = new Set(this.items.all().map((leaf) => leaf.item));
    const failed = this.items.all().filter(({ item }) => this.failures.has(item));
    for (const item of this.failures) if (!known.has(item)) this.failures.delete(item);
    if (failed.length === 0) {
      void vscode.window.showInformationMessage("Cranefly: no test failed when it last ran.");
      return;
    }
    for (const project of new Set(failed.map((leaf) => leaf.project))) await saveProject(project);
    await this.start(failed, false);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) void subscription.dispose();
  }

  private createProfiles(): { run: vscode.TestRunProfile; debug: vscode.TestRunProfile } {
    const { Run, Debug } = vscode.TestRunProfileKind;
    const create = (label: string, kind: vscode.TestRunProfileKind, options: RunOptions, isDefault: boolean) =>
      this.controller.createRunProfile(
        label,
        kind,
        (request, token) =>
          request.continuous === true ? this.continuous.add(request, token) : this.handle(request, options, token),
        isDefault,
        undefined,
        kind === Run,
      );
    const run = create("Run", Run, PLAIN_RUN, true);
    create("Run, with Ignored Tests", Run, { debug: false, includeIgnored: true }, false).supportsContinuousRun = false;
    return { run, debug: create("Debug", Debug, { debug: true, includeIgnored: false }, true) };
  }

  /** Runs a request of VS Code's or of our own commands. */
  private async handle(
    request: vscode.TestRunRequest,
    options: RunOptions,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const run = this.controller.createTestRun(request);
    const source = new vscode.CancellationTokenSource();
    const subscriptions = [token, run.token].map((each) => each.onCancellationRequested(() => source.cancel()));
    try {
      const excluded = new Set(request.exclude ?? []);
      // Items are asked for again by their places in the tree: what is found anew may replace them.
      const paths = (request.include ?? this.items.projects).map(pathOf);
      const select = (): TestLeaf[] => {
        const found = paths.flatMap((ids) => this.items.at(ids) ?? []);
        const leaves = found.flatMap((item) => this.items.leaves(item, excluded));
        return [...new Map(leaves.map((leaf) => [leaf.item, leaf])).values()];
      };
      const projects = [...new Set(paths.flatMap((ids) => ids[0] ?? []))];
      await this.execution.execute(run, projects, select, options, source.token);
    } finally {
      for (const subscription of subscriptions) void subscription.dispose();
      source.dispose();
      run.end();
    }
  }

  /** Runs tests for a command. */
  private async start(leaves: readonly TestLeaf[], debug: boolean): Promise<void> {
    const include = leaves.map((leaf) => leaf.item);
    const profile = debug ? this.profiles.debug : this.profiles.run;
    const request = new vscode.TestRunRequest(include, undefined, profile);
    const source = new vscode.CancellationTokenSource();
    try {
      await this.handle(request, { debug, includeIgnored: false }, source.token);
    } finally {
      source.dispose();
    }
  }

  private setProjects(): void {
    const { all } = this.context.projects;
    // While the server starts anew, what was found stays.
    if (all.length === 0 && this.context.server.state.kind !== "running") return;
    this.items.setProjects(all);
    for (const project of this.asked.keys()) if (this.items.project(project) === undefined) this.asked.delete(project);
    if (this.isShown) this.showAll();
  }

  private async resolve(item: vscode.TestItem | undefined): Promise<void> {
    if (item === undefined) {
      this.isShown = true;
      this.setProjects();
      return;
    }
    if (this.items.of(item)?.kind === "project") await this.refreshQuietly(item.id);
  }

  /** Asks for the tests of projects that nobody asked for yet, as far as the settings want that. */
  private showAll(): void {
    for (const { id } of this.items.projects) {
      const wanted = setting<boolean>("tests.discover", true, vscode.Uri.parse(id));
      if (wanted && !this.asked.has(id)) this.update(id);
    }
  }

  /** Asks for a project's tests in the background; once more if that is asked for meanwhile. */
  private update(project: string): void {
    if (this.updating.has(project)) {
      this.again.add(project);
      return;
    }
    this.updating.add(project);
    void this.refreshQuietly(project).finally(() => {
      this.updating.delete(project);
      if (this.again.delete(project)) this.update(project);
    });
  }

  private async refreshQuietly(project: string): Promise<void> {
    const source = new vscode.CancellationTokenSource();
    const item = this.items.project(project);
    if (item !== undefined) item.busy = true;
    try {
      await this.refresh(project, source.token);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.context.log.info(`tests of ${project}: ${message}`);
      if (item !== undefined) item.error = message;
    } finally {
      if (item !== undefined) item.busy = false;
      source.dispose();
    }
  }

  private async refresh(project: string, token: vscode.CancellationToken): Promise<TestsResult> {
    if (!this.asked.has(project)) this.asked.set(project, undefined);
    const tests = await this.context.request("cranefly/tests", { project }, token);
    if (this.asked.get(project)?.harnesses !== tests.harnesses) {
      this.asked.set(project, tests);
      this.items.setHarnesses(project, tests.harnesses);
    }
    return tests;
  }

  private leavesOf(project: string): TestLeaf[] {
    const item = this.items.project(project);
    return item === undefined ? [] : this.items.leaves(item);
  }

  /** The tests whose functions are in a file, as it is saved now. */
  private async leavesIn(uri: vscode.Uri): Promise<TestLeaf[]> {
    const document = vscode.workspace.textDocuments.find((candidate) => candidate.uri.toString() === uri.toString());
    if (document?.isDirty === true) await document.save();
    const project = this.context.projects.of(uri)?.project;
    if (project === undefined)
      throw new Error(`${vscode.workspace.asRelativePath(uri)} belongs to no cargo workspace.`);
    await this.withProgress(project, (token) => this.refresh(project, token));
    return this.leavesOf(project).filter(({ item }) => item.uri?.fsPath === uri.fsPath);
  }

  private withProgress<T>(
    project: string,
    work: (token: vscode.CancellationToken) => Promise<T>,
  ): Thenable<T | undefined> {
    const name = this.context.projects.byId(project)?.name ?? project;
    const title = `Cranefly: finding the tests of ${name}`;
    const options = { location: vscode.ProgressLocation.Window, title, cancellable: true };
    return vscode.window.withProgress(options, (_progress, token) => work(token));
  }
}

const PLAIN_RUN: RunOptions = { debug: false, includeIgnored: false };

/** The ids from the top level down to an item. */
function pathOf(item: vscode.TestItem): string[] {
  return item.parent === undefined ? [item.id] : [...pathOf(item.parent), item.id];
}

/** Whether a line is one of the attributes or comments right above the function at `start`. */
function isAttributeOf(document: vscode.TextDocument, line: number, start: number | undefined): boolean {
  if (start === undefined || line >= start || start >= document.lineCount) return false;
  for (let at = line; at < start; at++) {
    if (!/^\s*(#\[|\/\/)/.test(document.lineAt(at).text)) return false;
  }
  return true;
}
