/** The few settings of cargo's configuration that Cranefly overrides and must therefore chain to, and its aliases. */
import * as path from "node:path";
import { parse } from "smol-toml";
import { type Cfgs, holds } from "../units/cfgExpression.js";
import { Unsupported, messageOf } from "../support/errors.js";
import { cargoHome } from "../support/environment.js";
import { ancestors, readText } from "../support/files.js";

export interface CargoConfig {
  /** `build.rustc-wrapper` or `RUSTC_WRAPPER`. */
  readonly rustcWrapper: string | undefined;
  /** The user's own runner for programs of the target. */
  readonly runner: readonly string[] | undefined;
  /** `build.target` or `CARGO_BUILD_TARGET`. */
  readonly buildTarget: string | undefined;
}

/** Where configuration is looked for. */
export interface ConfigContext {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** cargo's arguments, of which `--config` counts. */
  readonly args: readonly string[];
}

/** Every place where cargo looks for a configuration file, the strongest first; also of files that do not exist. */
export function configFiles(cwd: string, env: NodeJS.ProcessEnv): string[] {
  const home = cargoHome(env);
  const directories = ancestors(cwd).map((directory) => path.join(directory, ".cargo"));
  if (!directories.includes(home)) directories.push(home);
  return directories.flatMap((directory) => [path.join(directory, "config.toml"), path.join(directory, "config")]);
}

/** Reads the settings. `host`: the target triple of the toolchain; `cfgs`: what rustc says of it. */
export function loadConfig(place: ConfigContext, host: string, cfgs: Cfgs): CargoConfig {
  const { env } = place;
  const [overrides, files] = [overridesOf(place), filesOf(place)];
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
  const runner = first([
    ...overrides.map((source) => runnerOf(table(table(source.config["target"])[host])["runner"], source)),
    splitWords(env[`CARGO_TARGET_${host.toUpperCase().replaceAll("-", "_")}_RUNNER`]),
    ...files.map((source) => runnerOf(table(table(source.config["target"])[host])["runner"], source)),
    runnerByCfg([...overrides, ...files], cfgs),
  ]);
  return { rustcWrapper: rustcWrapper === "" ? undefined : rustcWrapper, runner, buildTarget };
}

/** What the user means by a command that is none of cargo's own. */
export function aliasOf(name: string, place: ConfigContext): readonly string[] | undefined {
  const fromFile = ({ config }: Source): string[] | undefined => {
    const value = table(config["alias"])[name];
    return typeof value === "string" ? splitWords(value) : Array.isArray(value) ? value.map(String) : undefined;
  };
  return first([
    ...overridesOf(place).map(fromFile),
    splitWords(place.env[`CARGO_ALIAS_${name.toUpperCase().replaceAll("-", "_")}`]),
    ...filesOf(place).map(fromFile),
  ]);
}

/** A piece of configuration, and the folder that its relative paths mean. */
interface Source {
  readonly config: Readonly<Record<string, unknown>>;
  readonly folder: string;
}

/** What `--config` gives, the last first. */
function overridesOf({ cwd, args }: ConfigContext): Source[] {
  const values = args.flatMap((arg, index) => (args[index - 1] === "--config" ? [arg] : []));
  return values.reverse().map((value): Source => {
    const file = path.resolve(cwd, value);
    const text = readText(file);
    if (text === undefined) return { config: parsed(value, "--config"), folder: cwd };
    return { config: parsed(text, file), folder: path.dirname(path.dirname(file)) };
  });
}

function filesOf({ cwd, env }: ConfigContext): Source[] {
  return configFiles(cwd, env).flatMap((file) => {
    const text = readText(file);
    return text === undefined ? [] : [{ config: parsed(text, file), folder: path.dirname(path.dirname(file)) }];
  });
}

function parsed(text: string, from: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    throw new Unsupported(`cannot read ${from}: ${messageOf(error)}`, { cause: error });
  }
}

/** The runner of the one `[target.'cfg(…)']` that has one and holds. */
function runnerByCfg(sources: readonly Source[], cfgs: Cfgs): string[] | undefined {
  const found = new Map<string, string[]>();
  for (const source of sources) {
    for (const [name, settings] of Object.entries(table(source.config["target"]))) {
      const runner = name.startsWith("cfg(") ? runnerOf(table(settings)["runner"], source) : undefined;
      if (runner !== undefined && !found.has(name) && isMeant(name, cfgs)) found.set(name, runner);
    }
  }
  if (found.size > 1) throw new Unsupported(`${[...found.keys()].join(" and ")} both set a runner`);
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

function table(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
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
