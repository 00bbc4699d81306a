/** Everything that cargo decides by: what makes a change take the cargo lane. Never starts a process. */
import * as fs from "node:fs";
import * as path from "node:path";
import { changedVariable, outputOf, stampOfNamed, valuesOf } from "./buildScripts.js";
import {
  type BuildScript,
  type Metadata,
  type Package,
  type RerunIf,
  cargoProgram,
  localPackages,
  parseRerunIf,
} from "./cargo.js";
import { type ConfigContext, configFiles } from "./configSources.js";
import { ancestors, digest, isWithin, list, realPath, statOf } from "../support/files.js";
import { type Stamp, alwaysChanged, absentOf, fileTime, isCurrent, stamp, stampOfRead } from "../support/stamps.js";
import { type HostUnit, hostDepInfo, hostSources, hostUnits } from "./hosts.js";
import { memberFolder, memberPatterns, membersOf, workspaceManifest } from "./workspaceManifest.js";
import type { DepInfo } from "../units/depInfo.js";
import type { SelectionState } from "./selection.js";
import type { Layout } from "../support/layout.js";
import type { UnitRecords } from "../units/records.js";
import { type Toolchain, toolchainFiles } from "../units/toolchain.js";

/** What a capture knows of. */
export interface CapturedInputs {
  readonly place: ConfigContext;
  readonly metadata: Metadata;
  readonly toolchain: Toolchain;
  /** What cargo itself runs or loads of the workspace. */
  readonly hosts: readonly HostUnit[];
  /** Build scripts of other packages. */
  readonly scripts: readonly BuildScript[];
  /** When cargo was asked for the metadata, by the clock of files (`fileTime`). */
  readonly startedMs: number;
  readonly before: Before;
}

/** What there was just before cargo was started to build. */
export interface Before {
  /** The lock file: cargo had written it. */
  readonly lockFile: Stamp;
  /** Of the files that cargo looks for those that were not there. */
  readonly absent: ReadonlySet<string>;
  readonly discovery: NonNullable<SelectionState["discovery"]>;
  /**
   * By the clock of files. Asked for the metadata, cargo has fetched packages and unpacked them; what their scripts and macros are made of
   * is read behind that.
   */
  readonly buildMs: number;
}

/** `packageDirs`: the folders of the packages that are captured. */
export function inputsBefore(
  layout: Layout,
  place: ConfigContext,
  metadata: Metadata,
  toolchain: Toolchain,
  packageDirs: readonly string[],
): Before {
  const root = metadata.workspace_root;
  const hosts = hostUnits(layout).flatMap(hostSources);
  return {
    buildMs: fileTime(layout.private),
    lockFile: stamp(path.join(root, "Cargo.lock")),
    absent: absentOf([...lookedFor(place, metadata, toolchain), ...hosts]),
    discovery: { root, packages: [...packageDirs], digest: discover(root, packageDirs) },
  };
}

/** Takes stamps of all that cargo looked at. */
export function cargoInputs({
  place,
  metadata,
  toolchain,
  hosts,
  scripts,
  startedMs,
  before: { lockFile, absent, buildMs },
}: CapturedInputs): Stamp[] {
  const files = new Set(lookedFor(place, metadata, toolchain));
  const sources = new Set(hosts.flatMap(hostSources).filter((file) => !files.has(file)));
  const named = scripts.flatMap((script) => namedByScript(script, metadata).paths);
  const isSame = isCurrent(lockFile);
  return [
    ...[...files].map((file) => stampOfRead(file, startedMs, absent)),
    ...[...sources].map((file) => stampOfRead(file, buildMs, absent)),
    ...[...new Set(named)].map((file) => stampOfNamed(file, metadata.target_directory, buildMs)),
    isSame ? lockFile : alwaysChanged(lockFile.path),
  ];
}

/** The files that cargo reads if they are there, before it builds. */
function lookedFor(place: ConfigContext, metadata: Metadata, toolchain: Toolchain): string[] {
  const root = metadata.workspace_root;
  return [
    path.join(root, "Cargo.toml"),
    // (One that a pattern stands for since the packages were asked for is newer than that.)
    ...memberPatterns(root).flatMap((pattern) => membersOf(root, pattern)),
    ...manifests(place.cwd, localPackages(metadata)),
    ...metadata.packages.flatMap(checksums),
    ...configFiles(place),
    ...toolchainFiles(place.cwd, toolchain, place.env),
  ];
}

/**
 * Manifests in which cargo looks for a package, or for its workspace: that of the package, and any in the folders around it. They may
 * not exist yet. A package that inherits from another workspace may name that one's folder.
 */
function manifests(cwd: string, packages: readonly Package[]): string[] {
  return [path.join(realPath(cwd), "Cargo.toml"), ...packages.map((item) => item.manifest_path)].flatMap((manifest) => {
    const around = ancestors(path.dirname(manifest)).map((folder) => path.join(folder, "Cargo.toml"));
    return [...around, workspaceManifest(manifest) ?? manifest];
  });
}

/** By which cargo tells what is in a folder that takes a registry's place. */
function checksums({ source, manifest_path: manifest }: Package): string[] {
  const file = path.join(path.dirname(manifest), ".cargo-checksum.json");
  return source !== null && fs.existsSync(file) ? [file] : [];
}

function namedByScript(script: BuildScript, { packages }: Metadata): RerunIf {
  const owner = packages.find(({ id }) => id === script.package_id);
  return parseRerunIf(outputOf(script), path.dirname(owner?.manifest_path ?? script.out_dir));
}

/**
 * Variables that decide about what cargo builds natively, or sets itself. Where cargo sets one for a compiler, that is none of the user's.
 * `libraries`: what rustc said of libraries of other packages; `configured`: the names in cargo's configuration.
 */
export function cargoVariables(
  { metadata, hosts, scripts, place: { env } }: CapturedInputs,
  libraries: readonly DepInfo[],
  configured: readonly string[],
): Record<string, string | null> {
  const tracked = [...hosts.map(hostDepInfo), ...libraries].flatMap((info) => info.env);
  const own = tracked.flatMap(({ name, value }) => (value === env[name] ? [name] : []));
  const named = scripts.flatMap((script) => namedByScript(script, metadata).variables);
  return valuesOf(new Set([...own, ...named, ...configured]), env);
}

/** Which programs the search path leads to, by their paths without links. */
export function toolsOf(env: NodeJS.ProcessEnv): Record<string, string | null> {
  return Object.fromEntries(
    [cargoProgram(env), env["RUSTC"] ?? "rustc"].map((name) => [name, inSearchPath(name, env)]),
  );
}

function inSearchPath(name: string, env: NodeJS.ProcessEnv): string | null {
  if (name.includes("/")) return name;
  const places = (env["PATH"] ?? "").split(":").map((folder) => path.join(folder, name));
  const found = places.find((file) => statOf(file)?.isFile() === true);
  return found === undefined ? null : path.join(realPath(path.dirname(found)), name);
}

/** The first thing that changed for cargo since the capture; undefined when the crate lane will do. */
export function changedCargoInput(state: SelectionState, env: NodeJS.ProcessEnv): string | undefined {
  const file = state.cargoInputs.find((input) => !isCurrent(input));
  if (file !== undefined) return file.path;
  const variable = changedVariable(state.variables, env);
  if (variable !== undefined) return `$${variable}`;
  const now = toolsOf(env);
  // A search path that leads to none decides nothing: no build could be made with it.
  const tool = Object.entries(state.tools).find(([name, place]) => now[name] !== null && now[name] !== place);
  if (tool !== undefined) return `${tool[0]} in the search path`;
  const { discovery } = state;
  if (discovery !== undefined && discover(discovery.root, discovery.packages) !== discovery.digest) {
    return "the set of targets or packages";
  }
  return undefined;
}

/** Folders in which cargo takes every file or `main.rs` for a target. */
const DISCOVERED = ["src/bin", "tests", "examples", "benches"];

/** Digest of the target files that cargo would discover in packages, and of the packages that a workspace's patterns stand for. */
export function discover(root: string, packageDirs: readonly string[]): string {
  const found: string[] = [];
  for (const directory of packageDirs) {
    for (const file of ["src/main.rs", "src/lib.rs", "build.rs"]) {
      if (fs.existsSync(path.join(directory, file))) found.push(path.join(directory, file));
    }
    for (const folder of DISCOVERED) {
      for (const name of list(path.join(directory, folder))) {
        const full = path.join(directory, folder, name);
        if (name.endsWith(".rs") || fs.existsSync(path.join(full, "main.rs"))) found.push(full);
      }
    }
  }
  return digest(...found, ...memberPatterns(root).flatMap((pattern) => membersOf(root, pattern)));
}

/** What a state was made of: packages' folders, files that a build has read, and folders that it writes to. */
export interface BuiltFrom {
  readonly roots: readonly string[] | undefined;
  readonly read: readonly Stamp[];
  readonly products: readonly string[];
}

/** What is to be watched so that nothing is missed that would make a build another one. */
export function watchedFiles(
  layout: Layout | undefined,
  state: SelectionState | undefined,
  records: UnitRecords | undefined,
): BuiltFrom {
  const target = layout === undefined ? [] : [path.dirname(layout.root)];
  if (state === undefined) return { roots: undefined, read: [], products: target };
  const { packageDirs, cargoInputs: inputs, scripts, units } = state;
  const products = [...target, ...target.flatMap((folder) => packageDirs.flatMap((dir) => underLink(folder, dir)))];
  const sources = records?.some(units).flatMap(({ inputs: files }) => files) ?? [];
  const root = state.discovery?.root;
  const members = root === undefined ? [] : memberPatterns(root).map((pattern) => memberFolder(root, pattern));
  return {
    roots: [...new Set([...packageDirs, ...members])],
    read: [...inputs, ...scripts.flatMap((script) => script.inputs), ...sources],
    products,
  };
}

/** The path of a folder, which has no links in it, by way of another folder that it lies in and that is told with links. */
function underLink(folder: string, dir: string): string[] {
  const real = realPath(dir);
  return real !== dir && isWithin(folder, real) ? [path.join(dir, path.relative(real, folder))] : [];
}
