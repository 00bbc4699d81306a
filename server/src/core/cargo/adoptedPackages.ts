/** Which packages the crates from outside the workspace belong to that are compiled to bitcode. */
import type { Layout } from "../support/layout.js";
import { adoptedCrates } from "../units/adopted.js";
import type { Metadata, Package } from "./cargo.js";

/** The packages of these crates, in whatever versions: another one, after `cargo update`, fills the same sections. */
export function adoptedPackages(layout: Layout, metadata: Metadata): Package[] {
  const crates = new Set(adoptedCrates(layout));
  const isLibrary = (kinds: readonly string[]): boolean => kinds.some((kind) => kind === "lib" || kind === "rlib");
  return metadata.packages.filter(
    ({ source, targets }) =>
      source !== null &&
      targets.some(({ name, crate_types: kinds }) => isLibrary(kinds) && crates.has(name.replaceAll("-", "_"))),
  );
}
