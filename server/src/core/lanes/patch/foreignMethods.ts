/**
 * Methods of the crates that a crate uses, as far as they may come before a method of a type of its own: those of traits that are there
 * for any type, and of types that deref to any type. Read off their sources' texts, in doubt more of them than there are.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CompiledText } from "../../edits/baseline.js";
import type { UnitRecord } from "../../units/record.js";
import { registrySources } from "./upstream.js";

/** What an own crate's texts say about traits of others. */
export interface OwnTexts {
  readonly texts: readonly CompiledText[];
  /** Names of other crates may come by a glob import. */
  readonly hasForeignGlobs: boolean;
}

/** By name of a method, the names of who has it. */
type Havers = Map<string, Set<string>>;

/** What one package has. */
interface Facts {
  readonly ofTraits: Havers;
  readonly ofTypes: Havers;
  /** Types that deref to what they are generic over; `?`: any may. */
  readonly pointers: Set<string>;
  /** Traits with impls that are generic. */
  readonly general: Set<string>;
}

/** The methods of other crates. */
export class ForeignMethods {
  private readonly packages: readonly Facts[];

  /** `folders`: where libraries of registries lie, with what they were made of; `cwd`: where cargo runs rustc. */
  constructor(folders: readonly string[], cwd: string, workspace: readonly CompiledText[] = []) {
    const own = noFacts();
    for (const { text } of workspace) merge(own, factsOf(text));
    this.packages = [own, ...packagesOf(sourcesIn(folders, cwd))];
  }

  /** Whether another crate may have a method that comes before one of this name. */
  mayComeFirst(name: string, { texts, hasForeignGlobs }: OwnTexts): boolean {
    const all = this.packages;
    const isPointers = all.some(({ ofTypes, pointers }) => {
      const types = ofTypes.get(name);
      return types !== undefined && (pointers.has("?") || [...types].some((type) => pointers.has(type)));
    });
    if (isPointers) return true;
    const traits = new Set(all.flatMap(({ ofTraits }) => [...(ofTraits.get(name) ?? [])]));
    return [...traits].some((trait) => {
      const near = texts.filter(({ text }) => text.includes(trait));
      const isNamed = near.some(({ text }) => new RegExp(`\\b${trait}\\b`).test(text));
      if (!isNamed) return hasForeignGlobs && all.some(({ general }) => general.has(trait));
      const own = new RegExp(`\\b${trait}\\b[^;{]*\\bfor\\b|\\bderive\\s*\\([^)]*\\b${trait}\\b`);
      return all.some(({ general }) => general.has(trait)) || near.some(({ text }) => own.test(text));
    });
  }
}

/** So many files are read ahead at once: some milliseconds' work. */
const AT_ONCE = 16;

/** Reads the sources of a unit's libraries before the first edit needs what they say, a few at a time. Ends early when the signal aborts. */
export async function readForeignMethods(
  { externs, invocation: { cwd } }: UnitRecord,
  signal: AbortSignal,
): Promise<void> {
  const libraries = externs.filter(({ path: file, unit }) => unit === null && file !== "");
  const folders = new Set(libraries.map(({ path: file }) => path.dirname(path.resolve(cwd, file))));
  const files = sourcesIn([...folders], cwd).filter((file) => !known.has(file));
  for (let at = 0; at < files.length && !signal.aborted; at += AT_ONCE) {
    for (const file of files.slice(at, at + AT_ONCE)) factsOfFile(file);
    await nextTurn();
  }
}

function sourcesIn(folders: readonly string[], cwd: string): readonly string[] {
  return [...new Set(folders.flatMap((folder) => (fs.existsSync(folder) ? registrySources(folder, cwd) : [])))];
}

/** What was put together last, and of which files: mostly the same ones are asked about. */
let last: { readonly key: string; readonly packages: readonly Facts[] } | undefined;

function packagesOf(files: readonly string[]): readonly Facts[] {
  const key = files.join("\n");
  if (last?.key === key) return last.packages;
  const packages = new Map<string, Facts>();
  for (const file of files) {
    const name = packageOf(file);
    const facts = packages.get(name) ?? noFacts();
    packages.set(name, facts);
    merge(facts, factsOfFile(file));
  }
  last = { key, packages: [...packages.values()] };
  return last.packages;
}

/** By file: what cargo has fetched stays as it is. */
const known = new Map<string, Facts>();

function factsOfFile(file: string): Facts {
  const facts = known.get(file) ?? factsOf(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");
  known.set(file, facts);
  return facts;
}

function noFacts(): Facts {
  return { ofTraits: new Map(), ofTypes: new Map(), pointers: new Set(), general: new Set() };
}

function packageOf(file: string): string {
  return /^.*?[\\/](?:registry[\\/]src|git[\\/]checkouts)(?:[\\/][^\\/]+){2}/.exec(file)?.[0] ?? path.dirname(file);
}

const PLACES =
  /\b(?:trait\s+(?<trait>\w+)|impl\b(?<impl>(?:\[[^\]]*\]|[^{};[])*)\{|fn\s+(?<fn>\w+)\s*(?:<[^(){}]*>)?\s*\(\s*(?:&\s*(?:'\w+\s+)?)?(?:mut\s+)?self\b)/g;

/** So far behind an impl of `Deref` stands what it derefs to. */
const MAX_TARGET = 400;

function factsOf(source: string): Facts {
  const facts = noFacts();
  if (!/\bself\b|\bimpl\b/.test(source)) return facts;
  const text = source.replace(/^[ \t]*\/\/.*$/gm, "");
  if (/\bderive\s*\([^)]*\bDeref/.test(text)) facts.pointers.add("?");
  let havers: Havers | undefined;
  let haver = "";
  for (const { index, 0: whole, groups = {} } of text.matchAll(PLACES)) {
    const { trait, impl, fn } = groups;
    if (trait !== undefined) [havers, haver] = [facts.ofTraits, trait];
    else if (impl !== undefined) {
      // (In a result, or a parameter, it is no item.)
      if (!/(^|[{};\]\n]|\bunsafe)\s*$/.test(text.slice(Math.max(0, index - 32), index))) continue;
      const [of, self = of] = impl.replace(/\bwhere\b[^]*$/, "").split(/\sfor\s(?!\s*<)/);
      const isGeneral = /^\s*<(?:[^<>]*[<,\s])?(?!')[\p{Lu}$]/u.test(impl) || /^\s*[&$]/.test(self ?? "");
      haver = nameOf(self ?? "");
      havers = self === of ? facts.ofTypes : undefined;
      if (self === of || !isGeneral) continue;
      const name = nameOf(of ?? "");
      facts.general.add(name);
      const end = index + whole.length;
      // A slice has no methods of the user's.
      const isOfSlice = /^\s*(#\[\w+\]\s*)*type\s+Target\s*=\s*(\[|str\b)/.test(text.slice(end, end + MAX_TARGET));
      if (name === "Deref" && !isOfSlice) facts.pointers.add(haver === "" ? "?" : haver);
    } else if (fn !== undefined && havers !== undefined) havers.set(fn, (havers.get(fn) ?? new Set()).add(haver));
  }
  return facts;
}

/** The last name of a path, behind what an impl is generic over. */
function nameOf(header: string): string {
  let depth = 0;
  let out = "";
  for (let i = 0; i < header.length; i++) {
    const character = header[i] ?? "";
    if (character === "<") depth++;
    else if (character === ">" && header[i - 1] !== "-") depth--;
    else if (depth === 0) out += character;
  }
  return /(\w+)\s*$/.exec(out)?.[1] ?? "";
}

function merge(into: Facts, from: Facts): void {
  for (const key of ["ofTraits", "ofTypes"] as const) {
    for (const [name, havers] of from[key]) {
      const all = into[key].get(name) ?? new Set();
      for (const haver of havers) all.add(haver);
      into[key].set(name, all);
    }
  }
  for (const key of ["pointers", "general"] as const) for (const name of from[key]) into[key].add(name);
}
