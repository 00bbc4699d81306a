/**
 * A workspace with one selection: brings it up to date and reports how. The heart of both the command line and the
 * language server.
 *
 * Knows nothing of terminals; everything for the user goes through `Listener`.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Diagnostic, GenerationReport, ProgramReport } from "../../../shared/src/report.js";
import { settleScripts } from "./buildScripts.js";
import { capture } from "./capture.js";
import { loadMetadata } from "./cargo.js";
import { crateLane } from "./crateLane.js";
import { Engine } from "./engine.js";
import { BuildFailed, MissingUnit } from "./errors.js";
import { Generation, type Listener, unchanged } from "./generation.js";
import { changedCargoInput } from "./inputs.js";
import { Layout, cacheDirectory } from "./layout.js";
import { withLock } from "./lock.js";
import { DamagedProgram, changedUnits, isSame, partsOf, publish, withBases } from "./publisher.js";
import { type Selection, type SelectionState, loadSelection, saveSelection, selectionKey } from "./selection.js";
import { captureSingle } from "./single.js";
import { forgetUnit } from "./unit.js";
import { findRoot, forgetRoot, rememberRoot } from "./roots.js";

export interface WorkspaceOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly engine: string;
  readonly shimBundle: string;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly jobs: number;
}

/** A single source file without a package, and rustc's arguments for it. */
export interface SingleFile {
  readonly file: string;
  /** The path as the user gave it, which is how messages name it. */
  readonly source: string;
  readonly rustcArgs: readonly string[];
}

export interface Update {
  readonly report: GenerationReport;
  /** The state that `report` made, or the last good one; undefined when nothing was ever built. */
  readonly state: SelectionState | undefined;
  /** cargo's or rustc's exit code when the build failed. */
  readonly exitCode: number;
  /** Whether the programs are not those of this process's last update. */
  readonly published: boolean;
}

/** What the front end gives: a state to publish, or an exit code. */
type FrontEnd = Pick<GenerationReport, "lane" | "reason"> & { readonly units: readonly string[] } & (
    { readonly state: SelectionState } | { readonly exitCode: number }
  );

/** cargo's target directory is not where it was. */
class Moved extends Error {
  constructor(readonly root: string) {
    super(`the target directory is now ${root}`);
  }
}

/** The units to compile once more after a failure; none when that would not help. */
function unitsToForget(error: unknown): readonly string[] {
  if (error instanceof MissingUnit) return error.keys;
  if (!(error instanceof DamagedProgram)) return [];
  fs.rmSync(path.dirname(error.program.base), { recursive: true, force: true });
  return error.program.closure;
}

export class Workspace {
  private generation = 0;
  private state: SelectionState | undefined;
  private client: Engine | undefined;
  private layoutInUse: Layout | undefined;
  /** What this process last had the engine publish, and what came of it. */
  private published:
    { readonly parts: ReadonlyMap<string, string>; readonly reports: readonly ProgramReport[] } | undefined;
  private readonly key: string;

  constructor(
    private readonly selection: Selection,
    private readonly single: SingleFile | undefined,
    private readonly options: WorkspaceOptions,
    private readonly listener: Listener,
  ) {
    this.key = selectionKey(selection, options.env, single);
  }

  /** `target/cranefly`, once known. */
  get layout(): Layout | undefined {
    return this.layoutInUse;
  }

  get engine(): Engine | undefined {
    return this.client;
  }

  close(): void {
    this.client?.close();
  }

  /** The next update publishes whatever was published before: the engine may have lost it. */
  forgetPublished(): void {
    this.published = undefined;
  }

  /** The next update asks cargo, whatever was captured before. */
  forgetState(): void {
    if (this.layoutInUse !== undefined) fs.rmSync(this.layoutInUse.selection(this.key), { force: true });
    this.state = undefined;
  }

  /**
   * Brings everything up to date. `sinceMs`: when the change was seen, by `performance.now()`. Build failures are a
   * report; `Unsupported`, `EngineError` and `Cancelled` are thrown.
   */
  async update(sinceMs: number, signal?: AbortSignal): Promise<Update> {
    const forgotten = new Set<string>();
    for (;;) {
      const layout = await this.findLayout(signal);
      const onWait = (pid: number): void => this.listener.onWait(pid);
      try {
        return await withLock(layout.lock, onWait, signal, () => this.build(layout, sinceMs, signal));
      } catch (error) {
        const lost = unitsToForget(error);
        if (lost.some((key) => !forgotten.has(key))) {
          for (const key of lost) {
            forgotten.add(key);
            forgetUnit(layout, key);
          }
          fs.rmSync(layout.selection(this.key), { force: true });
          this.state = undefined;
          // What comes anew may have the names of what was lost.
          this.published = undefined;
          continue;
        }
        if (!(error instanceof Moved)) throw error;
        // The target directory was configured anew; what we know of the old one is no use.
        forgetRoot(this.key, this.options.env);
        this.layoutInUse = new Layout(error.root);
        this.state = undefined;
      }
    }
  }

  /** The report with an entry for every function. */
  async detailed(report: GenerationReport): Promise<GenerationReport> {
    const { client, layoutInUse } = this;
    if (client === undefined || layoutInUse === undefined) return report;
    const programs: ProgramReport[] = [];
    for (const program of report.programs) {
      const { functions } = await client.functions(layoutInUse.root, program.program);
      programs.push({ ...program, entries: functions });
    }
    return { ...report, programs };
  }

  private async build(layout: Layout, sinceMs: number, signal: AbortSignal | undefined): Promise<Update> {
    const generation = new Generation(this.listener, sinceMs);
    this.state ??= loadSelection(layout, this.key);
    const front = await this.frontEnd(layout, this.state, generation, signal);
    const { lane, reason } = front;
    if ("exitCode" in front) {
      const stale = this.state !== undefined;
      const { generation: number, state } = this;
      const report = generation.report({ ...front, generation: number, ok: false, stale });
      return { report, state, exitCode: front.exitCode, published: false };
    }
    const programs = await generation.timed("base", () => withBases(layout, front.state, this.options.env, signal));
    const state = { ...front.state, programs };
    const parts = partsOf(layout, programs);
    const before = this.published?.parts;
    const isNew = before === undefined || !isSame(before, parts);
    // Among them what was compiled for a change that another one overtook before it was published.
    const units = new Set([...front.units, ...(before === undefined ? [] : changedUnits(layout, before, parts))]);
    if (isNew) {
      const engine = (this.client ??= Engine.for(this.options.engine, state.toolchain, this.options.env));
      const reports = await generation.timed("engine", () => publish(layout, programs, engine, generation.ms));
      this.published = { parts, reports };
      this.generation = Math.max(this.generation + 1, ...reports.map((program) => program.generation));
    }
    saveSelection(layout, this.key, state);
    this.state = state;
    const reports = this.published?.reports ?? [];
    const report = generation.report({
      generation: this.generation,
      lane,
      ok: true,
      stale: false,
      reason,
      units: [...units],
      programs: isNew ? reports : reports.map(unchanged),
    });
    return { report, state, exitCode: 0, published: isNew };
  }

  /** Brings the units up to date, by cargo if it must be. */
  private async frontEnd(
    layout: Layout,
    state: SelectionState | undefined,
    generation: Generation,
    signal: AbortSignal | undefined,
  ): Promise<FrontEnd> {
    if (state === undefined) return this.cargoLane(layout, "first build", generation, signal);
    const { env, jobs } = this.options;
    const cargoInput = await generation.timed("check", () => changedCargoInput(state));
    if (cargoInput !== undefined) return this.cargoLane(layout, `${cargoInput} changed`, generation, signal);
    const settled = await generation.timed("scripts", () => settleScripts(state.scripts, env, signal));
    if (settled.cargoReason !== undefined) {
      return this.cargoLane(layout, `${settled.cargoReason} changed`, generation, signal);
    }
    const options = {
      env,
      jobs,
      signal,
      onDiagnostic: generation.onDiagnostic,
      onStart: (id: string) => this.listener.onProgress(`   Compiling ${id}`),
    };
    const result = await generation.timed("frontEnd", () => crateLane(layout, state.units, options));
    const units = result.compiled.map((unit) => unit.id);
    if (!result.ok) {
      const names = result.failed.map((id) => `\`${id}\``).join(", ");
      this.listener.onProgress(`error: could not compile ${names}`);
      return { lane: "crate", reason: "compile errors", units, exitCode: 101 };
    }
    const reason = result.compiled[0]?.reason ?? "nothing changed";
    return { lane: "crate", reason, units, state: { ...state, scripts: [...settled.scripts] } };
  }

  private async cargoLane(
    layout: Layout,
    reason: string,
    generation: Generation,
    signal: AbortSignal | undefined,
  ): Promise<FrontEnd> {
    try {
      const captured = await generation.timed("capture", () => this.capture(layout, generation.onDiagnostic, signal));
      generation.ms.frontEnd = captured.frontEndMs;
      return { lane: "cargo", reason, units: captured.compiled, state: captured.state };
    } catch (error) {
      if (!(error instanceof BuildFailed)) throw error;
      if (error.message !== "") this.listener.onProgress(error.message);
      return { lane: "cargo", reason, units: [], exitCode: error.exitCode };
    }
  }

  private async findLayout(signal: AbortSignal | undefined): Promise<Layout> {
    this.layoutInUse ??= await this.locate(signal);
    return this.layoutInUse;
  }

  private async locate(signal: AbortSignal | undefined): Promise<Layout> {
    if (this.single !== undefined) {
      return new Layout(path.join(cacheDirectory(this.options.env), "single", this.key.slice(0, 16)));
    }
    const known = findRoot(this.key, this.options.env);
    if (known !== undefined) return new Layout(known);
    const metadata = await loadMetadata(this.selection, this.selection.features, this.options.env, signal);
    return new Layout(path.join(metadata.target_directory, "cranefly"));
  }

  private async capture(
    layout: Layout,
    onDiagnostic: (diagnostic: Diagnostic) => void,
    signal: AbortSignal | undefined,
  ): ReturnType<typeof capture> {
    const { env, shimBundle, color, quiet } = this.options;
    const options = {
      env,
      shimBundle,
      color,
      quiet,
      signal,
      onDiagnostic,
      onProgress: (line: string) => this.listener.onProgress(line),
    };
    if (this.single !== undefined) return captureSingle(layout, this.single, this.selection.cwd, options);
    const metadata = await loadMetadata(this.selection, this.selection.features, env, signal);
    const root = path.join(metadata.target_directory, "cranefly");
    if (root !== layout.root) throw new Moved(root);
    const captured = await capture(layout, this.selection, metadata, options);
    rememberRoot(this.key, layout.root, env);
    return captured;
  }
}
