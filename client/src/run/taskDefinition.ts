/** Tasks of type `cranefly`, as they stand in tasks.json, and the targets that they mean. Pure. */
import type { RunTarget, Target } from "../../../shared/src/lsp.js";
import type { Invocation, ProgramTarget } from "./configurations.js";

export const taskType = "cranefly";

/** What `taskDefinitions` in package.json describes. */
export interface TaskDefinition {
  readonly type: typeof taskType;
  readonly kind: ProgramTarget["kind"];
  readonly name: string;
  readonly package?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
}

/** Whether a task's definition, which is whatever stands in a file, is one of ours. */
export function isTaskDefinition(definition: { readonly type: string }): definition is TaskDefinition {
  const { type, kind, name } = definition as Partial<Record<keyof TaskDefinition, unknown>>;
  return type === taskType && typeof name === "string" && typeof kind === "string" && kinds.has(kind);
}

/** The definition that stands for `target`, started with the settings' arguments. */
export function definitionOf(target: ProgramTarget): TaskDefinition {
  return { type: taskType, kind: target.kind, name: target.name, package: target.package };
}

/** What the definition changes about how its target is started. */
export function overridesOf(definition: TaskDefinition): Partial<Invocation> {
  return {
    ...(definition.args === undefined ? {} : { args: definition.args }),
    ...(definition.env === undefined ? {} : { env: definition.env }),
    ...(definition.cwd === undefined ? {} : { cwd: definition.cwd }),
  };
}

/** The target that the definition means, or why there is none. */
export function targetOf(
  definition: TaskDefinition,
  targets: readonly Target[],
): { readonly target: ProgramTarget } | { readonly problem: string } {
  const programs = targets.map(({ target }) => target).filter((target) => target.kind !== "test");
  const named = programs.filter(
    ({ kind, name, package: pkg }) =>
      kind === definition.kind && name === definition.name && pkg === (definition.package ?? pkg),
  );
  const [first, ...others] = named;
  if (first === undefined) {
    const known = programs.filter(({ kind }) => kind === definition.kind).map(({ name }) => name);
    const choice = known.length === 0 ? `there is no ${definition.kind} target` : `there are: ${known.join(", ")}`;
    return { problem: `no ${definition.kind} target is called "${definition.name}"; ${choice}` };
  }
  if (others.length > 0) {
    const packages = named.map((target) => target.package).join(", ");
    return { problem: `several packages have a target "${definition.name}"; say which "package": ${packages}` };
  }
  return { target: first };
}

/** Names a target among all others, for maps: a test harness is one, whatever of its tests are run. */
export function targetKey(target: RunTarget): string {
  return target.kind === "test"
    ? JSON.stringify(["test", target.project, target.program])
    : JSON.stringify([target.kind, target.project, target.package, target.name]);
}

/**
 * The type of the tasks that programs run as. It is not `taskType`, so that a task of tasks.json and the program that it
 * starts are two tasks to VS Code, which runs no task twice at a time.
 */
export const programTaskType = "cranefly-program";

/** The definition of the task that `target` runs as. The same target gives the same one, and so the same terminal. */
export function programTask(target: RunTarget): { readonly type: string; readonly target: string } {
  const whole = target.kind === "test" ? { ...target, names: [] } : target;
  return { type: programTaskType, target: JSON.stringify(whole) };
}

/** The way back; undefined for a definition that is not from `programTask`. */
export function targetOfProgramTask(definition: { readonly type: string }): RunTarget | undefined {
  const text = (definition as { readonly target?: unknown }).target;
  if (definition.type !== programTaskType || typeof text !== "string") {
    return undefined;
  }
  try {
    return JSON.parse(text) as RunTarget;
  } catch {
    return undefined;
  }
}

const kinds: ReadonlySet<string> = new Set<ProgramTarget["kind"]>(["bin", "example", "bench"]);
