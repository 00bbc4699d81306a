/**
 * A workspace with one selection: brings it up to date and reports how. The heart of both the command line and the
 * language server.
 *
 * Knows nothing of terminals; everything for the user goes through `Listener`.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import {
  type BodyLaneStatistics,
  type Diagnostic,
  type GenerationReport,
  type ProgramReport,
  noTimes,
} from "../../../shared/src/report.js";
import type { ProgramInterface } from "../../../shared/src/protocol.js";
import { FunctionEdits, type BodyOutcome } from "./lanes/functionEdits.js";
import { type ScriptState, type Settled, settleScripts } from "./cargo/buildScripts.js";
import { type CompiledUnit, crateLane } from "./lanes/crateLane.js";
import { Engine } from "./engine/client.js";
import { messageOf } from "./support/errors.js";
import { BuildFailed } from "./cargo/cargo.js";
import { Generation, type Listener, unchanged } from "./generation.js";
import { changedCargoInput } from "./cargo/inputs.js";
import { type ProgramFiles, arePublished, isWhole, missingLibrary, programFiles } from "./units/intact.js";
import { recordsOf } from "./units/record.js";
import { keepPrograms, restorePrograms } from "./units/keptPrograms.js";
import type { Layout } from "./support/layout.js";
import { withLock } from "./support/lock.js";
import type { UnitName, UnitMessages } from "./units/messages.js";
import { isHere } from "./cargo/elsewhere.js";
import { changedUnits, isSame, partsOf, publish } from "./engine/publish.js";
import { Bases } from "./base/baseImage.js";
import { Recovery } from "./recovery.js";
import {
  type Selection,
  type SelectionState,
  loadSelection,
  saveSelection,
  type SingleFile,
} from "./cargo/selection.js";
import type { Program } from "./units/program.js";
import { writeReport } from "./engine/reportFile.js";
import { Moved, TargetDirectory } from "./cargo/targetDirectory.js";
import type { Toolchain } from "./units/toolchain.js";

export interface WorkspaceOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly engine: string;
  readonly shimBundle: string;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly jobs: number;
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

/** What the front end gives: a state to publish, or an exit code. */
type FrontEnd = Pick<GenerationReport, "lane" | "reason" | "refused"> & { readonly units: readonly string[] } & (
    | {
        readonly state: SelectionState;
        /** What the crate lane compiled. */
        readonly compiled: readonly CompiledUnit[];
      }
    | { readonly exitCode: number }
    /** The body lane has published already. */
    | { readonly published: readonly ProgramReport[]; readonly scripts: readonly ScriptState[] }
  );

/** How an update is made. */
interface UpdateOptions {
  readonly sinceMs: number;
  readonly signal: AbortSignal | undefined;
  /** The crate lane follows the body lane; nobody waits for it. */
  readonly follows: boolean;
}

export class Workspace {
  private generation = 0;
  private state: SelectionState | undefined;
  private client: Engine | undefined;
  /** What this process last had the engine publish, and what came of it. */
  private published:
    | {
        readonly parts: ReadonlyMap<string, string>;
        readonly reports: readonly ProgramReport[];
        readonly files: ProgramFiles;
      }
    | undefined;
  /** What was found missing, and is to be made anew. */
  private lost: string | undefined;
  /** The crate lane has published a save before anybody asked for it. */
  private hasUntold = false;
  private readonly target: TargetDirectory;
  private bodies: FunctionEdits | undefined;

  constructor(
    private readonly selection: Selection,
    private readonly single: SingleFile | undefined,
    private readonly options: WorkspaceOptions,
    private readonly listener: Listener,
  ) {
    this.target = new TargetDirectory(selection, single, options.env);
  }

  /** `target/cranefly`, once known. */
  get layout(): Layout | undefined {
    return this.target.known;
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
    const { bodies, state } = this;
    if (bodies === undefined || state === undefined) return false;
    bodies.expect(state, this.options.openFiles?.() ?? []);
    return bodies.hasWork;
  }

  /** The next update publishes whatever was published before: the engine may have lost it. */
  forgetPublished(): void {
    this.published = undefined;
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
    if (update?.report.ok === false || bodies?.hasWork !== true) return update;
    if (client === undefined || state === undefined || layout === undefined) return update;
    const options = { env: this.options.env, signal, ms: noTimes() };
    await withLock(
      layout.lock,
      () => undefined,
      signal,
      () => bodies.prepare(state, client, options),
    );
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
        if (!recovery.forget(error)) throw error;
        this.lost = messageOf(error);
        this.forgetState();
        // What comes anew may have the names of what was lost.
        this.published = undefined;
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
    return this.published === undefined ? "all" : "news";
  }

  private async build(layout: Layout, options: UpdateOptions): Promise<Update> {
    const { signal } = options;
    const generation = new Generation(this.listener, options.sinceMs, this.messageScope(options));
    this.state ??= loadSelection(layout, this.target.key);
    const front = await this.frontEnd(layout, this.state, generation, options);
    const { lane, reason, refused } = front;
    if ("exitCode" in front) {
      const stale = this.state !== undefined;
      const { generation: number, state } = this;
      const report = generation.report({ ...front, generation: number, ok: false, stale });
      return { report, state, exitCode: front.exitCode, published: false, isAhead: false };
    }
    if ("published" in front) return this.publishedBodies(front, generation);
    const { env, shimBundle } = this.options;
    const { toolchain } = front.state;
    const bases = new Bases({ layout, toolchain, bundleDir: path.dirname(shimBundle), env, signal });
    let programs = await generation.timed("base", () => bases.of(front.state.programs, this.state?.programs ?? []));
    let parts = partsOf(layout, programs);
    const before = this.published?.parts;
    const isNew = before === undefined || !isSame(before, parts);
    // Among them what was compiled for a change that another one overtook before it was published.
    const units = new Set([...front.units, ...(before === undefined ? [] : changedUnits(layout, before, parts))]);
    if (isNew) {
      const engine = this.engineFor(toolchain);
      const isVerified = this.bodies?.canVerify(front.state) === true;
      const more = isVerified ? { verify: true } : {};
      // A save came while the crate lane followed, which has compiled it: whoever asks because of it has to hear of that.
      this.hasUntold ||= options.follows && !isVerified;
      const link = (program: Program, common: ProgramInterface): Promise<Program> =>
        generation.timed("base", () => bases.link(program, common));
      const published = await generation.timed("engine", () =>
        publish(layout, programs, engine, generation.ms, () => more, link),
      );
      const { reports } = published;
      programs = [...published.programs];
      parts = partsOf(layout, programs);
      this.published = { parts, reports, files: programFiles(reports) };
      keepPrograms(
        layout,
        reports.map(({ program }) => program),
      );
      this.bodies?.followed(reports);
      this.generation = Math.max(this.generation + 1, ...reports.map((program) => program.generation));
    }
    const state = { ...front.state, programs };
    saveSelection(layout, this.target.key, state);
    this.state = state;
    this.lost = undefined;
    await this.rebaseBodies(layout, state, front.compiled, options.follows);
    const reports = this.published?.reports ?? [];
    const hasChanged = isNew || (this.hasUntold && !options.follows);
    if (!options.follows) this.hasUntold = false;
    const report = generation.report({
      generation: this.generation,
      lane,
      ok: true,
      stale: false,
      reason,
      refused,
      units: [...units],
      programs: hasChanged ? reports : reports.map(unchanged),
    });
    return { report, state, exitCode: 0, published: hasChanged, isAhead: this.bodies?.hasWork === true };
  }

  /** The update of an edit that took the body lane. */
  private publishedBodies(front: Extract<FrontEnd, { readonly published: unknown }>, generation: Generation): Update {
    const { lane, reason, units, published, scripts } = front;
    if (this.state !== undefined) this.state = { ...this.state, scripts: [...scripts] };
    const fresh = new Map(published.map((program) => [program.program, program]));
    const reports = (this.published?.reports ?? []).map((old) => fresh.get(old.program) ?? unchanged(old));
    if (published.length > 0) {
      // (No state of the crate lane has these parts, so that it publishes whatever comes next.)
      this.published = { parts: new Map(), reports, files: programFiles(reports) };
      this.generation = Math.max(this.generation + 1, ...published.map((program) => program.generation));
    }
    const report = generation.report({
      generation: this.generation,
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
    state: SelectionState,
    compiled: readonly CompiledUnit[],
    follows: boolean,
  ): Promise<void> {
    const { bodyLane } = this.options;
    if (bodyLane === undefined || this.single !== undefined) return;
    this.bodies ??= await FunctionEdits.create(layout, bodyLane);
    this.bodies.rebase(state, compiled, follows);
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

  /** Brings the units up to date, by cargo if it must be. */
  private async frontEnd(
    layout: Layout,
    state: SelectionState | undefined,
    generation: Generation,
    { signal, follows }: UpdateOptions,
  ): Promise<FrontEnd> {
    if (state === undefined) return this.cargoLane(layout, this.lost ?? "first build", generation, signal);
    if (!isHere(layout, state)) return this.cargoLane(layout, "it was built elsewhere", generation, signal);
    const { env, jobs } = this.options;
    const cargoInput = await generation.timed("check", () => changedCargoInput(state));
    if (cargoInput !== undefined) return this.cargoLane(layout, `${cargoInput} changed`, generation, signal);
    const records = recordsOf(layout, state);
    const library = missingLibrary(records);
    if (library !== undefined) return this.cargoLane(layout, `${library} is missing`, generation, signal);
    if (!isWhole(layout, records, state) || (this.published !== undefined && !arePublished(this.published.files))) {
      this.published = undefined;
    }
    const settling = settleScripts(state.scripts, env, signal);
    // (It is waited for later; until then nobody hears of its failure.)
    settling.catch(() => undefined);
    const settle = (): Promise<Settled> => generation.timed("scripts", () => settling);
    // rustc may read what a script writes. One that has nothing to write runs beside it, and has its say before anything is published.
    const isBeside = !follows && state.scripts.every(({ produced }) => produced.length === 0);
    let bodies = isBeside ? await this.tryBodies(state, generation, signal, settle) : undefined;
    const settled = await settle();
    for (const warning of settled.warnings) this.warnOnce(warning);
    if (settled.cargoReason !== undefined) {
      return this.cargoLane(layout, `${settled.cargoReason} changed`, generation, signal);
    }
    if (!follows) bodies ??= await this.tryBodies(state, generation, signal, settle);
    if (bodies !== undefined && bodies.kind === "taken") {
      const { reason, units, reports: published } = bodies;
      return { lane: "body", reason, units, published, scripts: settled.scripts };
    }
    const refused = bodies?.refusal?.text;
    const options = {
      env,
      wrapper: state.wrapper,
      jobs,
      signal,
      isBackground: follows,
      messagesOf: (key: string, before: readonly Diagnostic[], isFresh: boolean) =>
        generation.messagesOf(state.names?.[key], before, isFresh),
      onStart: (id: string) => {
        if (!follows) this.listener.onProgress(`   Compiling ${id}`);
      },
    };
    const result = await generation.timed("frontEnd", () => crateLane(layout, state.units, options));
    const units = result.compiled.map((unit) => unit.id);
    if (!result.ok) {
      return { lane: "crate", reason: "compile errors", refused, units, exitCode: 101 };
    }
    const reason = follows ? "it follows the body lane" : (result.compiled[0]?.reason ?? "nothing changed");
    const { compiled } = result;
    return { lane: "crate", reason, refused, units, compiled, state: { ...state, scripts: [...settled.scripts] } };
  }

  private readonly warnings = new Set<string>();

  private warnOnce(text: string): void {
    if (!this.warnings.has(text)) this.listener.onProgress(`warning: ${text}`);
    this.warnings.add(text);
  }

  private async tryBodies(
    state: SelectionState,
    generation: Generation,
    signal: AbortSignal | undefined,
    settle: () => Promise<Settled>,
  ): Promise<BodyOutcome | undefined> {
    try {
      if (this.bodies === undefined || this.client === undefined || this.published === undefined) return undefined;
      const mayPublish = async (): Promise<boolean> => (await settle()).cargoReason === undefined;
      return await this.bodies.attempt(state, this.client, {
        env: this.options.env,
        signal,
        ms: generation.ms,
        mayPublish,
      });
    } finally {
      // No script goes on behind the back of what failed here.
      await settle().catch(() => undefined);
    }
  }

  private async cargoLane(
    layout: Layout,
    reason: string,
    generation: Generation,
    signal: AbortSignal | undefined,
  ): Promise<FrontEnd> {
    try {
      const { env, shimBundle, color, quiet } = this.options;
      const onProgress = (line: string): void => this.listener.onProgress(line);
      const messagesOf = (unit: UnitName | undefined): UnitMessages => generation.messagesOf(unit);
      const options = { env, shimBundle, color, quiet, signal, onProgress, messagesOf };
      const captured = await generation.timed("capture", () =>
        this.target.capture(layout, options, () => (this.published = undefined)),
      );
      generation.ms.frontEnd = captured.frontEndMs;
      return { lane: "cargo", reason, units: captured.compiled, compiled: [], state: captured.state };
    } catch (error) {
      if (!(error instanceof BuildFailed)) throw error;
      if (error.message !== "") this.listener.onProgress(error.message);
      return { lane: "cargo", reason, units: [], exitCode: error.exitCode };
    }
  }
}
