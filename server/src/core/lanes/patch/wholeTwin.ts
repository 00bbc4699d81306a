/**
 * A twin that has all bodies. What an edited function calls of generic functions is mostly what it called before the edit; so the crate
 * has those instances, and rustc need not make them again in each patch crate: at the optimization level of development builds it takes
 * an instance that a library exports (`rustc_middle::ty::Instance::upstream_monomorphization`).
 *
 * It costs what compiling the crate costs. So it comes behind everything else that edits need, and takes the place of the twin that they
 * were compiled against until then.
 */
import * as path from "node:path";
import { Refusal } from "../../edits/refusal.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { inspectArgs } from "../../units/arguments.js";
import type { UnitRecord } from "../../units/record.js";
import { type LaneOptions, compileMirror } from "../mirror/compileMirror.js";
import { type Twin, NO_LINTS, keepMetadata } from "./twin.js";
import { twinSources } from "./twinSources.js";

/** The optimization levels at which rustc takes what a library exports of generic functions (`rustc_session::Session::share_generics`). */
const SHARING_LEVELS = new Set(["0", "1", "s", "z"]);

/** Whether rustc takes instances of generic functions from the libraries that a crate uses. */
export function mayShareInstances({ invocation }: UnitRecord): boolean {
  return SHARING_LEVELS.has(inspectArgs(invocation.args).optLevel);
}

/**
 * Compiles a unit's twin with all bodies. Gives the twin that it had if it does not compile with them: a body may mean something else
 * where everything is public; undefined if the sources are not those of the record any more. Rejects with `Cancelled`.
 */
export async function compileWholeTwin(
  directory: string,
  record: UnitRecord,
  twin: Twin,
  cache: SourceCache,
  options: LaneOptions,
): Promise<Twin | undefined> {
  // (All bodies are needed.)
  const sources = twinSources(directory, record, cache, { isNeeded: () => true });
  // The sources have changed meanwhile.
  if (sources instanceof Refusal) return undefined;
  const { crate } = inspectArgs(record.invocation.args);
  const metadata = path.join(directory, `lib${crate}-next.rmeta`);
  const whole = {
    mirror: sources.mirror,
    directory,
    metadata,
    incrementalDir: path.join(directory, "incremental"),
    crateType: () => "lib",
    isLibrary: true,
    // Who uses what was private was looked at when it was compiled without the bodies.
    extra: NO_LINTS,
  };
  const { exit, keep } = await compileMirror(record, whole, { ...options, isBackground: true }, () => undefined);
  if (exit.code !== 0) return { ...twin, bodies: "onlyExposed" };
  const kept = keep();
  return { ...twin, metadata: keepMetadata(metadata, crate, kept.directory), bitcode: kept.files, bodies: "all" };
}
