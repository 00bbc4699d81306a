/** Edits in patch crates or overlays: has them compiled, and publishes them. */
import { type BodyLaneParams, NeededFunctions } from "../../../../shared/src/protocol.js";
import type { ProgramReport } from "../../../../shared/src/report.js";
import type { Baseline, BodyEdit, CompiledText } from "../edits/baseline.js";
import { Refusal } from "../edits/refusal.js";
import type { Engine } from "../engine/client.js";
import { EngineError } from "../engine/errors.js";
import { publishEdits } from "../engine/publish.js";
import type { FunctionName } from "../source/functions.js";
import type { SourceCache } from "../source/sourceCache.js";
import type { StageClock } from "../support/stageClock.js";
import type { LoadedPrograms } from "../units/program.js";
import type { UnitRecord } from "../units/record.js";
import {
  type OverlayCosts,
  dependentsOf,
  haveShared,
  isSeenByOthers,
  refusalOfMoved,
  refusalOfShared,
} from "./choice.js";
import { type EditsForEngine, editForEngine } from "./editForEngine.js";
import { instancesOf, instantiatorsOf, testsOf } from "./instantiators.js";
import type { AllUnitSources } from "./mirror/unitSources.js";
import type { OverlayLane } from "./overlay/overlayLane.js";
import type { InputTexts } from "./patch/crateTexts.js";
import { distinctTypes } from "./patch/namesakes.js";
import type { PatchRefusal } from "./patch/patchCrate.js";
import type { PatchLane, PatchResult } from "./patch/patchLane.js";
import { inputTextsOf } from "./patch/patchPlan.js";
import { type LinkOptions, PatchOrder } from "./patchOrder.js";
import { type BodyEdits, type ProgramEdits, hasCode } from "./programEdits.js";
import type { PrepareOptions } from "./readiness.js";

/** How often an edit is compiled again because the engine needs a body that was blanked. */
const MAX_ROUNDS = 3;

/** Kinds of errors by which the engine refuses an edit, and not what the crate lane would make of it. */
const REFUSALS: ReadonlySet<string> = new Set(["bodyLane", "bodyLaneEdit", "interface", "unresolved"]);

/** What patch crates were compiled to. */
export interface Patches {
  readonly edits: EditsForEngine;
  /** See `PatchResult`. */
  readonly leavesSome: boolean;
}

/** What it works with. */
interface Parts {
  readonly root: string;
  readonly sources: SourceCache;
  readonly baseline: Baseline;
  readonly units: AllUnitSources;
  readonly overlays: OverlayLane;
  readonly patches: PatchLane;
  readonly costs: OverlayCosts;
  readonly programs: ProgramEdits;
}

export class BodyLane {
  constructor(private readonly parts: Parts) {}

  /** Compiles the edited functions in patch crates of their units, or says why there can be none. */
  compilePatches(
    built: LoadedPrograms,
    { units }: BodyEdits,
    engine: Engine,
    options: PrepareOptions & { readonly isThorough: boolean },
  ): Promise<Patches | PatchRefusal> {
    const { patches, baseline } = this.parts;
    const records = built.records.all(built.units);
    for (const { record, files } of units) patches.addTexts(record, files);
    const unitOf = (key: string): UnitRecord | undefined => built.records.get(key);
    const textOf = (file: string): CompiledText | undefined => baseline.compiled(file);
    const edited = new Map(units.flatMap(({ files }) => files).map((edit) => [edit.file, edit]));
    const newestTextOf = (file: string): CompiledText | undefined => edited.get(file) ?? textOf(file);
    const editsOf = ({ invocation: { key } }: UnitRecord): readonly BodyEdit[] =>
      units.find(({ record }) => record.invocation.key === key)?.files ?? [];
    const compile = (
      record: UnitRecord,
      files: readonly BodyEdit[],
      linked: LinkOptions | undefined,
      areItems: boolean,
    ): Promise<PatchResult | PatchRefusal> =>
      patches.compile(record, files, {
        ...{ ...options, ...this.parts.units.facts(record, files), ...linked },
        ...{ textOf, newestTextOf, unitOf, editsOf, areItems },
        dependents: () => dependentsOf(record, records),
        units: () => records,
        tests: () => testsOf(this.parts.root, built.records, built.programs, record, engine),
        instances: (of) => instancesOf(this.parts.root, built.records, built.programs, { record, files: of }, engine),
      });
    const twins = patches.linkedTwins(unitOf);
    const textsOf = (record: UnitRecord): InputTexts =>
      inputTextsOf(record, editsOf(record), { textOf, newestTextOf, unitOf });
    return options.clock.timed("frontEnd", async () => {
      const order = new PatchOrder({ edits: units, records, twins, textsOf, compile });
      const patched = await order.compile();
      if ("refused" in patched) return patched;
      const taken = patched.map(({ record, patch }) => ({ record, files: patch.edits }));
      const all = new Map<string, BodyLaneParams>();
      let leavesSome = false;
      for (const { record, patch } of patched) {
        // (Generic functions may have come along that nobody edited.)
        const isShared = patch.edits.some(({ functions }) => functions.some(isSeenByOthers));
        const shared = isShared ? refusalOfShared(record, taken, records) : undefined;
        const refused = shared ?? (haveShared(patch.edits) ? refusalOfMoved(record) : undefined);
        if (refused !== undefined) return { refused, isTried: false, isFinal: true };
        const { edits, leavesSome: leaves, bitcode, twin, isTwinBehind, goneTests } = patch;
        leavesSome ||= leaves;
        // (What others only come through has nothing of its own.)
        if (!edits.some(hasCode)) continue;
        const types = distinctTypes(record, () => patches.typesOf(record), built, textOf);
        const distinct = types === undefined ? {} : { distinctTypes: types };
        const tests = goneTests === undefined ? {} : { goneTests };
        all.set(...editForEngine(record, { bitcode, twin, isTwinBehind, ...distinct, ...tests }, edits));
      }
      return { edits: all, leavesSome };
    });
  }

  async publishPatches(
    built: LoadedPrograms,
    patches: EditsForEngine,
    engine: Engine,
    { clock }: PrepareOptions,
  ): Promise<readonly ProgramReport[] | PatchRefusal> {
    const reports = await this.publishBodies(built, patches, engine, clock);
    if (!(reports instanceof EngineError)) return reports;
    return { refused: new Refusal("engine", reports.message), isTried: true, isFinal: reports.kind !== "bodyLane" };
  }

  /** Compiles the edited functions in overlays of their units and publishes them, or says why not. */
  async overlayAndPublish(
    built: LoadedPrograms,
    edits: BodyEdits,
    engine: Engine,
    options: PrepareOptions,
  ): Promise<readonly ProgramReport[] | Refusal> {
    const { clock } = options;
    const keys = edits.units.map(({ record }) => record.invocation.key);
    if (keys.filter((key) => this.parts.costs.isTooSlow(key)).length > 0) return new Refusal("slowOverlay");
    const callers = await clock.timed("engine", () =>
      instantiatorsOf(this.parts.root, built.records, built.programs, edits.units, engine, this.parts.sources),
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
      const hasLearned = edits.units
        .map(({ record }) => this.parts.overlays.keepWhole(record, places))
        .some((news) => news);
      if (round >= MAX_ROUNDS || !hasLearned) return new Refusal("engine", reports.message);
    }
  }

  /** `callers`: functions that have to be compiled as well, by unit, since they instantiate edited ones. */
  private async compileOverlays(
    { units }: BodyEdits,
    callers: ReadonlyMap<string, readonly FunctionName[]>,
    options: PrepareOptions,
  ): Promise<EditsForEngine | Refusal> {
    const overlays = new Map<string, BodyLaneParams>();
    for (const { record, files: changed } of units) {
      const files = changed.filter(({ functions }) => functions.length > 0);
      if (files.length === 0) continue;
      const compiled = await this.parts.overlays.compile(record, files, options, callers.get(record.invocation.key));
      this.parts.costs.overlayTook(record.invocation.key, compiled.times.rustc / Math.max(1, compiled.times.rounds));
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
    const all = this.parts.programs.withTakenBack(edits, built.records);
    try {
      return await clock.timed("engine", () => publishEdits(this.parts.root, built, all, engine, clock.ms));
    } catch (error) {
      if (error instanceof EngineError && REFUSALS.has(error.kind)) return error;
      throw error;
    }
  }
}

export function isRefused(patch: object | undefined): patch is PatchRefusal {
  return patch !== undefined && "refused" in patch;
}
