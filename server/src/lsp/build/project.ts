/** One cargo workspace (or source file without a package): what is kept current for it, and what state that is in. */
import * as fs from "node:fs";
import * as path from "node:path";
import { URI } from "vscode-uri";
import type { GenerationSummary, ProjectState, ProjectStatus, Target } from "../../../../shared/src/lsp.js";
import type { BodyLaneStatistics, GenerationReport } from "../../../../shared/src/report.js";
import type { Metadata } from "../../core/cargo/cargo.js";
import { configuredRustc } from "../../core/cargo/config.js";
import { type ConfigContext, configFiles } from "../../core/cargo/configSources.js";
import { Engine } from "../../core/engine/client.js";
import { findEngine } from "../../core/engine/location.js";
import { messageOf } from "../../core/support/errors.js";
import type { Layout } from "../../core/support/layout.js";
import { writeReport } from "../../core/engine/reportFile.js";
import { watchedFiles } from "../../core/cargo/inputs.js";
import { findToolchain } from "../../core/units/toolchain.js";
import { Watcher } from "../../core/watch/watcher.js";
import type { CurrentUpdate, Followed } from "../../core/keptCurrent.js";
import { type BuildKind, type BuildOutcome, type Built, type CommonBuild, type Project } from "../protocol/api.js";
import { type Activity, Build, type BuildEvents } from "./build.js";
import { Builds } from "./builds.js";
import { abortable } from "../protocol/cancellation.js";
import { type Cause, asked, priorityOf, reasonOf } from "./cause.js";
import { selectionOf } from "./cargoSettings.js";
import { Description, describeWorkspace } from "./description.js";
import { History } from "./history.js";
import { OwnBuilds } from "./ownBuilds.js";
import { Progress } from "./progress.js";
import { type ProjectLocation, type ProjectServices, openWorkspace } from "./projectServices.js";
import { projectState } from "./projectState.js";
import { Folder, removeRemains } from "./remains.js";
import { Supervisor } from "./supervisor.js";

/** How many generations `status` shows. */
const SHOWN_HISTORY = 10;

/** What a project reports. */
export interface ProjectEvents {
  onStatus(project: CargoProject): void;
  onGeneration(project: CargoProject, summary: GenerationSummary, report: GenerationReport): void;
  /** A build is not kept current any more: what it said will not be brought up to date. */
  onRetired(project: CargoProject, kind: BuildKind): void;
  /** Its folder is gone. */
  onGone(project: CargoProject): void;
  /** Every update, also one that failed or changed nothing. */
  onUpdate(project: CargoProject, build: Build, report: GenerationReport): void;
}

export class CargoProject implements Project {
  readonly uri: string;
  readonly root: string;
  readonly name: string;
  readonly file: string | undefined;
  private readonly builds = new Builds(
    (kind, isEager) => new Build(kind, this.services.queue, priorityOf(kind), isEager, this.buildEvents),
  );
  private readonly ring = new History();
  private readonly watcher = new Watcher(
    (sinceMs, isSource) => this.changed({ sinceMs, reason: "a file changed", isSource }),
    (error) => this.services.log.warn(`${this.name}: not all files can be watched: ${messageOf(error)}`),
  );
  private readonly folder: Folder;
  private readonly progress: Progress;
  private readonly supervisor: Supervisor;
  private readonly description: Description;
  private readonly ownBuilds: OwnBuilds;
  private isStopped = false;
  private isPaused = false;
  private closed = false;
  private shown = "";

  constructor(
    place: ProjectLocation,
    private readonly services: ProjectServices,
    private readonly events: ProjectEvents,
  ) {
    this.root = place.root;
    this.file = place.file;
    this.folder = new Folder(place.root);
    this.uri = URI.file(place.file ?? place.root).toString();
    this.description = new Description(this.uri, () => describeWorkspace(place.root, services.settings(), this.env));
    const specOf = (name: string): string => this.description.specOf(name);
    this.ownBuilds = new OwnBuilds(() => ({
      metadata: () => this.metadata(),
      metadataNow: () => this.description.now,
      selectionOf: (kind) => selectionOf(kind, place.root, services.settings().cargo, specOf),
      env: this.env,
      log: services.log,
    }));
    this.name = path.basename(place.file ?? place.root);
    this.progress = new Progress(services.connection, `Cranefly: ${this.name}`, () => void this.cancel());
    this.supervisor = new Supervisor(
      () => this.rebuildAfterLoss(),
      () => this.publishStatus(),
    );
    this.builds.of("build");
  }

  get history(): readonly GenerationSummary[] {
    return this.ring.all;
  }

  get status(): ProjectStatus {
    return {
      project: this.uri,
      name: this.name,
      state: this.state,
      history: this.history.slice(0, SHOWN_HISTORY),
    };
  }

  get env(): NodeJS.ProcessEnv {
    return { ...this.services.env, ...this.services.settings().cargo.extraEnv };
  }

  private get configContext(): ConfigContext {
    return { cwd: this.root, env: this.env, args: this.services.settings().cargo.extraArgs };
  }

  get editorEnv(): NodeJS.ProcessEnv {
    return this.services.env;
  }

  get layout(): Layout | undefined {
    return [...this.builds]
      .map((build) => build.core?.layout ?? build.built?.layout)
      .find((layout) => layout !== undefined);
  }

  get engine(): Engine | undefined {
    return [...this.builds].map((build) => build.core?.engine).find((engine) => engine !== undefined);
  }

  get lastReport(): GenerationReport | undefined {
    return this.main.lastReport;
  }

  get targets(): readonly Target[] {
    return this.description.targets;
  }

  get defaultPackages(): ReadonlySet<string> | undefined {
    return this.description.defaultPackages;
  }

  get kinds(): readonly BuildKind[] {
    return this.builds.kinds;
  }

  built(kind: BuildKind): Built | undefined {
    return this.builds.get(kind)?.built;
  }

  isInPlace(kind: BuildKind, executable: string): boolean {
    return this.builds.get(kind)?.core?.isInPlace(executable) !== false;
  }

  async buildFor(common: CommonBuild, packageName: string, signal?: AbortSignal): Promise<BuildKind> {
    return abortable(this.ownBuilds.of(common, packageName), signal);
  }

  buildKnownFor(common: CommonBuild, packageName: string): BuildKind | undefined {
    return this.ownBuilds.now(common, packageName);
  }

  async ensure(kind: BuildKind, signal?: AbortSignal): Promise<BuildOutcome> {
    const { downReason } = this;
    if (downReason !== undefined) {
      const failure = { kind: "down", reason: `${downReason}: restart it to go on` } as const;
      return { failure, built: this.built(kind) };
    }
    const retired = this.builds.asked(kind);
    if (retired !== undefined) this.events.onRetired(this, retired);
    return this.builds.of(kind).ensure(reasonOf(kind), signal);
  }

  async rebuild(kind: BuildKind, reason: string, signal?: AbortSignal): Promise<BuildOutcome> {
    const build = this.builds.of(kind);
    build.forgetAll();
    if (this.downReason === undefined) build.request(asked(reason));
    return this.ensure(kind, signal);
  }

  ensureTests(signal?: AbortSignal): Promise<BuildOutcome> {
    return this.ensure("test", signal);
  }

  async writeReport(file: string): Promise<boolean> {
    const { lastReport, main } = this;
    if (lastReport === undefined) return false;
    await (main.core === undefined ? writeReport(file, lastReport) : main.core.writeReport(file, lastReport));
    return true;
  }

  metadata(signal?: AbortSignal): Promise<Metadata> {
    return this.description.metadata(signal);
  }

  /** The programs' build. */
  private get main(): Build {
    return this.builds.of("build");
  }

  /** Begins: finds the targets, and builds if `build`. */
  open(build: boolean): void {
    if (this.file === undefined) void this.metadata().catch(() => undefined);
    if (build) this.request("opened");
    else void this.follow(undefined);
  }

  /** Builds the programs, whatever is current. */
  request(reason: string): void {
    if (this.downReason === undefined) this.main.request(asked(reason));
  }

  /** Other files are open than before: makes ready what edits of them need. */
  expectEdits(): void {
    for (const build of this.builds) build.expectEdits();
  }

  /** The editor has saved a file. `sinceMs` by `performance.now()`. */
  saved(file: string, sinceMs: number): void {
    if (!this.watcher.saved(file, sinceMs)) return;
    for (const build of this.builds) build.saved({ sinceMs, reason: "a file changed", isSource: true });
  }

  /** Ends what is under way. Gives whether there was something. */
  cancel(): boolean {
    const cancelled = [...this.builds].map((build) => build.cancel());
    this.publishStatus();
    return cancelled.includes(true);
  }

  /** The user wants no engine. Gives whether there was one. */
  async stopEngine(): Promise<boolean> {
    this.isStopped = true;
    for (const build of this.builds) build.cancel();
    this.publishStatus();
    const engine = this.engine ?? (await this.findDaemon());
    return engine.shutdown();
  }

  /** The user wants it to go on. `asksCargo`: cargo is asked again, although nothing has changed that it reads. */
  startAgain(reason: string, asksCargo: boolean): void {
    this.isStopped = false;
    this.supervisor.reset();
    for (const build of this.builds) {
      if (asksCargo) build.forgetAll();
      else build.forgetPublished();
    }
    this.changed(asked(reason));
    this.request(reason);
  }

  /** Has the engine forget all code of this workspace, and compile it anew. */
  async clearCache(): Promise<void> {
    const { layout } = this;
    const engine = this.engine ?? (await this.findDaemon());
    if (layout !== undefined && (await engine.isRunning())) await engine.evict(layout.root);
    this.startAgain("the cache was cleared", false);
  }

  private async findDaemon(): Promise<Engine> {
    const toolchain = await findToolchain(this.root, this.env, undefined, configuredRustc(this.configContext));
    return Engine.for(this.engineBinary, toolchain, this.env);
  }

  /** Whether changes are built by themselves. */
  pause(isPaused: boolean): void {
    const wasPaused = this.isPaused;
    this.isPaused = isPaused;
    if (wasPaused && !isPaused) this.changed(asked("watching was resumed"));
  }

  /** The settings are others: what is built may be, too. */
  async restart(): Promise<void> {
    this.description.forget();
    this.ownBuilds.forget();
    const wasIdle = this.status.state.kind === "idle";
    this.supervisor.reset();
    await this.builds.close();
    this.open(!wasIdle);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.supervisor.close();
    const { layout } = this;
    await this.builds.close();
    this.progress.end();
    await this.watcher.close();
    if (layout !== undefined) await removeRemains(this.folder, layout.root);
  }

  private readonly buildEvents: BuildEvents = {
    open: ({ kind }, listener) =>
      openWorkspace(
        this,
        kind,
        this.services,
        { env: this.env, engine: this.engineBinary, specOf: (name) => this.description.specOf(name) },
        listener,
      ),
    onActivity: () => this.publishStatus(),
    onUpdate: (build, update) => this.updated(build, update),
    onFailure: (build, error) => this.failed(build, error),
    onFollowed: (build, update) => this.followed(build, update),
  };

  private get engineBinary(): string {
    return findEngine(this.env, this.services.bundleDir, this.services.settings().engine.path ?? undefined);
  }

  private updated(build: Build, { report, published, hasChanged }: CurrentUpdate): void {
    if (report.lane === "cargo" && report.reason !== "first build") {
      this.description.refresh();
      this.ownBuilds.forget();
    }
    const { engine } = build.core ?? {};
    if (engine !== undefined) {
      engine.onLost = () => this.lost();
      // Whoever asks for a lens, say, starts no engine that was stopped or given up.
      engine.mayStart = () => this.downReason === undefined;
    }
    this.events.onUpdate(this, build, report);
    if (hasChanged) {
      const summary = this.ring.add(build.kind, report);
      this.services.log.info(
        `${this.name}: ${build.kind} ${report.ok ? `is generation ${report.generation}` : "failed"}, ` +
          `${report.lane} lane, ${Math.round(report.ms.total)} ms: ${report.reason}` +
          (report.refused === undefined ? "" : ` (not the body lane: ${report.refused})`),
      );
      this.publishStatus();
      if (published) this.events.onGeneration(this, summary, report);
    }
    this.publishStatus();
    if (report.ok || this.isThere()) void this.follow(build);
  }

  /** The crate lane has followed the body lane. That is reported only where the two differ. */
  private followed(build: Build, followed: Followed): void {
    const { report, divergence } = followed;
    if (divergence !== undefined) this.services.log.error(`${this.name}: ${divergence}`);
    if (!report.ok || divergence !== undefined) {
      this.updated(build, followed);
      return;
    }
    this.events.onUpdate(this, build, report);
    this.publishStatus();
    void this.follow(build);
  }

  /** What became of edits of function bodies. */
  get bodyLane(): BodyLaneStatistics | undefined {
    return this.builds.get("build")?.core?.bodyLane;
  }

  /** Whether the workspace is still where it was; says so if not. */
  private isThere(): boolean {
    const isThere = fs.existsSync(this.file ?? path.join(this.root, "Cargo.toml"));
    if (!isThere) this.events.onGone(this);
    return isThere;
  }

  private failed(build: Build, error: unknown): void {
    if (!this.isThere()) return;
    this.services.log.warn(`${this.name}: ${messageOf(error)}`);
    // The daemon is tried again by and by; everything else when something changes.
    if (build.failure?.kind === "down") this.supervisor.lost();
    this.publishStatus();
    void this.follow(build);
  }

  /** Watches what the build is made of, too. What changed before it was watched is looked for. */
  private async follow(build: Build | undefined): Promise<void> {
    const state = build?.built?.state;
    const places = state === undefined ? [this.file ?? this.root] : [];
    const others = [...configFiles(this.configContext), ...places];
    try {
      const isComplete = [...this.builds].every(({ failure, built }) => failure === undefined && built !== undefined);
      const isBehind =
        build === undefined
          ? await this.watcher.follow({ ...watchedFiles(undefined, undefined, undefined), others }, isComplete)
          : await build.watch(this.watcher, others, isComplete);
      if (isBehind && state !== undefined) this.changed(asked("a file changed"));
    } catch (error) {
      this.services.log.warn(`${this.name} cannot be watched: ${messageOf(error)}`);
    }
  }

  private changed(cause: Cause): void {
    if (this.closed || !this.isThere()) return;
    const isWatching = this.services.settings().watch && !this.isPaused && this.downReason === undefined;
    for (const build of this.builds) {
      if (isWatching) build.invalidate(cause);
      else if (build.built !== undefined) build.mark(cause);
    }
  }

  private lost(): void {
    this.services.log.info(`${this.name}: the engine ended`);
    this.supervisor.lost();
  }

  private rebuildAfterLoss(): void {
    if (this.closed) return;
    for (const build of this.builds) {
      build.forgetPublished();
      if (this.downReason === undefined) build.invalidate(asked("the engine was lost"));
    }
    this.publishStatus();
  }

  /** Why nothing is built before the user says so. */
  private get downReason(): string | undefined {
    return this.isStopped ? "the engine was stopped" : this.supervisor.reason;
  }

  private get activity(): Activity | undefined {
    return [...this.builds].map((build) => build.activity).find((activity) => activity !== undefined);
  }

  private get state(): ProjectState {
    const { activity, main, downReason, isStopped } = this;
    return projectState({ activity, main, downReason, isStopped });
  }

  /** Publishes the status if it is another one. */
  private publishStatus(): void {
    if (this.closed) return;
    this.progress.show(this.activity);
    const text = JSON.stringify([this.state, this.history[0]?.id]);
    if (text === this.shown) return;
    this.shown = text;
    this.events.onStatus(this);
  }
}
