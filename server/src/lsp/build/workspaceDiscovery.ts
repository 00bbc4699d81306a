/** Finds the cargo workspaces in a folder. Reads manifests, starts nothing. */
import * as fs from "node:fs";
import * as path from "node:path";
import { workspaceManifest } from "../../core/cargo/workspaceManifest.js";
import { ancestors } from "../../core/support/files.js";

/** How deep below a folder manifests are looked for. */
const MAX_DEPTH = 6;
/** How many folders are looked into below one. */
const MAX_FOLDERS = 20_000;
const IGNORED = new Set(["target", "node_modules"]);

/** A cargo workspace: its root folder, and how deep below the folder that was searched it lies (0 also for above). */
export interface Found {
  readonly root: string;
  readonly depth: number;
}

export interface Discovery {
  readonly found: readonly Found[];
  /** The search ended before everything was seen. */
  readonly isCut: boolean;
}

/** The cargo workspaces in a folder, or around it. Gives way to other work between folders. */
export async function discover(folder: string): Promise<Discovery> {
  const roots = new Map<string, number>();
  const add = (manifest: string, depth: number): void => {
    const root = path.dirname(workspaceManifest(manifest) ?? manifest);
    roots.set(root, Math.min(depth, roots.get(root) ?? depth));
  };
  const around = ancestors(folder).map((directory) => path.join(directory, "Cargo.toml"));
  const own = around.find((manifest) => fs.existsSync(manifest));
  if (own !== undefined) add(own, 0);
  let seen = 0;
  let level = [folder];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0 && seen < MAX_FOLDERS; depth++) {
    const next: string[] = [];
    for (const directory of level) {
      if (++seen > MAX_FOLDERS) break;
      for (const entry of await list(directory)) {
        if (entry.isFile() && entry.name === "Cargo.toml") add(path.join(directory, entry.name), depth);
        const isHidden = entry.name.startsWith(".") || IGNORED.has(entry.name);
        if (entry.isDirectory() && !isHidden) next.push(path.join(directory, entry.name));
      }
    }
    level = next;
  }
  const found = [...roots].map(([root, depth]) => ({ root, depth }));
  return { found: found.sort((a, b) => a.depth - b.depth || (a.root < b.root ? -1 : 1)), isCut: seen > MAX_FOLDERS };
}

async function list(directory: string): Promise<fs.Dirent[]> {
  try {
    return await fs.promises.readdir(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
