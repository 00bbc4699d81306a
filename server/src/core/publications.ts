/** What this process last had the engine publish, what came of it, and what of that was not reported yet. */
import type { ProgramReport } from "../../../shared/src/report.js";
import { unchanged } from "./generation.js";
import { type ProgramFiles, arePublished, isPublished, programFiles } from "./units/intact.js";
import { type Program, linkedUnitsOf } from "./units/program.js";
import type { UnitRecords } from "./units/records.js";

/** What programs are made of, by unit key and executable: two publications of the same parts are one. */
type Parts = ReadonlyMap<string, string>;

interface Publication {
  readonly parts: Parts;
  readonly reports: readonly ProgramReport[];
  readonly files: ProgramFiles;
}

export class Publications {
  private last: Publication | undefined;
  private count = 0;
  private hasUnreported = false;

  /** The generation that runs. */
  get generation(): number {
    return this.count;
  }

  get isEmpty(): boolean {
    return this.last === undefined;
  }

  /** What was published is published anew whatever it is: the engine may have lost it. */
  forget(): void {
    this.last = undefined;
  }

  /** Forgets what was published if its files are not those that were published. */
  forgetDamaged(): void {
    if (this.last !== undefined && !arePublished(this.last.files)) this.last = undefined;
  }

  /** Whether an executable is still what was published there last; nobody knows where nothing was. */
  isInPlace(executable: string): boolean {
    return this.last === undefined || isPublished(this.last.files, executable);
  }

  /** Whether what is published is made of other parts. */
  differ(programs: readonly Program[], records: UnitRecords): boolean {
    return this.last === undefined || !isSame(this.last.parts, partsOf(programs, records));
  }

  /** The units, as "package:target", that are in what is published and are not what they are there. */
  changedUnits(programs: readonly Program[], records: UnitRecords): string[] {
    const before = this.last?.parts ?? new Map<string, string>();
    return [...partsOf(programs, records)].flatMap(([key, value]) => {
      const isChanged = before.has(key) && before.get(key) !== value;
      return isChanged ? (records.get(key)?.invocation.id ?? []) : [];
    });
  }

  /** The crate lane's units were published. */
  published(programs: readonly Program[], records: UnitRecords, reports: readonly ProgramReport[]): void {
    this.set(partsOf(programs, records), reports, reports);
  }

  /** Edits of function bodies were published: `fresh` are the reports of programs that have them; of all where none is known. */
  publishedBodies(fresh: readonly ProgramReport[]): readonly ProgramReport[] {
    const byName = new Map(fresh.map((program) => [program.program, program]));
    const reports = this.last?.reports.map((old) => byName.get(old.program) ?? unchanged(old)) ?? fresh;
    // (No state of the crate lane has these parts, so that it publishes whatever comes next.)
    if (fresh.length > 0) this.set(new Map(), reports, fresh);
    return reports;
  }

  /** What is published next is not reported, since nobody has asked for it: the next update that somebody asks for reports it. */
  keepUnreported(): void {
    this.hasUnreported = true;
  }

  /**
   * Whether an update has a publication to report. `isNew`: it has published. `isQuiet`: nobody has asked for the update, so what was not
   * reported before stays unreported.
   */
  hasReport(isNew: boolean, isQuiet: boolean): boolean {
    const hasChanged = isNew || (this.hasUnreported && !isQuiet);
    if (!isQuiet) this.hasUnreported = false;
    return hasChanged;
  }

  /** The programs' reports; `hasChanged`: as they were when they were published. */
  reports(hasChanged: boolean): readonly ProgramReport[] {
    const reports = this.last?.reports ?? [];
    return hasChanged ? reports : reports.map(unchanged);
  }

  private set(parts: Parts, reports: readonly ProgramReport[], fresh: readonly ProgramReport[]): void {
    this.last = { parts, reports, files: programFiles(reports) };
    this.count = Math.max(this.count + 1, ...fresh.map((program) => program.generation));
  }
}

function partsOf(programs: readonly Program[], records: UnitRecords): Parts {
  const parts = new Map<string, string>();
  for (const program of programs) {
    parts.set(program.executable, program.base);
    for (const unit of linkedUnitsOf(program, records)) parts.set(unit.invocation.key, unit.bitcodeDir);
  }
  return parts;
}

function isSame(a: Parts, b: Parts): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}
