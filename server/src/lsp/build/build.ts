/**
 * One selection of a project, kept current: the programs, the tests, or the examples.
 *
 * A change makes it behind; whoever needs it, or `isEager`, has it built in the background. A newer change cancels the
 * work on an older one, and those who wait get the newest. One build runs at a time in the whole process.
 */
import { stripVTControlCharacters } from "node:util";
import type PQueue from "p-queue";
import { abortable } from "../protocol/cancellation.js";
import type { Cause } from "./cause.js";
import type { GenerationReport, Lane, StageTimes } from "../../../../shared/src/report.js";
import { Cancelled, messageOf } from "../../core/support/errors.js";
import { EngineUnavailable } from "../../core/engine/errors.js";
import type { Listener } from "../../core/generation.js";
import { type CurrentUpdate, type Followed, IDLE_MS, KeptCurrent } from "../../core/keptCurrent.js";
import type { Watcher } from "../../core/watch/watcher.js";
import type { Update, Workspace } from "../../core/workspace.js";
import type { BuildKind, BuildOutcome, Built, NotBuilt } from "../protocol/api.js";

/** How many lines of cargo's errors are kept. */
const MAX_OUTPUT = 100;

/** What a build that is under way is doing. */
export interface Activity {
  readonly kind: BuildKind;
  readonly lane: Lane | undefined;
  /** In the user's words. */
  readonly stage: string;
  /** By `Date.now()`. */
  readonly since: number;
  readonly reason: string;
}

/** What a build reports to its project. */
export interface BuildEvents {
  /** Opens the core's workspace. Throws `Unsupported` when the engine is missing. */
  open(build: Build, listener: Listener): Workspace;
  /** `activity` is another one, or undefined: nothing is under way. */
  onActivity(build: Build): void;
  /** An update ended, well or with errors. */
  onUpdate(build: Build, update: CurrentUpdate): void;
  /** The crate lane has followed the body lane, in the background. */
  onFollowed(build: Build, update: Followed): void;
  /** An update could not be made; `build.failure` says why. */
  onFailure(build: Build, error: unknown): void;
}

interface Pending {
  readonly cause: Cause;
  readonly controller: AbortController;
}

export class Build {
  private readonly kept: KeptCurrent;
  private pending: Pending | undefined;
  private settled: Settling | undefined;
  private good: Omit<Built, "stale"> | undefined;
  private closed = false;
  private isQueued = false;
  private running: Promise<void> = Promise.resolve();
  /** What changed during an update and need not end it. */
  private late: Cause | undefined;
  /** What changed since the last update began; undefined: nothing. */
  private behind: Cause | undefined;
  activity: Activity | undefined;
  /** Why the last update gave nothing; undefined when it did. */
  failure: NotBuilt | undefined;
  /** The last update's report, also of one that failed. */
  lastReport: GenerationReport | undefined;
  /** What cargo said in the last update, from its first error on. */
  output: readonly string[] = [];

  constructor(
    readonly kind: BuildKind,
    private readonly queue: PQueue,
    private readonly priority: number,
    /** Whether it is built after every change, or only for those who ask. */
    public isEager: boolean,
    private readonly events: BuildEvents,
  ) {
    this.kept = new KeptCurrent(() => events.open(this, this.listener()));
  }

  get core(): Workspace | undefined {
    return this.kept.workspace;
  }

  /** Watches what the last good build was made of; see `KeptCurrent.watch`. */
  watch(watcher: Watcher, others: readonly string[], isComplete: boolean): Promise<boolean> {
    return this.kept.watch(watcher, this.good?.state, others, isComplete);
  }

  /** The last good build, at once. */
  get built(): Built | undefined {
    return this.good === undefined ? undefined : { ...this.good, stale: this.staleness };
  }

  private get staleness(): string | undefined {
    if (this.pending !== undefined) return "a newer version is being built";
    if (this.failure !== undefined) return this.failure.reason;
    return this.behind === undefined ? undefined : `${this.behind.reason} since it was built`;
  }

  /** Whether something changed that nobody builds, because nobody asked or it was cancelled. */
  get isBehind(): boolean {
    return this.behind !== undefined && this.pending === undefined;
  }

  /** Something may have changed that nobody builds now: watching is paused. */
  mark(cause: Cause): void {
    this.behind = cause;
    this.events.onActivity(this);
  }

  /** Something may have changed. */
  invalidate(cause: Cause): void {
    if (this.closed) return;
    this.behind = cause;
    const isWanted = this.isEager || this.settled !== undefined;
    if (!isWanted) return;
    if (this.kept.mayOvertake(cause.isSource) || this.pending === undefined) this.schedule(cause);
    else this.late = cause;
  }

  /** The editor has saved a source. The watcher reports the change later; until then no request may get the state before the save. */
  saved(cause: Cause): void {
    if (!this.closed) this.behind = cause;
  }

  /** Like `invalidate`, and builds even if nobody needs it. */
  request(cause: Cause): void {
    if (this.closed) return;
    this.behind = cause;
    this.schedule(cause);
  }

  /**
   * Waits until what is saved now is built, or cannot be. Looks at the files even if no change was seen, since the news of
   * one may still be on its way. Throws `Cancelled` when `signal` ends the waiting; the build goes on.
   */
  async ensure(reason: string, signal: AbortSignal | undefined): Promise<BuildOutcome> {
    // What is under way may have begun before the last save.
    if (this.settled === undefined || this.behind?.isSource === true) {
      this.schedule({ sinceMs: performance.now(), reason: this.behind?.reason ?? reason, isSource: true });
    }
    while (this.settled !== undefined) await abortable(this.settled.promise, signal);
    const { built, failure } = this;
    if (failure !== undefined) return { failure, built };
    if (built === undefined) return { failure: { kind: "idle", reason: "the build was cancelled" }, built };
    return { built };
  }

  /** Ends what is under way, and starts nothing new before something changes or somebody asks. */
  cancel(): boolean {
    const { pending } = this;
    if (pending === undefined) return false;
    this.behind = { ...pending.cause, reason: "the build was cancelled, and the sources changed", isSource: true };
    pending.controller.abort();
    this.pending = undefined;
    this.finish();
    return true;
  }

  /** The next update publishes everything anew. */
  forgetPublished(): void {
    this.core?.forgetPublished();
  }

  /** The next update asks cargo anew, and publishes everything. */
  forgetAll(): void {
    this.core?.forgetState();
    this.core?.forgetPublished();
  }

  /** Lets go of the core's workspace: another engine, other settings. */
  reset(): void {
    this.kept.reset();
  }

  /** Ends what is under way, and waits for its end. */
  async close(): Promise<void> {
    this.closed = true;
    this.following?.abort();
    const { settled } = this;
    this.pending?.controller.abort();
    this.pending = undefined;
    await this.running;
    this.reset();
    settled?.resolve();
    this.settled = undefined;
  }

  /** The newest cause takes the place of an older one, also in the queue. */
  private schedule(cause: Cause): void {
    followers.get(this.queue)?.abort();
    clearTimeout(this.idle);
    if (this.pending !== undefined) this.kept.overtook();
    this.pending?.controller.abort();
    this.pending = { cause, controller: new AbortController() };
    this.settled ??= withResolvers();
    if (this.isQueued) return;
    this.isQueued = true;
    const mustWait = this.queue.pending > 0;
    void this.queue.add(() => this.start(), { priority: this.priority });
    if (mustWait && this.good === undefined) this.active("waiting for another build", cause);
  }

  private async start(): Promise<void> {
    this.isQueued = false;
    const { pending } = this;
    if (pending === undefined || pending.controller.signal.aborted) return;
    this.running = this.run(pending);
    await this.running;
  }

  private async run(pending: Pending): Promise<void> {
    const { cause, controller } = pending;
    // From here on, a change is reported by its own event.
    const { behind } = this;
    this.behind = undefined;
    this.late = undefined;
    this.lane = undefined;
    this.output = [];
    if (this.good === undefined || this.failure !== undefined) this.active("looking for changes", cause);
    try {
      this.listening = pending;
      const update = await this.kept.update(cause.sinceMs, controller.signal);
      this.failure = failureOf(update);
      this.adopt(update);
      // The update and the state after it are reported together.
      if (this.pending === pending) this.activity = undefined;
      this.events.onUpdate(this, update);
      if (update.isAhead) this.followLater();
      else this.waitForIdle();
    } catch (error) {
      this.behind ??= behind;
      // What was behind before still is.
      if (error instanceof Cancelled) this.waitForIdle();
      if (error instanceof Cancelled || this.pending !== pending) return;
      this.failure = { kind: error instanceof EngineUnavailable ? "down" : "unsupported", reason: messageOf(error) };
      this.activity = undefined;
      this.reset();
      this.events.onFailure(this, error);
    } finally {
      if (this.pending === pending) {
        this.pending = undefined;
        this.finish();
      }
    }
  }

  private following: AbortController | undefined;

  /** A function, so that the compiler does not take an answer for the one after other work. */
  private isBusy(): boolean {
    return this.closed || this.pending !== undefined;
  }

  /** Other files are open than before: makes ready what edits of them need. */
  expectEdits(): void {
    if (this.core?.expectEdits() === true && !this.isBusy()) this.followLater();
  }

  /** Has the crate lane follow when nothing else is to be done. */
  private followLater(isIdle = false): void {
    void this.queue.add(() => this.follow(isIdle), { priority: FOLLOW_PRIORITY });
  }

  private idle: NodeJS.Timeout | undefined;

  /** When nobody has saved anything for a while, what is behind is compiled. */
  private waitForIdle(): void {
    clearTimeout(this.idle);
    if (this.closed || !this.kept.isBehind) return;
    this.idle = setTimeout(() => this.followLater(true), IDLE_MS).unref();
  }

  /** Any build that somebody waits for ends this work, also one of another project. It is begun again afterwards. */
  private async follow(isIdle: boolean): Promise<void> {
    if (this.core === undefined || this.isBusy()) return;
    const controller = new AbortController();
    this.following = controller;
    // Nobody waits for it, so its progress is not shown.
    this.listening = undefined;
    followers.set(this.queue, controller);
    try {
      const update = await this.kept.follow(controller.signal, isIdle);
      // This is reported even if a change waits already: the update for the change does not repeat it.
      if (update !== undefined && !this.closed) {
        this.failure = failureOf(update);
        this.adopt(update);
        this.events.onFollowed(this, update);
      }
    } catch {
      // The next update meets the same error, and reports it.
    } finally {
      this.following = undefined;
      followers.delete(this.queue);
    }
    if (this.isBusy()) return;
    if (controller.signal.aborted) this.followLater();
    else this.waitForIdle();
  }

  private finish(): void {
    const { settled } = this;
    this.settled = undefined;
    this.activity = undefined;
    this.events.onActivity(this);
    settled?.resolve();
    const { late } = this;
    this.late = undefined;
    if (late !== undefined && this.isEager && !this.closed) this.schedule(late);
  }

  private adopt(update: Update): void {
    const layout = this.core?.layout;
    this.lastReport = update.report;
    if (!update.report.ok || update.state === undefined || layout === undefined) return;
    this.good = { kind: this.kind, state: update.state, report: update.report, layout };
  }

  /** The build that the listener's events are about: a workspace keeps its listener. */
  private listening: Pending | undefined;
  private lane: Lane | undefined;

  private listener(): Listener {
    const show = (stage: string): void => {
      const { listening } = this;
      if (listening !== undefined && !listening.controller.signal.aborted) this.active(stage, listening.cause);
    };
    return {
      onDiagnostic: () => undefined,
      onClosing: (level, text) => this.keep(`${level}: ${text}`),
      onProgress: (line) => {
        this.keep(stripVTControlCharacters(line));
        // "package v1.2.3" of cargo's, "package:target" of the crate lane's.
        const [, name = "", target = "lib"] = /^\s*Compiling ([^\s:]+)(?::(\S+))?/.exec(line) ?? [];
        if (name !== "") show(`rustc ${target === "lib" ? name : target}`);
      },
      onWait: (pid) => show(`waiting for another cranefly (pid ${pid})`),
      onStage: (stage) => {
        this.lane = LANES[stage] ?? this.lane;
        const name = STAGES[stage];
        if (name !== undefined) show(name);
      },
    };
  }

  private keep(text: string): void {
    const lines = text.split("\n");
    if (this.output.length === 0 && !lines.some((line) => line.startsWith("error"))) return;
    this.output = [...this.output, ...lines].slice(0, MAX_OUTPUT);
  }

  private active(stage: string, cause: Cause): void {
    const { activity: before, lane, kind } = this;
    if (before !== undefined && before.stage === stage && before.lane === lane) return;
    const since = before?.since ?? Math.round(Date.now() - (performance.now() - cause.sinceMs));
    this.activity = { kind, lane, stage, since, reason: cause.reason };
    this.events.onActivity(this);
  }
}

/** After everything that somebody waits for. */
const FOLLOW_PRIORITY = -1000;

/** What runs in a queue (one thing at a time) although nobody waits for it. */
const followers = new WeakMap<PQueue, AbortController>();

/** Stages that are shown; the others are too short to be seen. */
const STAGES: Readonly<Partial<Record<keyof StageTimes, string>>> = {
  scripts: "build scripts",
  capture: "cargo",
  base: "linking the base image",
  engine: "engine",
};
const LANES: Readonly<Partial<Record<keyof StageTimes, Lane>>> = { capture: "cargo", frontEnd: "crate" };

function failureOf(update: Update): NotBuilt | undefined {
  if (update.report.ok) return undefined;
  const errors = update.report.diagnostics.filter((item) => item.level.startsWith("error")).length;
  const reason =
    errors === 1 ? "the sources have an error" : `the sources have ${errors === 0 ? "" : `${errors} `}errors`;
  return { kind: "errors", reason };
}

interface Settling {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function withResolvers(): Settling {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
