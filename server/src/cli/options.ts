/** The command line's grammar: what is accepted, and how it becomes a selection. Runs nothing. */
import * as fs from "node:fs";
import * as path from "node:path";
import { type Command, Option } from "commander";
import type { Selection } from "../core/selection.js";
import type { SingleFile } from "../core/targetDirectory.js";

/** The options that choose what is built; the same for every command that builds. */
export interface SelectionOptions {
  manifestPath?: string;
  package?: string[];
  workspace?: boolean;
  all?: boolean;
  exclude?: string[];
  lib?: boolean;
  bin?: string[];
  bins?: boolean;
  example?: string[];
  examples?: boolean;
  test?: string[];
  tests?: boolean;
  bench?: string[];
  benches?: boolean;
  allTargets?: boolean;
  features?: string[];
  defaultFeatures?: boolean;
  allFeatures?: boolean;
  release?: boolean;
  profile?: string;
  locked?: boolean;
  offline?: boolean;
  frozen?: boolean;
  config?: string[];
  jobs?: string;
  ignoreRustVersion?: boolean;
  rustcArg?: string[];
  report?: string;
  quiet?: boolean;
  verbose?: boolean;
  color?: "auto" | "always" | "never";
}

const collect = (value: string, list: string[] | undefined): string[] => [...(list ?? []), value];

/** Adds the options of cargo that every building command takes. */
export function addSelectionOptions(command: Command, kind: "run" | "build" | "watch"): Command {
  command
    .option("--manifest-path <PATH>", "path to Cargo.toml")
    .option("-p, --package <SPEC>", "package to build", collect)
    .option("--bin <NAME>", "this program", collect)
    .option("--example <NAME>", "this example", collect)
    .option("-F, --features <FEATURES>", "features to activate", collect)
    .option("--no-default-features", "do not activate the default feature")
    .option("--all-features", "activate all features")
    .option("-r, --release", "the release profile")
    .option("--profile <PROFILE>", "the profile to build with")
    .option("--rustc-arg <ARG>", "for a single file: passed to rustc", collect)
    .option("--locked", "Cargo.lock must stay as it is")
    .option("--offline", "no network")
    .option("--frozen", "--locked and --offline")
    .option("--config <KEY=VALUE>", "override a setting of cargo", collect)
    .option("--ignore-rust-version", "ignore the packages' rust-version")
    .option("-j, --jobs <N>", "how many compilers run at a time")
    .option("--report <FILE>", "write the report as JSON, with an entry for every function")
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "say what went through LLVM, and why")
    .addOption(new Option("--color <WHEN>", "colours").choices(["auto", "always", "never"]).default("auto"));
  if (kind === "run") return command;
  // For `watch`, `--test` is what to do after a save, not the name of a target.
  if (kind === "build") command.option("--test <NAME>", "this integration test", collect);
  return command
    .option("--workspace", "all packages of the workspace")
    .addOption(new Option("--all").hideHelp())
    .option("--exclude <SPEC>", "not this package", collect)
    .option("--lib", "the library")
    .option("--bins", "all programs")
    .option("--examples", "all examples")
    .option("--tests", "all tests")
    .option("--bench <NAME>", "this benchmark", collect)
    .option("--benches", "all benchmarks")
    .option("--all-targets", "everything");
}

/** Turns options into what the core builds. `place`: a directory or a source file, if one was given. */
export function toSelection(
  command: Selection["command"],
  options: SelectionOptions,
  place: string | undefined,
): Selection {
  const cwd = process.cwd();
  const list = (flag: string, values: readonly string[] | undefined): string[] =>
    (values ?? []).flatMap((value) => [flag, value]);
  const flag = (name: string, on: boolean | undefined): string[] => (on === true ? [name] : []);
  let manifestPath = options.manifestPath === undefined ? undefined : path.resolve(cwd, options.manifestPath);
  if (manifestPath === undefined && place !== undefined && !place.endsWith(".rs")) {
    manifestPath = path.resolve(cwd, place, "Cargo.toml");
  }
  return {
    command,
    cwd,
    manifestPath,
    targets: [
      ...list("--package", options.package),
      ...flag("--workspace", options.workspace ?? options.all),
      ...list("--exclude", options.exclude),
      ...flag("--lib", options.lib),
      ...list("--bin", options.bin),
      ...flag("--bins", options.bins),
      ...list("--example", options.example),
      ...flag("--examples", options.examples),
      ...list("--test", options.test),
      ...flag("--tests", options.tests),
      ...list("--bench", options.bench),
      ...flag("--benches", options.benches),
      ...flag("--all-targets", options.allTargets),
      ...flag("--ignore-rust-version", options.ignoreRustVersion),
      ...list("--jobs", options.jobs === undefined ? undefined : [options.jobs]),
    ],
    features: [
      ...list("--features", options.features),
      ...flag("--no-default-features", options.defaultFeatures === false),
      ...flag("--all-features", options.allFeatures),
    ],
    profile: options.profile ?? (options.release === true ? "release" : undefined),
    global: [
      ...flag("--locked", options.locked),
      ...flag("--offline", options.offline),
      ...flag("--frozen", options.frozen),
      ...list("--config", options.config),
    ],
  };
}

/** The single source file to run, if the place is one. */
export function toSingle(options: SelectionOptions, place: string | undefined): SingleFile | undefined {
  if (place?.endsWith(".rs") !== true) return undefined;
  return { file: path.resolve(place), source: place, rustcArgs: options.rustcArg ?? [] };
}

/** Whether a plain argument of `test` is the folder of a package rather than a filter. */
export function isPlace(argument: string): boolean {
  if (argument.endsWith(".rs")) return fs.existsSync(argument);
  return (
    (argument.includes("/") || argument === "." || argument === "..") &&
    fs.existsSync(path.join(argument, "Cargo.toml"))
  );
}
