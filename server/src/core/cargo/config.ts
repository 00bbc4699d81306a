/** The few settings of cargo's configuration that Cranefly overrides and must therefore chain to, and its aliases. */
import * as path from "node:path";
import { type Cfgs, holds } from "../units/cfgExpression.js";
import { Unsupported, messageOf } from "../support/errors.js";
import { type ConfigContext, type Source, readConfiguration, table } from "./configSources.js";

export interface CargoConfig {
  /** `build.rustc-wrapper` or `RUSTC_WRAPPER`. */
  readonly rustcWrapper: string | undefined;
  /** The user's own runner for programs of the target. */
  readonly runner: readonly string[] | undefined;
  /** The platform's linker, which cargo hands to rustc. */
  readonly linker: string | undefined;
  /** `build.target` or `CARGO_BUILD_TARGET`. */
  readonly buildTarget: string | undefined;
  /** The profiles that it has anything to say of. */
  readonly profiles: ReadonlySet<string>;
  /** The variables of its `[env]`, most of which only count where the user has none of the name. */
  readonly variables: readonly string[];
}

/** Reads the settings. `host`: the target triple of the toolchain; `cfgs`: what rustc says of it. */
export function loadConfig(place: ConfigContext, host: string, cfgs: Cfgs): CargoConfig {
  const { env } = place;
  const { overrides, files } = readConfiguration(place);
  const all = [...overrides, ...files];
  const variable = (...names: string[]): string | undefined => names.map((name) => env[name]).find(isText);
  const rustcWrapper = first([
    ...overrides.map((source) => programOf(table(source.config["build"])["rustc-wrapper"], source)),
    variable("RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"),
    ...files.map((source) => programOf(table(source.config["build"])["rustc-wrapper"], source)),
  ]);
  const target = ({ config }: Source): string | undefined => {
    const value = table(config["build"])["target"];
    return typeof value === "string" ? value : undefined;
  };
  const buildTarget = first([...overrides.map(target), variable("CARGO_BUILD_TARGET"), ...files.map(target)]);
  /** A setting for the platform, which has its triple or a `cfg(…)` that holds. */
  const ofPlatform = <T>(
    name: string,
    read: (value: unknown, source: Source) => T | undefined,
    variable: T | undefined,
  ): T | undefined => {
    const own = (source: Source): T | undefined => read(table(table(source.config["target"])[host])[name], source);
    return first([...overrides.map(own), variable, ...files.map(own), ofCfg(all, cfgs, name, read)]);
  };
  const inEnvironment = (name: string): string | undefined =>
    env[`CARGO_TARGET_${host.toUpperCase().replaceAll("-", "_")}_${name}`];
  return {
    rustcWrapper: rustcWrapper === "" ? undefined : rustcWrapper,
    runner: ofPlatform("runner", runnerOf, splitWords(inEnvironment("RUNNER"))),
    linker: ofPlatform("linker", programOf, inEnvironment("LINKER")),
    buildTarget,
    profiles: new Set(all.flatMap(({ config }) => Object.keys(table(config["profile"])))),
    variables: [...new Set(all.flatMap(({ config }) => Object.keys(table(config["env"]))))],
  };
}

/** The compiler: `RUSTC`, or `build.rustc`. */
export function configuredRustc(place: ConfigContext): string {
  const { overrides, files } = readConfiguration(place);
  const named = (source: Source): string | undefined => programOf(table(source.config["build"])["rustc"], source);
  const { RUSTC, CARGO_BUILD_RUSTC } = place.env;
  const values = [RUSTC, ...overrides.map(named), CARGO_BUILD_RUSTC, ...files.map(named)];
  return values.find((value) => value !== undefined && value !== "") ?? "rustc";
}

/** What the user means by a command that is none of cargo's own. */
export function aliasOf(name: string, place: ConfigContext): readonly string[] | undefined {
  const fromFile = ({ config }: Source): string[] | undefined => {
    const value = table(config["alias"])[name];
    return typeof value === "string" ? splitWords(value) : Array.isArray(value) ? value.map(String) : undefined;
  };
  const { overrides, files } = readConfiguration(place);
  return first([
    ...overrides.map(fromFile),
    splitWords(place.env[`CARGO_ALIAS_${name.toUpperCase().replaceAll("-", "_")}`]),
    ...files.map(fromFile),
  ]);
}

/** The setting of the one `[target.'cfg(…)']` that has it and holds. */
function ofCfg<T>(
  sources: readonly Source[],
  cfgs: Cfgs,
  setting: string,
  read: (value: unknown, source: Source) => T | undefined,
): T | undefined {
  const found = new Map<string, T>();
  for (const source of sources) {
    for (const [name, settings] of Object.entries(table(source.config["target"]))) {
      const value = name.startsWith("cfg(") ? read(table(settings)[setting], source) : undefined;
      if (value !== undefined && !found.has(name) && isMeant(name, cfgs)) found.set(name, value);
    }
  }
  if (found.size > 1) throw new Unsupported(`${[...found.keys()].join(" and ")} both set a ${setting}`);
  return [...found.values()][0];
}

function isMeant(name: string, cfgs: Cfgs): boolean {
  try {
    return holds(name, cfgs);
  } catch (error) {
    throw new Unsupported(`cannot read the configuration's ${name}: ${messageOf(error)}`, { cause: error });
  }
}

function first<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

function isText(value: string | undefined): value is string {
  return value !== undefined;
}

function splitWords(value: string | undefined): string[] | undefined {
  const list = value?.split(/\s+/).filter((word) => word !== "");
  return list === undefined || list.length === 0 ? undefined : list;
}

function runnerOf(value: unknown, { folder }: Source): string[] | undefined {
  const list = typeof value === "string" ? splitWords(value) : Array.isArray(value) ? value.map(String) : undefined;
  const [program, ...args] = list ?? [];
  return program === undefined ? undefined : [relativeProgram(program, folder), ...args];
}

function programOf(value: unknown, { folder }: Source): string | undefined {
  return typeof value === "string" ? relativeProgram(value, folder) : undefined;
}

/** A program with a slash is relative to the folder that holds `.cargo`; a bare name is looked up in PATH. */
function relativeProgram(program: string, folder: string): string {
  return program.includes("/") ? path.resolve(folder, program) : program;
}
