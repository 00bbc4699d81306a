/**
 * A workspace with one selection: brings it up to date and reports how. The heart of both the command line and the
 * language server.
 *
 * Knows nothing of terminals; everything for the user goes through `Listener`.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { BodyLaneStatistics, GenerationReport, ProgramReport } from "../../../shared/src/report.js";
import type { ProgramInterface } from "../../../shared/src/protocol.js";
import { FunctionEdits, type SharedSources } from "./lanes/functionEdits.js";
import { forgetUnfollowed } from "./lanes/unfollowed.js";
import { CompiledTexts } from "./edits/compiledTexts.js";
import type { CompiledUnit } from "./lanes/crateLane.js";
import { Engine } from "./engine/client.js";
import { Cancelled, messageOf } from "./support/errors.js";
import { realPath } from "./support/files.js";
import { Generation, type Listener } from "./generation.js";
import { UnitRecords } from "./units/records.js";
import { FrontEnd, type FrontEndOptions, type FrontEndResult, type UpdateOptions } from "./frontEnd.js";
import { Publications } from "./publications.js";
import { keepPrograms, restorePrograms } from "./units/keptPrograms.js";
import type { Layout } from "./support/layout.js";
import { endFollower, isDue, noteDue } from "./support/follower.js";
import { withLock, withLockUntilWanted } from "./support/lock.js";
import { Publisher } from "./support/publisher.js";
import { isCurrent } from "./support/stamps.js";
import { workedOn } from "./support/versionControl.js";
import { StageClock } from "./support/stageClock.js";
import { publish } from "./engine/publish.js";
import { EngineError } from "./engine/errors.js";
import { movedLibraries } from "./lanes/refresh.js";
import { putAllInPlace } from "./units/metadataFile.js";
import { Bases } from "./base/baseImage.js";
import { Recovery } from "./recovery.js";
import { type Selection, type SelectionState, loadSelection, namedBases, saveSelection } from "./cargo/selection.js";
import type { LoadedPrograms, Program } from "./units/program.js";
import { writeReport } from "./engine/reportFile.js";
import { Moved, TargetDirectory } from "./cargo/targetDirectory.js";
import type { Toolchain } from "./units/toolchain.js";

export interface WorkspaceOptions extends FrontEndOptions {
  readonly engine: string;
  /** Files that somebody has open, and so may edit next: what edits of them need is made ready. */
  readonly openFiles?: () => readonly string[];
  readonly sources?: SharedSources;
}

export interface Update {
  readonly report: GenerationReport;
  /** The state that `report` made, or the last good one; undefined when nothing was ever built. */
  readonly state: SelectionState | undefined;
  /** cargo's or rustc's exit code when the build failed. */
  readonly exitCode: number;
  /** Whether the programs are not those of this process's last update. */
  readonly published: boolean;
  /** There is work that nobody waits for: see `Workspace.follow`. */
  readonly isAhead: boolean;
}

export class Workspace {
  private state: SelectionState | undefined;
  private client: Engine | undefined;
  /** Of the units of `state`, and of whatever the last update compiled. */
  private unitRecords: UnitRecords | undefined;
  private readonly publications = new Publications();
  /** What was found missing, and is to be made anew. */
  private missing: string | undefined;
  private readonly publisher = new Publisher();
  private readonly target: TargetDirectory;
  private readonly front: FrontEnd;
  private bodies: FunctionEdits | undefined;
  /** An update of this process has come to its end, and told all that rustc says of the units. */
  private hasTold = false;
  private hasAskedGit = false;

  constructor(
    private readonly selection: Selection,
    private readonly options: WorkspaceOptions,
    private readonly listener: Listener,
  ) {
    this.target = new TargetDirectory(selection, options.env, options.follower?.root, options.isWithoutCargo);
    this.front = new FrontEnd(
      this.target,
      options,
      this.publications,
      listener,
      (records) => (this.unitRecords = records),
    );
  }

  /** `target/cranefly`, once known. */
  get layout(): Layout | undefined {
    return this.target.known;
  }

  /** The records of the units that the last update has seen or made. */
  get records(): UnitRecords | undefined {
    return this.unitRecords;
  }

  get engine(): Engine | undefined {
    return this.client;
  }

  close(): void {
    this.client?.close();
    this.bodies?.dispose();
    this.front.dispose();
  }

  /** What became of edits of function bodies; undefined where there is no body lane. */
  get bodyLane(): BodyLaneStatistics | undefined {
    return this.bodies?.statistics;
  }

  private get hasBodyLane(): boolean {
    return this.options.bodyLane !== undefined && this.selection.kind !== "file";
  }

  /** Whether units have lines of a library that have moved since: of generic functions, say. */
  get isBehind(): boolean {
    const { state, unitRecords } = this;
    if (state === undefined || unitRecords === undefined || this.options.bodyLane === undefined) return false;
    return movedLibraries(unitRecords.some(state.units)).length > 0;
  }

  /** Other files were opened. Gives whether there is work now, as `Update.isAhead`. */
  expectEdits(): boolean {
    const { bodies, state, unitRecords: records } = this;
    if (bodies === undefined || state === undefined || records === undefined) return false;
    // rustc tells of its sources without links.
    bodies.expect({ ...state, records }, (this.options.openFiles?.() ?? []).map(realPath));
    return bodies.hasWork(records);
  }

  /** The next update publishes whatever was published before: the engine may have lost it. */
  forgetPublished(): void {
    this.publications.forget();
  }

  /** Whether an executable is still the program that was published there, and no other build's of the same name. */
  isInPlace(executable: string): boolean {
    return this.publications.isInPlace(executable);
  }

  /** The next update asks cargo, whatever was captured before. */
  forgetState(): void {
    if (this.layout !== undefined) fs.rmSync(this.layout.selection(this.target.key), { force: true });
    this.state = undefined;
  }

  /**
   * Brings everything up to date. `sinceMs`: when the change was seen, by `performance.now()`. Build failures are a
   * report; `Unsupported`, `EngineError` and `Cancelled` are thrown.
   */
  update(sinceMs: number, signal?: AbortSignal): Promise<Update> {
    return this.attempt({ sinceMs, signal, follows: false });
  }

  /**
   * Does what nobody waits for: lets the crate lane compile what the body lane was faster with, compares the two, and gets
   * overlays ready for the next edit. Gives the crate lane's update, if there was one. To be called after an update that
   * says `isAhead`, with a signal that the next change aborts. `isIdle`: nobody has saved anything for a while, so that what is
   * behind (see `isBehind`) is compiled, too.
   */
  async follow(signal: AbortSignal, isIdle = false): Promise<Update | undefined> {
    const sinceMs = performance.now();
    const refreshes = isIdle && this.isBehind;
    // A process that follows another one has not looked at anything yet.
    const isDue = this.bodies?.isAhead === true || refreshes || this.state === undefined;
    // The crate lane may take long: a crate that was edited for the first time does not wait for it.
    if (isDue) await this.prepare(signal, true);
    const update = isDue ? await this.attempt({ sinceMs, signal, follows: true, refreshes }) : undefined;
    if (update?.report.ok === false) return update;
    try {
      await this.expectWorkedOn(signal);
      await this.prepare(signal);
    } catch (error) {
      // What the crate lane has found is to be told all the same.
      if (update === undefined || !(error instanceof Cancelled)) throw error;
    }
    return update;
  }

  /** Has git tell, once, what may be edited although nobody has it open. */
  private async expectWorkedOn(signal: AbortSignal): Promise<void> {
    const { bodies, state, layout, selection } = this;
    if (bodies === undefined || state === undefined || layout === undefined || this.hasAskedGit) return;
    const files = await workedOn(selection.cwd, this.options.env, signal);
    this.hasAskedGit = true;
    bodies.expectLess({ ...state, records: new UnitRecords(layout) }, files);
  }

  /** Makes ready what the next edits need; `onlyTwins`: what most of them need. */
  private async prepare(signal: AbortSignal, onlyTwins = false): Promise<void> {
    const { bodies, client, state, layout } = this;
    if (bodies === undefined || client === undefined || state === undefined || layout === undefined) return;
    if (!bodies.hasWork(this.unitRecords ?? new UnitRecords(layout))) return;
    const options = { env: this.options.env, clock: new StageClock() };
    await withLockUntilWanted(
      layout.lock,
      () => undefined,
      signal,
      (own) => {
        const records = new UnitRecords(layout);
        const mayRead = this.isCrateLanes(layout, state.programs, records);
        return bodies.prepare({ ...state, records }, client, { ...options, signal: own, mayRead }, onlyTwins);
      },
    );
  }

  /** Whether the programs are, all of them, what the crate lane made and these records are about. */
  private isCrateLanes(layout: Layout, programs: readonly Program[], records: UnitRecords): boolean {
    return this.publisher.overtaken(layout).size === 0 && !this.publications.differ(programs, records);
  }

  private async attempt(options: UpdateOptions): Promise<Update> {
    const { signal } = options;
    for (;;) {
      const layout = await this.target.find(signal);
      const onWait = (pid: number): void => {
        // Nobody waits for the process that lets the crate lane follow.
        if (!endFollower(layout, pid)) this.listener.onWait(pid);
      };
      try {
        if (!options.follows)
          return await withLock(layout.lock, onWait, signal, () => this.buildWhole(layout, options));
        const follow = (own: AbortSignal): Promise<Update> => this.buildWhole(layout, { ...options, signal: own });
        return await withLockUntilWanted(layout.lock, onWait, signal, follow);
      } catch (error) {
        if (!(error instanceof Moved)) throw error;
        this.target.moveTo(error.root);
        this.state = undefined;
      }
    }
  }

  /** Builds, and makes anew what is found missing or damaged on the way. */
  private async buildWhole(layout: Layout, options: UpdateOptions): Promise<Update> {
    const recovery = new Recovery(layout);
    for (;;) {
      try {
        return await this.build(layout, options);
      } catch (error) {
        // A library has nothing any more that its users take from it, such as an instance of a generic function.
        if (error instanceof EngineError && error.kind === "unresolved" && putAllInPlace(layout)) continue;
        if (this.options.follower !== undefined) throw error;
        if (!recovery.forget(error)) {
          if (error instanceof Cancelled || error instanceof Moved) throw error;
          const trouble = await this.target.lend(layout, options.signal);
          if (trouble !== undefined) this.listener.onProgress(`warning: ${trouble}`);
          throw error;
        }
        this.missing = messageOf(error);
        this.forgetState();
        // What comes anew may have the names of what was lost.
        this.publications.forget();
      } finally {
        // Wherever it ended: cargo may have put its placeholders over programs that need not be published anew.
        restorePrograms(layout);
      }
    }
  }

  /** Writes a report to a file, with an entry for every function where the engine has them. */
  async writeReport(file: string, report: GenerationReport): Promise<void> {
    const { client: engine, layout } = this;
    const isKnown = report.ok && engine !== undefined && layout !== undefined;
    await writeReport(file, report, isKnown ? { engine, workspace: layout.root } : undefined);
  }

  /** What was said of units that do not change is said once in this process. */
  private messageScope({ follows }: UpdateOptions): "all" | "news" | "background" {
    if (follows) return "background";
    return this.hasTold ? "news" : "all";
  }

  private async build(layout: Layout, options: UpdateOptions): Promise<Update> {
    const { signal } = options;
    const generation = new Generation(this.listener, options.sinceMs, this.messageScope(options));
    this.state ??= loadSelection(layout, this.target.key);
    // They may be what another process has made of other texts.
    const overtaken = this.publisher.overtaken(layout);
    if (overtaken.size > 0) this.bodies?.forgetPublished();
    if (this.options.isOneShot === true) await this.beginOneShot(layout, options.follows);
    const { missing, bodies, client } = this;
    const front = await this.front.run(layout, this.state, generation, { missing, bodies, engine: client }, options);
    const { lane, reason, refused } = front;
    if ("exitCode" in front) {
      const { units = [] } = this.state ?? {};
      this.bodies?.failed(new UnitRecords(layout).some(units), options.follows);
      const stale = this.state !== undefined;
      const { publications, state } = this;
      const report = generation.report({ ...front, generation: publications.generation, ok: false, stale });
      return { report, state, exitCode: front.exitCode, published: false, isAhead: false };
    }
    if ("published" in front) return this.publishedBodies(layout, front, generation, overtaken);
    this.unitRecords = front.records;
    const { env, shimBundle } = this.options;
    const { toolchain } = front.state;
    const { records } = front;
    const bases = new Bases({ layout, toolchain, bundleDir: path.dirname(shimBundle), env, signal }, records);
    let programs = await generation.timed("base", () => bases.of(front.state.programs, this.state?.programs ?? []));
    const { publications } = this;
    const isNew = overtaken.size > 0 || publications.differ(programs, records);
    // Among them what was compiled for a change that another one overtook before it was published.
    const units = new Set([...front.units, ...publications.changedUnits(programs, records)]);
    if (isNew) {
      const engine = this.engineFor(toolchain);
      const more = this.bodies?.verifiable({ ...front.state, records }) ?? {};
      // A save came while the crate lane followed, which has compiled it: whoever asks because of it has to hear of that.
      if (options.follows && more.verify !== true) publications.keepUnreported();
      const link = (program: Program, common: ProgramInterface): Promise<Program> =>
        generation.timed("base", () => bases.link(program, common));
      const published = await generation.timed("engine", () =>
        publish(layout.root, records, programs, engine, generation.clock.ms, () => more, link),
      );
      const { reports } = published;
      programs = [...published.programs];
      publications.published(programs, records, reports);
      keepPrograms(
        layout,
        reports.map(({ program }) => program),
      );
      this.bodies?.followed(reports);
      this.publisher.published(
        layout,
        reports.map(({ program }) => program),
      );
    }
    const state = { ...front.state, programs };
    saveSelection(layout, this.target.key, state);
    bases.published(programs, () => namedBases(layout));
    this.state = state;
    this.missing = undefined;
    this.hasTold = true;
    await this.rebaseBodies(layout, { ...state, records }, front.compiled, options.follows);
    const hasChanged = publications.hasReport(isNew, options.follows);
    const report = generation.report({
      generation: publications.generation,
      lane,
      ok: true,
      stale: false,
      reason,
      refused,
      units: [...units],
      programs: publications.reports(hasChanged),
    });
    const isOneShot = this.options.isOneShot === true;
    // What was edited once is edited again.
    const isAhead = isOneShot
      ? this.hasBodyLane && (front.compiled.length > 0 || isDue(layout, this.target.key))
      : this.bodies?.hasWork(records) === true;
    if (isOneShot && isAhead) noteDue(layout, this.target.key);
    return { report, state, exitCode: 0, published: hasChanged, isAhead };
  }

  /** What a process that ends with its first update needs for the body lane. */
  private async beginOneShot(layout: Layout, follows: boolean): Promise<void> {
    const { state } = this;
    const { bodyLane, env } = this.options;
    if (bodyLane === undefined || state === undefined || this.bodies !== undefined) return;
    const engine = this.engineFor(state.toolchain);
    // (Asked, so that it is noticed when the engine goes.)
    if (this.options.follower !== undefined && !(await engine.isRunning())) throw new Cancelled();
    // Loading the parser takes longer than looking whether it is needed.
    const records = new UnitRecords(layout).some(state.units);
    if (!follows && records.every(({ inputs }) => inputs.every(isCurrent))) return;
    new CompiledTexts(layout.sharedTexts).keepNow(records);
    this.bodies = await FunctionEdits.create(layout, bodyLane, env, this.options.sources);
    if (follows) this.bodies.resume(state.units, records);
  }

  /** The update of an edit that took the body lane. */
  private async publishedBodies(
    layout: Layout,
    front: Extract<FrontEndResult, { readonly published: unknown }>,
    generation: Generation,
    overtaken: ReadonlySet<string>,
  ): Promise<Update> {
    const { lane, reason, units, scripts } = front;
    if (this.state !== undefined) this.state = { ...this.state, scripts: [...scripts] };
    if (this.state !== undefined && this.options.isOneShot === true) {
      // The process that follows does not run them again.
      saveSelection(layout, this.target.key, this.state);
      noteDue(layout, this.target.key);
    }
    const isStale = ({ name }: Program): boolean => this.publications.isEmpty || overtaken.has(name);
    const rest = await this.publishRest(
      layout,
      this.state?.programs.filter(isStale) ?? [],
      front.published,
      generation,
    );
    const published = [...front.published, ...rest];
    // The daemon may have made new ones.
    keepPrograms(
      layout,
      published.map(({ program }) => program),
    );
    const reports = this.publications.publishedBodies(published);
    this.publisher.published(
      layout,
      published.map(({ program }) => program),
    );
    const report = generation.report({
      generation: this.publications.generation,
      lane,
      ok: true,
      stale: false,
      reason,
      units,
      programs: reports,
    });
    return { report, state: this.state, exitCode: 0, published: published.length > 0, isAhead: true };
  }

  /** Publishes what has nothing of an edit, of programs of which it is not known what they are. */
  private async publishRest(
    layout: Layout,
    stale: readonly Program[],
    published: readonly ProgramReport[],
    generation: Generation,
  ): Promise<readonly ProgramReport[]> {
    const { state, client, options } = this;
    const known = new Set(published.map(({ program }) => program));
    const programs = stale.filter(({ name }) => !known.has(name));
    if (state === undefined || client === undefined || programs.length === 0) return [];
    const records = new UnitRecords(layout);
    const place = { layout, toolchain: state.toolchain, bundleDir: path.dirname(options.shimBundle) };
    const bases = new Bases({ ...place, env: options.env, signal: undefined }, records);
    const link = (program: Program, common: ProgramInterface): Promise<Program> =>
      generation.timed("base", () => bases.link(program, common));
    const { reports } = await generation.timed("engine", () =>
      publish(layout.root, records, programs, client, generation.clock.ms, () => ({}), link),
    );
    return reports;
  }

  /** Lets edits be compared with what the crate lane has compiled now. */
  private async rebaseBodies(
    layout: Layout,
    built: LoadedPrograms,
    compiled: readonly CompiledUnit[],
    follows: boolean,
  ): Promise<void> {
    const { bodyLane, isOneShot } = this.options;
    if (bodyLane === undefined || !this.hasBodyLane) return;
    if (isOneShot === true && !follows) {
      // Whatever the next edit needs is made by the process that follows.
      new CompiledTexts(layout.sharedTexts).keep(built.records.all(built.units));
      forgetUnfollowed(layout, built.units);
      return;
    }
    this.bodies ??= await FunctionEdits.create(layout, bodyLane, this.options.env, this.options.sources);
    this.bodies.rebase(built, compiled, follows);
    this.expectEdits();
  }

  /** The engine reads bitcode with the toolchain's own library: another toolchain, another engine. */
  private engineFor(toolchain: Toolchain): Engine {
    const engine = Engine.for(this.options.engine, toolchain, this.options.env);
    if (this.client?.socket === engine.socket) return this.client;
    this.client?.close();
    this.client = engine;
    const { follower } = this.options;
    if (follower !== undefined) {
      // One that such a process starts would have as little claim to the processor, and somebody may have ended it.
      engine.mayStart = () => false;
      engine.onLost = follower.onEngineGone;
    }
    return engine;
  }
}
