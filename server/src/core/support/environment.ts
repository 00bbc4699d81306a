/** What one environment has that another has not, and which variables are only those of a capture. */
import * as path from "node:path";

/** Applies a recorded difference to an environment. */
export function applyEnvironment(
  base: NodeJS.ProcessEnv,
  difference: Readonly<Record<string, string | null>>,
): NodeJS.ProcessEnv {
  const env = { ...base };
  for (const [name, value] of Object.entries(difference)) {
    if (value === null) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
  return env;
}

/** Variables that the shell of a shim brings in. */
const SHELL_VARIABLES = ["_", "SHLVL", "PWD", "OLDPWD"];

/** cargo's job server: it ends with cargo, so a later compiler would only complain of it. */
export const JOB_SERVER_VARIABLES: readonly string[] = ["CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"];

/** Variables that cargo's children only have because of a capture, or of cargo's being there. */
export const CAPTURE_ONLY: ReadonlySet<string> = new Set([
  ...SHELL_VARIABLES,
  ...JOB_SERVER_VARIABLES,
  "RUSTC_WRAPPER",
  "CARGO_BUILD_RUSTC_WRAPPER",
  "RUSTDOC",
]);

/** What one environment has that another has not. */
export function environmentDifference(
  base: Readonly<Record<string, string | undefined>>,
  env: NodeJS.ProcessEnv,
  ignored: ReadonlySet<string>,
): Record<string, string | null> {
  const difference: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && base[name] !== value && !ignored.has(name)) difference[name] = value;
  }
  for (const name of Object.keys(base)) {
    if (env[name] === undefined && !ignored.has(name)) difference[name] = null;
  }
  return difference;
}

/** Where cargo keeps what it downloads, and the user's own configuration. */
export function cargoHome(env: Readonly<Record<string, string | null | undefined>>): string {
  return env["CARGO_HOME"] ?? path.join(env["HOME"] ?? "/", ".cargo");
}
