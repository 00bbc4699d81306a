/** Which program of a project was started last: what the user looks into is most likely that one's code. */
import type { Project } from "../../protocol/api.js";

const last = new WeakMap<Project, string>();

/** `program`: its name for the engine. */
export function noteRun(project: Project, program: string): void {
  last.set(project, program);
}

export function lastRun(project: Project): string | undefined {
  return last.get(project);
}
