/**
 * Lints that are errors.
 *
 * Blanked bodies make unused imports, variables and functions everywhere, so the lane caps all lints. What would be an error in
 * an edited body must still be one: the lints that are denied, by the compiler itself, by the command line or by the
 * sources, are forced to report, and a report from within an edited body sends the edit to the crate lane.
 */
import { inspectLints } from "../../units/arguments.js";
import { unitEnvironment } from "../../units/invocation.js";
import type { UnitRecord } from "../../units/record.js";
import { run } from "../../support/process.js";

/** Lints about items, not bodies. Reporting them would only cost time. */
const ABOUT_ITEMS = new Set([
  ..."missing_docs missing_debug_implementations missing_copy_implementations unreachable_pub dead_code".split(" "),
  ..."unused_imports unused_extern_crates unused_crate_dependencies rust_2018_idioms nonstandard_style".split(" "),
]);

/** The lint options for a unit: only what would be an error reports. `denied`: by attributes of its sources. */
function lintArgs(args: readonly string[], denied: readonly string[], byDefault: readonly string[]): string[] {
  const names = new Set([...byDefault, ...denied, ...inspectLints(args)].map((name) => name.replaceAll("-", "_")));
  // rustc knows no `--force-warn=warnings`: then everything reports that is not allowed.
  if (names.has("warnings")) return ["--cap-lints=warn"];
  const forced = [...names].filter((name) => !name.includes("::") && !ABOUT_ITEMS.has(name)).sort();
  return ["--cap-lints=allow", ...forced.map((name) => `--force-warn=${name}`)];
}

/** The lint options for a unit, with what its compiler denies by default. */
export async function unitLints(
  { invocation }: UnitRecord,
  denied: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const { command, cwd, args } = invocation;
  return lintArgs(args, denied, await deniedByDefault(command, cwd, unitEnvironment(invocation, env)));
}

/** Whether a lint that reports on an edited function's header is about its body: an argument that is used no more is. */
export function isAboutBody(lint: string): boolean {
  return !ABOUT_ITEMS.has(lint);
}

const known = new Map<string, Promise<readonly string[]>>();

/** Lints that a compiler denies unless told otherwise. Asked once a process. */
function deniedByDefault(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const key = JSON.stringify([command, env["RUSTUP_TOOLCHAIN"]]);
  const found = known.get(key) ?? ask(command, cwd, env);
  known.set(key, found);
  found.catch(() => known.delete(key));
  return found;
}

async function ask(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const lints: string[] = [];
  const onStdout = (line: string): void => {
    const match = /^\s+([a-z0-9-]+)\s+(deny|forbid)\s/.exec(line);
    if (match?.[1] !== undefined) lints.push(match[1]);
  };
  const exit = await run([...command, "-W", "help"], { cwd, env, onStdout, onStderr: () => undefined });
  if (exit.code !== 0 || lints.length === 0) throw new Error(`${command.join(" ")} -W help lists no lints`);
  return lints;
}
