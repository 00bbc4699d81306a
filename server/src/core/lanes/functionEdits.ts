/**
 * Edits of function bodies, from end to end: decides whether they can be taken alone, has them compiled in patch crates or overlays,
 * publishes them, and remembers what the crate lane has yet to compile.
 */
import * as path from "node:path";
import { type BodyLaneParams, NeededFunctions } from "../../../../shared/src/protocol.js";
import type { BodyLaneStatistics, ProgramReport } from "../../../../shared/src/report.js";
import { OverlayCosts, isSeenByOthers, refusalOfShared, unsuitableUnit } from "./choice.js";
import { Baseline, type BodyEdit, type Edits, type UnitEdit } from "../edits/baseline.js";
import { SourceCache } from "../source/sourceCache.js";
import type { BodyRef, FunctionName } from "../source/functions.js";
import { PatchLane } from "./patch/patchLane.js";
import type { PatchRefusal } from "./patch/patchCrate.js";
import { AllUnitSources } from "./mirror/unitSources.js";
import { OverlayLane } from "./overlay/overlayLane.js";
import { FunctionEditCounts } from "./counts.js";
import { type EditsForEngine, editForEngine } from "./editForEngine.js";
import { type PrepareOptions, Readiness } from "./readiness.js";
import { publishEdits } from "../engine/publish.js";
import type { CompiledUnit } from "./crateLane.js";
import type { Engine } from "../engine/client.js";
import { EngineError } from "../engine/errors.js";
import { instantiatorsOf } from "./instantiators.js";
import { digest, readText } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import type { StageClock } from "../support/stageClock.js";
import type { LoadedPrograms } from "../units/program.js";
import { isParserFailure } from "../source/grammar.js";
import type { UnitRecord } from "../units/record.js";
import type { UnitRecords } from "../units/records.js";
import { Refusal } from "../edits/refusal.js";

/** How often an edit is compiled again because the engine needs a body that was blanked. */
const MAX_ROUNDS = 3;

/** Kinds of errors by which the engine refuses an edit, and not what the crate lane would make of it. */
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
  /** It is left to the crate lane. `refusal` undefined: there was nothing to do, or no attempt. */
  | { readonly kind: "left"; readonly refusal: Refusal | undefined };

export interface AttemptOptions extends PrepareOptions {
  /** Waits for the build scripts that run again, before anything is published. `cargoReason`: why cargo has to run then. */
  readonly settle: () => Promise<{ readonly cargoReason: string | undefined }>;
}

/** Edits of which only bodies of functions are different. */
type BodyEdits = Extract<Edits, { kind: "bodies" }>;

/** The crate lane compiles, or cargo, and no refusal is told: there was nothing to do, or cargo has to run. */
const LEFT: BodyOutcome = { kind: "left", refusal: undefined };

export class FunctionEdits {
  private readonly baseline: Baseline;
  private readonly units: AllUnitSources;
  private readonly overlays: OverlayLane;
  private readonly patches: PatchLane;
  private readonly readiness: Readiness;
  /** Digests of texts, by file, that are in the programs and that the crate lane has not compiled yet. */
  private ahead = new Map<string, string>();
  /** The edits in these texts, by unit and file. */
  private published: ReadonlyMap<string, BodyEdit> = new Map();
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
    this.overlays = new OverlayLane(layout, sources, this.units);
    this.patches = new PatchLane(layout, sources, maker);
    this.readiness = new Readiness(layout, this.overlays, this.patches, this.units);
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
    if (edits.kind === "none") return LEFT;
    if (edits.kind === "more") return this.refuse(edits.refusal);
    // The watcher may report one save twice.
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
    const isPublished = this.isPublished(edits.units);
    const refusal = isPublished ? this.refusalOfPositions(edits) : undefined;
    if (refusal !== undefined) return this.refuse(refusal);
    // rustc compiles a patch crate while the build scripts run.
    const patch = isPublished ? undefined : await this.compilePatches(edits, options);
    if (isRefused(patch) && patch.isFinal === true) return this.refuse(patch.refused);
    const { cargoReason } = await options.settle();
    if (cargoReason !== undefined) return LEFT;
    if (patch === undefined) {
      this.accept(edits);
      return { kind: "taken", reason, units: [], reports: [] };
    }
    const patched = isRefused(patch) ? patch : await this.publishPatches(built, patch, engine, options);
    if (isRefused(patched)) {
      if (patched.isFinal === true) return this.refuse(patched.refused);
      if (!edits.units.every(({ record }) => this.readiness.hasOverlay(record)))
        return this.refuse(new Refusal("firstEdit"));
      this.counts.hadNoPatch(patched.refused);
    }
    const reports = isRefused(patched) ? await this.overlayAndPublish(built, edits, engine, options) : patched;
    if (reports instanceof Refusal) return this.refuse(reports);
    // The overlay compiled, so the patch crate did not fail because of a mistake of the user's.
    if (isRefused(patched) && patched.isTried) this.patches.giveUp(edits.units.flatMap(({ files }) => files));
    this.accept(edits);
    this.counts.took(!isRefused(patched));
    return { kind: "taken", reason, units, reports };
  }

  /**
   * Why an edit is more than it seems although no function has changed: comments, or tests that these programs do not have. (Functions
   * below them have other lines now, which only the crate lane tells the programs.)
   */
  private refusalOfPositions({ units }: BodyEdits): Refusal | undefined {
    return units
      .map(({ record, files }) =>
        this.overlays.refusalOf(
          record,
          files.map((file) => ({ ...file, functions: [] })),
        ),
      )
      .find((refusal) => refusal !== undefined);
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
    this.published = new Map();
    for (const { verified } of reports) {
      if (verified === undefined) continue;
      this.counts.verified(verified.diverged.length);
    }
  }

  /** Compiles the edited functions in patch crates of their units, or says why there can be none. */
  private compilePatches({ units }: BodyEdits, options: AttemptOptions): Promise<EditsForEngine | PatchRefusal> {
    for (const { record, files } of units) this.patches.addTexts(record, files);
    return options.clock.timed("frontEnd", async () => {
      const patches = new Map<string, BodyLaneParams>();
      for (const { record, files } of units) {
        if (files.every(({ functions }) => functions.length === 0)) continue;
        const patch = await this.patches.compile(record, files, { ...options, ...this.units.facts(record, files) });
        if ("refused" in patch) return patch;
        patches.set(...editForEngine(record, patch, files));
      }
      return patches;
    });
  }

  private async publishPatches(
    built: LoadedPrograms,
    patches: EditsForEngine,
    engine: Engine,
    { clock }: AttemptOptions,
  ): Promise<readonly ProgramReport[] | PatchRefusal> {
    const reports = await this.publishBodies(built, patches, engine, clock);
    if (!(reports instanceof EngineError)) return reports;
    return { refused: new Refusal("engine", reports.message), isTried: true, isFinal: reports.kind !== "bodyLane" };
  }

  /** Compiles the edited functions in overlays of their units and publishes them, or says why not. */
  private async overlayAndPublish(
    built: LoadedPrograms,
    edits: BodyEdits,
    engine: Engine,
    options: AttemptOptions,
  ): Promise<readonly ProgramReport[] | Refusal> {
    const { clock } = options;
    const keys = edits.units.map(({ record }) => record.invocation.key);
    if (keys.filter((key) => this.costs.isTooSlow(key)).length > 0) return new Refusal("slowOverlay");
    const callers = await clock.timed("engine", () =>
      instantiatorsOf(this.layout.root, built.records, built.programs, edits.units, engine, this.sources),
    );
    if (callers instanceof Refusal) return callers;
    for (let round = 1; ; round++) {
      const overlays = await clock.timed("frontEnd", () => this.compileOverlays(edits, callers, options));
      if (overlays instanceof Refusal) return overlays;
      const reports = await this.publishBodies(built, overlays, engine, clock);
      if (!(reports instanceof EngineError)) return reports;
      const needs = NeededFunctions.safeParse(reports.details);
      const places = (needs.success ? needs.data : []).flatMap(({ file, line }) =>
        file === null ? [] : { file, line },
      );
      const hasLearned = edits.units.map(({ record }) => this.overlays.keepWhole(record, places)).some((news) => news);
      if (round >= MAX_ROUNDS || !hasLearned) return new Refusal("engine", reports.message);
    }
  }

  /** `callers`: functions that have to be compiled as well, by unit, since they instantiate edited ones. */
  private async compileOverlays(
    { units }: BodyEdits,
    callers: ReadonlyMap<string, readonly FunctionName[]>,
    options: AttemptOptions,
  ): Promise<EditsForEngine | Refusal> {
    const overlays = new Map<string, BodyLaneParams>();
    for (const { record, files: changed } of units) {
      const files = changed.filter(({ functions }) => functions.length > 0);
      if (files.length === 0) continue;
      const compiled = await this.overlays.compile(record, files, options, callers.get(record.invocation.key));
      this.costs.overlayTook(record.invocation.key, compiled.times.rustc / Math.max(1, compiled.times.rounds));
      if (!compiled.ok) return compiled.refused;
      overlays.set(...editForEngine(record, { bitcode: compiled.bitcode }, files));
    }
    return overlays;
  }

  /** Publishes an edit; gives the engine's error when it does not take it. */
  private async publishBodies(
    built: LoadedPrograms,
    edits: EditsForEngine,
    engine: Engine,
    clock: StageClock,
  ): Promise<readonly ProgramReport[] | EngineError> {
    const all = this.withTakenBack(edits, built.records);
    try {
      return await clock.timed("engine", () => publishEdits(this.layout.root, built, all, engine, clock.ms));
    } catch (error) {
      if (error instanceof EngineError && REFUSALS.has(error.kind)) return error;
      throw error;
    }
  }

  /** Adds the units of which all edits were taken back: they are to be what the crate lane compiled again. */
  private withTakenBack(edits: EditsForEngine, records: UnitRecords): EditsForEngine {
    const all = new Map(edits);
    for (const [place, { functions }] of this.published) {
      const key = place.slice(0, place.indexOf("\0"));
      const record = functions.length === 0 || all.has(key) ? undefined : records.get(key);
      if (record !== undefined) all.set(...editForEngine(record, { bitcode: [] }));
    }
    return all;
  }

  /** Why these bodies cannot be taken alone. */
  private unsuitable({ units }: BodyEdits, records: readonly UnitRecord[]): Refusal | undefined {
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
  private isPublished(units: readonly UnitEdit[]): boolean {
    const now = editsOf(units);
    return [...new Set([...now.keys(), ...this.published.keys()])].every((key) =>
      isSameEdit(this.published.get(key), now.get(key)),
    );
  }

  /** The programs have these edits now, and the crate lane has yet to compile them. */
  private accept({ files, units }: BodyEdits): void {
    for (const { record, files: edited } of units) this.patches.addPublishedTexts(record, edited);
    this.ahead = new Map(files.map(({ file, hash }) => [file, hash]));
    this.published = editsOf(units);
  }

  private refuse(refusal: Refusal): BodyOutcome {
    this.counts.refused(refusal);
    return { kind: "left", refusal };
  }
}

function isRefused(patch: object | undefined): patch is PatchRefusal {
  return patch !== undefined && "refused" in patch;
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
