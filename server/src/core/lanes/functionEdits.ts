/**
 * The body lane from end to end: whether an edit can take it, rustc on the overlay, the engine's selection, and the crate
 * lane's word on it afterwards.
 */
import * as path from "node:path";
import type { BodyLaneParams } from "../../../../shared/src/protocol.js";
import { NeededFunctions } from "../../../../shared/src/protocol.js";
import type { BodyLaneStatistics, ProgramReport, StageTimes } from "../../../../shared/src/report.js";
import { OverlayCosts, isSeenByOthers, refusalOfShared, unsuitableUnit } from "./choice.js";
import { Baseline, type BodyEdit, type Edits, type UnitEdit } from "../edits/baseline.js";
import { SourceCache } from "../source/sourceCache.js";
import type { BodyRef } from "../source/functions.js";
import { PatchLane } from "./patch/patchLane.js";
import type { PatchRefusal } from "./patch/patchCrate.js";
import { AllUnitSources } from "./mirror/unitSources.js";
import { OverlayLane } from "./overlay/overlayLane.js";
import { FunctionEditCounts } from "./counts.js";
import { type PrepareOptions, Readiness } from "./readiness.js";
import { publishLanes } from "../engine/publish.js";
import type { CompiledUnit } from "./crateLane.js";
import type { Engine } from "../engine/client.js";
import { EngineError } from "../engine/errors.js";
import { instantiatorsOf } from "./instantiators.js";
import { digest, readText } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import type { LoadedPrograms } from "../units/program.js";
import { isParserFailure } from "../source/grammar.js";
import type { UnitRecord } from "../units/record.js";
import type { UnitRecords } from "../units/records.js";
import { Refusal } from "../edits/refusal.js";

/** How often an edit is compiled again because the engine needs a body that was blanked. */
const MAX_ROUNDS = 3;

/** What the engine says of an edit that it does not take, but might take from the crate lane. */
const REFUSALS: ReadonlySet<string> = new Set(["bodyLane", "bodyLaneEdit", "interface", "unresolved"]);

/** What the body lane made of an edit. */
export type BodyOutcome =
  | {
      readonly kind: "taken";
      readonly reason: string;
      readonly units: readonly string[];
      /** Those of the programs that were published; none when only comments changed. */
      readonly reports: readonly ProgramReport[];
    }
  /** The crate lane does it. `refusal` undefined: there was nothing to do, or no attempt. */
  | { readonly kind: "left"; readonly refusal: Refusal | undefined };

export interface AttemptOptions extends PrepareOptions {
  /** Asked before anything is published: whether cargo has nothing to do. */
  readonly mayPublish: () => Promise<boolean>;
}

export class FunctionEdits {
  private readonly baseline: Baseline;
  private readonly units: AllUnitSources;
  private readonly lane: OverlayLane;
  private readonly patches: PatchLane;
  private readonly readiness: Readiness;
  /** Digests of texts, by file, that are in the programs and that the crate lane has not compiled yet. */
  private ahead = new Map<string, string>();
  /** The edits in these texts, by unit and file. */
  private taken: ReadonlyMap<string, BodyEdit> = new Map();
  private readonly counts = new FunctionEditCounts();
  private readonly costs = new OverlayCosts();

  private constructor(
    private readonly layout: Layout,
    private readonly sources: SourceCache,
    maker: string,
    env: NodeJS.ProcessEnv,
  ) {
    this.baseline = new Baseline(sources);
    this.units = new AllUnitSources(layout, sources, env);
    this.lane = new OverlayLane(layout, sources, this.units);
    this.patches = new PatchLane(layout, sources, maker);
    this.readiness = new Readiness(layout, this.lane, this.patches, this.units);
  }

  /** `env`: the user's. Rejects with `Unsupported` when the grammar's files are missing. */
  static async create(layout: Layout, bundleDir: string, env: NodeJS.ProcessEnv): Promise<FunctionEdits> {
    const maker = digest(readText(path.join(bundleDir, "cli.cjs")) ?? "");
    return new FunctionEdits(layout, await SourceCache.create(bundleDir), maker, env);
  }

  dispose(): void {
    this.sources.dispose();
  }

  get statistics(): BodyLaneStatistics {
    return this.counts.statistics;
  }

  /** Whether the crate lane has yet to follow. */
  get isAhead(): boolean {
    return this.ahead.size > 0;
  }

  /** The crate lane has compiled: keeps the texts that it has seen. `follows`: not for an edit that was left to it. */
  rebase(built: LoadedPrograms, compiled: readonly CompiledUnit[], follows: boolean): void {
    this.baseline.refresh(built.records.all(built.units));
    for (const { key, ms } of compiled) {
      this.costs.crateTook(key, ms);
      if (!follows) this.readiness.edited(key);
    }
    this.readiness.keepOnly(built.units);
    this.patches.save();
  }

  /** These files are open in an editor. */
  expect(built: LoadedPrograms, open: readonly string[]): void {
    this.readiness.expect(built.records.all(built.units), open);
  }

  /** Whether there is something to prepare. */
  hasWork(records: UnitRecords): boolean {
    return this.readiness.hasWork(records);
  }

  /** Makes ready what the next edits need. Rejects with `Cancelled` when the signal aborts. */
  prepare(built: LoadedPrograms, engine: Engine, options: PrepareOptions): Promise<void> {
    // What the parser failed on stays as it is.
    return this.readiness.prepare(built, engine, options).catch((error: unknown) => {
      if (!isParserFailure(error)) throw error;
      this.sources.lose(error);
    });
  }

  /** Tries to bring the programs up to date with an edit of bodies. */
  async attempt(built: LoadedPrograms, engine: Engine, options: AttemptOptions): Promise<BodyOutcome> {
    try {
      return await this.attemptOnce(built, engine, options);
    } catch (error) {
      if (!isParserFailure(error)) throw error;
      this.sources.lose(error);
      return this.refuse(new Refusal("parserFailed"));
    }
  }

  private async attemptOnce(built: LoadedPrograms, engine: Engine, options: AttemptOptions): Promise<BodyOutcome> {
    const records = built.records.all(built.units);
    const edits = this.baseline.edits(records, options.env);
    if (edits.kind === "none") return { kind: "left", refusal: undefined };
    if (edits.kind === "more") return this.refuse(edits.refusal);
    // One save may be told twice.
    if (
      edits.files.length === this.ahead.size &&
      edits.files.every(({ file, hash }) => this.ahead.get(file) === hash)
    ) {
      return { kind: "taken", reason: "nothing changed", units: [], reports: [] };
    }
    const unsuitable = this.unsuitable(edits, records);
    if (unsuitable !== undefined) {
      for (const { record } of edits.units) this.readiness.edited(record.invocation.key);
      return this.refuse(unsuitable);
    }
    const reason = `${edits.files[0]?.file ?? ""} changed`;
    const units = edits.units.map(({ record }) => record.invocation.id);
    if (this.hasTaken(edits.units)) {
      // Comments, or tests that are none of these programs': no function is another one. The lines in the functions below are
      // the crate lane's to tell.
      const more = edits.units
        .map(({ record, files }) =>
          this.lane.refusalOf(
            record,
            files.map((file) => ({ ...file, functions: [] })),
          ),
        )
        .find((why) => why !== undefined);
      if (more !== undefined) return this.refuse(more);
      if (!(await options.mayPublish())) return { kind: "left", refusal: undefined };
      for (const { record, files } of edits.units) this.patches.noteTaken(record, files);
      this.setAhead(edits);
      return { kind: "taken", reason, units: [], reports: [] };
    }
    for (const { record, files } of edits.units) this.patches.note(record, files);
    const patched = await this.patchAndPublish(built, edits, engine, options);
    const isPatched = !("refused" in patched);
    if (!isPatched && patched.isFinal === true) return this.refuse(patched.refused);
    if (!isPatched && !(await options.mayPublish())) return { kind: "left", refusal: undefined };
    if (!isPatched && !edits.units.every(({ record }) => this.readiness.hasOverlay(record)))
      return this.refuse(new Refusal("firstEdit"));
    if (!isPatched) this.counts.hadNoPatch(patched.refused);
    const reports = isPatched ? patched : await this.overlayAndPublish(built, edits, engine, options);
    if (reports instanceof Refusal) return this.refuse(reports);
    // It was not the user's mistake.
    if (!isPatched && patched.isTried) this.patches.giveUp(edits.units.flatMap(({ files }) => files));
    for (const { record, files } of edits.units) this.patches.noteTaken(record, files);
    this.setAhead(edits);
    this.counts.took(isPatched);
    return { kind: "taken", reason, units, reports };
  }

  /** The crate lane's sources are the ones that the body lane has compiled last: the two can be compared. */
  canVerify(built: LoadedPrograms): boolean {
    if (!this.isAhead) return false;
    const seen = new Map<string, string>();
    for (const record of built.records.all(built.units))
      for (const { path, hash } of record.inputs) seen.set(path, hash);
    return [...this.ahead].every(([file, hash]) => seen.get(file) === hash);
  }

  /** The crate lane has followed. `reports`: what the comparison gave, if there was one. */
  followed(reports: readonly ProgramReport[]): void {
    this.ahead = new Map();
    this.taken = new Map();
    for (const { verified } of reports) {
      if (verified === undefined) continue;
      this.counts.verified(verified.diverged.length);
    }
  }

  /** By patch crates, if they can be. */
  private async patchAndPublish(
    built: LoadedPrograms,
    edits: Extract<Edits, { kind: "bodies" }>,
    engine: Engine,
    options: AttemptOptions,
  ): Promise<readonly ProgramReport[] | PatchRefusal> {
    const lanes = new Map<string, BodyLaneParams>();
    const started = performance.now();
    for (const { record, files } of edits.units) {
      if (files.every(({ functions }) => functions.length === 0)) continue;
      const patch = await this.patches.compile(record, files, { ...options, ...this.units.facts(record) });
      if ("refused" in patch) {
        options.ms.frontEnd += performance.now() - started;
        return patch;
      }
      const edited = files.flatMap(({ ranges }) => ranges);
      lanes.set(record.invocation.key, { unit: record.invocation.id, ...patch, edited });
    }
    options.ms.frontEnd += performance.now() - started;
    if (!(await options.mayPublish())) return { refused: new Refusal("cargoRuns"), isTried: false };
    const reports = await this.publishBodies(built, lanes, engine, options.ms);
    if (!(reports instanceof EngineError)) return reports;
    return { refused: new Refusal("engine", reports.message), isTried: true, isFinal: reports.kind !== "bodyLane" };
  }

  /** By overlays, or says why not. */
  private async overlayAndPublish(
    built: LoadedPrograms,
    edits: Extract<Edits, { kind: "bodies" }>,
    engine: Engine,
    options: AttemptOptions,
  ): Promise<readonly ProgramReport[] | Refusal> {
    const keys = edits.units.map(({ record }) => record.invocation.key);
    if (keys.filter((key) => this.costs.isTooSlow(key)).length > 0) return new Refusal("slowOverlay");
    const asked = performance.now();
    const callers = await instantiatorsOf(
      this.layout.root,
      built.records,
      built.programs,
      edits.units,
      engine,
      this.sources,
    );
    options.ms.engine += performance.now() - asked;
    if (callers instanceof Refusal) return callers;
    for (let round = 1; ; round++) {
      const lanes = new Map<string, BodyLaneParams>();
      const started = performance.now();
      for (const { record, files: changed } of edits.units) {
        const files = changed.filter(({ functions }) => functions.length > 0);
        if (files.length === 0) continue;
        const compiled = await this.lane.compile(record, files, options, callers.get(record.invocation.key));
        this.costs.overlayTook(record.invocation.key, compiled.times.rustc / Math.max(1, compiled.times.rounds));
        if (!compiled.ok) {
          options.ms.frontEnd += performance.now() - started;
          return compiled.refused;
        }
        const edited = files.flatMap(({ ranges }) => ranges);
        lanes.set(record.invocation.key, { unit: record.invocation.id, bitcode: compiled.all, edited });
      }
      options.ms.frontEnd += performance.now() - started;
      const reports = await this.publishBodies(built, lanes, engine, options.ms);
      if (!(reports instanceof EngineError)) return reports;
      const needs = NeededFunctions.safeParse(reports.details);
      const places = (needs.success ? needs.data : []).flatMap(({ file, line }) =>
        file === null ? [] : { file, line },
      );
      const hasLearned = edits.units.map(({ record }) => this.lane.keepWhole(record, places)).some((news) => news);
      if (round >= MAX_ROUNDS || !hasLearned) return new Refusal("engine", reports.message);
    }
  }

  /** Publishes an edit; gives the engine's error when it does not take it. */
  private async publishBodies(
    built: LoadedPrograms,
    lanes: ReadonlyMap<string, BodyLaneParams>,
    engine: Engine,
    ms: StageTimes,
  ): Promise<readonly ProgramReport[] | EngineError> {
    const started = performance.now();
    try {
      return await publishLanes(
        this.layout.root,
        built.records,
        built,
        this.withTakenBack(lanes, built.records),
        engine,
        ms,
      );
    } catch (error) {
      if (error instanceof EngineError && REFUSALS.has(error.kind)) return error;
      throw error;
    } finally {
      ms.engine += performance.now() - started;
    }
  }

  /** Units of which all edits were taken back become the crate lane's again. */
  private withTakenBack(
    lanes: ReadonlyMap<string, BodyLaneParams>,
    records: UnitRecords,
  ): ReadonlyMap<string, BodyLaneParams> {
    const all = new Map(lanes);
    for (const [place, { functions }] of this.taken) {
      const key = place.slice(0, place.indexOf("\0"));
      const record = functions.length === 0 || all.has(key) ? undefined : records.get(key);
      if (record !== undefined) all.set(key, { unit: record.invocation.id, bitcode: [], edited: [] });
    }
    return all;
  }

  /** Why these bodies cannot be taken alone. */
  private unsuitable(
    { units }: Extract<Edits, { kind: "bodies" }>,
    records: readonly UnitRecord[],
  ): Refusal | undefined {
    for (const { record, files } of units) {
      const functions = files.flatMap((file) => file.functions);
      const unit = unsuitableUnit(record);
      if (unit !== undefined) return unit;
      const shared = functions.some(isSeenByOthers) ? refusalOfShared(record, units, records) : undefined;
      if (shared !== undefined) return shared;
      if (!this.readiness.isReady(record)) return new Refusal("firstEdit");
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

  private refuse(refusal: Refusal): BodyOutcome {
    this.counts.refused(refusal);
    return { kind: "left", refusal };
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
