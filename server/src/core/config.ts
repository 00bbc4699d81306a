/** The few settings of cargo's configuration files that Cranefly overrides and must therefore chain to. */
import * as path from "node:path";
import { parse } from "smol-toml";
import { Unsupported, messageOf } from "./errors.js";
import { ancestors, readText } from "./files.js";

export interface CargoConfig {
  /** `build.rustc-wrapper` or `RUSTC_WRAPPER`. */
  readonly rustcWrapper: string | undefined;
  /** The user's own runner for programs of the target. */
  readonly runner: readonly string[] | undefined;
  /** `build.target` or `CARGO_BUILD_TARGET`. */
  readonly buildTarget: string | undefined;
}

/** Every place where cargo looks for a configuration file, the strongest first; also of files that do not exist. */
export function configFiles(cwd: string, env: NodeJS.ProcessEnv): string[] {
  const home = env["CARGO_HOME"] ?? path.join(env["HOME"] ?? "/", ".cargo");
  const directories = ancestors(cwd).map((directory) => path.join(directory, ".cargo"));
  if (!directories.includes(home)) directories.push(home);
  return directories.flatMap((directory) => [path.join(directory, "config.toml"), path.join(directory, "config")]);
}

/** Reads the settings. `host`: the target triple of the toolchain. */
export function loadConfig(cwd: string, env: NodeJS.ProcessEnv, host: string): CargoConfig {
  let rustcWrapper = env["RUSTC_WRAPPER"] ?? env["CARGO_BUILD_RUSTC_WRAPPER"];
  let buildTarget = env["CARGO_BUILD_TARGET"];
  let runner = words(env[`CARGO_TARGET_${host.toUpperCase().replaceAll("-", "_")}_RUNNER`]);
  for (const file of configFiles(cwd, env)) {
    const text = readText(file);
    if (text === undefined) continue;
    let config: Record<string, unknown>;
    try {
      config = parse(text);
    } catch (error) {
      throw new Unsupported(`cannot read ${file}: ${messageOf(error)}`, { cause: error });
    }
    const build = table(config["build"]);
    const targets = table(config["target"]);
    if (typeof build["rustc-wrapper"] === "string") rustcWrapper ??= relativeProgram(build["rustc-wrapper"], file);
    if (typeof build["target"] === "string") buildTarget ??= build["target"];
    runner ??= runnerOf(table(targets[host])["runner"], file);
    for (const [name, settings] of Object.entries(targets)) {
      if (name.startsWith("cfg(") && table(settings)["runner"] !== undefined) {
        throw new Unsupported(`${file} sets a runner for ${name}, which Cranefly cannot evaluate`);
      }
    }
  }
  return { rustcWrapper: rustcWrapper === "" ? undefined : rustcWrapper, runner, buildTarget };
}

function table(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function words(value: string | undefined): string[] | undefined {
  const list = value?.split(/\s+/).filter((word) => word !== "");
  return list === undefined || list.length === 0 ? undefined : list;
}

function runnerOf(value: unknown, file: string): string[] | undefined {
  const list = typeof value === "string" ? words(value) : Array.isArray(value) ? value.map(String) : undefined;
  const [program, ...args] = list ?? [];
  return program === undefined ? undefined : [relativeProgram(program, file), ...args];
}

/** A program with a slash is relative to the folder that holds `.cargo`; a bare name is looked up in PATH. */
function relativeProgram(program: string, file: string): string {
  return program.includes("/") ? path.resolve(path.dirname(path.dirname(file)), program) : program;
}
