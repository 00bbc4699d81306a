/** The programs that a source file is part of, of all good builds. Reads what builds left; builds nothing. */
import { loadUnit } from "../../../core/units/record.js";
import type { Built, Project } from "../../protocol/api.js";

export interface FileProgram {
  readonly built: Built;
  /** Its name for the engine. */
  readonly name: string;
  /** The place of its build in the order of what counts. */
  readonly rank: number;
  /** Digests of the file's text as its units saw it; an empty one would say that it changed meanwhile, and is left out. */
  readonly digests: readonly string[];
}

/** The programs with a unit that was compiled from `file` (a path); each name once. */
export function programsOf(project: Project, file: string): FileProgram[] {
  const found = new Map<string, FileProgram>();
  for (const [rank, kind] of project.kinds.entries()) {
    const built = project.built(kind);
    if (built === undefined) continue;
    const digests = unitsOf(built, file);
    if (digests.size === 0) continue;
    for (const program of built.state.programs) {
      if (found.has(program.name) || !program.closure.some((unit) => digests.has(unit))) continue;
      const own = program.closure.flatMap((unit) => digests.get(unit) ?? []);
      found.set(program.name, { built, name: program.name, rank, digests: own });
    }
  }
  return [...found.values()];
}

/** The units that read the file, and what they saw. */
function unitsOf(built: Built, file: string): Map<string, string[]> {
  const units = new Map<string, string[]>();
  for (const key of built.state.units) {
    const input = loadUnit(built.layout, key)?.inputs.find((item) => item.path === file);
    if (input !== undefined) units.set(key, input.hash === "" ? [] : [input.hash]);
  }
  return units;
}
