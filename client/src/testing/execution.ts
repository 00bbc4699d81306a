/**
 * Running tests: brings their harnesses up to date, starts one process for each, and passes on what it tells. Harnesses run
 * one after the other, as `cargo test` runs them.
 */
import * as path from "node:path";
import * as vscode from "vscode";
import type { PrepareResult, TestHarness, TestsResult } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import type { TestTarget } from "../features.js";
import { programEnvironment } from "../programEnvironment.js";
import { type StaleRun, setting } from "../settings.js";
import { testArguments } from "./batches.js";
import { runLibtest, runWhole, watchLibtest } from "./harnessRun.js";
import type { Items, TestLeaf } from "./items.js";
import { isHarness } from "./testTree.js";
import { RunResults } from "./results.js";
import type { TestCommand } from "./testProcess.js";

export interface RunOptions {
  readonly debug: boolean;
  /** Runs what is marked `#[ignore]`, too. */
  readonly includeIgnored: boolean;
}

/** The tests of one harness, by the program that it is now. */
interface Job {
  readonly harness: TestHarness;
  readonly leaves: readonly TestLeaf[];
}

interface Started extends Job {
  /** Nothing of another package runs with it. */
  readonly alone: boolean;
}

export class Execution {
  constructor(
    private readonly context: Context,
    private readonly items: Items,
    /** Asks for a project's tests, which builds them, and shows them. */
    private readonly refresh: (project: string, token: vscode.CancellationToken) => Promise<TestsResult>,
    /** What failed when it last ran. */
    private readonly failures: Set<vscode.TestItem>,
  ) {}

  /** Runs what `select` gives once the projects' tests are those of what is saved. Never throws: failures are results. */
  async execute(
    run: vscode.TestRun,
    projects: readonly string[],
    select: () => readonly TestLeaf[],
    options: RunOptions,
    token: vscode.CancellationToken,
  ): Promise<void> {
    for (const leaf of select()) run.enqueued(leaf.item);
    for (const project of projects) {
      if (isCancelled(token)) return;
      try {
        const tests = await this.refresh(project, token);
        const leaves = select().filter((leaf) => leaf.project === project);
        for (const leaf of leaves) run.enqueued(leaf.item);
        if (tests.stale !== undefined && !this.mayRunStale(run, project, tests.stale)) {
          this.giveUp(run, leaves, `Not run, because ${tests.stale}.`);
          continue;
        }
        await this.beside(project, () =>
          this.runProject(run, project, jobsOf(tests.harnesses, leaves), options, token),
        );
      } catch (error) {
        if (isCancelled(token)) return;
        const leaves = select().filter((leaf) => leaf.project === project);
        const message = error instanceof Error ? error.message : String(error);
        run.appendOutput(`${message}\n`.replace(/\r?\n/g, "\r\n"));
        this.giveUp(run, leaves, message);
        const item = leaves.length === 0 ? this.items.project(project) : undefined;
        if (item !== undefined) item.error = message;
      }
    }
  }

  /** Has the programs beside a project's tests where these may start them, for as long as `work` takes. */
  private async beside(project: string, work: () => Promise<void>): Promise<void> {
    await this.context.request("cranefly/testRun", { project, isRunning: true });
    try {
      await work();
    } finally {
      // A server that has ended has cleared up.
      await this.context.request("cranefly/testRun", { project, isRunning: false }).catch(() => undefined);
    }
  }

  private async runProject(
    run: vscode.TestRun,
    project: string,
    jobs: readonly Job[],
    options: RunOptions,
    token: vscode.CancellationToken,
  ): Promise<void> {
    // As cargo is told of one package, or of the whole workspace.
    const alone = new Set(jobs.map(({ harness }) => harness.package)).size === 1;
    for (const { harness, leaves } of jobs) {
      if (isCancelled(token)) return;
      const job = { harness, leaves, alone };
      try {
        await (options.debug ? this.debug(run, project, job, token) : this.runJob(run, project, job, options, token));
      } catch (error) {
        if (isCancelled(token)) return;
        this.giveUp(run, leaves, error instanceof Error ? error.message : String(error));
      }
    }
  }

  private async runJob(
    run: vscode.TestRun,
    project: string,
    { harness, leaves, alone }: Started,
    options: RunOptions,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const results = new RunResults(run, leaves, foldersOf(project, harness), this.failures);
    const controller = new AbortController();
    const subscription = token.onCancellationRequested(() => controller.abort());
    try {
      const names = leaves.flatMap((leaf) => leaf.name ?? []);
      const batches = harness.harness ? testArguments(names, harness.tests.length) : [[]];
      for (const args of batches) {
        if (controller.signal.aborted) return;
        const all = options.includeIgnored && harness.harness ? ["--include-ignored", ...args] : args;
        const prepared = await this.prepare(targetOf(project, harness, [], alone), all, token);
        run.appendOutput(`Running ${harness.label} of ${harness.package}, generation ${prepared.generation}\r\n`);
        const command: TestCommand = {
          argv: prepared.command.argv,
          cwd: prepared.command.cwd,
          env: programEnvironment(process.env, prepared.command.env),
        };
        if (!harness.harness) {
          for (const leaf of leaves) await runWhole(leaf.item.label, command, results, controller.signal);
        } else {
          const wanted = args.length === 0 ? names : args.slice(1);
          await runLibtest({ command, names: wanted }, results, controller.signal);
        }
      }
    } finally {
      subscription.dispose();
    }
  }

  /** Throws with the reason when Cranefly cannot start the harness. */
  private async prepare(
    target: TestTarget,
    args: readonly string[],
    token: vscode.CancellationToken,
  ): Promise<Extract<PrepareResult, { kind: "program" }>> {
    const params = { target, args, env: {}, cwd: undefined, wait: true };
    const prepared = await this.context.request("cranefly/prepare", params, token);
    if (prepared.kind === "program") return prepared;
    if (prepared.kind === "none") throw new Error(`Not run, because ${prepared.reason}.`);
    throw new Error(
      `Cranefly cannot run these tests: ${prepared.reason}. cargo can: ${prepared.command.argv.join(" ")}`,
    );
  }

  /** Runs a harness's tests under a debugger; what the debugger shows of their output gives the results. */
  private async debug(
    run: vscode.TestRun,
    project: string,
    { harness, leaves, alone }: Started,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const { debugging } = this.context.features;
    if (debugging === undefined) throw new Error("Debugging is not available in this window.");
    const names = leaves.flatMap((leaf) => leaf.name ?? []);
    const results = new RunResults(run, leaves, foldersOf(project, harness), this.failures);
    const watched = watchLibtest(names, programEnvironment(process.env), results);
    if (!harness.harness) for (const leaf of leaves) run.started(leaf.item);
    let onEnd: (code: number | undefined) => void = () => undefined;
    const ended = new Promise<number | undefined>((resolve) => (onEnd = resolve));
    const onOutput = (text: string): void => {
      if (harness.harness) watched.onOutput(text);
      else results.output(text, leaves[0]?.item.label);
    };
    const target = targetOf(project, harness, names.length === harness.tests.length ? [] : names, alone);
    // The debugger gives the program a terminal, for which libtest would colour its results.
    const args = harness.harness ? { args: ["--color=never"] } : {};
    if (!(await debugging.start(target, { ...args, testRun: run, onOutput, onEnd }))) {
      for (const leaf of leaves) run.skipped(leaf.item);
      return;
    }
    const code = await ended;
    if (harness.harness) watched.onEnd(code, isCancelled(token) || code === undefined);
    else for (const leaf of leaves) if (code === 0) results.passed(leaf.item.label, undefined);
  }

  private mayRunStale(run: vscode.TestRun, project: string, reason: string): boolean {
    if (setting<StaleRun>("run.stale", "ask", vscode.Uri.parse(project)) !== "runAnyway") return false;
    run.appendOutput(`These tests are stale: ${reason}\r\n`);
    return true;
  }

  private giveUp(run: vscode.TestRun, leaves: readonly TestLeaf[], reason: string): void {
    for (const { item } of leaves) {
      this.failures.add(item);
      run.errored(item, new vscode.TestMessage(reason));
    }
  }
}

/** A function, since the answer changes while others work. */
function isCancelled(token: vscode.CancellationToken): boolean {
  return token.isCancellationRequested;
}

function targetOf(project: string, harness: TestHarness, names: readonly string[], alone: boolean): TestTarget {
  return { kind: "test", project, program: harness.program, names, alone };
}

/** The tests by their harness, in cargo's order. */
function jobsOf(harnesses: readonly TestHarness[], leaves: readonly TestLeaf[]): Job[] {
  return harnesses.flatMap((harness): Job[] => {
    const own = leaves.filter((leaf) => isHarness(harness, leaf.harness));
    return own.length === 0 ? [] : [{ harness, leaves: own }];
  });
}

/** rustc names files relative to the workspace; a macro or a test may name them relative to the package. */
function foldersOf(project: string, harness: TestHarness): string[] {
  const root = vscode.Uri.parse(project).fsPath;
  const folders = [root];
  for (let folder = path.dirname(vscode.Uri.parse(harness.uri).fsPath); folder.startsWith(root + path.sep);) {
    folders.push(folder);
    folder = path.dirname(folder);
  }
  return folders;
}
