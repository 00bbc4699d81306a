/**
 * The cargo lane: lets cargo build a selection in `target/cranefly`, with shims that compile the workspace's units to
 * bitcode and note how cargo would start the programs. Gives the selection's state.
 */
import * as path from "node:path";
import { parse } from "smol-toml";
import { adoptedPackages } from "./adoptedPackages.js";
import { CompiledNatively } from "../units/adopted.js";
import { emitPath, inspectArgs } from "../units/arguments.js";
import { BuildGuard } from "./buildGuard.js";
import { scriptState } from "./buildScripts.js";
import {
  type Artifact,
  type BuildScript,
  type Metadata,
  type Target,
  type Package,
  cargoProgram,
  localPackages,
  nativelyLinked,
  parseMessage,
  BuildFailed,
} from "./cargo.js";
import { type CargoConfig, configuredRustc, loadConfig } from "./config.js";
import { table } from "./configSources.js";
import { dynamicCrates } from "./dynamicLibraries.js";
import { Unsupported } from "../support/errors.js";
import { list, readText, realPath } from "../support/files.js";
import { type HostUnit, hostSources, hostUnits } from "./hosts.js";
import { cargoInputs, cargoVariables, inputsBefore, toolsOf } from "./inputs.js";
import type { Layout } from "../support/layout.js";
import { type DepInfo, parseDepInfo } from "../units/depInfo.js";
import { madeWith } from "../units/madeWith.js";
import { unitOfLibrary, unitOfOutput, unitOfPlaceholder } from "../units/outputs.js";
import type { UnitName, UnitMessages } from "../units/unitMessages.js";
import { run } from "../support/process.js";
import { type CargoSelection, type SelectionState, type Start, cargoArguments, programName } from "./selection.js";
import type { Program } from "../units/program.js";
import { type ShimContext, type ShimEvent, readEvents, writeShims } from "./shims.js";
import { readProgramOptions } from "../units/rustcOptions.js";
import { type Toolchain, checkToolchain, findToolchain, platformOf } from "../units/toolchain.js";
import { CargoMessages, unitName } from "./cargoMessages.js";
import { loadUnit, MissingUnit } from "../units/record.js";
import { UnitRecords } from "../units/records.js";

export interface CaptureOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The bundle that the shims run. */
  readonly shimBundle: string;
  readonly color: boolean;
  readonly quiet: boolean;
  /** As `MessageListener`'s. */
  readonly messagesOf: (unit: UnitName | undefined, isFresh: boolean) => UnitMessages;
  readonly isNews: boolean;
  /** cargo's own lines ("Compiling …"). */
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Captured {
  readonly state: SelectionState;
  /** The units that were compiled, as "package:target". */
  readonly compiled: readonly string[];
  readonly frontEndMs: number;
}

/** What cargo takes for fresh is not what is known of it: everything has to be built anew. */
export class LostBuild extends Unsupported {
  constructor(message: string) {
    super(message);
    this.name = "LostBuild";
  }
}

/** Runs cargo. `startedMs`: when it was asked for the metadata, by the clock of files. Throws `BuildFailed` when the sources do not build, `Unsupported` when Cranefly has no way. */
export async function capture(
  layout: Layout,
  selection: CargoSelection,
  metadata: Metadata,
  startedMs: number,
  options: CaptureOptions,
): Promise<Captured> {
  const { env } = options;
  const place = { cwd: selection.cwd, env, args: selection.global };
  const toolchain = await findToolchain(selection.cwd, env, options.signal, configuredRustc(place));
  const local = localPackages(metadata);
  const packages = [...local, ...adoptedPackages(layout, metadata)];
  const directory = (item: { manifest_path: string }): string => path.dirname(item.manifest_path);
  const packageDirs = packages.map(directory);
  const before = inputsBefore(layout, place, metadata, toolchain, packageDirs);
  const config = loadConfig(place, toolchain.host, await platformOf(toolchain, env, options.signal));
  for (const target of targetsOf(selection, config.buildTarget)) checkToolchain(toolchain, target);
  checkLinker(config, toolchain);

  checkCommas(layout, metadata);
  const guard = new BuildGuard(metadata, selection, toolchain.host);
  const linkedNatively = nativelyLinked(metadata);
  const shims = writeShims(layout, options.shimBundle, packageDirs, config.rustcWrapper, {
    root: layout.root,
    env: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    needsRlib: packages.filter((item) => linkedNatively.has(item.id)).map(directory),
    buildScripts: packages.flatMap(({ targets }) => targets.flatMap(buildScriptOf)),
    dynamicCrates: dynamicCrates(metadata),
    host: toolchain.host,
  });

  const artifacts: Artifact[] = [];
  const scripts: BuildScript[] = [];
  const told = new CargoMessages(metadata, options);
  const onStdout = (line: string): void => {
    const message = parseMessage(line);
    if (message === undefined) return;
    told.message(message);
    if (message.reason === "compiler-artifact") artifacts.push(message);
    else if (message.reason === "build-script-executed") {
      scripts.push(message);
      guard.onScript(message);
    }
  };
  const command = [
    cargoProgram(env),
    selection.command,
    ...cargoArguments(selection),
    "--target-dir",
    selection.finalDirectory === undefined ? layout.root : layout.own(selection.finalDirectory),
    ...buildDirectory(layout.root, selection.cwd),
    `--message-format=${selection.hasShortMessages === true ? "json-diagnostic-short," : ""}json-diagnostic-rendered-ansi`,
    "--color",
    options.color ? "always" : "never",
    ...(options.quiet ? ["--quiet"] : []),
    "--config",
    `target.${toolchain.host}.runner=[${JSON.stringify(shims.runner)}]`,
    ...withoutLto(selection, metadata, config),
    // A failing runner cannot be: the shim only takes notes. But all targets are to be noted.
    ...(selection.command === "test" ? ["--no-fail-fast"] : []),
  ];
  const exit = await guard.watch(layout, options.signal, (signal) =>
    run(command, {
      cwd: selection.cwd,
      env: { ...env, RUSTC_WRAPPER: shims.rustc, ...(selection.command === "test" ? { RUSTDOC: shims.rustdoc } : {}) },
      onStdout,
      onStderr: told.line,
      signal,
    }),
  );
  told.end();
  // Also when the build failed: what a recorder noted is relative to the environment of this very capture.
  const scriptStates = scripts.flatMap((script) => {
    const owner = local.find((item) => item.id === script.package_id);
    return owner === undefined ? [] : [scriptState(script, owner, env, metadata.target_directory, startedMs)];
  });
  if (exit.code !== 0) throw new BuildFailed("", exit.code ?? 101);

  const hosts = hostUnits(layout);
  checkAdopted(layout, artifacts, metadata);
  checkKnown(layout, artifacts, local, hosts);
  const events = readEvents(layout);
  const programs = findPrograms(layout, artifacts);
  const captured = new Set(packages.map((item) => item.id));
  const own = artifacts.filter((artifact) => captured.has(artifact.package_id));
  const libraries = own.flatMap((artifact) => libraryUnit(layout, artifact) ?? []);
  const units = closureOf(layout, [...libraries, ...programs.map((program) => program.unit)]);
  const native = artifacts.filter((artifact) => libraryUnit(layout, artifact) === undefined);
  const others = scripts.filter((script) => !local.some((item) => item.id === script.package_id));
  const inputs = { place, metadata, toolchain, hosts, scripts: others, startedMs, before };
  const state: SelectionState = {
    version: 4,
    toolchain,
    runner: [...(config.runner ?? [])],
    wrapper: config.rustcWrapper ?? "",
    cargoInputs: cargoInputs(inputs),
    variables: cargoVariables(inputs, native.flatMap(depInfosOf), config.variables),
    tools: toolsOf(env),
    made: madeWith(new UnitRecords(layout).all(units), native.flatMap(librariesOf)),
    scripts: scriptStates,
    discovery: before.discovery,
    units,
    names: namesOf(layout, own, metadata),
    programs,
    starts: findStarts(layout, events, artifacts),
    docTests: events.flatMap((event) => (event.kind === "doc" ? [event.crate] : [])),
    profile: selection.profile ?? (selection.command === "test" ? "test" : "dev"),
    packageDirs,
  };
  return {
    state,
    compiled: events.flatMap((event) => (event.kind === "unit" ? [event.id] : [])),
    frontEndMs: events.reduce((sum, event) => sum + (event.kind === "unit" ? event.ms : 0), 0),
  };
}

/** The platforms that cargo is to build for; undefined: the toolchain's own. */
function targetsOf({ targets }: CargoSelection, configured: string | undefined): (string | undefined)[] {
  const given = targets.flatMap((arg, index) => (targets[index - 1] === "--target" ? [arg] : []));
  return given.length === 0 ? [configured] : given;
}

/**
 * Keeps intermediate artifacts below the target directory as well, wherever the user has his: cargo without us takes whatever lies
 * in its build directory for its own.
 */
function buildDirectory(root: string, cwd: string): string[] {
  // cargo reads braces as a template's, and a path on the command line relative to the working directory.
  const hasBraces = (text: string): boolean => /[{}]/.test(text);
  const place = hasBraces(root) ? path.relative(realPath(cwd), root) : root;
  if (hasBraces(place)) {
    throw new Unsupported(`the target directory ${root} has a brace in its path, which build.build-dir cannot take`);
  }
  return ["--config", `build.build-dir=${JSON.stringify(place)}`];
}

/** Throws `Unsupported` where programs have a linker that they cannot have: rustc would hear of it once all else is compiled. */
function checkLinker({ linker }: CargoConfig, { host }: Toolchain): void {
  if (linker === undefined) return;
  const options = { host, origin: "user", isProgram: true, readFile: readText } as const;
  const { refused } = readProgramOptions(["-C", `linker=${linker}`], options);
  if (refused !== undefined) throw new Unsupported(`${refused} is not supported`);
}

/** A build script, among a package's targets. */
function buildScriptOf({ kind, name, src_path: source }: Target): ShimContext["buildScripts"] {
  return kind.includes("custom-build") ? [{ source: realPath(source), crate: name.replaceAll("-", "_") }] : [];
}

/** Throws `Unsupported` where rustc's `--emit` could not name a unit's outputs. */
function checkCommas(layout: Layout, metadata: Metadata): void {
  const directories = [
    metadata.workspace_root,
    ...localPackages(metadata).map((item) => path.dirname(item.manifest_path)),
  ];
  if (directories.some((directory) => emitPath(layout.root, directory).includes(","))) {
    throw new Unsupported(
      `the target directory ${layout.root} has a comma in its path, which rustc's --emit cannot take`,
    );
  }
}

/**
 * Link-time optimisation would leave the dependencies' libraries without machine code, so it is as it is where nobody asks for
 * any; that changes no behaviour, only speed. (cargo has no profile of another name unless the manifest or configuration has it.)
 */
function withoutLto(selection: CargoSelection, metadata: Metadata, { profiles }: CargoConfig): string[] {
  const { profile = selection.command === "test" ? "test" : "dev" } = selection;
  const manifest = parse(readText(path.join(metadata.workspace_root, "Cargo.toml")) ?? "")["profile"];
  const isThere = BUILT_IN_PROFILES.includes(profile) || profiles.has(profile) || profile in table(manifest);
  return isThere ? ["--config", `profile.${profile}.lto=false`] : [];
}

const BUILT_IN_PROFILES = ["dev", "release", "test", "bench"];

/** Throws `CompiledNatively` where another build had compiled a crate before it was known that it has to be bitcode. */
function checkAdopted(layout: Layout, artifacts: readonly Artifact[], metadata: Metadata): void {
  const adopted = new Set(adoptedPackages(layout, metadata).map(({ id }) => id));
  const native = artifacts.filter((artifact) => {
    const isLibrary = artifact.target.crate_types.some((type) => type === "lib" || type === "rlib");
    return adopted.has(artifact.package_id) && isLibrary && libraryUnit(layout, artifact) === undefined;
  });
  const libraries = native.flatMap(({ filenames }) => filenames.filter((file) => file.endsWith(".rlib")));
  if (libraries.length > 0) throw new CompiledNatively(libraries, `${libraries.join(", ")} was compiled natively`);
}

/**
 * Throws `LostBuild` where cargo has an output of a local package of which the shim's notes know nothing: they were removed, or cut
 * short, while cargo takes the unit for fresh.
 */
function checkKnown(
  layout: Layout,
  artifacts: readonly Artifact[],
  packages: readonly Package[],
  hosts: readonly HostUnit[],
): void {
  // (Of others cargo has built what it runs itself before anybody asked for their bitcode; `checkAdopted` looks at that.)
  const local = new Set(packages.map((item) => item.id));
  const sources = new Set(hosts.flatMap(hostSources).map(realPath));
  for (const artifact of artifacts.filter((item) => local.has(item.package_id))) {
    const { kind, crate_types: types, src_path: source, name } = artifact.target;
    const isLibrary = types.some((type) => ["lib", "rlib", "dylib"].includes(type));
    const isHost = kind.includes("custom-build") || (!isLibrary && !types.includes("bin"));
    const isProgram = artifact.executable !== null;
    // (Of a library that is also a native one cargo names only copies.)
    const hasMetadata = isLibrary && artifact.filenames.some((file) => file.endsWith(".rmeta"));
    const isLost = isHost
      ? !isProgram && !sources.has(realPath(source))
      : hasMetadata && !isProgram && libraryUnit(layout, artifact) === undefined;
    if (isLost) throw new LostBuild(`how ${name} was built is not known any more`);
  }
}

/** The programs of a build, each with its unit and all libraries of the workspace that it is made of. */
function findPrograms(layout: Layout, artifacts: readonly Artifact[]): Program[] {
  return artifacts.flatMap((artifact): Program[] => {
    const { executable } = artifact;
    if (executable === null || artifact.target.kind.includes("custom-build")) return [];
    const unit = unitOfExecutable(layout, executable);
    if (unit === undefined) throw new LostBuild(`cargo built ${executable} without Cranefly's wrapper`);
    const name = programName(layout, executable);
    return [{ name, executable, unit, closure: closureOf(layout, [unit]), base: "" }];
  });
}

/** cargo puts copies of programs where the user looks for them. What it does not copy may be the engine's already. */
function unitOfExecutable(layout: Layout, executable: string): string | undefined {
  return unitOfPlaceholder(executable) ?? unitOfOutput(layout, executable);
}

function libraryUnit(layout: Layout, artifact: Artifact): string | undefined {
  const units = artifact.filenames.map((file) => unitOfLibrary(layout, file));
  return units.find((unit) => unit !== undefined);
}

/** The libraries that a build made natively, procedural macros included. */
function librariesOf({ filenames }: Artifact): string[] {
  return filenames.filter((file) => LIBRARY.test(file));
}

const LIBRARY = /\.(?:rlib|rmeta|so)$/;

/** What rustc said that it had read, beside what it made: a file of the crate's name, or of the only crate in a folder. */
function depInfosOf({ filenames, target }: Artifact): DepInfo[] {
  const files = filenames.flatMap((file) => {
    const folder = path.dirname(file);
    if (LIBRARY.test(file)) return [path.join(folder, path.basename(file).replace(/^lib|\.[a-z]+$/g, "") + ".d")];
    if (!target.kind.includes("custom-build")) return [];
    return list(folder).flatMap((name) => (name.endsWith(".d") ? [path.join(folder, name)] : []));
  });
  return [...new Set(files)].map((file) => parseDepInfo(readText(file) ?? ""));
}

/** How cargo names the units that it built, by key. */
function namesOf(layout: Layout, artifacts: readonly Artifact[], metadata: Metadata): Record<string, UnitName> {
  const named = artifacts.flatMap((artifact): [string, UnitName][] => {
    const { executable } = artifact;
    const key = executable === null ? libraryUnit(layout, artifact) : unitOfExecutable(layout, executable);
    return key === undefined ? [] : [[key, unitName(artifact, metadata)]];
  });
  return Object.fromEntries(named);
}

/** Units with everything of the workspace that they use, dependencies first. Throws `MissingUnit`. */
function closureOf(layout: Layout, roots: readonly string[]): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const missing: string[] = [];
  const visit = (key: string): void => {
    if (seen.has(key)) return;
    seen.add(key);
    const record = loadUnit(layout, key);
    if (record === undefined) missing.push(key);
    for (const extern of record?.externs ?? []) if (extern.unit !== null) visit(extern.unit);
    order.push(key);
  };
  for (const root of roots) visit(root);
  if (missing.length > 0) throw new MissingUnit(missing);
  return order;
}

/** cargo's starts, in its order. */
function findStarts(layout: Layout, events: readonly ShimEvent[], artifacts: readonly Artifact[]): Start[] {
  return events.flatMap((event): Start[] => {
    if (event.kind !== "run") return [];
    const artifact = artifacts.find((item) => item.executable === event.executable);
    return [
      {
        program: programName(layout, event.executable),
        label: artifact === undefined ? "" : labelOf(artifact),
        harness: hasHarness(layout, event.executable),
        isRelative: event.isRelative,
        cwd: event.cwd,
        env: event.env,
        libraryPath: event.libraryPath,
      },
    ];
  });
}

/** Whether rustc made libtest's harness for a program: cargo says of any test that it is one. */
function hasHarness(layout: Layout, executable: string): boolean {
  const unit = unitOfExecutable(layout, executable);
  return unit !== undefined && inspectArgs(loadUnit(layout, unit)?.invocation.args ?? []).isTest;
}

/** "unittests src/lib.rs" or "tests/name.rs", as cargo says it. */
function labelOf(artifact: Artifact): string {
  const source = path.relative(path.dirname(artifact.manifest_path), artifact.target.src_path);
  const isOwnTarget = artifact.target.kind.some((kind) => kind === "test" || kind === "bench");
  return isOwnTarget ? source : `unittests ${source}`;
}
