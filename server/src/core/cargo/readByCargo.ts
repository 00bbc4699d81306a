/**
 * What builds of cargo's own have read, by the rules that they leave (`*.d`), so that a program which cargo builds and runs again after
 * changes does not do so for what it writes itself.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { type ManifestOptions, type Metadata, loadMetadata, localPackages } from "./cargo.js";
import { isWithin, list, readText, statOf } from "../support/files.js";
import { parseDepInfo } from "../units/depInfo.js";

/** The rules in a folder. */
interface FolderRules {
  readonly mtimeMs: number;
  readonly rules: ReadonlyMap<string, Rule>;
}

interface Rule {
  readonly mtimeMs: number;
  readonly files: readonly string[];
}

const NO_RULES: FolderRules = { mtimeMs: Number.NaN, rules: new Map() };

/** Rules are looked for no more often: a program may write a thousand times a second. */
const REFRESH_MS = 1000;

/** As long as there are none: the program may write as soon as it is built. */
const FIRST_REFRESH_MS = 20;

/** File systems' clocks go in steps that are shorter than this. */
const CLOCK_MS = 50;

export class ReadByCargo {
  /** The folders of the workspace and of the packages in it and beside it. */
  readonly sources: readonly string[];
  /** Folders of packages whose build scripts may read anything in them. */
  private readonly scripted: readonly string[];
  /** The folders that cargo writes to. */
  readonly products: readonly string[];
  private readonly root: string;
  private rules: ReadonlyMap<string, FolderRules> = new Map();
  private known: ReadonlySet<string> = new Set();
  private refreshedMs = Number.NEGATIVE_INFINITY;

  constructor(metadata: Metadata) {
    const { target_directory: target, build_directory: build = target } = metadata;
    this.products = [...new Set([target, build])];
    this.root = metadata.workspace_root;
    const packages = localPackages(metadata);
    this.sources = [...new Set([this.root, ...packages.map((item) => path.dirname(item.manifest_path))])];
    this.scripted = packages.flatMap(({ manifest_path: manifest, targets }) =>
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

  /** Whether a build may have read a file, as long as there was one. */
  has(file: string): boolean {
    if (this.scripted.some((folder) => isWithin(file, folder))) return true;
    this.refresh();
    return this.known.size === 0 || [file, ...parentsOf(file)].some((place) => this.known.has(place));
  }

  private refresh(): void {
    const now = performance.now();
    if (now - this.refreshedMs < (this.known.size > 0 ? REFRESH_MS : FIRST_REFRESH_MS)) return;
    this.refreshedMs = now;
    // As long as nothing is known, anything may have been read.
    this.known = new Set();
    const places = this.products.map((folder) => placesIn(folder).map((place) => [place, this.look(place)] as const));
    this.rules = new Map(places.flat());
    // Somewhere it is not as expected.
    if (places.some((found) => found.every(([, { rules }]) => rules.size === 0))) return;
    const rules = places.flat().flatMap(([, place]) => [...place.rules.values()]);
    this.known = new Set(rules.flatMap(({ files }) => files));
  }

  /** A rule is written again when rustc makes something in the same folder: one that is as it was is not read again. */
  private look(folder: string): FolderRules {
    const before = this.rules.get(folder) ?? NO_RULES;
    const mtimeMs = lastWritten(folder);
    if (mtimeMs === undefined) return NO_RULES;
    if (mtimeMs === before.mtimeMs) return before;
    const rules = new Map<string, Rule>();
    for (const file of entriesOf([folder]).filter((entry) => entry.endsWith(".d"))) {
      const written = lastWritten(file);
      if (written === undefined) continue;
      const known = before.rules.get(file);
      rules.set(file, known?.mtimeMs === written ? known : { mtimeMs: written, files: this.filesOf(file) });
    }
    return { mtimeMs, rules };
  }

  private filesOf(rule: string): string[] {
    return parseDepInfo(readText(rule) ?? "").files.map((file) => path.resolve(this.root, file));
  }
}

/** A file that was written within the last tick of the file system's clock may be written again without a newer time: it counts as changed. */
function lastWritten(file: string): number | undefined {
  const mtimeMs = statOf(file)?.mtimeMs;
  return mtimeMs !== undefined && mtimeMs > Date.now() - CLOCK_MS ? Number.NaN : mtimeMs;
}

/** Where there are rules in a folder that cargo builds in: of programs (`PROFILE/x.d`) and of units (`PROFILE/deps/x.d`). */
function placesIn(folder: string): string[] {
  // Profiles are in a folder for the target, or not.
  const first = entriesOf([folder]);
  const profiles = [...first, ...entriesOf(first)].filter((profile) => fs.existsSync(path.join(profile, "deps")));
  return profiles.flatMap((profile) => [profile, path.join(profile, "deps"), path.join(profile, "examples")]);
}

function entriesOf(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => list(folder).map((name) => path.join(folder, name)));
}

function parentsOf(file: string): string[] {
  const parent = path.dirname(file);
  return parent === file ? [] : [parent, ...parentsOf(parent)];
}
