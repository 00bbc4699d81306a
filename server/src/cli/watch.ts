/** `cranefly watch`: after every save, brings the programs up to date, says so in one line, and reruns. */
import type { GenerationReport } from "../../../shared/src/report.js";
import { noFunctions, noTimes } from "../../../shared/src/report.js";
import { Cancelled, messageOf } from "../core/errors.js";
import { configFiles } from "../core/config.js";
import { onlyStart, programCommand } from "../core/program.js";
import type { SelectionState } from "../core/selection.js";
import { Watcher } from "../core/watch.js";
import type { Workspace } from "../core/workspace.js";
import type { SelectionOptions } from "./options.js";
import { execScript, runScript } from "./launch.js";
import { Session } from "./session.js";
import { reportLine } from "../core/reportFile.js";
import { writeAll } from "./terminal.js";
import { runTests } from "./test.js";

export interface WatchOptions extends Omit<SelectionOptions, "test"> {
  json?: boolean;
  run?: boolean;
  test?: boolean;
  once?: boolean;
  bodyLane: boolean;
}

export async function watchCommand(
  place: string | undefined,
  options: WatchOptions,
  args: readonly string[],
): Promise<void> {
  const { test, ...selectionOptions } = options;
  const command = test === true ? "test" : options.run === true ? "run" : "build";
  const session = new Session(command, selectionOptions, place);
  await new Watch(session, options, args).run();
}

class Watch {
  private workspace: Workspace | undefined;
  private readonly watcher = new Watcher((since, isSource) => this.changed(since, isSource));
  private updating: AbortController | undefined;
  private work: Promise<void> = Promise.resolve();
  private stopRun: (() => Promise<void>) | undefined;
  private ended = false;
  private failed = false;
  private finish: () => void = () => undefined;

  constructor(
    private readonly session: Session,
    private readonly options: WatchOptions,
    private readonly args: readonly string[],
  ) {}

  /** Runs until Ctrl-C, or through the first generation with `--once`. */
  async run(): Promise<void> {
    const done = new Promise<void>((resolve) => (this.finish = resolve));
    const end = (): void => this.finish();
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
    this.changed(performance.now());
    if (this.options.once === true) {
      await this.work;
      // The first run is part of it.
      await this.running;
    } else {
      await done;
    }
    this.ended = true;
    this.updating?.abort();
    await this.stopRun?.();
    await this.work;
    await this.watcher.close();
    this.workspace?.close();
  }

  private running: Promise<void> | undefined;

  /** A newer change cancels the work on an older one. */
  private changed(sinceMs: number, isSource = true): void {
    if (this.ended) return;
    // What a build writes itself is looked at when it is through.
    if (isSource) this.updating?.abort();
    const controller = new AbortController();
    this.updating = controller;
    this.work = this.work.then(() => this.update(sinceMs, controller.signal));
  }

  private async update(sinceMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      this.workspace ??= this.session.openWorkspace(this.options.bodyLane && this.options.once !== true);
      const { report, state, published, isAhead } = await this.workspace.update(sinceMs, signal);
      const extra = configFiles(this.session.selection.cwd, this.session.env);
      const single = this.session.single === undefined ? [this.session.selection.cwd] : [this.session.single.file];
      const places = state === undefined ? [...extra, ...single] : extra;
      const isBehind = await this.watcher.follow(this.workspace.layout, state, places);
      // A save that changes nothing says and restarts nothing, unless it takes back an error.
      const isNews = report.lane === "cargo" || published || this.running === undefined;
      if (isNews || !report.ok || this.failed) {
        await this.session.saveReport(this.workspace, report);
        this.tell(report);
      }
      this.failed = !report.ok;
      if (report.ok && state !== undefined && isNews) await this.restart(state);
      // What was saved while nobody watched shows in the stamps.
      if (isBehind && report.ok) this.changed(performance.now());
      else if (isAhead) this.work = this.work.then(() => this.letFollow(signal));
    } catch (error) {
      if (error instanceof Cancelled || this.ended) return;
      this.workspace?.close();
      this.workspace = undefined;
      const text = messageOf(error);
      this.tell({
        generation: 0,
        lane: "cargo",
        ok: false,
        stale: this.running !== undefined,
        reason: text,
        units: [],
        ms: { ...noTimes(), total: performance.now() - sinceMs },
        functions: noFunctions(),
        diagnostics: [],
        programs: [],
      });
      await this.stopRun?.();
      const { child, outcome } = runScript(this.session.native(text, this.args));
      this.follow(
        outcome.then(() => undefined),
        () => child.kill("SIGTERM"),
      );
      await this.watcher.follow(undefined, undefined, [this.session.single?.file ?? this.session.selection.cwd]);
    }
  }

  /** The crate lane's word on what the body lane did, while nobody waits for it. */
  private async letFollow(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const update = await this.workspace?.follow(signal);
      if (update === undefined) return;
      const { report, state } = update;
      const diverged = report.programs.flatMap((program) => program.verified?.diverged ?? []);
      if (this.options.json === true || !report.ok) this.tell(report);
      this.failed = !report.ok;
      if (diverged.length === 0) return;
      this.session.terminal.warn(
        `the body lane compiled ${diverged.join(", ")} otherwise than the crate lane, whose code is used now: please report this`,
      );
      if (state !== undefined) await this.restart(state);
    } catch (error) {
      // The next save finds the same, and tells it.
      if (!(error instanceof Cancelled)) this.session.terminal.warn(messageOf(error));
    }
  }

  private tell(report: GenerationReport): void {
    if (this.options.json === true) writeAll(1, `${reportLine(report)}\n`);
    else this.session.terminal.generation(report);
  }

  private async restart(state: SelectionState): Promise<void> {
    await this.stopRun?.();
    this.stopRun = undefined;
    if (this.options.test === true) {
      let stop: () => void = () => undefined;
      let stopped = false;
      const tests = runTests(this.session, state, this.args, false, (kill) => {
        stop = kill;
        if (stopped) kill();
      });
      this.follow(
        tests.then((code) => void (process.exitCode = this.options.once === true ? code : 0)),
        () => {
          stopped = true;
          stop();
        },
      );
    } else if (this.options.run === true) {
      const { start, program } = onlyStart(state);
      const command = programCommand(state.runner, start, program, this.args, this.session.env);
      const { child, outcome } = runScript(execScript(command));
      const told = outcome.then(({ code, signal }) => {
        if (signal === null && code !== 0)
          this.session.terminal.warn(`the program ended with exit code ${String(code)}`);
        else if (signal !== null && !this.isStopping) this.session.terminal.warn(`the program was ended by ${signal}`);
      });
      this.follow(told, () => child.kill("SIGTERM"));
    } else {
      this.running = Promise.resolve();
    }
  }

  private isStopping = false;

  private follow(ended: Promise<void>, stop: () => void): void {
    this.running = ended.catch((error: unknown) => this.session.terminal.error(messageOf(error)));
    const running = this.running;
    this.stopRun = async () => {
      this.isStopping = true;
      stop();
      await running;
      this.isStopping = false;
    };
  }
}
