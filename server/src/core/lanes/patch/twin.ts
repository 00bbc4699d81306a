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
import { inspectArgs, isProgram } from "../../units/arguments.js";
import { parseDiagnostic } from "../../units/compile.js";
import { digest, readText, commonAncestor } from "../../support/files.js";
import type { UnitRecord } from "../../units/record.js";
import { type Replacement, blanksOf, replaced } from "../../source/blank.js";
import { Mirror } from "../mirror/mirror.js";
import type { BodyRef } from "../../source/functions.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { type LaneOptions, type MirrorCrate, compileMirror } from "../mirror/compileMirror.js";
import { deniedByDefault } from "../mirror/lints.js";
import { type ModuleFacts, allMacros, factsOf } from "./moduleFacts.js";
import { fileNamed, offsetAt, offsetBefore } from "./rustcPlaces.js";
import {
  type ModulePath,
  type RestrictedName,
  MARKED_LINT,
  isOfOwnCrate,
  isWithin,
  markedUse,
  mayBeMarked,
} from "./privacy.js";
import { type TwinContext, publicized } from "./publicize.js";
import { type Step, moduleTree, pathOf, stepsAt } from "./moduleTree.js";
import { Refusal } from "../../edits/refusal.js";

export interface TwinOptions extends LaneOptions {
  /** Whether a function is known to be one without whose body the crate does not compile. */
  readonly isNeeded: (file: string, path: string) => boolean;
}

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
}

/** Whether the twin has nothing of a function's body. */
export function isAbsentFromTwin(fn: BodyRef): boolean {
  return isPatchable(fn) && !fn.isAsync;
}

/** Whether the function may be compiled apart from its crate. */
export function isPatchable(fn: BodyRef): boolean {
  return mayBeBlanked(fn) && fn.exposed === undefined && !fn.isNested;
}

/**
 * Whether a body holds items that are others in another crate. (A function, a constant or a static in a body is seen by nobody else, and
 * comes along.)
 */
export function holdsItems({ hasItems, hasOtherItems, isAsync, isRewritten }: BodyRef): boolean {
  return hasOtherItems || (hasItems && (isAsync || isRewritten));
}

/** Whether rustc hands the body on to other crates. */
function mayBeBlanked(fn: BodyRef): boolean {
  const isInline = fn.inline !== undefined && fn.inline !== "never";
  return !fn.isGeneric && !isInline && !fn.isTraitDefault;
}

/** Compiles a unit's twin, or says why there is none. Rejects with `Cancelled`. */
export async function compileTwin(
  directory: string,
  record: UnitRecord,
  cache: SourceCache,
  options: TwinOptions,
): Promise<Twin | Refusal> {
  const { invocation } = record;
  const inputs = record.inputs.filter(({ path: file }) => file.endsWith(".rs"));
  const original = commonAncestor([invocation.cwd, ...inputs.map((input) => path.dirname(input.path))]);
  const mirror = new Mirror(path.join(directory, "source"), original);
  const files = new Map<string, string>();
  for (const { path: file, hash } of inputs) {
    const text = readText(file);
    // A file that is gone has changed, too.
    if (text === undefined || digest(text) !== hash) return new Refusal("twinChanged");
    files.set(file, text);
  }
  const facts = new Map<string, ModuleFacts>();
  for (const [file, text] of files) {
    const { root, outline } = cache.get(file, text);
    if (root === undefined)
      return typeof outline === "string" ? new Refusal("unreadable", outline) : new Refusal("twinUnparsed");
    const found = factsOf(text, root);
    if (found instanceof Refusal) return found;
    facts.set(file, found);
  }
  const defined = [...facts.values()].flatMap(allMacros);
  const macros = new Set(defined.flatMap(({ name, isExported }) => (isExported ? [] : name)));
  const ownMacros = new Set(defined.map(({ name }) => name));
  const { key } = invocation;
  const { crate, source: root, hasTestCode: hasTests, crateTypes, isTest } = inspectArgs(invocation.args);
  const isLibrary = !isProgram({ isTest, crateTypes });
  const source = path.resolve(invocation.cwd, root ?? "");
  const tree = moduleTree(source, (file) => facts.get(file));
  mirror.sync([...files.keys()], [invocation.cwd]);
  const names = { macros, ownMacros, hasTests, unit: key, isLibrary };
  const texts = new Map<string, TwinText>();
  for (const [file, text] of files) {
    const twin = twinText({ file, text, steps: tree.get(file) }, cache, names, options.isNeeded);
    // What is private in it would stay so, and nobody knows what that is.
    if (twin === undefined && tree.has(file)) return new Refusal("twinUnread");
    if (twin !== undefined) texts.set(file, twin);
    mirror.write(file, twin?.text);
  }

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
    extra: ["--cap-lints=allow", MARKED_LINT],
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
    root: source,
    texts: new Map([...files].map(([file, text]) => [file, new Set([digest(text)])])),
    restricted: [...texts.values()].flatMap(({ restricted }) => restricted),
    deniedByDefault: await deniedByDefault(record, options.env),
    isBehind: false,
  };
}

/** Gives the metadata a name of its own: a run that is killed must not leave another one in a twin's place. */
function keepMetadata(metadata: string, crate: string, bitcode: string): string {
  const directory = path.dirname(metadata);
  const kept = path.join(directory, `lib${crate}-${path.basename(bitcode)}.rmeta`);
  fs.renameSync(metadata, kept);
  for (const name of fs.readdirSync(directory)) {
    const file = path.join(directory, name);
    if (name.endsWith(".rmeta") && file !== kept) fs.rmSync(file, { force: true });
  }
  return kept;
}

/** What became of a file. */
interface TwinText {
  readonly text: string;
  readonly restricted: readonly RestrictedName[];
  /** The module that an offset in the text is part of; undefined: it is not known. */
  readonly moduleAt: (offset: number) => ModulePath | undefined;
}

interface TwinFile {
  readonly file: string;
  readonly text: string;
  readonly steps: readonly Step[] | undefined;
}

function twinText(
  { file, text, steps }: TwinFile,
  cache: SourceCache,
  crate: Omit<TwinContext, "isWhole" | "module">,
  isNeeded: TwinOptions["isNeeded"],
): TwinText | undefined {
  const { outline, root } = cache.get(file, text);
  if (typeof outline === "string" || root === undefined) return undefined;
  const blanks = blanksOf(text, outline, (fn) => !mayBeBlanked(fn) || isNeeded(file, fn.path));
  const whole = new Set(blanks.whole.map(({ body }) => body.start));
  const isWhole = ({ start }: { start: number }): boolean => whole.has(start);
  const module = steps === undefined ? undefined : pathOf(steps);
  const { replacements, restricted } = publicized(text, root, { ...crate, isWhole, module });
  const all: readonly Replacement[] = [...blanks.replacements, ...replacements].sort(
    (a, b) => a.start - b.start || a.end - b.end,
  );
  return {
    text: replaced(text, all),
    restricted,
    moduleAt: (offset) => (steps === undefined ? undefined : pathOf(stepsAt(steps, offsetBefore(all, offset)))),
  };
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
