/** Asks the engine which functions have to be there for the instances of edited generic functions to be made. */
import type { BodyLaneParams, Instantiator } from "../../../../shared/src/protocol.js";
import { callersAt } from "./callers.js";
import type { UnitEdit } from "../edits/baseline.js";
import type { SourceCache } from "./index.js";
import type { FunctionName } from "./overlay/overlayState.js";
import { type Engine, EngineError } from "../engine/client.js";
import type { Layout } from "../support/layout.js";
import { publishParams } from "../engine/publish.js";
import type { Program } from "../cargo/selection.js";

/** How far up it goes from functions that nothing can name. */
const MAX_PASSES = 8;

/** With more of them the crate lane may well be as fast. */
const MAX_CALLERS = 64;

/** By unit; a text says why there are none. */
export async function instantiatorsOf(
  layout: Layout,
  programs: readonly Program[],
  edits: readonly UnitEdit[],
  engine: Engine,
  sources: SourceCache,
): Promise<ReadonlyMap<string, readonly FunctionName[]> | string> {
  const isGeneric = edits.some(({ files }) => files.some(({ ranges }) => ranges.some(({ generic }) => generic)));
  if (!isGeneric) return new Map();
  const passed: Pick<Instantiator, "file" | "line">[] = [];
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const lanes = new Map<string, BodyLaneParams>(
      edits.map(({ record, files }) => [
        record.invocation.key,
        { unit: record.invocation.id, bitcode: [], edited: files.flatMap(({ ranges }) => ranges), passed },
      ]),
    );
    const places: Instantiator[] = [];
    for (const program of programs) {
      const bodyLane = program.closure.flatMap((key) => lanes.get(key) ?? []);
      if (bodyLane.length === 0) continue;
      try {
        places.push(...(await engine.instantiators({ ...publishParams(layout, program), bodyLane })));
      } catch (error) {
        if (error instanceof EngineError && error.kind === "bodyLane") return error.message;
        throw error;
      }
    }
    const found = edits.map((edit) => ({ key: edit.record.invocation.key, ...callersAt(edit, places, sources) }));
    const news = found
      .flatMap(({ unnamed }) => unnamed)
      .filter(({ file, line }) => !passed.some((known) => known.file === file && known.line === line));
    if (found.some(({ functions }) => functions.length > MAX_CALLERS)) {
      return "very many functions lead to an edited generic function";
    }
    if (news.length === 0) return new Map(found.map(({ key, functions }) => [key, functions]));
    passed.push(...news.map(({ file, line }) => ({ file, line })));
  }
  return "an edited generic function that nothing with a name instantiates";
}
