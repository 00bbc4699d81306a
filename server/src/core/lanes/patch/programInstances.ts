/** Which instances of edited generic functions a patch crate has to make: those that the programs have. */
import type { Instance } from "../../../../../shared/src/protocol.js";
import type { BodyEdit } from "../../edits/baseline.js";
import { refuse } from "../../edits/refusal.js";
import type { BodyRef } from "../../source/functions.js";
import type { UnitRecord } from "../../units/record.js";
import type { LaneOptions } from "../mirror/compileMirror.js";
import type { SourceCache } from "../../source/sourceCache.js";
import type { ProgramUnits } from "./namesakes.js";
import { type Instances, isMadeHere, writtenInstances } from "./instanceRoots.js";
import type { Twin } from "./twin.js";
import { typesOfInstance } from "./typeNames.js";
import { writtenTypes } from "./typePaths.js";

/** With more of them, the crate lane is probably as fast. */
const MAX_INSTANCES = 256;

/** The instances of an edited function; undefined for one that is not generic. */
export type InstancesOf = (file: string, fn: BodyRef) => Instances | undefined;

export interface InstanceOptions extends LaneOptions, ProgramUnits {
  /** What the programs have of generic functions of a unit, of those that are edited or come along. Rejects with `Refused`. */
  readonly instances: (edits: readonly BodyEdit[]) => Promise<readonly Instance[]>;
}

/** Asks the engine, and rustc. Rejects with `Cancelled` and `Refused`. */
export async function programInstances(
  directory: string,
  record: UnitRecord,
  twin: Twin,
  edits: readonly BodyEdit[],
  cache: SourceCache,
  options: InstanceOptions,
): Promise<InstancesOf> {
  const functions = edits.flatMap((edit) =>
    edit.functions.filter((fn) => fn.isGeneric && isMadeHere(fn)).map((fn) => ({ edit, fn })),
  );
  if (functions.length === 0) return () => undefined;
  const all = await options.instances(edits);
  if (all.length > MAX_INSTANCES) refuse("manyInstances");
  const named = functions.map(({ edit, fn }) => {
    const [first, last] = edit.ranges.find((range) => range.new[0] === fn.line && range.name === fn.name)?.old ?? [
      1, 0,
    ];
    const own = all.filter(({ file, line }) => file === edit.file && first <= line && line <= last);
    return { edit, fn, types: own.map(({ name }) => typesOfInstance(name)) };
  });
  const types = named.flatMap((it) => it.types).flatMap((it) => it ?? []);
  const written = await writtenTypes(directory, record, twin, types, cache, options);
  const found = new Map(
    named.map(({ edit, fn, types: own }) => [keyOf(edit.file, fn), writtenInstances(own, written)] as const),
  );
  return (file, fn) => found.get(keyOf(file, fn));
}

function keyOf(file: string, { span }: BodyRef): string {
  return `${span.start} ${file}`;
}
