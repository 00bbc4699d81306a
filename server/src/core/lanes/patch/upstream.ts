/**
 * The sources of crates whose macros somebody of the workspace has written: they may name what is the user's. (Those of a registry know
 * no such names.)
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { CompiledText } from "../../edits/baseline.js";
import { refuse } from "../../edits/refusal.js";
import { digest } from "../../support/files.js";
import { NO_STAMP } from "../../support/stamps.js";
import { parseDepInfo } from "../../units/depInfo.js";
import type { UnitRecord } from "../../units/record.js";

/** A source of a crate whose macros may be in use. */
export interface UpstreamText extends CompiledText {
  /** Of a library, only the definitions of its macros by example write anything; of procedural macros anything may. */
  readonly isProcMacros: boolean;
}

/** What is known of units. */
export interface KnownUnits {
  /** By its key. */
  readonly unitOf: (key: string) => UnitRecord | undefined;
  /** A source as it was compiled. */
  readonly textOf: (file: string) => CompiledText | undefined;
}

/** The sources of the workspace's crates that a unit uses, directly or not. Throws `Refused`. */
export function upstreamTexts(record: UnitRecord, { unitOf, textOf }: KnownUnits): readonly UpstreamText[] {
  const texts = new Map<string, UpstreamText>();
  const seen = new Set<string>();
  const visit = ({ externs, invocation: { cwd } }: UnitRecord): void => {
    for (const { path: file, unit } of externs) {
      if (file === "" || seen.has(file)) continue;
      seen.add(file);
      if (unit === null) {
        for (const source of macroSources(path.resolve(cwd, file), cwd, unitOf)) {
          texts.set(source, { ...readSource(source), isProcMacros: true });
        }
        continue;
      }
      const library = unitOf(unit) ?? refuse("unknownText", file);
      for (const input of library.inputs) {
        if (!input.path.endsWith(".rs")) continue;
        if (texts.get(input.path)?.isProcMacros === true) continue;
        const text = textOf(input.path) ?? refuse("unknownText", input.path);
        texts.set(input.path, { ...text, isProcMacros: false });
      }
      visit(library);
    }
  };
  visit(record);
  return [...texts.values()];
}

/**
 * The sources that make a procedural macro of the workspace; none for what is of a registry. Which crates a macro uses is not known, so
 * they may be any of those that lie beside it.
 */
function macroSources(library: string, cwd: string, unitOf: KnownUnits["unitOf"]): readonly string[] {
  const folder = path.dirname(library);
  const { name } = path.parse(library);
  const own = localSources(path.join(folder, `${name.replace(/^lib/, "")}.d`), cwd);
  if (own === undefined) refuse("unknownText", library);
  if (own.length === 0 || !library.endsWith(".so")) return own;
  // (The programs' own units are no part of a macro, unless it was built with one of them.)
  const mayBeUsed = (file: string): boolean => unitOf(path.parse(file).name)?.invocation.needsRlib !== false;
  const beside = fs.readdirSync(folder).filter((file) => file.endsWith(".d") && mayBeUsed(file));
  return [...own, ...beside.flatMap((file) => localSources(path.join(folder, file), cwd) ?? [])];
}

/** The sources of packages of registries of which the libraries in a folder were made. */
export function registrySources(folder: string, cwd: string): readonly string[] {
  const infos = fs.readdirSync(folder).filter((file) => file.endsWith(".d"));
  return infos.flatMap((file) => sourcesOf(path.join(folder, file), cwd)?.foreign ?? []);
}

/** The folders in which the libraries of registries lie that a unit uses, or those of the workspace that it uses. Throws `Refused`. */
export function libraryFolders(record: UnitRecord, { unitOf }: Pick<KnownUnits, "unitOf">): readonly string[] {
  const folders = new Set<string>();
  const seen = new Set<string>();
  const visit = ({ externs, invocation: { cwd } }: UnitRecord): void => {
    for (const { path: file, unit } of externs) {
      if (file === "" || seen.has(file)) continue;
      seen.add(file);
      if (unit === null) folders.add(path.dirname(path.resolve(cwd, file)));
      else visit(unitOf(unit) ?? refuse("unknownText", file));
    }
  };
  visit(record);
  return [...folders];
}

interface KnownSources {
  readonly mtimeMs: number;
  /** Of no registry. */
  readonly local: readonly string[];
  readonly foreign: readonly string[];
}

/** By dep-info file. */
const known = new Map<string, KnownSources>();

/** The sources in a dep-info file; undefined when there is no such file. `cwd`: where cargo runs rustc. */
function sourcesOf(depInfo: string, cwd: string): KnownSources | undefined {
  const stat = fs.statSync(depInfo, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const last = known.get(depInfo);
  if (last?.mtimeMs === stat.mtimeMs) return last;
  const { files } = parseDepInfo(fs.readFileSync(depInfo, "utf8"));
  const sources = files.filter((file) => file.endsWith(".rs")).map((file) => path.resolve(cwd, file));
  const foreign = new Set(sources.filter((file) => isOfRegistry(file)));
  const local = sources.filter((file) => !foreign.has(file));
  const found = { mtimeMs: stat.mtimeMs, local, foreign: [...foreign] };
  known.set(depInfo, found);
  return found;
}

function localSources(depInfo: string, cwd: string): readonly string[] | undefined {
  return sourcesOf(depInfo, cwd)?.local;
}

function readSource(file: string): CompiledText {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) refuse("unknownText", file);
  const text = fs.readFileSync(file, "utf8");
  return { file, text, hash: digest(text), stamp: NO_STAMP };
}

/** How many folders a package's source may be below the package. */
const MAX_DEPTH = 12;

/** Whether a source is that of a package that cargo has fetched. */
function isOfRegistry(file: string): boolean {
  if (/[\\/](registry[\\/]src|git[\\/]checkouts)[\\/]/.test(file)) return true;
  let folder = path.dirname(file);
  for (let depth = 0; depth < MAX_DEPTH && folder !== path.dirname(folder); depth++) {
    if (fs.existsSync(path.join(folder, "Cargo.toml"))) return fs.existsSync(path.join(folder, ".cargo-checksum.json"));
    folder = path.dirname(folder);
  }
  return false;
}
