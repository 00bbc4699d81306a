/**
 * What edits will need: twins and overlays of the crates that are edited, or may be soon, compiled while nobody waits, so that an
 * edit finds them ready.
 */
import { dependentsOf, unsuitableUnit } from "./choice.js";
import { type EditCode, editForEngine } from "./editForEngine.js";
import type { Libraries } from "./mirror/compileMirror.js";
import { usesLibraries } from "./patch/linkedTwins.js";
import type { PatchLane } from "./patch/patchLane.js";
import type { AllUnitSources } from "./mirror/unitSources.js";
import type { OverlayLane } from "./overlay/overlayLane.js";
import type { Engine } from "../engine/client.js";
import { EngineError } from "../engine/errors.js";
import type { Layout } from "../support/layout.js";
import { isCurrent } from "../support/stamps.js";
import type { StageClock } from "../support/stageClock.js";
import { DamagedProgram, publishEdits } from "../engine/publish.js";
import type { LoadedPrograms } from "../units/program.js";
import type { UnitRecords } from "../units/records.js";
import type { UnitRecord } from "../units/record.js";

/** How many units are kept ready. */
const MAX_WANTED = 8;

/** How many twins that know each other are kept ready, beside those of crates that use no library of the workspace. */
const MAX_LINKED = 8;

export interface PrepareOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
  readonly clock: StageClock;
}

/** How units are made ready. */
export interface ReadyOptions extends PrepareOptions {
  /**
   * Whether the engine may read ahead: it publishes what it is given, so that the programs have to be what the crate lane made, and
   * nothing of edits that it has not compiled.
   */
  readonly mayRead: boolean;
}

export class Readiness {
  /** Units whose twins the engine has read. */
  private readonly readByEngine = new Set<string>();
  /** The units to be kept ready; the last one is the likeliest to be edited. */
  private readonly wanted = new Set<string>();
  /** Units that may be edited, the likeliest first: they are kept ready, too, as far as there is room, but for their overlays. */
  private worked: readonly string[] = [];
  /** What the programs' units are called, by their keys. */
  private ids: ReadonlyMap<string, string> = new Map();

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

  /** Whether there is anything that makes an edit of a unit faster. `unitOf`: a unit by its key. */
  isReady(record: UnitRecord, unitOf: (key: string) => UnitRecord | undefined): boolean {
    if (this.hasOverlay(record) || this.patches.twinOf(record) !== undefined) return true;
    return this.patches.linkedTwins(unitOf).twinOf(record) !== undefined;
  }

  /** A unit was edited. */
  edited(key: string): void {
    this.wanted.delete(key);
    this.wanted.add(key);
    const [oldest] = this.wanted;
    if (oldest !== undefined && this.wanted.size > MAX_WANTED) this.wanted.delete(oldest);
  }

  /** The program consists of these units now. Some may have other keys than before, since cargo compiles them with other options. */
  keepOnly(records: readonly UnitRecord[]): void {
    const units = records.map(({ invocation }) => invocation);
    const kept = [...this.wanted].flatMap((key) => {
      if (units.some((unit) => unit.key === key)) return key;
      return units.filter(({ id }) => id === this.ids.get(key)).map((unit) => unit.key);
    });
    this.wanted.clear();
    for (const key of kept) this.wanted.add(key);
    this.ids = new Map(units.map(({ id, key }) => [key, id]));
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

  /** Somebody works on these files, the likeliest to be edited first: what most edits of their crates need is made ready behind all else. */
  expectLess(records: readonly UnitRecord[], files: readonly string[]): void {
    const rank = new Map(files.map((file, i) => [file, i]));
    const ranked = records.flatMap(({ inputs, invocation: { key } }) => {
      const ranks = inputs.flatMap(({ path: file }) => rank.get(file) ?? []);
      return ranks.length === 0 ? [] : { key, first: Math.min(...ranks) };
    });
    this.worked = ranked.sort((a, b) => a.first - b.first).map(({ key }) => key);
  }

  /** Whether there is anything to prepare. */
  hasWork(records: UnitRecords): boolean {
    const isMissing = (key: string, needsOverlay: boolean): boolean => {
      const record = records.get(key);
      if (record === undefined || unsuitableUnit(record) !== undefined) return false;
      const isReady = (!needsOverlay || this.hasOverlay(record)) && this.readByEngine.has(key);
      const needsBodies = needsOverlay && this.patches.needsBodies(record);
      return !isReady || needsBodies || this.patches.needsTwin(record, this.units.learned(record));
    };
    if (this.missingLink(records) !== undefined) return true;
    return [...this.wanted].some((key) => isMissing(key, true)) || this.others.some((key) => isMissing(key, false));
  }

  /** The units that are kept ready beside those that are edited, or open. */
  private get others(): readonly string[] {
    const room = MAX_WANTED - this.wanted.size;
    return this.worked.filter((key) => !this.wanted.has(key)).slice(0, Math.max(0, room));
  }

  /**
   * Compiles the twins that are missing, which is all that most edits need; but not of units whose sources are newer than their records.
   * Rejects with `Cancelled` when the signal aborts.
   */
  async prepareTwins(built: LoadedPrograms, engine: Engine, options: ReadyOptions): Promise<void> {
    for (const record of suitable(this.likeliest, built)) {
      if (this.patches.twinOf(record) !== undefined || !record.inputs.every((input) => isCurrent(input))) continue;
      await this.prepareTwin(built, record, engine, options);
    }
    this.patches.save();
  }

  /** Compiles what is missing, and lets the engine read it. Rejects with `Cancelled` when the signal aborts. */
  async prepare(built: LoadedPrograms, engine: Engine, options: ReadyOptions): Promise<void> {
    const wanted = suitable(this.likeliest, built);
    // Twins first: most edits need nothing else.
    for (const record of wanted) await this.prepareTwin(built, record, engine, options);
    for (const record of wanted) {
      if (this.hasOverlay(record)) continue;
      const compiled = await this.overlays.compile(record, [], { ...options, isBackground: true });
      if (compiled.ok) await this.readAhead(built, record, { bitcode: compiled.bitcode }, engine, options);
      // The overlay finds out which bodies a crate does not compile without: now there may be a twin.
      await this.prepareTwin(built, record, engine, options);
    }
    // (Each as soon as it is there: what comes behind may never come to its end.)
    this.patches.save();
    for (const record of wanted) await this.addBodies(built, record, engine, options);
    for (const record of suitable(this.others, built)) {
      await this.prepareTwin(built, record, engine, options);
      this.patches.save();
    }
    await this.prepareLinks(built.records, options);
  }

  /** Compiles what is missing of the twins that edits of several crates need. */
  private async prepareLinks(records: UnitRecords, options: ReadyOptions): Promise<void> {
    for (let left = MAX_LINKED; left > 0; left--) {
      const missing = this.missingLink(records);
      if (missing === undefined) return;
      const needed = this.units.learned(missing.record);
      await this.patches.prepare(missing.record, { ...options, needed, libraries: missing.libraries });
      this.patches.save();
    }
  }

  /**
   * A twin that is missing among those that know each other: of the units that are kept ready, of those that use them, and of the libraries
   * of these.
   */
  private missingLink(records: UnitRecords): MissingLink | undefined {
    const all = records.some([...this.ids.keys()]);
    const unitOf = (key: string): UnitRecord | undefined => records.get(key);
    const twins = this.patches.linkedTwins(unitOf);
    const ready = [...this.likeliest, ...this.others].flatMap((key) => (this.ids.has(key) ? (unitOf(key) ?? []) : []));
    const concerned = new Set([...ready, ...ready.flatMap((record) => dependentsOf(record, all))]);
    const linked = [...concerned].filter((record) => usesLibraries(record) && isSuitable(record)).slice(0, MAX_LINKED);
    for (const record of new Set(linked.flatMap((user) => [...twins.upstreamOf(user), user]))) {
      const libraries = twins.librariesOf(record);
      // (There is none of one of its libraries, and there will be none.)
      if (libraries === undefined || !isSuitable(record)) continue;
      const own = usesLibraries(record) ? libraries : undefined;
      if (this.patches.needsTwin(record, this.units.learned(record), own)) return { record, libraries: own };
    }
    return undefined;
  }

  /** The wanted units, the likeliest to be edited first. */
  private get likeliest(): readonly string[] {
    return [...this.wanted].reverse();
  }

  private async prepareTwin(
    built: LoadedPrograms,
    record: UnitRecord,
    engine: Engine,
    options: ReadyOptions,
  ): Promise<void> {
    const { key } = record.invocation;
    const needed = this.units.learned(record);
    if (this.patches.needsTwin(record, needed)) await this.patches.prepare(record, { ...options, needed });
    else if (this.readByEngine.has(key)) return;
    if (options.mayRead) this.readByEngine.add(key);
    // The first patch crate needs these facts: they are remembered.
    this.units.facts(record);
    const twin = this.patches.twinOf(record)?.bitcode;
    if (twin !== undefined) await this.readAhead(built, record, { bitcode: [], twin }, engine, options);
  }

  /** Lets the unit's twin have all bodies, so that patch crates of functions that call much that is generic compile faster. */
  private async addBodies(
    built: LoadedPrograms,
    record: UnitRecord,
    engine: Engine,
    options: ReadyOptions,
  ): Promise<void> {
    if (!this.patches.needsBodies(record)) return;
    await this.patches.addBodies(record, options);
    this.patches.save();
    const twin = this.patches.twinOf(record);
    if (twin?.bodies === "all")
      await this.readAhead(built, record, { bitcode: [], twin: twin.bitcode }, engine, options);
  }

  private async readAhead(
    built: LoadedPrograms,
    record: UnitRecord,
    code: EditCode,
    engine: Engine,
    { clock, mayRead }: ReadyOptions,
  ): Promise<void> {
    if (!mayRead) return;
    const edits = new Map([editForEngine(record, code)]);
    try {
      await publishEdits(this.layout.root, built, edits, engine, clock.ms);
    } catch (error) {
      // The engine only reads ahead here. If something is wrong with the code, it says so when the code is needed.
      if (!(error instanceof EngineError || error instanceof DamagedProgram)) throw error;
    }
  }
}

/** A twin that is to be made. */
interface MissingLink {
  readonly record: UnitRecord;
  readonly libraries: Libraries | undefined;
}

function isSuitable(record: UnitRecord): boolean {
  return unsuitableUnit(record) === undefined;
}

/** The units of these that are in the programs and that there can be twins of. */
function suitable(keys: readonly string[], { units, records }: LoadedPrograms): UnitRecord[] {
  return keys.flatMap((key) => {
    const record = units.includes(key) ? records.get(key) : undefined;
    return record !== undefined && isSuitable(record) ? [record] : [];
  });
}

/** The source that was saved last. */
function newestSource(records: readonly UnitRecord[]): readonly string[] {
  const sources = records.flatMap(({ inputs }) => inputs.filter((input) => input.path.endsWith(".rs")));
  const [first, ...others] = sources;
  if (first === undefined) return [];
  return [others.reduce((newest, source) => (source.mtimeMs > newest.mtimeMs ? source : newest), first).path];
}
