/** `cranefly watch`: after every save, brings the programs up to date, says so in one line, and reruns. */
import type { GenerationReport } from "../../../shared/src/report.js";
import { noFunctions, noTimes } from "../../../shared/src/report.js";
import { Cancelled, messageOf } from "../core/support/errors.js";
import type { ReadByCargo } from "../core/cargo/readByCargo.js";
import { configFiles } from "../core/cargo/configSources.js";
import { isNewer } from "../core/support/stamps.js";
import { onlyStart, programCommand } from "../core/cargo/programStart.js";
import type { SelectionState } from "../core/cargo/selection.js";
import { unbuilt } from "../core/cargo/unbuilt.js";
import { Watcher } from "../core/watch/watcher.js";
import { IDLE_MS, KeptCurrent } from "../core/keptCurrent.js";
import type { Caller } from "./caller.js";
import type { SelectionOptions } from "./options.js";
import { type Outcome, execScript } from "./startScript.js";
import { type Job, Restarts } from "./restarts.js";
import { Session } from "./session.js";
import { reportLine } from "../core/engine/reportFile.js";
import { type SupervisedJob, supervise } from "./supervise.js";
import { writeAll } from "./terminal.js";
import { runTests } from "./test.js";

export interface WatchOptions extends SelectionOptions {
  readonly json?: boolean;
  readonly run?: boolean;
  readonly test?: boolean;
  readonly once?: boolean;
  readonly bodyLane: boolean;
  /** Seconds. */
  readonly stopTimeout: number;
}

export async function watchCommand(
  caller: Caller,
  place: string | undefined,
  options: WatchOptions,
  args: readonly string[],
): Promise<void> {
  const command = options.test === true ? "test" : options.run === true ? "run" : "build";
  // (To cargo, `--test` is the name of a target.)
  const session = new Session(command, { ...options, test: undefined }, place, caller);
  await new Watch(session, options, args).run();
}

class Watch {
  private readonly kept: KeptCurrent;
  /** What cargo reads, while it does the work. */
  private readByCargo: ReadByCargo | undefined;
  private readonly watcher = new Watcher(
    (since, isSource) => this.changed(since, isSource),
    undefined,
    (file) => this.readByCargo?.has(file) !== false,
  );
  /** The newest update, which may have to wait. */
  private updating: AbortController | undefined;
  /** The one that runs, or what follows it. */
  private current: AbortController | undefined;
  private work: Promise<void> = Promise.resolve();
  private readonly restarts: Restarts;
  private readonly limitMs: number;
  /** The last start's end; undefined before the first. */
  private running: Promise<void> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private ended = false;
  private failed = false;
  /** Something was saved that no report has told of. */
  private hasSave = false;
  private finish: () => void = () => undefined;

  constructor(
    private readonly session: Session,
    private readonly options: WatchOptions,
    private readonly args: readonly string[],
  ) {
    this.kept = new KeptCurrent(() => session.openWorkspace(options.bodyLane && options.once !== true));
    this.limitMs = options.stopTimeout * 1000;
    const onKill = (): void => {
      session.terminal.warn(`the program did not end within ${options.stopTimeout} s: it is killed`);
    };
    this.restarts = new Restarts(this.limitMs, onKill, (error) => session.terminal.error(messageOf(error)));
  }

  /** Runs until Ctrl-C, or through the first generation with `--once`. */
  async run(): Promise<void> {
    const done = new Promise<void>((resolve) => (this.finish = resolve));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.interrupt(false));
    this.changed(performance.now());
    if (this.options.once === true) {
      const first = this.work.then(() => this.running);
      await Promise.race([first, done]);
    } else {
      await done;
    }
    this.ended = true;
    this.updating?.abort();
    this.current?.abort();
    await this.restarts.end();
    await this.work;
    await this.watcher.close();
    this.kept.reset();
  }

  /** The user wants an end; the second time at once. `isTold`: the program knows it as well. */
  private interrupt(isTold: boolean): void {
    if (this.ended) {
      this.restarts.kill();
      return;
    }
    this.ended = true;
    void this.restarts.end(isTold);
    this.finish();
  }

  /** A newer change cancels the work on an older one. `isSave`: the user hears of it, whatever comes of it. */
  private changed(sinceMs: number, isSource = true, isSave = isSource): void {
    if (this.ended) return;
    this.hasSave ||= isSave;
    if (this.kept.mayOvertake(isSource)) {
      this.kept.overtook();
      this.current?.abort();
    }
    const controller = new AbortController();
    this.updating = controller;
    this.work = this.work.then(() => this.update(sinceMs, controller));
  }

  private async update(sinceMs: number, controller: AbortController): Promise<void> {
    const { signal } = controller;
    // One that waits makes up for another.
    if (signal.aborted || this.updating !== controller) return;
    this.current = controller;
    const startedMs = Date.now();
    const { selection, env } = this.session;
    const isSave = this.hasSave;
    this.hasSave = false;
    try {
      const { report, state, published, isAhead } = await this.kept.update(sinceMs, signal);
      this.readByCargo = undefined;
      const args = selection.kind === "cargo" ? selection.global : [];
      const configured = configFiles({ cwd: selection.cwd, env, args });
      const { files, folders } =
        state === undefined ? await unbuilt(selection, env) : { files: configured, folders: [] };
      const isBehind = await this.kept.watch(this.watcher, state, files, report.ok, folders);
      // A look that nobody asked for says and restarts nothing, unless it finds something: cargo may have to look each time.
      const isNew = published || this.running === undefined || (report.lane === "cargo" && isSave);
      if (isNew || isSave || !report.ok || this.failed || report.units.length > 0) {
        await this.saveReport(report);
        this.print(report);
      }
      this.failed = !report.ok;
      if (report.ok && state !== undefined && isNew) this.restart(state);
      // Files that were saved before they were watched are found by their stamps.
      if (isBehind && (report.ok || [...files, ...folders].some((place) => isNewer(place, startedMs))))
        this.changed(performance.now(), true, false);
      else if (isAhead) this.work = this.work.then(() => this.letFollow(signal));
      else this.waitForIdle(signal);
    } catch (error) {
      if (error instanceof Cancelled) this.hasSave ||= isSave;
      if (error instanceof Cancelled || this.ended) return;
      this.kept.reset();
      const text = messageOf(error);
      this.print({
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
      // Watched before cargo starts: it reads whatever changed until now, and what the program writes is not taken for an edit.
      const { files, folders, readByCargo } = await unbuilt(selection, env);
      this.readByCargo = readByCargo;
      this.watcher.ignore(readByCargo?.products ?? []);
      await this.kept.watch(this.watcher, undefined, files, false, folders);
      if (this.hasEnded()) return;
      this.restarts.restart(() => this.setRunning(this.start(this.session.native(text, this.args))));
    }
  }

  /** Lets the crate lane compile what edits have done, in the background, and reports where the two differ. */
  private async letFollow(signal: AbortSignal, isIdle = false): Promise<void> {
    if (signal.aborted || this.ended) return;
    try {
      const followed = await this.kept.follow(signal, isIdle);
      this.waitForIdle(signal);
      if (followed === undefined || this.hasEnded()) return;
      const { report, state, divergence } = followed;
      await this.kept.watch(this.watcher, state, [], report.ok);
      if (this.options.json === true || !report.ok) this.print(report);
      this.failed = !report.ok;
      if (divergence === undefined) return;
      this.session.terminal.warn(divergence);
      if (state !== undefined) this.restart(state);
    } catch (error) {
      // The next save finds the same error, and reports it.
      if (!(error instanceof Cancelled)) this.session.terminal.warn(messageOf(error));
    }
  }

  /** When nobody has saved anything for a while, what is behind is compiled. */
  private waitForIdle(signal: AbortSignal): void {
    clearTimeout(this.idle);
    if (signal.aborted || !this.kept.isBehind) return;
    const begin = (): void => void (this.work = this.work.then(() => this.letFollow(signal, true)));
    this.idle = setTimeout(begin, IDLE_MS).unref();
  }

  private async saveReport(report: GenerationReport): Promise<void> {
    const { workspace } = this.kept;
    if (workspace !== undefined) await this.session.saveReport(workspace, report);
  }

  /** A function, so that the compiler does not take an earlier answer for this one. */
  private hasEnded(): boolean {
    return this.ended;
  }

  private print(report: GenerationReport): void {
    if (this.options.json === true) writeAll(1, `${reportLine(report)}\n`);
    else this.session.terminal.generation(report);
  }

  private restart(state: SelectionState): void {
    if (this.options.test === true) {
      this.restarts.restart(() => this.setRunning(this.startTests(state)));
    } else if (this.options.run === true) {
      const { start, program } = onlyStart(state);
      const command = programCommand(state.runner, start, program, this.args, this.session.env);
      this.restarts.restart(() => this.setRunning(this.startProgram(execScript(command))));
    } else {
      this.running = Promise.resolve();
    }
  }

  /** What runs now. */
  private setRunning(job: Job): Job {
    this.running = job.ended;
    return job;
  }

  private start(script: string): SupervisedJob {
    const job = supervise(script, {
      engine: this.session.engine(),
      limitMs: this.limitMs,
      onInterrupt: () => this.interrupt(true),
    });
    job.outcome.catch((error: unknown) => this.session.terminal.error(messageOf(error)));
    return job;
  }

  private startProgram(script: string): Job {
    const job = this.start(script);
    let isStopped = false;
    const ended = job.outcome.then(
      ({ code, signal }) => {
        const { terminal } = this.session;
        if (isStopped || this.ended) return;
        if (signal !== null) terminal.warn(`the program was ended by ${signal}`);
        else if (code !== 0) terminal.warn(`the program ended with exit code ${String(code)}`);
      },
      () => undefined,
    );
    const askToEnd = (): void => {
      isStopped = true;
      job.askToEnd();
    };
    return { ...job, ended, askToEnd };
  }

  /** All test programs, one after the other, as one. */
  private startTests(state: SelectionState): Job {
    let current: SupervisedJob | undefined;
    let isStopped = false;
    const run = async (script: string): Promise<Outcome | undefined> => {
      await current?.gone;
      if (isStopped) return undefined;
      current = this.start(script);
      return current.outcome;
    };
    const ended = runTests(this.session, state, this.args, false, run).then(
      (code) => void (process.exitCode = this.options.once === true ? code : 0),
      (error: unknown) => this.session.terminal.error(messageOf(error)),
    );
    return {
      ended,
      gone: ended.then(() => current?.gone),
      askToEnd: () => {
        isStopped = true;
        current?.askToEnd();
      },
      kill: () => {
        isStopped = true;
        current?.kill();
      },
    };
  }
}
