/**
 * What builds of cargo's own have read, by the rules that they leave (`*.d`), so that a program which cargo builds and runs again after
 * changes does not do so for what it writes itself.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { type ManifestOptions, type Metadata, loadMetadata, localPackages } from "./cargo.js";
import { isWithin, list, readText } from "../support/files.js";
import { parseDepInfo } from "../units/depInfo.js";

/** Rules are looked for no more often: a program may write a thousand times a second. */
const REFRESH_MS = 1000;

export class ReadByCargo {
  /** Folders of packages whose build scripts may read anything in them. */
  private readonly scripted: readonly string[];
  private readonly folders: readonly string[];
  private readonly root: string;
  private readonly rules = new Map<string, { readonly mtimeMs: number; readonly files: readonly string[] }>();
  private known: ReadonlySet<string> = new Set();
  private refreshedMs = Number.NEGATIVE_INFINITY;

  constructor(metadata: Metadata) {
    const { target_directory: target, build_directory: build = target } = metadata;
    this.folders = [...new Set([target, build])];
    this.root = metadata.workspace_root;
    this.scripted = localPackages(metadata).flatMap(({ manifest_path: manifest, targets }) =>
      targets.some(({ kind }) => kind.includes("custom-build")) ? [path.dirname(manifest)] : [],
    );
  }

  /** Undefined where cargo cannot tell. */
  static async of(options: ManifestOptions, env: NodeJS.ProcessEnv): Promise<ReadByCargo | undefined> {
    return loadMetadata(options, [], env).then(
      (metadata) => new ReadByCargo(metadata),
      () => undefined,
    );
  }

  /** The folders that cargo writes to. */
  get products(): readonly string[] {
    return this.folders;
  }

  /** Whether a build may have read a file, as long as there was one. */
  has(file: string): boolean {
    if (this.scripted.some((folder) => isWithin(file, folder))) return true;
    this.refresh();
    return this.known.size === 0 || [file, ...parentsOf(file)].some((place) => this.known.has(place));
  }

  private refresh(): void {
    const now = performance.now();
    if (now - this.refreshedMs < REFRESH_MS) return;
    this.refreshedMs = now;
    const known = new Set<string>();
    const rules = this.folders.map(rulesIn);
    // Somewhere it is not as expected.
    if (rules.some((found) => found.length === 0)) return;
    for (const rule of rules.flat()) {
      const mtimeMs = fs.statSync(rule, { throwIfNoEntry: false })?.mtimeMs;
      if (mtimeMs === undefined) continue;
      let read = this.rules.get(rule);
      if (read?.mtimeMs !== mtimeMs) {
        const { files } = parseDepInfo(readText(rule) ?? "");
        read = { mtimeMs, files: files.map((file) => path.resolve(this.root, file)) };
        this.rules.set(rule, read);
      }
      for (const file of read.files) known.add(file);
    }
    this.known = known;
  }
}

/** The rules in a folder that cargo builds in: of programs (`PROFILE/x.d`) and of units (`PROFILE/deps/x.d`). */
function rulesIn(folder: string): string[] {
  // Profiles are in a folder for the target, or not.
  const first = entriesOf([folder]);
  const profiles = [...first, ...entriesOf(first)].filter((profile) => fs.existsSync(path.join(profile, "deps")));
  const places = profiles.flatMap((profile) => [profile, path.join(profile, "deps"), path.join(profile, "examples")]);
  return entriesOf(places).filter((file) => file.endsWith(".d"));
}

function entriesOf(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => list(folder).map((name) => path.join(folder, name)));
}

function parentsOf(file: string): string[] {
  const parent = path.dirname(file);
  return parent === file ? [] : [parent, ...parentsOf(parent)];
}
