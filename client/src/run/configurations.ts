/**
 * What a program is started with: the settings `cranefly.run.*`, and the named configurations of
 * `cranefly.run.configurations`, which say for one target what differs. Pure.
 */
import type { RunTarget } from "../../../shared/src/lsp.js";

/** A program that cargo knows by kind and name. */
export type ProgramTarget = Exclude<RunTarget, { kind: "test" }>;

/** One entry of `cranefly.run.configurations`. */
export interface RunConfiguration {
  readonly name: string;
  /** Which target it is for; without `kind`, a program, and without `package`, in any package. */
  readonly target: { readonly kind?: ProgramTarget["kind"]; readonly package?: string; readonly name: string };
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
}

/** Arguments, environment changes (`null` removes) and working directory (undefined: cargo's choice). */
export interface Invocation {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | null>>;
  readonly cwd: string | undefined;
}

/** Whether `configuration` is for `target`. */
export function appliesTo(configuration: RunConfiguration, target: RunTarget): target is ProgramTarget {
  const wanted = configuration.target;
  return (
    target.kind !== "test" &&
    wanted.name === target.name &&
    (wanted.kind === undefined || wanted.kind === target.kind) &&
    (wanted.package === undefined || wanted.package === target.package)
  );
}

/**
 * What `target` is started with when nobody says otherwise: the settings, with what the first configuration for it
 * changes. Test harnesses get no arguments from here, since those of a program mean nothing to libtest.
 */
export function invocationOf(
  target: RunTarget,
  settings: Invocation & { readonly configurations: readonly RunConfiguration[] },
): Invocation {
  const base: Invocation = {
    args: target.kind === "test" ? [] : settings.args,
    env: settings.env,
    cwd: target.kind === "test" ? undefined : settings.cwd,
  };
  const configuration = settings.configurations.find((candidate) => appliesTo(candidate, target));
  return configuration === undefined ? base : configured(configuration, base);
}

/** `base` with what `configuration` changes: arguments and working directory are replaced, the environment is added to. */
export function configured(configuration: RunConfiguration, base: Invocation): Invocation {
  return {
    args: configuration.args ?? base.args,
    env: { ...base.env, ...configuration.env },
    cwd: configuration.cwd ?? base.cwd,
  };
}
