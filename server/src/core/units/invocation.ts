/** One invocation of rustc: its command line, folder and environment, and its name for people. */
import * as path from "node:path";
import * as z from "zod";
import { JOB_SERVER_VARIABLES, applyEnvironment } from "../support/environment.js";
import type { RustcArgs } from "./arguments.js";

/** How cargo (or the user, for a single file) invokes rustc for a unit. */
export const Invocation = z.object({
  key: z.string(),
  /** "package:target", for people. */
  id: z.string(),
  /** The program and its first arguments up to rustc itself: the user's own wrapper, if any, then rustc. */
  command: z.array(z.string()).min(1),
  /** That wrapper; "" where there is none. */
  wrapper: z.string().optional(),
  /** rustc's arguments as cargo gave them. */
  args: z.array(z.string()),
  cwd: z.string(),
  /** Variables that cargo sets on top of the user's environment; null: removed. */
  env: z.record(z.string(), z.string().nullable()),
  /** A build script, procedural macro or native library links to this library, so its rlib is needed as well. */
  needsRlib: z.boolean(),
});
export type Invocation = z.infer<typeof Invocation>;

/** An invocation with the wrapper that the user has now: to cargo a unit is the same with another one. */
export function wrappedBy(invocation: Invocation, wrapper: string | undefined): Invocation {
  const { command, wrapper: before } = invocation;
  if (before === undefined || wrapper === undefined || before === wrapper) return invocation;
  const rest = before === "" ? command : command.slice(1);
  return { ...invocation, wrapper, command: wrapper === "" ? rest : [wrapper, ...rest] };
}

/** The environment to run a unit's rustc in: the user's present one with what cargo adds. */
export function unitEnvironment(invocation: Invocation, base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env = applyEnvironment(base, invocation.env);
  for (const name of JOB_SERVER_VARIABLES) Reflect.deleteProperty(env, name);
  return env;
}

/**
 * A unit's name for people and for the engine, "package:target". A library's target is "lib"; tests, examples and
 * benches carry their kind, because a program and a test may have the same name.
 */
export function unitId(args: RustcArgs, env: NodeJS.ProcessEnv, cwd: string): string {
  const packageName = env["CARGO_PKG_NAME"] ?? args.crate;
  const manifestDir = env["CARGO_MANIFEST_DIR"] ?? cwd;
  const suffix = args.isTest ? " (test)" : "";
  const source = args.source === undefined ? "" : path.relative(manifestDir, path.resolve(cwd, args.source));
  const folder = source.split(path.sep)[0];
  if (args.crateTypes.some((kind) => kind !== "bin")) return `${packageName}:lib`;
  if (env["CARGO_BIN_NAME"] !== undefined) return `${packageName}:${env["CARGO_BIN_NAME"]}${suffix}`;
  if (folder === "tests") return `${packageName}:test/${args.crate}`;
  if (folder === "examples") return `${packageName}:example/${args.crate}${suffix}`;
  if (folder === "benches") return `${packageName}:bench/${args.crate}`;
  return args.isTest ? `${packageName}:lib (test)` : `${packageName}:${args.crate}`;
}
