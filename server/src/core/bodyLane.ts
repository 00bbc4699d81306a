/**
 * The body lane from end to end: whether an edit can take it, rustc on the overlay, the engine's selection, and the crate
 * lane's word on it afterwards.
 */
import * as path from "node:path";
import type { BodyLaneParams } from "../../../shared/src/protocol.js";
import { NeededFunctions } from "../../../shared/src/protocol.js";
import type { BodyLaneStatistics, ProgramReport, StageTimes } from "../../../shared/src/report.js";
import { inspectArgs } from "./args.js";
import { refusalOfShared } from "./body/dependents.js";
import { Baseline, type BodyEdit, type Edits, type UnitEdit, categoryOf } from "./body/edits.js";
import { BodyLane, type BodyRef, PatchLane, type PatchRefusal, SourceCache } from "./body/index.js";
import { type Engine, EngineError } from "./engine.js";
import { Unsupported } from "./errors.js";
import { instantiatorsOf } from "./instantiators.js";
import { digest, readText } from "./files.js";
import type { Layout } from "./layout.js";
import { publish } from "./publisher.js";
import type { Program, SelectionState } from "./selection.js";
import { type UnitRecord, loadUnit } from "./unit.js";

/** How often an edit is compiled again because the engine needs a body that was blanked. */
const MAX_ROUNDS = 3;

/** How many units are kept ready for edits. */
const MAX_WANTED = 8;

const FIRST_EDIT = "a crate that is edited for the first time";

/** What the body lane made of an edit. */
export type BodyOutcome =
  | {
      readonly kind: "taken";
      readonly reason: string;
      readonly units: readonly string[];
      /** Those of the programs that were published; none when only comments changed. */
      readonly reports: readonly ProgramReport[];
    }
  /** The crate lane does it. `reason` undefined: there was nothing to do, or no attempt. */
  | { readonly kind: "left"; readonly reason: string | undefined };

export interface PrepareOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
  readonly ms: StageTimes;
}

export interface AttemptOptions extends PrepareOptions {
  /** Asked before anything is published: whether cargo has nothing to do. */
  readonly mayPublish: () => Promise<boolean>;
}

export class BodyLaneDriver {
  private readonly baseline: Baseline;
  private readonly lane: BodyLane;
  private readonly patches: PatchLane;
  /** Units whose overlays rustc has compiled in this process. */
  private readonly prepared = new Set<string>();
  /** Units whose twins the engine has been told of. */
  private readonly isReadAhead = new Set<string>();
  /** Units that are edited, or may be soon, the likeliest last: what is worth preparing. */
  private readonly wanted = new Set<string>();
  /** Digests of texts, by file, that are in the programs and that the crate lane has not compiled yet. */
  private ahead = new Map<string, string>();
  /** The edits in these texts, by unit and file. */
  private taken: ReadonlyMap<string, BodyEdit> = new Map();
  private readonly counts = { taken: 0, patched: 0, verified: 0, divergences: 0 };
  private readonly refusals = new Map<string, number>();
  private readonly overlaid = new Map<string, number>();

  private constructor(
    private readonly layout: Layout,
    private readonly sources: SourceCache,
    maker: string,
  ) {
    this.baseline = new Baseline(sources);
    this.lane = new BodyLane(layout, sources);
    this.patches = new PatchLane(layout, sources, maker);
  }

  /** Rejects with `Unsupported` when the grammar's files are missing. */
  static async create(layout: Layout, bundleDir: string): Promise<BodyLaneDriver> {
    const maker = digest(readText(path.join(bundleDir, "cli.cjs")) ?? "");
    return new BodyLaneDriver(layout, await SourceCache.create(bundleDir), maker);
  }

  dispose(): void {
    this.sources.dispose();
  }

  get statistics(): BodyLaneStatistics {
    return { ...this.counts, refusals: byFrequency(this.refusals), overlaid: byFrequency(this.overlaid) };
  }

  /** Whether the crate lane has yet to follow. */
  get isAhead(): boolean {
    return this.ahead.size > 0;
  }

  /** The crate lane has compiled: keeps the texts that it has seen. `edited`: units that were compiled for an edit. */
  rebase(state: SelectionState, edited: readonly string[]): void {
    this.baseline.refresh(recordsOf(this.layout, state));
    edited.forEach((key) => this.want(key));
    for (const key of this.wanted) if (!state.units.includes(key)) this.wanted.delete(key);
    this.patches.save();
  }

  /**
   * These files are open in an editor: their crates are about to be edited. Where it is not known which ones are, it is
   * the crate of the file that was saved last.
   */
  expect(state: SelectionState, open: readonly string[]): void {
    const records = recordsOf(this.layout, state);
    const newest = this.wanted.size > 0 ? [] : newestSource(records);
    for (const file of open.length > 0 ? open : newest) {
      for (const { inputs, invocation } of records)
        if (inputs.some((input) => input.path === file) && !this.wanted.has(invocation.key)) this.want(invocation.key);
    }
  }

  private want(key: string): void {
    this.wanted.delete(key);
    this.wanted.add(key);
    const [oldest] = this.wanted;
    if (oldest !== undefined && this.wanted.size > MAX_WANTED) this.wanted.delete(oldest);
  }

  /** Tries to bring the programs up to date with an edit of bodies. */
  async attempt(state: SelectionState, engine: Engine, options: AttemptOptions): Promise<BodyOutcome> {
    const records = recordsOf(this.layout, state);
    const edits = this.baseline.edits(records, options.env);
    if (edits.kind === "none") return { kind: "left", reason: undefined };
    if (edits.kind === "more") return this.refuse(edits.reason, edits.category);
    // One save may be told twice.
    if (
      edits.files.length === this.ahead.size &&
      edits.files.every(({ file, hash }) => this.ahead.get(file) === hash)
    ) {
      return { kind: "taken", reason: "nothing changed", units: [], reports: [] };
    }
    const unsuitable = this.unsuitable(edits, records);
    if (unsuitable !== undefined) {
      for (const { record } of edits.units) this.want(record.invocation.key);
      return this.refuse(unsuitable);
    }
    const reason = `${edits.files[0]?.file ?? ""} changed`;
    const units = edits.units.map(({ record }) => record.invocation.id);
    if (this.hasTaken(edits.units)) {
      // Comments, or tests that are none of these programs': no function is another one. The lines in the functions below are
      // the crate lane's to tell.
      const more = edits.units
        .map(({ record, files }) => this.lane.refusalOf(record, files))
        .find((why) => why !== undefined);
      if (more !== undefined) return this.refuse(more);
      if (!(await options.mayPublish())) return { kind: "left", reason: undefined };
      for (const { record, files } of edits.units) this.patches.note(record, files);
      this.setAhead(edits);
      return { kind: "taken", reason, units: [], reports: [] };
    }
    for (const { record, files } of edits.units) this.patches.note(record, files);
    const patched = await this.patchAndPublish(state, edits, engine, options);
    const isPatched = !("refused" in patched);
    if (!isPatched && patched.isFinal === true) return this.refuse(patched.refused);
    if (!isPatched && !(await options.mayPublish())) return { kind: "left", reason: undefined };
    if (!isPatched && !edits.units.every(({ record }) => this.prepared.has(record.invocation.key)))
      return this.refuse(FIRST_EDIT);
    if (isPatched) this.counts.patched++;
    else count(this.overlaid, patched.refused);
    const reports = isPatched ? patched : await this.overlayAndPublish(state, edits, engine, options);
    if (typeof reports === "string") return this.refuse(reports);
    // It was not the user's mistake.
    if (!isPatched && patched.isTried) this.patches.giveUp(edits.units.flatMap(({ files }) => files));
    for (const { record, files } of edits.units) this.patches.noteTaken(record, files);
    this.setAhead(edits);
    this.counts.taken++;
    return { kind: "taken", reason, units, reports };
  }

  /** The crate lane's sources are the ones that the body lane has compiled last: the two can be compared. */
  canVerify(state: SelectionState): boolean {
    if (!this.isAhead) return false;
    const seen = new Map<string, string>();
    for (const record of recordsOf(this.layout, state))
      for (const { path, hash } of record.inputs) seen.set(path, hash);
    return [...this.ahead].every(([file, hash]) => seen.get(file) === hash);
  }

  /** The crate lane has followed. `reports`: what the comparison gave, if there was one. */
  followed(reports: readonly ProgramReport[]): void {
    this.ahead = new Map();
    this.taken = new Map();
    for (const { verified } of reports) {
      if (verified === undefined) continue;
      this.counts.verified++;
      this.counts.divergences += verified.diverged.length;
    }
  }

  /** Whether there are overlays to prepare. */
  get hasWork(): boolean {
    return [...this.wanted].some((key) => {
      const record = loadUnit(this.layout, key);
      if (record === undefined || unsuitableUnit(record) !== undefined) return false;
      const isReady = this.prepared.has(key) && this.isReadAhead.has(key);
      return !isReady || this.patches.needsTwin(record, this.lane.learned(record));
    });
  }

  /**
   * Compiles the twins and overlays of units that were edited, so that the next edit finds them ready, and lets the engine read
   * what comes of it. Rejects with `Cancelled` when the signal aborts.
   */
  async prepare(state: SelectionState, engine: Engine, options: PrepareOptions): Promise<void> {
    const wanted = [...this.wanted].reverse().flatMap((key) => {
      const record = state.units.includes(key) ? loadUnit(this.layout, key) : undefined;
      return record !== undefined && unsuitableUnit(record) === undefined ? [{ key, record }] : [];
    });
    for (const { key, record } of wanted) await this.prepareTwin(state, key, record, engine, options);
    for (const { key, record } of wanted) {
      if (this.prepared.has(key)) continue;
      const compiled = await this.lane.compile(record, [], { ...options, isBackground: true });
      this.prepared.add(key);
      const lane = compiled.ok ? { unit: record.invocation.id, bitcode: compiled.all, edited: [] } : undefined;
      await this.readAhead(state, key, lane, engine, options);
      // The overlay finds out which bodies a crate does not compile without: now there may be a twin.
      await this.prepareTwin(state, key, record, engine, options);
    }
    this.patches.save();
  }

  private async prepareTwin(
    state: SelectionState,
    key: string,
    record: UnitRecord,
    engine: Engine,
    options: PrepareOptions,
  ): Promise<void> {
    const needed = this.lane.learned(record);
    if (this.patches.needsTwin(record, needed)) await this.patches.prepare(record, { ...options, needed });
    else if (this.isReadAhead.has(key)) return;
    this.isReadAhead.add(key);
    // What the first patch would have to find out.
    this.lane.facts(record);
    const twin = this.patches.twinOf(record)?.bitcode;
    const lane = twin === undefined ? undefined : { unit: record.invocation.id, bitcode: [], twin, edited: [] };
    await this.readAhead(state, key, lane, engine, options);
  }

  private async readAhead(
    state: SelectionState,
    key: string,
    lane: BodyLaneParams | undefined,
    engine: Engine,
    { ms }: PrepareOptions,
  ): Promise<void> {
    if (lane === undefined) return;
    await this.publish(state, new Map([[key, lane]]), engine, ms).catch((error: unknown) => {
      // It is only read ahead: what is wrong with it is told when it is needed.
      if (!(error instanceof EngineError)) throw error;
    });
  }

  /** By patch crates, if they can be. */
  private async patchAndPublish(
    state: SelectionState,
    edits: Extract<Edits, { kind: "bodies" }>,
    engine: Engine,
    options: AttemptOptions,
  ): Promise<readonly ProgramReport[] | PatchRefusal> {
    const lanes = new Map<string, BodyLaneParams>();
    const started = performance.now();
    for (const { record, files } of edits.units) {
      if (files.every(({ functions }) => functions.length === 0)) continue;
      const patch = await this.patches.compile(record, files, { ...options, ...this.lane.facts(record) });
      if ("refused" in patch) {
        options.ms.frontEnd += performance.now() - started;
        return patch;
      }
      const edited = files.flatMap(({ ranges }) => ranges);
      lanes.set(record.invocation.key, { unit: record.invocation.id, ...patch, edited });
    }
    options.ms.frontEnd += performance.now() - started;
    if (!(await options.mayPublish())) return { refused: "cargo has to run", isTried: false };
    const reports = await this.publishBodies(state, lanes, engine, options.ms);
    if (!(reports instanceof EngineError)) return reports;
    return { refused: reports.message, isTried: true, isFinal: reports.kind === "bodyLaneEdit" };
  }

  /** By overlays; a text says why not. */
  private async overlayAndPublish(
    state: SelectionState,
    edits: Extract<Edits, { kind: "bodies" }>,
    engine: Engine,
    options: AttemptOptions,
  ): Promise<readonly ProgramReport[] | string> {
    const asked = performance.now();
    const callers = await instantiatorsOf(this.layout, state.programs, edits.units, engine, this.sources);
    options.ms.engine += performance.now() - asked;
    if (typeof callers === "string") return callers;
    for (let round = 1; ; round++) {
      const lanes = new Map<string, BodyLaneParams>();
      const started = performance.now();
      for (const { record, files: changed } of edits.units) {
        const files = changed.filter(({ functions }) => functions.length > 0);
        if (files.length === 0) continue;
        const compiled = await this.lane.compile(record, files, options, callers.get(record.invocation.key));
        if (!compiled.ok) {
          options.ms.frontEnd += performance.now() - started;
          return compiled.refused;
        }
        const edited = files.flatMap(({ ranges }) => ranges);
        lanes.set(record.invocation.key, { unit: record.invocation.id, bitcode: compiled.all, edited });
      }
      options.ms.frontEnd += performance.now() - started;
      const reports = await this.publishBodies(state, lanes, engine, options.ms);
      if (!(reports instanceof EngineError)) return reports;
      const needs = NeededFunctions.safeParse(reports.details);
      const places = (needs.success ? needs.data : []).flatMap(({ file, line }) =>
        file === null ? [] : { file, line },
      );
      const isNews = edits.units.map(({ record }) => this.lane.keepWhole(record, places)).some((news) => news);
      if (round >= MAX_ROUNDS || !isNews) return reports.message;
    }
  }

  /** Publishes an edit; gives the engine's error when it does not take it. */
  private async publishBodies(
    state: SelectionState,
    lanes: ReadonlyMap<string, BodyLaneParams>,
    engine: Engine,
    ms: StageTimes,
  ): Promise<readonly ProgramReport[] | EngineError> {
    const started = performance.now();
    try {
      return await this.publish(state, lanes, engine, ms);
    } catch (error) {
      if (error instanceof EngineError && (error.kind === "bodyLane" || error.kind === "bodyLaneEdit")) return error;
      throw error;
    } finally {
      ms.engine += performance.now() - started;
    }
  }

  /** Publishes the programs that these units are part of. */
  private publish(
    state: SelectionState,
    lanes: ReadonlyMap<string, BodyLaneParams>,
    engine: Engine,
    ms: StageTimes,
  ): Promise<readonly ProgramReport[]> {
    const lanesOf = (program: Program): BodyLaneParams[] => program.closure.flatMap((key) => lanes.get(key) ?? []);
    const programs = state.programs.filter((program) => lanesOf(program).length > 0);
    return publish(this.layout, programs, engine, ms, (program) => ({ bodyLane: lanesOf(program) }));
  }

  /** Why these bodies cannot be taken alone. */
  private unsuitable(
    { units }: Extract<Edits, { kind: "bodies" }>,
    records: readonly UnitRecord[],
  ): string | undefined {
    for (const { record, files } of units) {
      const functions = files.flatMap((file) => file.functions);
      const { key } = record.invocation;
      const unit = unsuitableUnit(record);
      if (unit !== undefined) return unit;
      const shared = functions.some(isSeenByOthers) ? refusalOfShared(record, units, records) : undefined;
      if (shared !== undefined) return shared;
      if (!this.prepared.has(key) && this.patches.twinOf(record) === undefined) return FIRST_EDIT;
    }
    return undefined;
  }

  /** Whether the programs have the edited functions already, at their places, and nothing of functions that are not edited any more. */
  private hasTaken(units: readonly UnitEdit[]): boolean {
    const now = editsOf(units);
    return [...new Set([...now.keys(), ...this.taken.keys()])].every((key) =>
      isSameEdit(this.taken.get(key), now.get(key)),
    );
  }

  private setAhead({ files, units }: Extract<Edits, { kind: "bodies" }>): void {
    this.ahead = new Map(files.map(({ file, hash }) => [file, hash]));
    this.taken = editsOf(units);
  }

  private refuse(reason: string, category = categoryOf(reason)): BodyOutcome {
    count(this.refusals, category);
    return { kind: "left", reason };
  }
}

function editsOf(units: readonly UnitEdit[]): ReadonlyMap<string, BodyEdit> {
  return new Map(
    units.flatMap(({ record, files }) =>
      files.map((edit) => [`${record.invocation.key}\0${edit.file}`, edit] as const),
    ),
  );
}

/** Whether the edited functions of a file are the same ones, to the column in which they stand. */
function isSameEdit(before: BodyEdit | undefined, after: BodyEdit | undefined): boolean {
  const [old, now] = [before?.functions ?? [], after?.functions ?? []];
  const textOf = (text: string, { span }: BodyRef): string =>
    text.slice(text.lastIndexOf("\n", span.start) + 1, span.end);
  return (
    old.length === now.length &&
    old.every((fn, i) => {
      const other = now[i];
      return fn.line === other?.line && textOf(before?.text ?? "", fn) === textOf(after?.text ?? "", other);
    })
  );
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function byFrequency(counts: ReadonlyMap<string, number>): { readonly reason: string; readonly count: number }[] {
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

/** Crates that use the library compile the function themselves; or, of an `async fn`, what polls its future. */
function isSeenByOthers({ isGeneric, isAsync, inline }: BodyRef): boolean {
  return isGeneric || isAsync || (inline !== undefined && inline !== "never");
}

/** Why no edit of a unit can be taken alone. */
function unsuitableUnit({ invocation }: UnitRecord): string | undefined {
  // At other levels rustc inlines functions into others before we see them.
  if (inspectArgs(invocation.args).optLevel !== "0") return "an optimised profile";
  return invocation.needsRlib ? "a library that build scripts, procedural macros or native code link to" : undefined;
}

/** The source that was saved last. */
function newestSource(records: readonly UnitRecord[]): readonly string[] {
  const sources = records.flatMap(({ inputs }) => inputs.filter((input) => input.path.endsWith(".rs")));
  const [first, ...others] = sources;
  if (first === undefined) return [];
  return [others.reduce((newest, source) => (source.mtimeMs > newest.mtimeMs ? source : newest), first).path];
}

function recordsOf(layout: Layout, state: SelectionState): UnitRecord[] {
  return state.units.map((key) => {
    const record = loadUnit(layout, key);
    if (record === undefined) throw new Unsupported(`the record of ${key} is gone`);
    return record;
  });
}
