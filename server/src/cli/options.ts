/** What the options of a command line mean: how they become a selection. Runs nothing. */
import * as fs from "node:fs";
import * as path from "node:path";
import { availableParallelism } from "node:os";
import type { Selection } from "../core/cargo/selection.js";
import { type OptionValues, spelled } from "./cargoOptions.js";

/** The options that this program deals with itself; the others are in `cargoOptions.ts`. */
export interface SelectionOptions extends OptionValues {
  readonly manifestPath?: string;
  readonly targetDir?: string;
  readonly release?: boolean;
  readonly profile?: string;
  readonly jobs?: string;
  readonly rustcArg?: readonly string[];
  readonly report?: string;
  readonly quiet?: boolean;
  /** How often it was given. */
  readonly verbose?: number;
  readonly color?: string;
  readonly messageFormat?: readonly string[];
  readonly bodyLane?: boolean;
}

/** Turns options into what the core builds. `place`: a directory or a source file, if one was given; `cwd`: where. */
export function toSelection(
  command: Selection["command"],
  options: SelectionOptions,
  place: string | undefined,
  cwd: string,
): Selection {
  if (place?.endsWith(".rs") === true) {
    return {
      kind: "file",
      command,
      cwd,
      file: path.resolve(cwd, place),
      source: place,
      rustcArgs: options.rustcArg ?? [],
    };
  }
  let manifestPath = options.manifestPath === undefined ? undefined : path.resolve(cwd, options.manifestPath);
  if (manifestPath === undefined && place !== undefined) {
    manifestPath = path.resolve(cwd, place, "Cargo.toml");
  }
  return {
    kind: "cargo",
    command,
    cwd,
    manifestPath,
    targets: spelled(options, "targets"),
    features: spelled(options, "features"),
    profile: options.profile ?? (options.release === true ? "release" : undefined),
    ...(isShort(options) ? { hasShortMessages: true } : {}),
    targetDirectory: options.targetDir === undefined ? undefined : path.resolve(cwd, options.targetDir),
    global: spelled(options, "global"),
  };
}

function isShort({ messageFormat: [format = "human"] = [] }: SelectionOptions): boolean {
  return format.toLowerCase() === "short";
}

/** Whether messages are for machines, or said in several ways: cargo's business. */
export function hasOtherMessages({ messageFormat: [format = "human", ...more] = [] }: SelectionOptions): boolean {
  return more.length > 0 || !["human", "short"].includes(format.toLowerCase());
}

/** How many compilers may run at a time: cargo's rule. */
export function jobsOf({ jobs }: SelectionOptions): number {
  const number = Number(jobs);
  if (jobs === undefined || !Number.isInteger(number)) return availableParallelism();
  return Math.max(1, number < 0 ? availableParallelism() + number : number);
}

/** Whether a plain argument is a source file or the folder of a package, rather than a program's argument or a test's name. */
export function isSourceOrPackage(argument: string, command: "run" | "test", cwd: string): boolean {
  if (argument.endsWith(".rs")) return fs.existsSync(path.resolve(cwd, argument));
  const isPath = command === "run" || argument.includes("/") || argument === "." || argument === "..";
  return isPath && fs.existsSync(path.resolve(cwd, argument, "Cargo.toml"));
}
