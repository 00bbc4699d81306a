/** Everything that cargo decides by: what makes a change take the cargo lane. Never starts a process. */
import * as fs from "node:fs";
import * as path from "node:path";
import { type Metadata, localPackages } from "./cargo.js";
import { configFiles } from "./config.js";
import { digest, isWithin, list, realPath } from "../support/files.js";
import { type Stamp, isCurrent, stamp } from "../support/stamps.js";
import { type HostUnit, hostSources } from "./hosts.js";
import type { SelectionState } from "./selection.js";
import type { Layout } from "../support/layout.js";
import type { UnitRecords } from "../units/records.js";
import { type Toolchain, toolchainFiles } from "../units/toolchain.js";

/** Takes stamps of all that cargo looked at. `startedMs`: when cargo was started. */
export function cargoInputs(
  cwd: string,
  metadata: Metadata,
  toolchain: Toolchain,
  hosts: readonly HostUnit[],
  env: NodeJS.ProcessEnv,
  startedMs: number,
): Stamp[] {
  const files = new Set<string>();
  const packages = localPackages(metadata);
  files.add(path.join(metadata.workspace_root, "Cargo.toml"));
  files.add(path.join(metadata.workspace_root, "Cargo.lock"));
  for (const item of packages) files.add(item.manifest_path);
  for (const file of configFiles(cwd, env)) files.add(file);
  for (const file of toolchainFiles(cwd, toolchain, env)) files.add(file);
  for (const file of hosts.flatMap(hostSources)) files.add(file);
  // cargo itself may have written the lock file just now.
  const lockFile = path.join(metadata.workspace_root, "Cargo.lock");
  return [...files].map((file) => (file === lockFile ? stamp(file) : stamp(file, startedMs)));
}

/** The first thing that changed for cargo since the capture; undefined when the crate lane will do. */
export function changedCargoInput(state: SelectionState): string | undefined {
  const file = state.cargoInputs.find((input) => !isCurrent(input));
  if (file !== undefined) return file.path;
  const { discovery } = state;
  if (discovery !== undefined && discover(discovery.root, discovery.packages) !== discovery.digest) {
    return "the set of targets or packages";
  }
  return undefined;
}

/** Folders in which cargo takes every file or `main.rs` for a target. */
const DISCOVERED = ["src/bin", "tests", "examples", "benches"];

/** Digest of the target files that cargo would discover in packages, and of packages beside them. */
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
  // A workspace's members may be globs such as `crates/*`: a package beside a member may be a new member.
  for (const parent of new Set(packageDirs.map((directory) => path.dirname(directory)))) {
    if (path.relative(root, parent).startsWith("..")) continue;
    for (const name of list(parent)) {
      const manifest = path.join(parent, name, "Cargo.toml");
      if (fs.existsSync(manifest)) found.push(manifest);
    }
  }
  return digest(...found);
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
  return { roots: packageDirs, read: [...inputs, ...scripts.flatMap((script) => script.inputs), ...sources], products };
}

/** The path of a folder, which has no links in it, by way of another folder that it lies in and that is told with links. */
function underLink(folder: string, dir: string): string[] {
  const real = realPath(dir);
  return real !== dir && isWithin(folder, real) ? [path.join(dir, path.relative(real, folder))] : [];
}
