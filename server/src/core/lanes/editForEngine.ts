/** The form in which the engine takes a unit whose edits are compiled apart from it. */
import type { BodyLaneParams } from "../../../../shared/src/protocol.js";
import type { BodyEdit } from "../edits/baseline.js";
import type { UnitRecord } from "../units/record.js";

/** What the engine is sent besides the unit's name and the places of the edited functions. */
export type EditCode = Omit<BodyLaneParams, "unit" | "crateName" | "edited">;

/** What the engine is sent of edited units, by unit key. */
export type EditsForEngine = ReadonlyMap<string, BodyLaneParams>;

/** An entry of `EditsForEngine`. Without `files`, the engine reads the code and changes no function. */
export function editForEngine(
  { invocation, crate }: UnitRecord,
  code: EditCode,
  files: readonly BodyEdit[] = [],
): readonly [key: string, params: BodyLaneParams] {
  return [
    invocation.key,
    { unit: invocation.id, crateName: crate, ...code, edited: files.flatMap(({ ranges }) => ranges) },
  ];
}
