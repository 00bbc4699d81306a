/**
 * The records of units as they are at one time. An update loads them once before the compiler runs, and has those of what was compiled
 * afterwards: whoever needs a record is handed these, and looks at no file.
 */
import * as fs from "node:fs";
import type { Layout } from "../support/layout.js";
import { inspectArgs } from "./arguments.js";
import { announce, outputsOf, unitOfOutput } from "./outputs.js";
import { MissingUnit, type UnitRecord, loadUnit } from "./record.js";

export class UnitRecords {
  private readonly loaded: Map<string, UnitRecord | undefined>;

  /** `known`: records that need not be loaded. */
  constructor(
    private readonly layout: Layout,
    known: ReadonlyMap<string, UnitRecord | undefined> = new Map(),
  ) {
    this.loaded = new Map(known);
  }

  get(key: string): UnitRecord | undefined {
    if (!this.loaded.has(key)) this.loaded.set(key, loadUnit(this.layout, key));
    return this.loaded.get(key);
  }

  /** Throws `MissingUnit`. */
  need(key: string): UnitRecord {
    const record = this.get(key);
    if (record === undefined) throw new MissingUnit([key]);
    return record;
  }

  /** Those that are there. */
  some(keys: readonly string[]): UnitRecord[] {
    return keys.flatMap((key) => this.get(key) ?? []);
  }

  /** Throws `MissingUnit`, with all that are missing. */
  all(keys: readonly string[]): UnitRecord[] {
    const missing = keys.filter((key) => this.get(key) === undefined);
    if (missing.length > 0) throw new MissingUnit(missing);
    return this.some(keys);
  }

  /** The records after a run of the compiler that made these. */
  after(compiled: readonly UnitRecord[]): UnitRecords {
    const made = compiled.map((record) => [record.invocation.key, record] as const);
    return new UnitRecords(this.layout, new Map([...this.loaded, ...made]));
  }
}

/** Lets everybody know again what is whose, should anybody have removed that: units that use a library go by it. */
export function announceAgain(layout: Layout, records: readonly UnitRecord[]): void {
  for (const { invocation, metadata } of records) {
    const { key } = invocation;
    const isKnown = metadata === null || unitOfOutput(layout, metadata.path) === key;
    if (isKnown && fs.existsSync(layout.outputs(key))) continue;
    announce(layout, key, outputsOf(layout, invocation, inspectArgs(invocation.args)));
  }
}
