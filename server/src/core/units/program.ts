/** The programs that units make, as plain data: what is built, not how or from where. */
import * as z from "zod";
import { ProgramInterface } from "../../../../shared/src/protocol.js";
import type { UnitRecord } from "./record.js";
import type { UnitRecords } from "./records.js";

/** A program as cargo would start it. */
export const Program = z.object({
  /** Path below `target/cranefly`, the program's name for the engine: "debug/rg". */
  name: z.string(),
  executable: z.string(),
  unit: z.string(),
  /** The units that it is made of, libraries first. */
  closure: z.array(z.string()),
  /** Its base image; empty as long as that is not linked. */
  base: z.string(),
  /** The libraries among the units that are linked into it, in the linker's order; not known as long as nothing is linked. */
  linked: z.array(z.string()).optional(),
  /** What it had in common with C when it was published last. */
  interface: ProgramInterface.optional(),
});
export type Program = z.infer<typeof Program>;

/** What a build gives: all of its units' keys, dependencies first, and the programs that they make. */
export interface BuiltPrograms {
  readonly units: readonly string[];
  readonly programs: readonly Program[];
}

/** With the units' records. */
export interface LoadedPrograms extends BuiltPrograms {
  readonly records: UnitRecords;
}

/** The records of a program's units, libraries first. Throws `MissingUnit`. */
export function unitsOf({ closure }: Program, records: UnitRecords): UnitRecord[] {
  return records.all(closure);
}

/** The records of what is linked into a program, its own unit last; libraries first as long as the linker's order is not known. */
export function linkedUnitsOf({ linked, unit, closure }: Program, records: UnitRecords): UnitRecord[] {
  return records.all(linked === undefined ? closure : [...linked.toReversed(), unit]);
}
