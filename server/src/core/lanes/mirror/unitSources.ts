/**
 * What is known of a unit's sources as a whole, for whoever changes texts of them: which may be read as data, whether the crate does
 * without std, which lints its attributes deny, and which functions it was found not to compile without.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { Refusal, Refused, refuse } from "../../edits/refusal.js";
import type { FunctionName } from "../../source/functions.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { type SourceText, readSource } from "../../source/sourceText.js";
import { cargoHome } from "../../support/environment.js";
import { commonAncestor, digest, isWithin, readJson, writeAtomic } from "../../support/files.js";
import type { Layout } from "../../support/layout.js";
import { FileStamp, NO_STAMP, fileStamp, isSameStamp } from "../../support/stamps.js";
import { type Invocation, unitEnvironment } from "../../units/invocation.js";
import type { UnitRecord } from "../../units/record.js";
import { includesOf } from "./includes.js";

/** The common folder of the sources must be at least this deep: a mirror of a folder above it would be one of the whole machine. */
const MIN_DEPTH = 2;

/** What other files have to know of one. */
const SourceFacts = z.object({
  /** The file as it was when it was read; `NO_STAMP` if it has changed since. */
  original: FileStamp,
  /** Names of files that its `include!`, `include_str!` and `include_bytes!` read. */
  included: z.array(z.string()),
  /** One of these has a computed path. */
  includesOthers: z.boolean(),
  /** Names of Rust files that its strings mention, which such a path may lead to. */
  mentions: z.array(z.string()),
  /** `#![no_std]`, perhaps under a condition. */
  isNoStd: z.boolean(),
  /** Lints that its attributes deny or forbid. */
  denied: z.array(z.string()),
});
type SourceFacts = z.infer<typeof SourceFacts>;

const State = z.object({
  version: z.literal(2),
  /** Digest of the invocation: another command line may need other bodies. */
  invocation: z.string(),
  files: z.record(z.string(), SourceFacts),
  /** Functions without whose bodies the unit does not compile. `path` "*": all of the file. */
  learned: z.array(z.object({ file: z.string(), path: z.string() })),
});
type State = z.infer<typeof State>;

export class UnitSources {
  /** The unit's own sources: no build script's output, no registry crate's. */
  readonly files: readonly string[];
  /** The innermost folder that holds all of the unit. */
  readonly original: string;
  private readonly own: ReadonlySet<string>;
  private readonly state: State;
  /** Base names of files that may be read as data. */
  private readAsData: ReadonlySet<string>;
  /** The texts of edited files, as they were read when the edit was found. */
  private edited: ReadonlyMap<string, SourceText> = new Map();

  /** `stateFile`: what is remembered from run to run. `env`: the user's. Throws `Refused` when the sources lie too far apart to be mirrored. */
  constructor(
    private readonly stateFile: string,
    record: UnitRecord,
    private readonly cache: SourceCache,
    env: NodeJS.ProcessEnv,
  ) {
    const { invocation } = record;
    const key = invocationDigest(invocation);
    const state = readJson(stateFile, State);
    this.state = state?.invocation === key ? state : { version: 2, invocation: key, files: {}, learned: [] };
    const isOwn = ownFilesOf(invocation, env);
    const inputs = record.inputs.map((input) => input.path).filter(isOwn);
    this.original = commonAncestor([invocation.cwd, ...inputs.map((file) => path.dirname(file))]);
    if (this.original.split("/").length <= MIN_DEPTH) refuse("scattered", invocation.id);
    this.files = inputs.filter((file) => file.endsWith(".rs"));
    this.own = new Set(this.files);
    this.readAsData = this.mentionedAsData();
  }

  /** Whether a file is one of the unit's own sources. */
  has(file: string): boolean {
    return this.own.has(file);
  }

  /** Whether the crate, as far as can be seen, does without std and so without what a static library needs. */
  get isNoStd(): boolean {
    return this.facts.some((file) => file.isNoStd);
  }

  /** Lints that attributes anywhere in the unit deny or forbid. */
  get denied(): string[] {
    return [...new Set(this.facts.flatMap((file) => file.denied))];
  }

  /**
   * Whether a file's text may be read as data. No telling what an `include_str!` with a computed path reads, so it is enough
   * that the unit has such a macro and a string with the file's name. Where all paths are known, their last names count.
   */
  isIncluded(file: string): boolean {
    return this.readAsData.has(path.basename(file));
  }

  /** Functions without whose bodies the unit does not compile, as far as that is known. */
  get learned(): readonly FunctionName[] {
    return [...this.state.learned];
  }

  /** Keeps functions whole from now on. Returns whether any of them was not kept before. */
  learn(functions: readonly FunctionName[]): boolean {
    const known = new Set(this.state.learned.map(functionKey));
    const news = functions.filter((fn) => !known.has(functionKey(fn)) && !known.has(functionKey({ ...fn, path: "*" })));
    this.state.learned.push(...new Map(news.map((fn) => [functionKey(fn), fn])).values());
    this.save();
    return news.length > 0;
  }

  /** Goes back to the functions that were kept whole earlier: keeping more has not helped. */
  unlearn(learned: readonly FunctionName[]): void {
    this.state.learned = [...learned];
    this.save();
  }

  /** Looks at the sources again. `edited`: files that were read already. */
  refresh(edited: readonly SourceText[] = []): void {
    this.edited = new Map(edited.map((read) => [read.file, read]));
    for (const file of Object.keys(this.state.files)) {
      if (!this.has(file)) Reflect.deleteProperty(this.state.files, file);
    }
    for (const file of this.files) this.refreshFile(file);
    this.readAsData = this.mentionedAsData();
  }

  save(): void {
    writeAtomic(this.stateFile, JSON.stringify(this.state));
  }

  /** The text of a file: of an edited one as it was read when the edit was found; undefined when it is no text. */
  textOf(file: string): string | undefined {
    return this.edited.get(file)?.text ?? readSource(file)?.text;
  }

  /** Whether the file is an edited one, whose text was read when the edit was found. */
  isEdited(file: string): boolean {
    return this.edited.has(file);
  }

  /** The file as it was when it was looked at last; undefined for one that is gone. */
  stampOf(file: string): FileStamp | undefined {
    return this.state.files[file]?.original;
  }

  private get facts(): SourceFacts[] {
    return Object.values(this.state.files);
  }

  private mentionedAsData(): ReadonlySet<string> {
    const { facts } = this;
    const hasOthers = facts.some(({ includesOthers }) => includesOthers);
    return new Set(facts.flatMap(({ included, mentions }) => (hasOthers ? [...included, ...mentions] : included)));
  }

  private refreshFile(file: string): void {
    const edited = this.edited.get(file);
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) {
      Reflect.deleteProperty(this.state.files, file);
      return;
    }
    const onDisk = fileStamp(stat);
    if (edited === undefined && isSameStamp(this.stampOf(file), onDisk)) return;
    const text = edited?.text ?? readSource(file)?.text;
    const outline = text === undefined ? undefined : this.cache.get(file, text).outline;
    const includes = includesOf(text ?? "");
    this.state.files[file] = {
      // A file that was saved again since the edit was found is looked at again next time.
      original: edited === undefined || isSameStamp(edited.stamp, onDisk) ? onDisk : NO_STAMP,
      included: [...includes.names],
      includesOthers: includes.hasOthers,
      mentions: mentionedFiles(text ?? ""),
      isNoStd: text !== undefined && /#!\s*\[[^\]]*\bno_(?:std|core)\b/.test(text),
      denied: outline === undefined || typeof outline === "string" ? [] : [...outline.denied],
    };
  }
}

/** The sources of a target directory's units, each as long as the unit stays what it is. */
export class AllUnitSources {
  private readonly known = new Map<string, { readonly record: UnitRecord; readonly sources: UnitSources }>();

  constructor(
    private readonly layout: Layout,
    private readonly cache: SourceCache,
    /** The user's. */
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** A unit's sources, or why its texts cannot be changed in a mirror. */
  of(record: UnitRecord): UnitSources | Refusal {
    const { key } = record.invocation;
    const known = this.known.get(key);
    if (known?.record === record) return known.sources;
    if (known !== undefined && isSameUnit(known.record, record)) {
      // The next comparison is with the record at hand, and most often with this one.
      this.known.set(key, { record, sources: known.sources });
      return known.sources;
    }
    try {
      const stateFile = path.join(this.layout.bodyLane(key), "sources.json");
      const sources = new UnitSources(stateFile, record, this.cache, this.env);
      this.known.set(key, { record, sources });
      return sources;
    } catch (error) {
      if (error instanceof Refused) return error.refusal;
      throw error;
    }
  }

  /** Functions without whose bodies a unit does not compile, as far as that is known. */
  learned(record: UnitRecord): readonly FunctionName[] {
    const sources = this.of(record);
    return sources instanceof Refusal ? [] : sources.learned;
  }

  /** What a patch crate of a unit has to know of the unit's sources. `edited`: files that were read already. */
  facts(record: UnitRecord, edited: readonly SourceText[] = []): UnitFacts {
    const sources = this.of(record);
    if (sources instanceof Refusal) return { isNoStd: false, denied: [], isReadAsData: () => true };
    sources.refresh(edited);
    const { isNoStd, denied } = sources;
    return { isNoStd, denied, isReadAsData: (file) => sources.isIncluded(file) };
  }
}

export interface UnitFacts {
  /** It does without std, as far as can be seen. */
  readonly isNoStd: boolean;
  /** Lints that its attributes deny or forbid. */
  readonly denied: readonly string[];
  /** Whether a source's text may be read as data. */
  readonly isReadAsData: (file: string) => boolean;
}

export function functionKey({ file, path: name }: FunctionName): string {
  return `${file}\0${name}`;
}

export function invocationDigest({ command, args, cwd, env }: Invocation): string {
  return digest(JSON.stringify([command, args, cwd, Object.entries(env).sort()]));
}

function isSameUnit(a: UnitRecord, b: UnitRecord): boolean {
  const key = ({ invocation, inputs }: UnitRecord): string => {
    return JSON.stringify([invocation, inputs.map((input) => input.path)]);
  };
  return key(a) === key(b);
}

/** Files that lie where the user keeps sources: no build script's output, nothing that cargo or rustup has downloaded. */
function ownFilesOf(invocation: Invocation, base: NodeJS.ProcessEnv): (file: string) => boolean {
  const env = unitEnvironment(invocation, base);
  const home = cargoHome(env);
  const folders = [env["OUT_DIR"] ?? [], path.join(home, "registry"), path.join(home, "git")].flat();
  return (file) => !folders.some((folder) => isWithin(file, folder)) && !file.includes("/lib/rustlib/src/rust/");
}

/** Base names of Rust files in a text's strings, but for those of `#[path = "…"]`. */
function mentionedFiles(text: string): string[] {
  const found = [...text.matchAll(/(path\s*=\s*)?"([^"\n]*\.rs)"/g)];
  return [...new Set(found.flatMap(([, isPath, file]) => (isPath === undefined ? [path.basename(file ?? "")] : [])))];
}
