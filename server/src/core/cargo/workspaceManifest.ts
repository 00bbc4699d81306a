/** Which workspace a package belongs to, by its manifest and those around it. Starts nothing. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "smol-toml";
import { table } from "./configSources.js";
import { ancestors, isWithin, list, readText } from "../support/files.js";
import { walk } from "../support/stamps.js";

/**
 * The manifest of the workspace that a package belongs to, by cargo's own rule: `package.workspace`, or the innermost
 * manifest around it with a `[workspace]` that does not exclude it. Undefined when it is on its own.
 */
export function workspaceManifest(manifest: string): string | undefined {
  const own = readManifest(manifest);
  if (own === undefined || "workspace" in own) return manifest;
  const { workspace } = table(own["package"]);
  if (typeof workspace === "string") return path.resolve(path.dirname(manifest), workspace, "Cargo.toml");
  for (const directory of ancestors(path.dirname(manifest)).slice(1)) {
    const candidate = path.join(directory, "Cargo.toml");
    const parsed = readManifest(candidate);
    if (parsed === undefined || !("workspace" in parsed)) continue;
    if (!isExcluded(path.dirname(manifest), directory, table(parsed["workspace"]))) return candidate;
  }
  return undefined;
}

function isExcluded(directory: string, root: string, workspace: Readonly<Record<string, unknown>>): boolean {
  const { exclude, members } = workspace;
  const isBelowOne = (items: unknown): boolean =>
    Array.isArray(items) && items.some((item) => isWithin(directory, path.resolve(root, String(item))));
  // What is below a folder that is named as a member is none of the excluded, whatever is excluded around it. (To cargo a pattern is
  // no more than a name here.)
  return isBelowOne(exclude) && !isBelowOne(members);
}

/** The patterns among a workspace's members. `root`: its folder. */
export function memberPatterns(root: string): string[] {
  const { members } = table(readManifest(path.join(root, "Cargo.toml"))?.["workspace"]);
  return Array.isArray(members) ? members.map(String).filter((member) => PATTERN.test(member)) : [];
}

/** The innermost folder that all packages are in which a pattern stands for. */
export function memberFolder(root: string, pattern: string): string {
  const parts = pattern.split("/");
  return path.resolve(
    root,
    ...parts.slice(
      0,
      parts.findIndex((part) => PATTERN.test(part)),
    ),
  );
}

/** The manifests that a pattern may stand for: any name counts for a part with a wildcard, since more than is meant does no harm. */
export function membersOf(root: string, pattern: string): string[] {
  if (pattern.includes("**")) {
    const below = walk(memberFolder(root, pattern), { nestedPackages: true });
    return below.filter((file) => path.basename(file) === "Cargo.toml");
  }
  const inside = (folder: string, part: string): string[] =>
    (PATTERN.test(part) ? list(folder) : [part]).map((name) => path.join(folder, name));
  const folders = pattern.split("/").reduce((found, part) => found.flatMap((folder) => inside(folder, part)), [root]);
  return folders.map((folder) => path.join(folder, "Cargo.toml")).filter((file) => fs.existsSync(file));
}

const PATTERN = /[*?[]/;

/** A manifest's text as a table; undefined when there is none. One that cannot be parsed is cargo's to complain of. */
function readManifest(file: string): Readonly<Record<string, unknown>> | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch {
    return {};
  }
}
