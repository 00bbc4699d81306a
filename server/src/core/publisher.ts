/** Hands a state's programs to the engine: the base image first, then every unit's bitcode. */
import type { PublishParams } from "../../../shared/src/protocol.js";
import type { ProgramReport, StageTimes } from "../../../shared/src/report.js";
import { debugInfoInUse, inspectArgs } from "./args.js";
import { ensureBase } from "./base.js";
import { type Engine, EngineError } from "./engine.js";
import { Unsupported } from "./errors.js";
import type { Layout } from "./layout.js";
import type { Program, SelectionState } from "./selection.js";
import { linkRequestOf } from "./rustcOptions.js";
import { type UnitRecord, loadUnit, needUnit } from "./unit.js";

/** The engine cannot read what lies on disk for a program: cut short by a full disk or a crash. */
export class DamagedProgram extends Error {
  constructor(
    readonly program: Program,
    cause: EngineError,
  ) {
    super(cause.message, { cause });
    this.name = "DamagedProgram";
  }
}

function isDamage(error: unknown): error is EngineError {
  return error instanceof EngineError && (error.kind === "bitcode" || error.kind === "base");
}

/** The state's programs with their base images, which are made if they do not exist. */
export async function withBases(
  layout: Layout,
  state: SelectionState,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<Program[]> {
  const programs: Program[] = [];
  for (const program of state.programs) {
    const base = await ensureBase(layout, state.toolchain, unitsOf(layout, program), env, signal);
    programs.push({ ...program, base });
  }
  return programs;
}

/** Publishes every program, one after the other. The engine's own times are added to `ms`. `more`: what the lanes add. */
export async function publish(
  layout: Layout,
  programs: readonly Program[],
  engine: Engine,
  ms: StageTimes,
  more: (program: Program) => Pick<PublishParams, "bodyLane" | "verify"> = () => ({}),
): Promise<ProgramReport[]> {
  const reports: ProgramReport[] = [];
  for (const program of programs) {
    const answer = await engine
      .publish({ ...publishParams(layout, program), ...more(program) })
      .catch((error: unknown) => {
        throw isDamage(error) ? new DamagedProgram(program, error) : error;
      });
    const { us, generation, image, functions, fallbacks, units, warnings, verified } = answer;
    for (const stage of ["parse", "translate", "hash", "compile", "publish"] as const) ms[stage] += us[stage] / 1000;
    const { name, executable } = program;
    const report = { program: name, executable, generation, image, functions, fallbacks, units, warnings };
    reports.push(verified === undefined ? report : { ...report, verified });
  }
  return reports;
}

/** What the crate lane made of a program. */
export function publishParams(layout: Layout, program: Program): PublishParams {
  const closure = unitsOf(layout, program);
  const main = closure.at(-1);
  if (main === undefined) throw new Unsupported(`${program.name} has no units`);
  const { optLevel, panic } = inspectArgs(main.invocation.args);
  const { strip, exportDynamic } = linkRequestOf(main.invocation);
  return {
    workspace: layout.root,
    program: program.name,
    executable: program.executable,
    base: program.base,
    units: closure.map((unit) => ({ id: unit.invocation.id, crate: unit.crate, bitcode: unit.bitcode })),
    optLevel,
    panic,
    debugInfo: debugInfoOf(closure),
    strip,
    exportDynamic,
  };
}

/** What all units have, or more than one of them has. */
function debugInfoOf(units: readonly UnitRecord[]): string {
  const levels = new Set(units.map((unit) => debugInfoInUse(inspectArgs(unit.invocation.args).debugInfo)));
  const [level = "0"] = levels;
  return levels.size === 1 ? level : "1";
}

function unitsOf(layout: Layout, program: Program): UnitRecord[] {
  return program.closure.map((key) => needUnit(layout, key));
}

/** What programs are made of, by unit key and executable: two publications of the same parts are one. */
export function partsOf(layout: Layout, programs: readonly Program[]): Map<string, string> {
  const parts = new Map<string, string>();
  for (const program of programs) {
    parts.set(program.executable, program.base);
    for (const unit of unitsOf(layout, program)) parts.set(unit.invocation.key, unit.bitcodeDir);
  }
  return parts;
}

export function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

/** The units, as "package:target", that were in both and are not what they were. */
export function changedUnits(
  layout: Layout,
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): string[] {
  return [...now].flatMap(([key, value]) => {
    const isChanged = before.has(key) && before.get(key) !== value;
    return isChanged ? (loadUnit(layout, key)?.invocation.id ?? []) : [];
  });
}
