/** The sources of a crate's public twin: everything in them is public, and bodies may be blank. */
import * as path from "node:path";
import { Refusal } from "../../edits/refusal.js";
import { type Replacement, blanksOf, replaced } from "../../source/blank.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { commonAncestor, digest, readText } from "../../support/files.js";
import { inspectArgs, isProgram } from "../../units/arguments.js";
import type { UnitRecord } from "../../units/record.js";
import { Mirror } from "../mirror/mirror.js";
import { type ModuleFacts, allMacros, factsOf } from "./moduleFacts.js";
import { type Step, moduleTree, pathOf, stepsAt } from "./moduleTree.js";
import type { ModulePath, RestrictedName } from "./privacy.js";
import { type TwinContext, publicized } from "./publicize.js";
import { offsetBefore } from "./rustcPlaces.js";
import { mayBeBlanked } from "./exposedBodies.js";

export interface TwinSourceOptions {
  /** Whether a function keeps its body, although rustc does not hand it on. */
  readonly isNeeded: (file: string, path: string) => boolean;
}

export interface TwinSources {
  /** Where they lie. */
  readonly mirror: Mirror;
  /** The originals' texts, by absolute path. */
  readonly files: ReadonlyMap<string, string>;
  readonly facts: ReadonlyMap<string, ModuleFacts>;
  /** The crate's root, which is one of the originals. */
  readonly root: string;
  /** What became of those that could be read. */
  readonly texts: ReadonlyMap<string, TwinText>;
}

/** What became of a file. */
export interface TwinText {
  readonly text: string;
  readonly restricted: readonly RestrictedName[];
  /** The module that an offset in the text is part of; undefined: it is not known. */
  readonly moduleAt: (offset: number) => ModulePath | undefined;
}

/** Writes the sources of a unit's twin; or says why there can be none. */
export function twinSources(
  directory: string,
  record: UnitRecord,
  cache: SourceCache,
  options: TwinSourceOptions,
): TwinSources | Refusal {
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
  const { source, hasTestCode: hasTests, crateTypes, isTest } = inspectArgs(invocation.args);
  const root = path.resolve(invocation.cwd, source ?? "");
  const tree = moduleTree(root, (file) => facts.get(file));
  mirror.sync([...files.keys()], [invocation.cwd]);
  const isLibrary = !isProgram({ isTest, crateTypes });
  const names = { macros, ownMacros, hasTests, unit: invocation.key, isLibrary };
  const texts = new Map<string, TwinText>();
  for (const [file, text] of files) {
    const twin = twinText({ file, text, steps: tree.get(file) }, cache, names, options);
    // What is private in it would stay so, and nobody knows what that is.
    if (twin === undefined && tree.has(file)) return new Refusal("twinUnread");
    if (twin !== undefined) texts.set(file, twin);
    mirror.write(file, twin?.text);
  }
  return { mirror, files, facts, root, texts };
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
  { isNeeded }: TwinSourceOptions,
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
