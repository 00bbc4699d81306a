/**
 * The pieces of cargo's configuration: its files with what they include, and what `--config` gives. cargo has no stable command that
 * tells them, so they are looked for by its own rules (`load_includes` of its `context` module).
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "smol-toml";
import { cargoHome } from "../support/environment.js";
import { Unsupported, messageOf } from "../support/errors.js";
import { ancestors, readText, realPath } from "../support/files.js";

/** Where configuration is looked for. */
export interface ConfigContext {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** cargo's arguments, of which `--config` counts. */
  readonly args: readonly string[];
}

/** A piece of configuration, and the folder that its relative paths mean. */
export interface Source {
  readonly config: Readonly<Record<string, unknown>>;
  readonly folder: string;
}

/** All pieces, the strongest first. */
export interface Configuration {
  /** What is stronger than the environment. */
  readonly overrides: readonly Source[];
  readonly files: readonly Source[];
}

/** Throws `Unsupported` for what is no TOML. */
export function readConfiguration(place: ConfigContext): Configuration {
  return read(place, new Reader());
}

/** Every file of the configuration, and every place where cargo would find one that does not exist. */
export function configFiles(place: ConfigContext): string[] {
  // One that cannot be read is cargo's to complain of.
  const reader = new Reader(() => ({}));
  read(place, reader);
  return [...reader.places];
}

function read({ cwd: given, env, args }: ConfigContext, reader: Reader): Configuration {
  // To cargo its working directory is where it is, whatever links lead there.
  const cwd = realPath(given);
  const options = args.flatMap((arg, index) => {
    if (arg.startsWith("--config=")) return [arg.slice("--config=".length)];
    return args[index - 1] === "--config" ? [arg] : [];
  });
  const home = cargoHome(env);
  const directories = ancestors(cwd).map((directory) => path.join(directory, ".cargo"));
  if (!directories.includes(home)) directories.push(home);
  return {
    overrides: options.reverse().flatMap((value) => reader.option(value, cwd)),
    files: directories.flatMap((directory) => reader.folder(directory)),
  };
}

class Reader {
  readonly places = new Set<string>();

  constructor(
    private readonly failed: (message: string, cause: unknown) => Record<string, unknown> = (message, cause) => {
      throw new Unsupported(message, { cause });
    },
  ) {}

  /** What an option gives: a file, or a piece of TOML. */
  option(value: string, cwd: string): Source[] {
    const file = path.resolve(cwd, value);
    if (readText(file) !== undefined) return this.file(file, []);
    const config = this.parsed(value, "--config");
    return [{ config, folder: cwd }, ...this.included(config, cwd, [])];
  }

  /** What is in a `.cargo`: where there are two files, the one with the older name takes the other's place. */
  folder(directory: string): Source[] {
    const [older, newer] = [path.join(directory, "config"), path.join(directory, "config.toml")];
    this.places.add(older).add(newer);
    return this.file(fs.existsSync(older) ? older : newer, []);
  }

  /** A file and what it includes; nothing where there is none. `by`: the files that include it. */
  file(file: string, by: readonly string[]): Source[] {
    this.places.add(file);
    const text = by.includes(file) ? undefined : readText(file);
    if (text === undefined) return [];
    const config = this.parsed(text, file);
    const folder = path.dirname(path.dirname(file));
    return [{ config, folder }, ...this.included(config, path.dirname(file), [...by, file])];
  }

  /** What is included last is the strongest, but for what includes it. */
  private included(config: Readonly<Record<string, unknown>>, folder: string, by: readonly string[]): Source[] {
    const { include } = config;
    const paths = (Array.isArray(include) ? [...(include as unknown[])] : []).map((item) =>
      typeof item === "string" ? item : table(item)["path"],
    );
    return paths
      .reverse()
      .flatMap((item) => (typeof item === "string" ? this.file(path.resolve(folder, item), by) : []));
  }

  private parsed(text: string, from: string): Record<string, unknown> {
    try {
      return parse(text);
    } catch (error) {
      return this.failed(`cannot read ${from}: ${messageOf(error)}`, error);
    }
  }
}

/** A table, or an empty one for what is none. */
export function table(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
