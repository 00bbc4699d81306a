/** Functions of a library that crates that use it instantiate, or copy, for themselves. */
import { codeOptions } from "../units/arguments.js";
import type { UnitRecord } from "../units/record.js";
import type { UnitEdit } from "../edits/baseline.js";

/**
 * Why an edit of such functions cannot be taken alone; undefined when it can. Whatever is compiled of crates that use the library sees
 * the library as the crate lane compiled it.
 */
export function refusalOfShared(
  library: UnitRecord,
  edited: readonly UnitEdit[],
  records: readonly UnitRecord[],
): string | undefined {
  const users = dependentsOf(library, records);
  const isEdited = ({ invocation }: UnitRecord): boolean =>
    edited.some(
      ({ record, files }) =>
        record.invocation.key === invocation.key && files.some(({ functions }) => functions.length > 0),
    );
  if (users.some(isEdited)) return "a generic or inline function of a library, and one of a crate that uses it";
  const own = codeOptions(library.invocation.args);
  const isOther = ({ invocation }: UnitRecord): boolean => codeOptions(invocation.args) !== own;
  return users.some(isOther) ? "a generic or inline function that others compile with other options" : undefined;
}

/** The units that use a library, directly or not. */
function dependentsOf(library: UnitRecord, records: readonly UnitRecord[]): UnitRecord[] {
  const seen = new Set([library.invocation.key]);
  const users: UnitRecord[] = [];
  for (let before = -1; before !== users.length;) {
    before = users.length;
    for (const record of records) {
      const { key } = record.invocation;
      if (seen.has(key) || !record.externs.some(({ unit }) => unit !== null && seen.has(unit))) continue;
      seen.add(key);
      users.push(record);
    }
  }
  return users;
}
