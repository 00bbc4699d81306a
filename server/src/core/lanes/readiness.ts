/**
 * What edits will need: twins and overlays of the crates that are edited, or may be soon, compiled while nobody waits, so that an
 * edit finds them ready.
 */
import { unsuitableUnit } from "./choice.js";
import { type EditCode, editForEngine } from "./editForEngine.js";
import type { PatchLane } from "./patch/patchLane.js";
import type { AllUnitSources } from "./mirror/unitSources.js";
import type { OverlayLane } from "./overlay/overlayLane.js";
import type { Engine } from "../engine/client.js";
import { EngineError } from "../engine/errors.js";
import type { Layout } from "../support/layout.js";
import type { StageClock } from "../support/stageClock.js";
import { DamagedProgram, publishEdits } from "../engine/publish.js";
import type { LoadedPrograms } from "../units/program.js";
import type { UnitRecords } from "../units/records.js";
import type { UnitRecord } from "../units/record.js";

/** How many units are kept ready. */
const MAX_WANTED = 8;

export interface PrepareOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
  readonly clock: StageClock;
}

export class Readiness {
  /** Units whose twins the engine has read. */
  private readonly readByEngine = new Set<string>();
  /** The units to be kept ready; the last one is the likeliest to be edited. */
  private readonly wanted = new Set<string>();

  constructor(
    private readonly layout: Layout,
    private readonly overlays: OverlayLane,
    private readonly patches: PatchLane,
    private readonly units: AllUnitSources,
  ) {}

  /** Whether an edit of a unit that has no patch may go through its overlay: that is no faster than the crate lane for the first time. */
  hasOverlay(record: UnitRecord): boolean {
    return this.overlays.isPrepared(record);
  }

  /** Whether there is anything that makes an edit of a unit faster. */
  isReady(record: UnitRecord): boolean {
    return this.hasOverlay(record) || this.patches.twinOf(record) !== undefined;
  }

  /** A unit was edited. */
  edited(key: string): void {
    this.wanted.delete(key);
    this.wanted.add(key);
    const [oldest] = this.wanted;
    if (oldest !== undefined && this.wanted.size > MAX_WANTED) this.wanted.delete(oldest);
  }

  /** The program consists of these units now. */
  keepOnly(units: readonly string[]): void {
    for (const key of this.wanted) if (!units.includes(key)) this.wanted.delete(key);
  }

  /**
   * These files are open in an editor: their crates are about to be edited. Where it is not known which ones are, it is
   * the crate of the file that was saved last.
   */
  expect(records: readonly UnitRecord[], open: readonly string[]): void {
    const newest = this.wanted.size > 0 ? [] : newestSource(records);
    for (const file of open.length > 0 ? open : newest) {
      for (const { inputs, invocation } of records) {
        const isOther = !this.wanted.has(invocation.key);
        if (isOther && inputs.some((input) => input.path === file)) this.edited(invocation.key);
      }
    }
  }

  /** Whether there is anything to prepare. */
  hasWork(records: UnitRecords): boolean {
    return [...this.wanted].some((key) => {
      const record = records.get(key);
      if (record === undefined || unsuitableUnit(record) !== undefined) return false;
      const isReady = this.hasOverlay(record) && this.readByEngine.has(key);
      return !isReady || this.patches.needsTwin(record, this.units.learned(record));
    });
  }

  /** Compiles what is missing, and lets the engine read it. Rejects with `Cancelled` when the signal aborts. */
  async prepare(built: LoadedPrograms, engine: Engine, options: PrepareOptions): Promise<void> {
    const wanted = [...this.wanted].reverse().flatMap((key) => {
      const record = built.units.includes(key) ? built.records.get(key) : undefined;
      return record !== undefined && unsuitableUnit(record) === undefined ? [record] : [];
    });
    // Twins first: most edits need nothing else.
    for (const record of wanted) await this.prepareTwin(built, record, engine, options);
    for (const record of wanted) {
      if (this.hasOverlay(record)) continue;
      const compiled = await this.overlays.compile(record, [], { ...options, isBackground: true });
      if (compiled.ok) await this.readAhead(built, record, { bitcode: compiled.bitcode }, engine, options);
      // The overlay finds out which bodies a crate does not compile without: now there may be a twin.
      await this.prepareTwin(built, record, engine, options);
    }
    this.patches.save();
  }

  private async prepareTwin(
    built: LoadedPrograms,
    record: UnitRecord,
    engine: Engine,
    options: PrepareOptions,
  ): Promise<void> {
    const { key } = record.invocation;
    const needed = this.units.learned(record);
    if (this.patches.needsTwin(record, needed)) await this.patches.prepare(record, { ...options, needed });
    else if (this.readByEngine.has(key)) return;
    this.readByEngine.add(key);
    // The first patch crate needs these facts: they are remembered.
    this.units.facts(record);
    const twin = this.patches.twinOf(record)?.bitcode;
    if (twin !== undefined) await this.readAhead(built, record, { bitcode: [], twin }, engine, options);
  }

  private async readAhead(
    built: LoadedPrograms,
    record: UnitRecord,
    code: EditCode,
    engine: Engine,
    { clock }: PrepareOptions,
  ): Promise<void> {
    const edits = new Map([editForEngine(record, code)]);
    try {
      await publishEdits(this.layout.root, built, edits, engine, clock.ms);
    } catch (error) {
      // The engine only reads ahead here. If something is wrong with the code, it says so when the code is needed.
      if (!(error instanceof EngineError || error instanceof DamagedProgram)) throw error;
    }
  }
}

/** The source that was saved last. */
function newestSource(records: readonly UnitRecord[]): readonly string[] {
  const sources = records.flatMap(({ inputs }) => inputs.filter((input) => input.path.endsWith(".rs")));
  const [first, ...others] = sources;
  if (first === undefined) return [];
  return [others.reduce((newest, source) => (source.mtimeMs > newest.mtimeMs ? source : newest), first).path];
}
