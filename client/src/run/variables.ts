/** The variables that `cranefly.run.*` may hold, as in launch.json. Pure. */
import type { Invocation } from "./configurations.js";

/** What variables stand for. `workspaceFolder` is undefined for a file outside of all folders. */
export interface Variables {
  readonly workspaceFolder: string | undefined;
  readonly userHome: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Replaces `${workspaceFolder}`, `${userHome}` and `${env:NAME}` (empty when not set). Anything else, a variable that is
 * not known here too, stays as it is.
 */
export function substitute(text: string, variables: Variables): string {
  return text.replace(/\$\{(workspaceFolder|userHome|env:([^}]+))\}/g, (whole, name: string, variable?: string) => {
    switch (name) {
      case "workspaceFolder":
        return variables.workspaceFolder ?? whole;
      case "userHome":
        return variables.userHome;
      default:
        return variables.env[variable ?? ""] ?? "";
    }
  });
}

/** The same for everything in `invocation`. */
export function substituteAll(invocation: Invocation, variables: Variables): Invocation {
  return {
    args: invocation.args.map((arg) => substitute(arg, variables)),
    env: Object.fromEntries(
      Object.entries(invocation.env).map(([name, value]) => [
        name,
        value === null ? null : substitute(value, variables),
      ]),
    ),
    cwd: invocation.cwd === undefined ? undefined : substitute(invocation.cwd, variables),
  };
}
