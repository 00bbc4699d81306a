/** What the user wants built, and the state that is kept for it from run to run. */
import * as path from "node:path";
import * as z from "zod";
import { ScriptState } from "./buildScripts.js";
import { digest, list, readJson, writeAtomic } from "../support/files.js";
import { Stamp } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { UnitName } from "../units/unitMessages.js";
import { MadeWith } from "../units/madeWith.js";
import { Program } from "../units/program.js";
import { Toolchain } from "../units/toolchain.js";

interface Command {
  readonly command: "run" | "build" | "test";
  readonly cwd: string;
}

/** Of a package or a workspace, in cargo's terms. */
export interface CargoSelection extends Command {
  readonly kind: "cargo";
  readonly manifestPath: string | undefined;
  /** What only commands that build take: `-p`, `--workspace`, `--bin`, `--jobs` …, as cargo spells them. */
  readonly targets: readonly string[];
  /** `--features` and its kin. */
  readonly features: readonly string[];
  /** undefined: cargo's default for the command. */
  readonly profile: string | undefined;
  /** `--message-format short`. */
  readonly hasShortMessages?: boolean | undefined;
  /** `--target-dir`, absolute. */
  readonly targetDirectory?: string | undefined;
  /**
   * Names the folder for what cargo leaves for the user, where another selection has programs of the same names: see `Layout.own`. All else
   * of both is built in the same place, once.
   */
  readonly finalDirectory?: string | undefined;
  /** What `cargo metadata` takes as well: `--locked`, `--offline`, `--frozen`, `--config …`. */
  readonly global: readonly string[];
}

/** A source file without a package, which is rustc's alone. */
export interface FileSelection extends Command {
  readonly kind: "file";
  readonly file: string;
  /** The path as the user gave it, which is how messages name it. */
  readonly source: string;
  readonly rustcArgs: readonly string[];
}

export type Selection = CargoSelection | FileSelection;

/** One start of a program, in cargo's order. */
export const Start = z.object({
  program: z.string(),
  /** cargo's name for it in a "Running …" line. */
  label: z.string(),
  /** It is a test program with libtest's harness, not one of its own. */
  harness: z.boolean(),
  /** cargo names the program by its path relative to `cwd`. */
  isRelative: z.boolean(),
  cwd: z.string(),
  env: z.record(z.string(), z.string().nullable()),
  libraryPath: z.array(z.string()),
});
export type Start = z.infer<typeof Start>;

/** The result of a capture. It holds as long as nothing changes that cargo decides. */
export const SelectionState = z.object({
  version: z.literal(4),
  toolchain: Toolchain,
  runner: z.array(z.string()),
  /** The user's RUSTC_WRAPPER. */
  wrapper: z.string().optional(),
  /** Manifests, configuration, sources of build scripts and procedural macros … */
  cargoInputs: z.array(Stamp),
  /** Variables that decide about what cargo builds, or what it sets, as the user had them; null: not at all. */
  variables: z.record(z.string(), z.string().nullable()),
  /** Where the search path leads to, by the program's name. */
  tools: z.record(z.string(), z.string().nullable()),
  made: MadeWith,
  scripts: z.array(ScriptState),
  /** The folders where targets are discovered by their names, and a digest of what was found. */
  discovery: z.object({ root: z.string(), packages: z.array(z.string()), digest: z.string() }).optional(),
  /** Keys of all units, dependencies first. */
  units: z.array(z.string()),
  /** How cargo names the units, by key. */
  names: z.record(z.string(), UnitName).optional(),
  programs: z.array(Program),
  starts: z.array(Start),
  /** Libraries whose documentation tests are not run. */
  docTests: z.array(z.string()),
  profile: z.string(),
  packageDirs: z.array(z.string()),
});
export type SelectionState = z.infer<typeof SelectionState>;

/** Variables that only matter to running programs and to how cargo prints. */
const IRRELEVANT =
  /^(RUST_(BACKTRACE|LIB_BACKTRACE|LOG|LOG_STYLE|MIN_STACK|TEST_.*)|CARGO_(TERM_.*|PKG_.*|MANIFEST_.*|BIN_.*|CRATE_NAME|PRIMARY_PACKAGE)|CARGO_LOG)$/;

/** The environment's part that cargo and rustc look at. */
export function relevantEnvironment(env: NodeJS.ProcessEnv): [string, string][] {
  return Object.entries(env)
    .flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]))
    .filter(([name]) => (/^(CARGO|RUST)/.test(name) && !IRRELEVANT.test(name)) || name === "HOME")
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The selection's name on disk. */
export function selectionKey(selection: Selection, env: NodeJS.ProcessEnv): string {
  return digest(JSON.stringify([selection, relevantEnvironment(env)]));
}

export function loadSelection(layout: Layout, key: string): SelectionState | undefined {
  return readJson(layout.selection(key), SelectionState);
}

export function saveSelection(layout: Layout, key: string, state: SelectionState): void {
  writeAtomic(layout.selection(key), JSON.stringify(state));
}

/** The base images that the programs of any selection are to be published on. */
export function namedBases(layout: Layout): string[] {
  const states = list(layout.selections).map((name) => readJson(path.join(layout.selections, name), NamingBases));
  return states.flatMap((state) => state?.programs.map(({ base }) => base) ?? []).filter((base) => base !== "");
}

/** What any version's state has of that. */
const NamingBases = z.looseObject({ programs: z.array(z.looseObject({ base: z.string() })) });

/** cargo's arguments for a selection, without the command. */
export function cargoArguments(selection: CargoSelection): string[] {
  return [
    ...(selection.manifestPath === undefined ? [] : ["--manifest-path", selection.manifestPath]),
    ...selection.targets,
    ...selection.features,
    ...(selection.profile === undefined ? [] : ["--profile", selection.profile]),
    ...selection.global,
  ];
}

/** The program's name for the engine. */
export function programName(layout: Layout, executable: string): string {
  return path.relative(layout.root, executable);
}
