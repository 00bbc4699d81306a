/**
 * A workspace with one selection: brings it up to date and reports how. The heart of both the command line and the
 * language server.
 *
 * Knows nothing of terminals; everything for the user goes through `Listener`.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import {
  type Diagnostic,
  type FunctionCounts,
  type GenerationReport,
  type ProgramReport,
  noFunctions,
  noTimes,
} from "../../../shared/src/report.js";
import type { StageTimes } from "../../../shared/src/report.js";
import type { PublishParams } from "../../../shared/src/protocol.js";
import { inspectArgs } from "./args.js";
import { ensureBase } from "./base.js";
import { capture } from "./capture.js";
import { loadMetadata } from "./cargo.js";
import { crateLane } from "./crateLane.js";
import { Engine, EngineError } from "./engine.js";
import { BuildFailed, MissingUnit, Unsupported } from "./errors.js";
import { changedCargoInput } from "./inputs.js";
import { Layout, cacheDirectory } from "./layout.js";
import { withLock } from "./lock.js";
import {
  type Program,
  type Selection,
  type SelectionState,
  loadSelection,
  saveSelection,
  selectionKey,
} from "./selection.js";
import { captureSingle } from "./single.js";
import { forgetUnit, needUnit } from "./unit.js";
import { findRoot, forgetRoot, rememberRoot } from "./roots.js";

/** What a build tells while it runs. */
export interface Listener {
  onDiagnostic(diagnostic: Diagnostic): void;
  /** A line of cargo's, or one like it: "   Compiling name". */
  onProgress(line: string): void;
  /** Another process builds in this workspace. */
  onWait(pid: number): void;
}

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
  readonly rustcArgs: readonly string[];
}

export interface Update {
  readonly report: GenerationReport;
  /** The state that `report` made, or the last good one; undefined when nothing was ever built. */
  readonly state: SelectionState | undefined;
  /** cargo's or rustc's exit code when the build failed. */
  readonly exitCode: number;
}

/** cargo's target directory is not where it was. */
class Moved extends Error {
  constructor(readonly root: string) {
    super(`the target directory is now ${root}`);
  }
}

/** The engine cannot read what lies on disk for a program: cut short by a full disk or a crash. */
class DamagedProgram extends Error {
  constructor(
    readonly program: Program,
    cause: EngineError,
  ) {
    super(cause.message, { cause });
    this.name = "DamagedProgram";
  }
}

function isDamage(error: unknown): error is EngineError {
  return error instanceof EngineError && (error.kind === "bitcode" || error.kind === "base");
}

/** The units to compile once more after a failure; none when that would not help. */
function unitsToForget(error: unknown): readonly string[] {
  if (error instanceof MissingUnit) return [error.key];
  if (!(error instanceof DamagedProgram)) return [];
  fs.rmSync(path.dirname(error.program.base), { recursive: true, force: true });
  return error.program.closure;
}

export class Workspace {
  private generation = 0;
  private state: SelectionState | undefined;
  private client: Engine | undefined;
  private layoutInUse: Layout | undefined;
  /** What the engine made of the state that `this.state` is. */
  private published: readonly ProgramReport[] = [];
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

  private async build(layout: Layout, sinceMs: number, signal: AbortSignal | undefined): Promise<Update> {
    const ms = noTimes();
    const diagnostics: Diagnostic[] = [];
    const seen = new Set<string>();
    const onDiagnostic = (diagnostic: Diagnostic): void => {
      const text = diagnostic.rendered ?? diagnostic.message;
      // The same source compiled for two targets says everything twice.
      if (isSummary(diagnostic) || seen.has(text)) return;
      seen.add(text);
      diagnostics.push(diagnostic);
      this.listener.onDiagnostic(diagnostic);
    };
    const report = (
      fields: Partial<GenerationReport> & Pick<GenerationReport, "lane" | "ok" | "reason">,
    ): GenerationReport => ({
      generation: this.generation,
      lane: fields.lane,
      ok: fields.ok,
      stale: !fields.ok && this.state !== undefined,
      reason: fields.reason,
      units: fields.units ?? [],
      ms: { ...ms, total: performance.now() - sinceMs },
      functions: fields.functions ?? noFunctions(),
      diagnostics,
      programs: fields.programs ?? [],
    });

    this.state ??= loadSelection(layout, this.key);
    const cargoReason = this.state === undefined ? "first build" : changedCargoInput(this.state, this.options.env);
    const lane = cargoReason === undefined ? "crate" : "cargo";
    let units: readonly string[];
    let reason = "nothing changed";
    let state: SelectionState;
    if (cargoReason !== undefined || this.state === undefined) {
      const text = cargoReason ?? "first build";
      reason = this.state === undefined ? text : `${text} changed`;
      const started = performance.now();
      try {
        const captured = await this.capture(layout, onDiagnostic, signal);
        ms.frontEnd = captured.frontEndMs;
        units = captured.compiled;
        state = captured.state;
      } catch (error) {
        if (!(error instanceof BuildFailed)) throw error;
        if (error.message !== "") this.listener.onProgress(error.message);
        ms.capture = performance.now() - started;
        return { report: report({ lane, ok: false, reason }), state: this.state, exitCode: error.exitCode };
      }
      ms.capture = performance.now() - started;
    } else {
      state = this.state;
      const started = performance.now();
      const result = await crateLane(layout, state.units, {
        env: this.options.env,
        jobs: this.options.jobs,
        signal,
        onDiagnostic,
        onStart: (id) => this.listener.onProgress(`   Compiling ${id}`),
      });
      ms.frontEnd = performance.now() - started;
      units = result.compiled.map((unit) => unit.id);
      reason = result.compiled[0]?.reason ?? reason;
      if (!result.ok) {
        this.listener.onProgress(`error: could not compile ${result.failed.map((id) => `\`${id}\``).join(", ")}`);
        return {
          report: report({ lane, ok: false, units: [...units], reason: "compile errors" }),
          state,
          exitCode: 101,
        };
      }
    }

    if (state === this.state && units.length === 0 && this.published.length > 0) {
      // This process has published just this already.
      const programs = this.published.map((program) => ({ ...program, functions: unchanged(program.functions) }));
      return { report: report({ lane, ok: true, reason, functions: sum(programs), programs }), state, exitCode: 0 };
    }
    const started = performance.now();
    state = { ...state, programs: await this.ensureBases(layout, state, signal) };
    ms.base = performance.now() - started;
    const programs = await this.publish(layout, state, ms);
    saveSelection(layout, this.key, state);
    this.state = state;
    this.published = programs;
    this.generation = Math.max(this.generation + 1, ...programs.map((program) => program.generation));
    const good = report({ lane, ok: true, reason, units: [...units], functions: sum(programs), programs });
    return { report: good, state, exitCode: 0 };
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

  private async ensureBases(
    layout: Layout,
    state: SelectionState,
    signal: AbortSignal | undefined,
  ): Promise<Program[]> {
    const programs: Program[] = [];
    for (const program of state.programs) {
      const closure = program.closure.map((key) => needUnit(layout, key));
      const base = await ensureBase(layout, state.toolchain, closure, this.options.env, signal);
      programs.push({ ...program, base });
    }
    return programs;
  }

  private async publish(layout: Layout, state: SelectionState, ms: StageTimes): Promise<ProgramReport[]> {
    const started = performance.now();
    const engine = (this.client ??= Engine.for(this.options.engine, state.toolchain, this.options.env));
    const reports: ProgramReport[] = [];
    for (const program of state.programs) {
      const closure = program.closure.map((key) => needUnit(layout, key));
      const main = closure.at(-1);
      if (main === undefined) throw new Unsupported(`${program.name} has no units`);
      const args = inspectArgs(main.invocation.args);
      const params: PublishParams = {
        workspace: layout.root,
        program: program.name,
        executable: program.executable,
        base: program.base,
        units: closure.map((unit) => ({ id: unit.invocation.id, crate: unit.crate, bitcode: unit.bitcode })),
        optLevel: args.optLevel,
        panic: args.panic,
      };
      const answer = await engine.publish(params).catch((error: unknown) => {
        throw isDamage(error) ? new DamagedProgram(program, error) : error;
      });
      const { us, generation, image, functions, fallbacks, units, warnings } = answer;
      for (const stage of ["parse", "translate", "hash", "compile", "publish"] as const) ms[stage] += us[stage] / 1000;
      const { name, executable } = program;
      const report = { program: name, executable, generation, image, functions, fallbacks, units, warnings };
      reports.push(report);
    }
    ms.engine = performance.now() - started;
    return reports;
  }
}

/** The counts of all programs together. */
function sum(programs: readonly ProgramReport[]): FunctionCounts {
  const counts = noFunctions();
  for (const program of programs) {
    for (const name of ["total", "changed", "hit", "compiled", "llvm", "deferred"] as const)
      counts[name] += program.functions[name];
  }
  return counts;
}

/** The counts of a program in a generation that left it alone. */
function unchanged(counts: FunctionCounts): FunctionCounts {
  return { ...noFunctions(), total: counts.total, llvm: counts.llvm };
}

/** rustc's closing lines ("2 warnings emitted"), which cargo replaces by its own. */
function isSummary(diagnostic: Diagnostic): boolean {
  return (
    diagnostic.level === "failure-note" ||
    /^(\d+ warnings? emitted|aborting due to .*|Some errors have detailed explanations.*|For more information about .*)$/.test(
      diagnostic.message,
    )
  );
}
