/**
 * Rust dynamic libraries (crate-type dylib). A program that uses one shares it, and std with it, where Cranefly links both into
 * the base image: such programs are cargo's. Told from cargo's metadata, before anything is built.
 */
import type { Metadata, Package } from "./cargo.js";
import type { Selection } from "./selection.js";

export function dynamicLibraryReason(name: string): string {
  return `${name} is a Rust dynamic library (crate-type dylib), which is not supported`;
}

/** The crate of a package that is a dynamic library and nothing that could be linked instead. */
function dynamicCrate(item: Package): string | undefined {
  const target = item.targets.find(({ crate_types }) => crate_types.includes("dylib"));
  const isOnly = target?.crate_types.every((kind) => !["lib", "rlib"].includes(kind));
  return isOnly === true ? target?.name : undefined;
}

/** The names of such crates in all packages, as rustc knows them. */
export function dynamicCrates(metadata: Metadata): string[] {
  return metadata.packages.flatMap((item) => dynamicCrate(item)?.replaceAll("-", "_") ?? []);
}

/** A package that what is selected uses on every platform, and that is nothing but a dynamic library. */
export function usedDynamicLibrary(metadata: Metadata, selection: Selection): string | undefined {
  const nodes = new Map(metadata.resolve?.nodes.map((node) => [node.id, node]) ?? []);
  const packages = new Map(metadata.packages.map((item) => [item.id, item]));
  const seen = new Set<string>();
  const queue = selectedPackages(metadata, selection).map((item) => item.id);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id)?.deps ?? []) {
      if (!dep_kinds.some(({ kind, target }) => kind === null && target == null)) continue;
      const used = packages.get(pkg);
      if (used !== undefined && dynamicCrate(used) !== undefined) return used.name;
      queue.push(pkg);
    }
  }
  return undefined;
}

/** The members that cargo builds: those named by `--package`, or else all that it might mean. */
export function selectedPackages(metadata: Metadata, selection: Selection): Package[] {
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
