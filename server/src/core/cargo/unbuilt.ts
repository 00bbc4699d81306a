/** Where the sources of a project are that has not been built, or that only cargo can build: no build has told what it read. */
import * as fs from "node:fs";
import * as path from "node:path";
import { configFiles } from "./configSources.js";
import { ReadByCargo } from "./readByCargo.js";
import type { Selection } from "./selection.js";
import { workspaceManifest } from "./workspaceManifest.js";
import { ancestors } from "../support/files.js";

export interface Unbuilt {
  /** Folders in which any file may be a source. */
  readonly folders: readonly string[];
  /** Files that decide about the build, also such as do not exist; and a source without a package. */
  readonly files: readonly string[];
  /** Undefined where cargo cannot tell, and for a source without a package. */
  readonly readByCargo: ReadByCargo | undefined;
}

/** Asks cargo for the packages. Where it cannot tell, their manifests may be what is wrong: any in the workspace may. */
export async function unbuilt(selection: Selection, env: NodeJS.ProcessEnv): Promise<Unbuilt> {
  if (selection.kind === "file") return { folders: [], files: [selection.file], readByCargo: undefined };
  const { cwd, manifestPath } = selection;
  const manifest =
    manifestPath ?? manifestsAround(cwd).find((file) => fs.existsSync(file)) ?? path.join(cwd, "Cargo.toml");
  const folder = path.dirname(manifest);
  const readByCargo = await ReadByCargo.of(selection, env);
  const folders = readByCargo?.sources ?? [path.dirname(workspaceManifest(manifest) ?? manifest)];
  return {
    folders: [...new Set([folder, ...folders])],
    files: [...manifestsAround(folder), ...configFiles({ cwd, env, args: selection.global })],
    readByCargo,
  };
}

/** The manifests that cargo looks for: a package's own and that of a workspace around it. */
function manifestsAround(folder: string): string[] {
  return ancestors(folder).map((directory) => path.join(directory, "Cargo.toml"));
}
