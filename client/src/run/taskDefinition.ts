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

/** The definition of the task that a program itself runs as. */
export interface ProgramTaskDefinition {
  readonly type: typeof taskType;
  readonly kind: RunTarget["kind"];
  readonly name: string;
  readonly package?: string;
  readonly project: string;
  readonly started: true;
}

/**
 * The definition of the task that `target` runs as. The same target gives the same one, and so the same terminal. `started`
 * tells it from a task of tasks.json, which starts it: VS Code runs no task twice at a time.
 */
export function programTask(target: RunTarget): ProgramTaskDefinition {
  const common = { type: taskType, project: target.project, started: true } as const;
  return target.kind === "test"
    ? { ...common, kind: target.kind, name: target.program }
    : { ...common, kind: target.kind, name: target.name, package: target.package };
}

/** The target of a program's task; undefined for any other task. Of a test harness, all tests. */
export function targetOfProgramTask(definition: { readonly type: string }): RunTarget | undefined {
  const { type, kind, name, package: pkg, project, started } = definition as Partial<ProgramTaskDefinition>;
  if (type !== taskType || started !== true || project === undefined || name === undefined || kind === undefined) {
    return undefined;
  }
  return kind === "test" ? { kind, project, program: name, names: [] } : { kind, project, package: pkg ?? "", name };
}

const kinds: ReadonlySet<string> = new Set<ProgramTarget["kind"]>(["bin", "example", "bench"]);
