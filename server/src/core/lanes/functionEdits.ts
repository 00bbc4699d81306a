/**
 * Edits of functions and items, from end to end: decides whether they can be taken alone, has them compiled and published (`bodyLane.ts`),
 * and remembers what the crate lane has yet to compile (`programEdits.ts`).
 */
import * as path from "node:path";
import type { PublishParams } from "../../../../shared/src/protocol.js";
import type { BodyLaneStatistics, ProgramReport } from "../../../../shared/src/report.js";
import { Baseline, type CompiledText, type UnitEdit } from "../edits/baseline.js";
import { CompiledTexts } from "../edits/compiledTexts.js";
import { Refusal } from "../edits/refusal.js";
import type { Engine } from "../engine/client.js";
import { isParserFailure } from "../source/grammar.js";
import { type SharedSources, SourceCache } from "../source/sourceCache.js";
import { digest, readText } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import type { LoadedPrograms } from "../units/program.js";
import type { UnitRecord } from "../units/record.js";
import type { UnitRecords } from "../units/records.js";
import { BodyLane, type Patches, isRefused } from "./bodyLane.js";
import {
  OverlayCosts,
  isSeenByOthers,
  lintOutside,
  refusalOfCopies,
  refusalOfShared,
  unsuitableUnit,
} from "./choice.js";
import { FunctionEditCounts } from "./counts.js";
import type { CompiledUnit } from "./crateLane.js";
import { MacroEffects } from "./macroEffects.js";
import { AllUnitSources } from "./mirror/unitSources.js";
import { OverlayLane } from "./overlay/overlayLane.js";
import type { PatchRefusal } from "./patch/patchCrate.js";
import { PatchLane } from "./patch/patchLane.js";
import { type BodyEdits, ProgramEdits, byKey } from "./programEdits.js";
import { type PrepareOptions, Readiness, type ReadyOptions } from "./readiness.js";
import { forgetUnfollowed, hasFailed, keepFailed } from "./unfollowed.js";

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
  /** Nobody stays to hear what the crate lane finds when it follows. */
  readonly isLastWord: boolean;
}

/** The crate lane compiles, or cargo, and no refusal is told: there was nothing to do, or cargo has to run. */
const LEFT: BodyOutcome = { kind: "left", refusal: undefined };

export type { SharedSources };

export class FunctionEdits {
  private readonly baseline: Baseline;
  private readonly units: AllUnitSources;
  private readonly overlays: OverlayLane;
  private readonly patches: PatchLane;
  private readonly readiness: Readiness;
  private readonly programs: ProgramEdits;
  private readonly lane: BodyLane;
  private readonly counts = new FunctionEditCounts();
  private readonly costs = new OverlayCosts();
  private readonly effects = new MacroEffects();

  private constructor(
    private readonly layout: Layout,
    private readonly sources: SourceCache,
    private readonly areShared: boolean,
    maker: string,
    env: NodeJS.ProcessEnv,
  ) {
    const texts = new CompiledTexts(layout.sharedTexts);
    this.baseline = new Baseline(sources, texts);
    this.units = new AllUnitSources(layout, sources, env);
    this.overlays = new OverlayLane(layout, sources, this.units);
    this.patches = new PatchLane(layout, sources, maker, texts);
    this.readiness = new Readiness(layout, this.overlays, this.patches, this.units);
    this.programs = new ProgramEdits(layout, this.baseline);
    this.lane = new BodyLane({
      ...{ root: layout.root, sources, baseline: this.baseline, units: this.units },
      ...{ overlays: this.overlays, patches: this.patches, costs: this.costs, programs: this.programs },
    });
  }

  /**
   * `env`: the user's; `shared`: parsed sources that somebody else disposes of. Rejects with `Unsupported` when the grammar's files are
   * missing.
   */
  static async create(
    layout: Layout,
    bundleDir: string,
    env: NodeJS.ProcessEnv,
    shared?: SharedSources,
  ): Promise<FunctionEdits> {
    const maker = digest(readText(path.join(bundleDir, "cli.cjs")) ?? "");
    const sources = await (shared?.() ?? SourceCache.create(bundleDir));
    return new FunctionEdits(layout, sources, shared !== undefined, maker, env);
  }

  dispose(): void {
    if (!this.areShared) this.sources.dispose();
  }

  get statistics(): BodyLaneStatistics {
    return this.counts.statistics;
  }

  /** Whether the crate lane has yet to follow. */
  get isAhead(): boolean {
    return this.programs.isAhead;
  }

  /** The crate lane has compiled: keeps the texts that it has seen. `follows`: not for an edit that was left to it. */
  rebase(built: LoadedPrograms, compiled: readonly CompiledUnit[], follows: boolean): void {
    forgetUnfollowed(this.layout, built.units);
    const records = built.records.all(built.units);
    this.baseline.refresh(records);
    this.programs.rebase(records);
    for (const { key, ms } of compiled) {
      this.costs.crateTook(key, ms);
      if (!follows) this.readiness.edited(key);
    }
    this.readiness.keepOnly(records);
    this.patches.save();
  }

  /** Goes on where the process has ended that published last. `records`: what the crate lane had compiled of `units` then. */
  resume(units: readonly string[], records: readonly UnitRecord[]): void {
    this.programs.resume(units, records);
  }

  /** Another process has published since: nobody knows what the programs have. */
  forgetPublished(): void {
    this.programs.forget();
  }

  /**
   * The crate lane, or cargo, was not done with all units, so that nothing was published. `records`: of all units, as they are now;
   * `follows`: it has followed, and the sources do not compile.
   */
  failed(records: readonly UnitRecord[], follows: boolean): void {
    this.programs.catchUp(records);
    if (follows) keepFailed(this.layout, [...byKey(records).keys()]);
  }

  /** These files are open in an editor. */
  expect(built: LoadedPrograms, open: readonly string[]): void {
    this.readiness.expect(built.records.all(built.units), open);
  }

  /** Somebody works on these files, the likeliest to be edited first. */
  expectLess(built: LoadedPrograms, files: readonly string[]): void {
    this.readiness.expectLess(built.records.all(built.units), files);
  }

  /** Whether there is something to prepare. */
  hasWork(records: UnitRecords): boolean {
    return this.readiness.hasWork(records);
  }

  /** Makes ready what the next edits need. `onlyTwins`: what most of them need. Rejects with `Cancelled` when the signal aborts. */
  async prepare(built: LoadedPrograms, engine: Engine, options: ReadyOptions, onlyTwins = false): Promise<void> {
    const { readiness } = this;
    try {
      await (onlyTwins ? readiness.prepareTwins(built, engine, options) : readiness.prepare(built, engine, options));
    } catch (error) {
      // What the parser failed on stays as it is.
      if (!isParserFailure(error)) throw error;
      this.sources.lose(error);
    }
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
    const isInStep = this.programs.catchUp(records);
    const edits = this.baseline.edits(records, options.env);
    if (edits.kind === "none") return LEFT;
    if (!isInStep) return this.refuse(new Refusal("unpublished"));
    if (edits.kind === "more") return this.refuse(edits.refusal);
    // The watcher may report one save twice.
    if (this.programs.hasAll(edits.files)) return { kind: "taken", reason: "nothing changed", units: [], reports: [] };
    // (Its twin may have been made for its users.)
    for (const { record } of edits.units) this.readiness.edited(record.invocation.key);
    const unsuitable =
      this.unsuitable(edits, records) ?? (options.isLastWord ? this.unheard(edits, built.units) : undefined);
    if (unsuitable !== undefined) return this.refuse(unsuitable);
    const reason = `${edits.files[0]?.file ?? ""} changed`;
    const units = edits.units.map(({ record }) => record.invocation.id);
    const isPublished = this.programs.isPublished(edits.units);
    const refusal = isPublished ? this.refusalOfPositions(edits) : undefined;
    if (refusal !== undefined) return this.refuse(refusal);
    // rustc compiles a patch crate while the build scripts run.
    const compile = (isThorough: boolean): Promise<Patches | PatchRefusal> =>
      this.lane.compilePatches(built, edits, engine, { ...options, isThorough });
    const patch = isPublished ? undefined : await compile(false);
    if (isRefused(patch) && patch.isFinal === true) return this.refuse(patch.refused);
    const { cargoReason } = await options.settle();
    if (cargoReason !== undefined) return LEFT;
    if (patch === undefined) {
      this.accept(edits, records);
      return { kind: "taken", reason, units: [], reports: [] };
    }
    const publish = async (made: Patches | PatchRefusal): Promise<readonly ProgramReport[] | PatchRefusal> =>
      isRefused(made) ? made : this.lane.publishPatches(built, made.edits, engine, options);
    const first = await publish(patch);
    const patched =
      isRefused(first) && !isRefused(patch) && patch.leavesSome ? await publish(await compile(true)) : first;
    if (isRefused(patched)) {
      if (patched.isFinal === true || hasItems(edits) || hasSharedBoth(edits, records))
        return this.refuse(patched.refused);
      // An overlay that is not ready is no faster than the crate lane.
      if (!edits.units.every(({ record }) => this.readiness.hasOverlay(record))) return this.refuse(patched.refused);
      this.counts.hadNoPatch(patched.refused);
    }
    const reports = isRefused(patched) ? await this.lane.overlayAndPublish(built, edits, engine, options) : patched;
    if (reports instanceof Refusal) return this.refuse(reports);
    // The overlay compiled, so the patch crate did not fail because of a mistake of the user's.
    if (isRefused(patched) && patched.isTried) this.patches.giveUp(edits.units.flatMap(({ files }) => files));
    this.accept(edits, records);
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

  /** See `ProgramEdits.verifiable`. */
  verifiable(built: LoadedPrograms): Pick<PublishParams, "verify" | "verifyAll"> {
    return this.programs.verifiable(built.records.all(built.units));
  }

  /** The crate lane has followed. `reports`: what the comparison gave, if there was one. */
  followed(reports: readonly ProgramReport[]): void {
    this.programs.forget();
    for (const { verified } of reports) {
      if (verified === undefined) continue;
      this.counts.verified(verified.diverged.length);
    }
  }

  /** Why these bodies cannot be taken alone. */
  private unsuitable({ units }: BodyEdits, records: readonly UnitRecord[]): Refusal | undefined {
    const unitOf = (key: string): UnitRecord | undefined => records.find(({ invocation }) => invocation.key === key);
    for (const { record, files } of units) {
      const functions = files.flatMap((file) => file.functions);
      const unit = unsuitableUnit(record);
      if (unit !== undefined) return unit;
      const shared = functions.some(isSeenByOthers) ? refusalOfCopies(record, records) : undefined;
      if (shared !== undefined) return shared;
      if (!this.readiness.isReady(record, unitOf)) return new Refusal("firstEdit");
      const effect = this.effects.changed(files, () => this.sourcesOf(records));
      if (effect !== undefined) return new Refusal("macroEffect", effect);
    }
    return undefined;
  }

  /** The workspace's sources as the crate lane compiled them. */
  private sourcesOf(records: readonly UnitRecord[]): readonly CompiledText[] {
    const files = new Set(records.flatMap(({ inputs }) => inputs.map(({ path: file }) => file)));
    return [...files].filter((file) => file.endsWith(".rs")).flatMap((file) => this.baseline.compiled(file) ?? []);
  }

  /** What only the crate lane finds, and nobody would hear of. */
  private unheard(edits: BodyEdits, units: readonly string[]): Refusal | undefined {
    if (hasFailed(this.layout, units)) return new Refusal("crateFailed");
    // Conflicts of names and impls may be errors at places that no patch holds.
    if (hasItems(edits)) return new Refusal("unheardItems");
    for (const { record, files } of edits.units) {
      const lint = lintOutside(record, this.units.facts(record, files).denied);
      if (lint !== undefined) return new Refusal("lintOutside", lint);
    }
    return undefined;
  }

  /** The programs have these edits now, and the crate lane has yet to compile them. */
  private accept(edits: BodyEdits, records: readonly UnitRecord[]): void {
    for (const { record, files } of edits.units) this.patches.addPublishedTexts(record, files);
    this.programs.accept(edits, records);
  }

  private refuse(refusal: Refusal): BodyOutcome {
    this.counts.refused(refusal);
    return { kind: "left", refusal };
  }
}

/** Whether crates were edited that use what others hold the bodies of: an overlay would have copies of those of before. */
function hasSharedBoth({ units }: BodyEdits, records: readonly UnitRecord[]): boolean {
  const hasShared = ({ files }: UnitEdit): boolean => files.some(({ functions }) => functions.some(isSeenByOthers));
  return units.some((unit) => hasShared(unit) && refusalOfShared(unit.record, units, records) !== undefined);
}

function hasItems({ units }: BodyEdits): boolean {
  return units.some(({ files }) => files.some(({ items }) => items.length > 0));
}
