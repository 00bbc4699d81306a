/**
 * Lets go of what was built elsewhere. Records hold absolute paths, while cargo takes a unit for fresh wherever it was
 * built: a project may be moved or copied together with its target directory, and two checkouts may share one.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { adoptedPackages } from "./adoptedPackages.js";
import { type Metadata, localPackages } from "./cargo.js";
import { list } from "../support/files.js";
import { forgetStrayHosts, hasStrayHosts } from "./hosts.js";
import type { Layout } from "../support/layout.js";
import type { SelectionState } from "./selection.js";
import { type UnitRecord, forgetUnit, loadUnit } from "../units/record.js";
import type { UnitRecords } from "../units/records.js";

/** Whether all that the state is made of was built here: into this target directory, from packages that are where they were. */
export function isHere(layout: Layout, state: SelectionState, records: UnitRecords): boolean {
  // A source file without a package has a folder by its own path.
  if (state.discovery === undefined) return true;
  return records.some(state.units).every((record) => isFrom(layout, record, state.packageDirs));
}

/**
 * Has cargo build the packages anew that are compiled to bitcode, with their build scripts and procedural macros, if one of them
 * was built elsewhere. What it built of other packages stays. Gives whether there was anything.
 */
export function forgetElsewhere(layout: Layout, metadata: Metadata): boolean {
  const packages = [...localPackages(metadata), ...adoptedPackages(layout, metadata)];
  const names = new Set(packages.map((item) => item.name));
  const packageDirs = packages.map((item) => path.dirname(item.manifest_path));
  const elsewhere = list(layout.units).filter((key) => {
    const record = loadUnit(layout, key);
    const isOurs = record !== undefined && names.has(record.invocation.env["CARGO_PKG_NAME"] ?? "");
    return isOurs && !isFrom(layout, record, packageDirs);
  });
  if (elsewhere.length === 0 && !hasStrayHosts(layout)) return false;
  for (const key of elsewhere) forgetUnit(layout, key);
  for (const folder of fingerprints(layout, names)) fs.rmSync(folder, { recursive: true, force: true });
  forgetStrayHosts(layout);
  return true;
}

function isFrom(layout: Layout, { bitcodeDir, invocation }: UnitRecord, packageDirs: readonly string[]): boolean {
  const packageDir = invocation.env["CARGO_MANIFEST_DIR"] ?? invocation.cwd;
  return path.dirname(bitcodeDir) === layout.unit(invocation.key) && packageDirs.includes(packageDir);
}

/**
 * cargo's notes of what it built of these packages: `PROFILE/.fingerprint/PACKAGE-HASH`, or `PROFILE/build/PACKAGE/HASH/fingerprint`;
 * below the target if one was named.
 */
function fingerprints(layout: Layout, names: ReadonlySet<string>): string[] {
  const below = (folder: string): string[] => list(folder).map((name) => path.join(folder, name));
  const folders = below(layout.root);
  return [...folders, ...folders.flatMap(below)].flatMap((profile) => [
    ...below(path.join(profile, ".fingerprint")).filter((unit) => names.has(withoutHash(path.basename(unit)))),
    ...[...names]
      .flatMap((name) => below(path.join(profile, "build", name)))
      .map((unit) => path.join(unit, "fingerprint")),
  ]);
}

function withoutHash(name: string): string {
  return name.replace(/-[0-9a-f]+$/, "");
}
