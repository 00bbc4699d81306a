/**
 * A workspace with one selection: brings it up to date and reports how. The heart of both the command line and the
 * language server.
 *
 * Knows nothing of terminals; everything for the user goes through `Listener`.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { BodyLaneStatistics, GenerationReport } from "../../../shared/src/report.js";
import type { ProgramInterface } from "../../../shared/src/protocol.js";
import { FunctionEdits } from "./lanes/functionEdits.js";
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
import { withLock } from "./support/lock.js";
import { StageClock } from "./support/stageClock.js";
import { publish } from "./engine/publish.js";
import { Bases } from "./base/baseImage.js";
import { Recovery } from "./recovery.js";
import { type Selection, type SelectionState, loadSelection, namedBases, saveSelection } from "./cargo/selection.js";
import type { LoadedPrograms, Program } from "./units/program.js";
import { writeReport } from "./engine/reportFile.js";
import { Moved, TargetDirectory } from "./cargo/targetDirectory.js";
import type { Toolchain } from "./units/toolchain.js";

export interface WorkspaceOptions extends FrontEndOptions {
  readonly engine: string;
  /**
   * Where the bundles lie, if edits may take the body lane: for who stays to let the crate lane follow (see `follow`).
   */
  readonly bodyLane?: string;
  /** Files that somebody has open, and so may edit next: what edits of them need is made ready. */
  readonly openFiles?: () => readonly string[];
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
  private readonly target: TargetDirectory;
  private readonly front: FrontEnd;
  private bodies: FunctionEdits | undefined;

  constructor(
    private readonly selection: Selection,
    private readonly options: WorkspaceOptions,
    private readonly listener: Listener,
  ) {
    this.target = new TargetDirectory(selection, options.env);
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
  }

  /** What became of edits of function bodies; undefined where there is no body lane. */
  get bodyLane(): BodyLaneStatistics | undefined {
    return this.bodies?.statistics;
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
   * says `isAhead`, with a signal that the next change aborts.
   */
  async follow(signal: AbortSignal): Promise<Update | undefined> {
    const sinceMs = performance.now();
    const update = this.bodies?.isAhead === true ? await this.attempt({ sinceMs, signal, follows: true }) : undefined;
    const { bodies, client, state, layout } = this;
    if (bodies === undefined || client === undefined || state === undefined || layout === undefined) return update;
    if (update?.report.ok === false || !bodies.hasWork(this.unitRecords ?? new UnitRecords(layout))) return update;
    const options = { env: this.options.env, signal, clock: new StageClock() };
    try {
      await withLock(
        layout.lock,
        () => undefined,
        signal,
        () => bodies.prepare({ ...state, records: new UnitRecords(layout) }, client, options),
      );
    } catch (error) {
      // What the crate lane has found is to be told all the same.
      if (update === undefined || !(error instanceof Cancelled)) throw error;
    }
    return update;
  }

  private async attempt(options: UpdateOptions): Promise<Update> {
    const { signal } = options;
    for (;;) {
      const layout = await this.target.find(signal);
      const onWait = (pid: number): void => this.listener.onWait(pid);
      try {
        return await withLock(layout.lock, onWait, signal, () => this.buildWhole(layout, options));
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
    return this.publications.isEmpty ? "all" : "news";
  }

  private async build(layout: Layout, options: UpdateOptions): Promise<Update> {
    const { signal } = options;
    const generation = new Generation(this.listener, options.sinceMs, this.messageScope(options));
    this.state ??= loadSelection(layout, this.target.key);
    const { missing, bodies, client } = this;
    const front = await this.front.run(layout, this.state, generation, { missing, bodies, engine: client }, options);
    const { lane, reason, refused } = front;
    if ("exitCode" in front) {
      const stale = this.state !== undefined;
      const { publications, state } = this;
      const report = generation.report({ ...front, generation: publications.generation, ok: false, stale });
      return { report, state, exitCode: front.exitCode, published: false, isAhead: false };
    }
    if ("published" in front) return this.publishedBodies(front, generation);
    this.unitRecords = front.records;
    const { env, shimBundle } = this.options;
    const { toolchain } = front.state;
    const { records } = front;
    const bases = new Bases({ layout, toolchain, bundleDir: path.dirname(shimBundle), env, signal }, records);
    let programs = await generation.timed("base", () => bases.of(front.state.programs, this.state?.programs ?? []));
    const { publications } = this;
    const isNew = publications.differ(programs, records);
    // Among them what was compiled for a change that another one overtook before it was published.
    const units = new Set([...front.units, ...publications.changedUnits(programs, records)]);
    if (isNew) {
      const engine = this.engineFor(toolchain);
      const isVerified = this.bodies?.canVerify({ ...front.state, records }) === true;
      const more = isVerified ? { verify: true } : {};
      // A save came while the crate lane followed, which has compiled it: whoever asks because of it has to hear of that.
      if (options.follows && !isVerified) publications.keepUnreported();
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
    }
    const state = { ...front.state, programs };
    saveSelection(layout, this.target.key, state);
    bases.published(programs, () => namedBases(layout));
    this.state = state;
    this.missing = undefined;
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
    return { report, state, exitCode: 0, published: hasChanged, isAhead: this.bodies?.hasWork(records) === true };
  }

  /** The update of an edit that took the body lane. */
  private publishedBodies(
    front: Extract<FrontEndResult, { readonly published: unknown }>,
    generation: Generation,
  ): Update {
    const { lane, reason, units, published, scripts } = front;
    if (this.state !== undefined) this.state = { ...this.state, scripts: [...scripts] };
    const reports = this.publications.publishedBodies(published);
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

  /** Lets edits be compared with what the crate lane has compiled now. */
  private async rebaseBodies(
    layout: Layout,
    built: LoadedPrograms,
    compiled: readonly CompiledUnit[],
    follows: boolean,
  ): Promise<void> {
    const { bodyLane } = this.options;
    if (bodyLane === undefined || this.selection.kind === "file") return;
    this.bodies ??= await FunctionEdits.create(layout, bodyLane, this.options.env);
    this.bodies.rebase(built, compiled, follows);
    this.expectEdits();
  }

  /** The engine reads bitcode with the toolchain's own library: another toolchain, another engine. */
  private engineFor(toolchain: Toolchain): Engine {
    const engine = Engine.for(this.options.engine, toolchain, this.options.env);
    if (this.client?.socket === engine.socket) return this.client;
    this.client?.close();
    this.client = engine;
    return engine;
  }
}
