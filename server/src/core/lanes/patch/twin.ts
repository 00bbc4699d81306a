/**
 * A crate's public twin: its sources with everything public and most bodies blanked, compiled to metadata. Patch crates are compiled
 * against it.
 *
 * It has the crate's name, types and symbols (a program's but for the hashes in them). Whole stay all bodies that rustc hands on to
 * other crates: generic, inline and const functions, `async fn`, what returns `impl Trait`. So it is the crate's
 * twin as long as nothing but other functions' bodies is edited.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { BitcodeFile } from "../../../../../shared/src/protocol.js";
import { inspectArgs } from "../../units/arguments.js";
import { parseDiagnostic } from "../../units/compile.js";
import { digest } from "../../support/files.js";
import type { UnitRecord } from "../../units/record.js";
import type { Mirror } from "../mirror/mirror.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { type LaneOptions, type MirrorCrate, compileMirror } from "../mirror/compileMirror.js";
import { deniedByDefault } from "../mirror/lints.js";
import type { ModuleFacts } from "./moduleFacts.js";
import { fileNamed, offsetAt } from "./rustcPlaces.js";
import {
  type ModulePath,
  type RestrictedName,
  MARKED_LINT,
  isOfOwnCrate,
  isWithin,
  markedUse,
  mayBeMarked,
} from "./privacy.js";
import { type TwinSourceOptions, type TwinText, twinSources } from "./twinSources.js";
import { Refusal } from "../../edits/refusal.js";

export interface TwinOptions extends LaneOptions, TwinSourceOptions {}

/** Which bodies a twin has: those that rustc hands on, all, or those that it hands on since it does not compile with all. */
export const TWIN_BODIES = ["exposed", "all", "onlyExposed"] as const;

/** Whatever a twin's lints are about, its crate was told of it. */
export const NO_LINTS = ["--cap-lints=allow"];

/** A twin that compiled. */
export interface Twin {
  /** The metadata, and the bitcode that came with it. */
  readonly metadata: string;
  readonly bitcode: readonly BitcodeFile[];
  /** The sources: what they consist of, by absolute path. */
  readonly facts: ReadonlyMap<string, ModuleFacts>;
  /** The crate's root. */
  readonly root: string;
  /** Names that are public here without a mark, and that not all of the crate may use. */
  readonly restricted: readonly RestrictedName[];
  /**
   * Digests of texts that it is the twin of, by file: of those that it was made of, and of those that differ from them
   * in bodies that it has not.
   */
  readonly texts: ReadonlyMap<string, Set<string>>;
  /** Lints that the compiler denies unless told otherwise: patch crates need not ask it. */
  readonly deniedByDefault: readonly string[];
  /** Bodies of `async fn`s were edited since it was made, none of which changed its future. */
  isBehind: boolean;
  /** See `wholeTwin.ts`. */
  readonly bodies: (typeof TWIN_BODIES)[number];
  /** Of one with all bodies: what it was before. The twins of crates that use it know that one, which is there sooner. */
  readonly exposed?: Pick<Twin, "metadata" | "bitcode"> | undefined;
}

/** Compiles a unit's twin, or says why there is none. Rejects with `Cancelled`. */
export async function compileTwin(
  directory: string,
  record: UnitRecord,
  cache: SourceCache,
  options: TwinOptions,
): Promise<Twin | Refusal> {
  const { key } = record.invocation;
  const sources = twinSources(directory, record, cache, options);
  if (sources instanceof Refusal) return sources;
  const { mirror, files, facts, root, texts } = sources;
  const { crate } = inspectArgs(record.invocation.args);
  const metadata = path.join(directory, `lib${crate}-next.rmeta`);
  const errors: string[] = [];
  let misused: string | undefined;
  const twin: MirrorCrate = {
    mirror,
    directory,
    metadata,
    incrementalDir: path.join(directory, "incremental"),
    crateType: () => "lib",
    isLibrary: true,
    extra: [...NO_LINTS, MARKED_LINT],
  };
  const { exit, keep } = await compileMirror(record, twin, { ...options, isBackground: true }, (line) => {
    if (mayBeMarked(line)) {
      if (!isOfOwnCrate(line, key)) misused ??= misusedBy(line, key, texts, mirror);
      return;
    }
    const diagnostic = parseDiagnostic(line);
    if (diagnostic?.level.startsWith("error") === true) errors.push(diagnostic.message);
  });
  if (exit.code !== 0) return new Refusal("twinError", errors[0] ?? "no reason is given");
  // What it hands on of its own, such as generic functions, would mean something else than the crate's.
  if (misused !== undefined) return new Refusal("privacy");
  const kept = keep();
  return {
    metadata: keepMetadata(metadata, crate, kept.directory),
    bitcode: kept.files,
    facts,
    root,
    texts: new Map([...files].map(([file, text]) => [file, new Set([digest(text)])])),
    restricted: [...texts.values()].flatMap(({ restricted }) => restricted),
    deniedByDefault: await deniedByDefault(record, options.env),
    isBehind: false,
    bodies: "exposed",
  };
}

/** Gives the metadata a name of its own: a run that is killed must not leave another one in a twin's place. */
export function keepMetadata(metadata: string, crate: string, bitcode: string): string {
  const directory = path.dirname(metadata);
  const kept = path.join(directory, `lib${crate}-${path.basename(bitcode)}.rmeta`);
  fs.renameSync(metadata, kept);
  for (const name of fs.readdirSync(directory)) {
    const file = path.join(directory, name);
    if (name.endsWith(".rmeta") && file !== kept) fs.rmSync(file, { force: true });
  }
  return kept;
}

/** What rustc tells of a use that the crate itself could not make, if it is one. */
function misusedBy(
  line: string,
  unit: string,
  texts: ReadonlyMap<string, TwinText>,
  mirror: Mirror,
): string | undefined {
  const diagnostic = parseDiagnostic(line);
  const use = diagnostic === undefined ? undefined : markedUse(diagnostic);
  if (use === undefined) return undefined;
  if (use.unit !== unit) return diagnostic?.message;
  const twin = texts.get(fileNamed(use.file, texts.keys(), mirror) ?? "");
  const module = twin?.moduleAt(offsetAt(twin.text, use.line, use.column));
  const modules = module === undefined ? includingModules(use.file, texts) : [module];
  const isOwn = modules.length > 0 && modules.every((it) => it !== undefined && isWithin(it, use.scope));
  return isOwn ? undefined : diagnostic?.message;
}

/**
 * The modules that a file may be part of which is none of its own: those in which files are included. None where the file may be one's
 * own all the same, which a macro declares.
 */
function includingModules(file: string, texts: ReadonlyMap<string, TwinText>): readonly (ModulePath | undefined)[] {
  const stem = path.basename(file, ".rs").replace(/\W/g, "\\W");
  const isNamed = new RegExp(`(?<![\\w/"])${stem}(?!\\w)|\\bpath\\s*=\\s*"[^"]*${stem}`);
  if ([...texts.values()].some(({ text }) => isNamed.test(text))) return [];
  return [...texts.values()].flatMap(({ text, moduleAt }) => {
    return [...text.matchAll(/\binclude(?!_(?:str|bytes)\b)\w*\s*!/g)].map(({ index }) => moduleAt(index));
  });
}
