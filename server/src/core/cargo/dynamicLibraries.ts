/**
 * Rust dynamic libraries (crate-type dylib). A program has them in itself here, and std with them, by libraries that are made beside
 * them to be linked. That is the same as long as it is the only one to use them: what else links to one, and may be loaded by the
 * program, would share it with the program. Such programs are cargo's, as cargo's metadata tell before anything is built.
 */
import { isOnlyDynamic } from "../units/arguments.js";
import { type Metadata, type Package, nativelyLinked } from "./cargo.js";
import type { CargoSelection } from "./selection.js";

/** The crate of a package that is a dynamic library and nothing that could be linked instead. */
function dynamicCrate(item: Package): string | undefined {
  return item.targets.find(({ crate_types: kinds }) => isOnlyDynamic(kinds))?.name;
}

/** The packages that build scripts, procedural macros or other native libraries link to as dynamic libraries. */
function sharedLibraries(metadata: Metadata): Package[] {
  const native = nativelyLinked(metadata);
  return metadata.packages.filter((item) => native.has(item.id) && dynamicCrate(item) !== undefined);
}

/** The names of their crates, as rustc knows them. */
export function dynamicCrates(metadata: Metadata): string[] {
  return sharedLibraries(metadata).flatMap((item) => dynamicCrate(item)?.replaceAll("-", "_") ?? []);
}

/** One of them that what is selected uses on every platform. */
export function usedDynamicLibrary(metadata: Metadata, selection: CargoSelection): string | undefined {
  const shared = new Set(sharedLibraries(metadata).map(({ id }) => id));
  const nodes = new Map(metadata.resolve?.nodes.map((node) => [node.id, node]) ?? []);
  const packages = new Map(metadata.packages.map((item) => [item.id, item]));
  const seen = new Set<string>();
  const queue = selectedPackages(metadata, selection).map((item) => item.id);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id)?.deps ?? []) {
      if (!dep_kinds.some(({ kind, target }) => kind === null && target == null)) continue;
      if (shared.has(pkg)) return packages.get(pkg)?.name;
      queue.push(pkg);
    }
  }
  return undefined;
}

/** The members that cargo builds: those named by `--package`, or else all that it might mean. */
export function selectedPackages(metadata: Metadata, selection: CargoSelection): Package[] {
  const members = metadata.packages.filter((item) => metadata.workspace_members.includes(item.id));
  const specs = selection.targets.flatMap((arg, index) => (selection.targets[index - 1] === "--package" ? [arg] : []));
  if (specs.length > 0) {
    const named = members.filter(({ name, version, id }) => {
      return specs.some((spec) => [name, `${name}@${version}`, `${name}:${version}`, id].includes(spec));
    });
    return named.length === specs.length ? named : members;
  }
  const defaults = metadata.workspace_default_members;
  if (selection.targets.includes("--workspace") || defaults === undefined) return members;
  return members.filter((item) => defaults.includes(item.id));
}
