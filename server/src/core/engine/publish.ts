/** Hands programs to the engine: all of their units' bitcode, or that of edited functions. */
import {
  type BodyLaneParams,
  DamagedUnits,
  ProgramInterface,
  type PublishParams,
  type PublishResult,
} from "../../../../shared/src/protocol.js";
import type { ProgramReport, StageTimes } from "../../../../shared/src/report.js";
import { debugInfoInUse, inspectArgs } from "../units/arguments.js";
import type { Engine } from "./client.js";
import { EngineError } from "./errors.js";
import { Unsupported } from "../support/errors.js";
import { linkRequestOf } from "../units/rustcOptions.js";
import { type LoadedPrograms, type Program, linkedUnitsOf } from "../units/program.js";
import type { UnitRecord } from "../units/record.js";
import type { UnitRecords } from "../units/records.js";

/** What lies on disk for a program is not what was written there: cut short by a full disk or a crash, or damaged otherwise. */
export class DamagedProgram extends Error {
  constructor(
    /** The base image; "" if it is not known, or as it was. */
    readonly base: string,
    /** Keys of the units that are of no use. */
    readonly units: readonly string[],
    cause: EngineError,
  ) {
    super(cause.message, { cause });
    this.name = "DamagedProgram";
  }
}

/** What an error of the engine says of a program on disk; undefined where the error is about something else. */
export function damageOf(records: UnitRecords, program: Program, error: unknown): DamagedProgram | undefined {
  const { base, closure, linked = [] } = program;
  if (!(error instanceof EngineError)) return undefined;
  if (error.kind === "base") return new DamagedProgram(base, closure, error);
  const named = error.kind === "damaged" ? DamagedUnits.safeParse(error.details).data?.units : undefined;
  if (named === undefined) return undefined;
  // (Of what is linked some is no part of what the workspace uses by itself.)
  const parts = [...new Set([...closure, ...linked])];
  const units = parts.filter((key) => named.includes(records.get(key)?.invocation.id ?? ""));
  return new DamagedProgram("", units.length > 0 ? units : closure, error);
}

/**
 * How often a program may turn out to have another interface than its base image was linked for: once, and once more for each set of
 * crates that is found to be a part of it only when it is linked.
 */
const MAX_LINKS = 6;

/** What the engine made of programs, and on which base images. */
export interface Published {
  readonly programs: readonly Program[];
  readonly reports: readonly ProgramReport[];
}

/**
 * Publishes every program of a workspace, which is named by its target directory, one after the other. The engine's own times are added to `ms`. `more`: what the lanes add. `link`:
 * gives a program another base image; without it one that needs another is an `EngineError` of kind `interface`.
 */
export async function publish(
  workspace: string,
  records: UnitRecords,
  programs: readonly Program[],
  engine: Engine,
  ms: StageTimes,
  more: (program: Program) => Pick<PublishParams, "bodyLane" | "verify" | "verifyAll"> = () => ({}),
  link?: (program: Program, common: ProgramInterface) => Promise<Program>,
): Promise<Published> {
  const linked: Program[] = [];
  const reports: ProgramReport[] = [];
  for (let program of programs) {
    const { name, executable } = program;
    let answer: PublishResult | undefined;
    for (let links = 0; answer === undefined; links++) {
      try {
        answer = await engine.publish({ ...publishParams(workspace, records, program), ...more(program) });
      } catch (error) {
        const damage = damageOf(records, program, error);
        if (damage !== undefined) throw damage;
        const common = interfaceOf(error);
        if (link === undefined || common === undefined || links >= MAX_LINKS) throw error;
        program = await link(program, common);
      }
    }
    linked.push(program);
    const { us, generation, image, functions, fallbacks, units, verified } = answer;
    for (const stage of ["parse", "translate", "hash", "compile", "publish"] as const) ms[stage] += us[stage] / 1000;
    const report = { program: name, executable, generation, image, functions, fallbacks, units };
    reports.push(verified === undefined ? report : { ...report, verified });
  }
  return { programs: linked, reports };
}

/** Publishes the programs that edited units are part of. `edits`: what was compiled of these units, by unit key. */
export async function publishEdits(
  workspace: string,
  built: LoadedPrograms,
  edits: ReadonlyMap<string, BodyLaneParams>,
  engine: Engine,
  ms: StageTimes,
): Promise<readonly ProgramReport[]> {
  const editsOf = ({ closure }: Program): BodyLaneParams[] => closure.flatMap((key) => edits.get(key) ?? []);
  const programs = built.programs.filter((program) => editsOf(program).length > 0);
  const more = (program: Program): Pick<PublishParams, "bodyLane"> => ({ bodyLane: editsOf(program) });
  return (await publish(workspace, built.records, programs, engine, ms, more)).reports;
}

/** The interface that the engine refuses a base image for. */
function interfaceOf(error: unknown): ProgramInterface | undefined {
  if (!(error instanceof EngineError) || error.kind !== "interface") return undefined;
  const parsed = ProgramInterface.safeParse(error.details);
  return parsed.success ? parsed.data : undefined;
}

/** What the crate lane made of a program. */
export function publishParams(workspace: string, records: UnitRecords, program: Program): PublishParams {
  const closure = linkedUnitsOf(program, records);
  const main = closure.at(-1);
  if (main === undefined) throw new Unsupported(`${program.name} has no units`);
  const { optLevel, panic } = inspectArgs(main.invocation.args);
  const { strip, exportDynamic } = linkRequestOf(main.invocation);
  return {
    workspace,
    program: program.name,
    executable: program.executable,
    ...(program.base === "" ? {} : { base: program.base }),
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
