/** What a patch crate is to consist of: an edit, with everything that it concerns, and the texts of that. */
import { isUtf8 } from "node:buffer";
import * as fs from "node:fs";
import * as path from "node:path";
import type { UnitRecord } from "../../units/record.js";
import type { BodyEdit, CompiledText } from "../../edits/baseline.js";
import { editionOf, inspectArgs } from "../../units/arguments.js";
import type { BodyRef } from "../../source/functions.js";
import type { SourceText } from "../../source/sourceText.js";
import type { Source, SourceCache } from "../../source/sourceCache.js";
import { useLeaves } from "../../source/useTrees.js";
import type { Exports, PatchLink } from "./foreign.js";
import { type CrateMacros, macrosOf } from "./macroUses.js";
import { type MacroFacts, allMacros, factsOf } from "./moduleFacts.js";
import { plainTexts } from "./plainTexts.js";
import { nameOfOthers } from "./privacy.js";
import { mayHaveGlobsOf, meansUpstream } from "./upstreamPrivacy.js";
import { patchTexts } from "./patchText.js";
import type { PatchTexts } from "./patchedModule.js";
import type { PatchedFile } from "./patchedFile.js";
import { type Step, moduleTree, pathOf, stepsAt } from "./moduleTree.js";
import { hasMore, withMentions } from "./affected.js";
import { eitherWay } from "./editedGenerics.js";
import { answersOf } from "./answers.js";
import { isMadeHere } from "./instanceRoots.js";
import { type InstanceOptions, type InstancesOf, programInstances } from "./programInstances.js";
import { ForeignMethods } from "./foreignMethods.js";
import { Renaming } from "./changedMethods.js";
import { checkBodyItems } from "./bodyItems.js";
import { checkEffects } from "./newTypes.js";
import type { AffectedEdits } from "./mentions.js";
import type { CrateTexts, InputTexts } from "./crateTexts.js";
import { holdsItems, isPatchable } from "./exposedBodies.js";
import { type ChangedTests, changedTests, standIns } from "./harness.js";
import type { Twin } from "./twin.js";
import { libraryFolders, upstreamTexts } from "./upstream.js";
import { Refusal, Refused, refuse } from "../../edits/refusal.js";

/** What else a plan is made of. */
export interface PlanOptions extends InstanceOptions {
  /** The texts of all sources that the crate lane compiled. */
  readonly textOf: (file: string) => CompiledText | undefined;
  /** A source as it is now, where that is known; else as the crate lane compiled it. */
  readonly newestTextOf: (file: string) => CompiledText | undefined;
  /** Crates that use this one. */
  readonly dependents: () => readonly UnitRecord[];
  /** What was edited of a unit. */
  readonly editsOf: (record: UnitRecord) => readonly BodyEdit[];
  /** Undefined: it is compiled against the workspace's libraries as they are, and nobody is compiled with it. */
  readonly link?: PatchLink | undefined;
  /** The names of the program's tests, in a build of the crate's tests. Rejects with `Refused`. */
  readonly tests: () => Promise<readonly string[]>;
  /** All units, by their keys. */
  readonly unitOf: (key: string) => UnitRecord | undefined;
  /** See `CrateTexts`. */
  readonly isThorough: boolean;
  /** See `CrateTexts`. */
  readonly areItems: boolean;
}

export class PatchPlan {
  private readonly renaming: Renaming;
  /** See `leaveOut`. */
  private readonly unreachable = new Set<string>();

  private constructor(
    private readonly twin: Twin,
    private readonly cache: SourceCache,
    private readonly macros: readonly MacroFacts[],
    private readonly crate: CrateTexts,
    private readonly edited: readonly BodyEdit[],
    private readonly affected: AffectedEdits,
    private readonly instancesOf: InstancesOf,
    private readonly link: PatchLink | undefined,
    /** Undefined where the program has the same tests as before. */
    readonly tests: ChangedTests | undefined,
  ) {
    const texts = textsIn(crate);
    const crateMacros = (): CrateMacros => macrosOf(crate, cache);
    const linked = (): readonly CompiledText[] => [...crate.upstream(), ...crate.dependents().flatMap(textsIn)];
    const foreign = (link?.exports ?? []).flatMap(({ members }) => members);
    this.renaming = Renaming.of(affected.edits, { texts, macros, crateMacros, linked, foreign }, cache);
  }

  /** Asks rustc what has to be known first. Rejects with `Cancelled`, `Refused`, and `LexError`. */
  static async make(
    directory: string,
    record: UnitRecord,
    twin: Twin,
    edited: readonly BodyEdit[],
    cache: SourceCache,
    options: PlanOptions,
  ): Promise<PatchPlan> {
    const edits = edited.map((edit) => withOutermost(edit, cache));
    const { link, isThorough, areItems } = options;
    const known = textsOf(record, edits, options);
    const [foreign, isFacade] = [link?.foreign ?? [], link?.isFacade === true];
    const mayTake = hasMore(edits) || foreign.length > 0 || isFacade || areItems;
    const tree = treeOf(twin, mayTake ? movedTexts(twin, edits, known) : edits, cache);
    const dependents = lazily(() =>
      options.dependents().map((user) => inputTextsOf(user, options.editsOf(user), options)),
    );
    const crateNames = new Set(record.externs.map(({ name }) => name));
    // (Nothing of a registry uses a library of the workspace.)
    const registry = new Set(record.externs.flatMap(({ name, unit }) => (unit === null ? name : [])));
    const unchangedCrates = link === undefined || link.exports.length === 0 ? crateNames : registry;
    const texts = inputTextsOf(record, edits, options);
    const foreignMethods = lazily(() => {
      const workspace = texts.upstream().filter(({ file }) => !known.has(file));
      return new ForeignMethods(libraryFolders(record, options), record.invocation.cwd, workspace);
    });
    const isLinkable = link !== undefined;
    const handing = { unit: record.invocation.key, libraries: link?.libraries ?? new Map<string, string>() };
    const handed = (link?.exports ?? []).flatMap(({ names }) => names);
    const linked = { unchangedCrates, foreign, isFacade, isLinkable, handing, handed };
    const own = { ...texts, ...linked, crateNames, tree, dependents, foreignMethods, isThorough, areItems };
    const crate: CrateTexts = { ...own, ...(await answersOf(directory, record, twin, edits, own, options)) };
    const macros = [...twin.facts.values()].flatMap(allMacros);
    const others = foreign.map(({ change }) => change);
    return eitherWay(edits, others, areItems, async (areInstances) => {
      const affected = withMentions(edits, crate, cache, areInstances);
      const instancesOf = await programInstances(directory, record, twin, affected.edits, cache, options);
      const tests = await changedTests(affected.edits, tree, options.tests);
      return new PatchPlan(twin, cache, macros, crate, edits, affected, instancesOf, link, tests);
    });
  }

  /** The edits, with the functions that come along. */
  get edits(): readonly BodyEdit[] {
    return this.affected.edits;
  }

  /** See `AffectedEdits`. */
  get leavesSome(): boolean {
    return this.affected.leavesSome;
  }

  /** What crates that use this one have to be compiled with. */
  get exported(): AffectedEdits["exported"] {
    return this.affected.exported;
  }

  /** See `Exports`. */
  get names(): Exports["names"] {
    return this.affected.handed.names;
  }

  /** See `Exports`. */
  get members(): Exports["members"] {
    return this.renaming.members;
  }

  /** The files. Throws `Refused`, and `LexError`. */
  texts(): PatchTexts {
    const files = patchedFiles(this.twin, this.edits, this.crate, this.instancesOf, this.cache).map((file) => {
      const { source } = file;
      return { ...file, source: { ...source, text: this.renaming.renamed(file.file, source.text) } };
    });
    this.checkUpstream();
    const tests = this.tests === undefined ? undefined : standIns(this.tests);
    return patchTexts(files, this.macros, this.affected, this.link?.exports, tests, this.unreachable);
  }

  /** Refuses what may mean something of the workspace's libraries that only these themselves may use. */
  private checkUpstream(): void {
    if (this.link === undefined || this.link.restricted.length === 0) return;
    const { restricted, libraries } = this.link;
    const names = new Set(libraries.keys());
    const hasGlobs = textsIn(this.crate).some(({ text }) => mayHaveGlobsOf(names, text));
    for (const { file, text, functions, items } of this.edits) {
      const own = [
        ...functions.map(({ span }) => {
          return { text: text.slice(span.start, span.end), isEdited: this.isEdited(file, span.start) };
        }),
        ...items.flatMap(({ type, after }) => {
          if (after === undefined) return [];
          const isImport = type === "use_declaration";
          return { text: after.text, isImport, isEdited: this.isEdited(file, after.span.start) };
        }),
      ];
      if (own.some((it) => meansUpstream(it.text, restricted, { hasGlobs, ...it }))) refuse("mayBePrivate");
    }
  }

  /**
   * Imports no such name where nothing mentions it: what a macro has made is as private in the twin as it was (`publicize.ts`). Gives whether
   * that is news.
   */
  leaveOut(name: string): boolean {
    const isNew = !this.unreachable.has(name);
    this.unreachable.add(name);
    return isNew;
  }

  /** Whether what stands somewhere was edited, and does not only come along. */
  private isEdited(file: string, start: number): boolean {
    return this.edited.some((edit) => {
      if (edit.file !== file) return false;
      const isItem = edit.items.some(({ after }) => after?.span.start === start);
      return isItem || edit.functions.some(({ span }) => span.start === start);
    });
  }

  /** See `Renaming.restore`. The place is the same one in the original. */
  restoreName(file: string, offsetIn: (text: string) => number, message: string): boolean {
    const edit = this.edits.find((it) => it.file === file);
    return edit !== undefined && this.renaming.restore(file, offsetIn(edit.text), message);
  }
}

/** The edit with the functions around those that are nested. Throws `Refused`. */
function withOutermost(edit: BodyEdit, cache: SourceCache): BodyEdit {
  if (edit.functions.every(({ isNested }) => !isNested)) return edit;
  const { outline } = cache.get(edit.file, edit.text);
  if (typeof outline === "string") refuse("unreadable", outline);
  const isAround = (outer: BodyRef, { span }: BodyRef): boolean =>
    outer.span.start <= span.start && span.end <= outer.span.end;
  const functions = outline.functions.filter((outer) => edit.functions.some((fn) => isAround(outer, fn)));
  return { ...edit, functions };
}

/** The crate's module tree, with the texts of these files. Throws `Refused`. */
function treeOf(
  twin: Twin,
  texts: readonly Pick<SourceText, "file" | "text">[],
  cache: SourceCache,
): ReadonlyMap<string, readonly Step[]> {
  const fresh = new Map(
    texts.map(({ file, text: own }) => {
      const { text, root } = cache.get(file, own);
      const facts = root === undefined ? new Refusal("twinUnparsed") : factsOf(text, root);
      if (facts instanceof Refusal) throw new Refused(facts);
      return [file, facts];
    }),
  );
  return moduleTree(twin.root, (file) => fresh.get(file) ?? twin.facts.get(file));
}

/** All sources of a unit: the edited ones as they are, the others as the crate lane compiled them. */
function textsOf(
  { inputs }: UnitRecord,
  edits: readonly CompiledText[],
  { textOf }: Pick<PlanOptions, "textOf">,
): ReadonlyMap<string, CompiledText | undefined> {
  const edited = new Map(edits.map((edit) => [edit.file, edit]));
  const sources = inputs.map((input) => input.path).filter((file) => file.endsWith(".rs"));
  // (Among the edited ones there may be files of new modules.)
  return new Map([...new Set([...sources, ...edited.keys()])].map((file) => [file, edited.get(file) ?? textOf(file)]));
}

/** What rustc has read of a unit, with these edits. Throws `Refused`. */
export function inputTextsOf(
  unit: UnitRecord,
  edits: readonly CompiledText[],
  options: Pick<PlanOptions, "textOf" | "newestTextOf" | "unitOf">,
): InputTexts {
  const { unitOf, newestTextOf: textOf } = options;
  const upstream = lazily(() => upstreamTexts(unit, { unitOf, textOf }));
  return inputsOf(unit, textsOf(unit, edits, options), upstream);
}

function textsIn({ texts }: InputTexts): readonly CompiledText[] {
  return [...texts.values()].flatMap((text) => text ?? []);
}

/** What rustc has read of a unit. */
function inputsOf(
  { inputs, externs, invocation }: UnitRecord,
  texts: InputTexts["texts"],
  upstream: InputTexts["upstream"],
): InputTexts {
  const others = lazily(() => {
    const files = inputs.map((input) => input.path).filter((file) => !file.endsWith(".rs"));
    const sources = [...texts.values()].flatMap((source) => source?.text ?? []);
    const isAll = sources.length === texts.size;
    const plain = isAll ? plainTexts(files, sources, () => upstream().map(({ text }) => text)) : new Set();
    return new Map(files.filter((file) => !plain.has(file)).map((file) => [file, readAnything(file)]));
  });
  // The workspace's own crates may make anything of anything.
  const named = externs.filter(({ name, path: file, unit }) => unit === null && isFileOf(name, file));
  const { hasTestCode: hasTests, isTest: isHarness } = inspectArgs(invocation.args);
  const capturesAll = Number(editionOf(invocation.args)) >= 2024;
  return { texts, others, externs: new Set(named.map(({ name }) => name)), upstream, hasTests, isHarness, capturesAll };
}

/** Whether a library's file is that of a crate of this name, and not of one that was renamed to it. */
function isFileOf(name: string, file: string): boolean {
  return path.basename(file).startsWith(`lib${name}-`);
}

/** A larger file is no text that names stand in. */
const MAX_OTHER = 16_000_000;

/** The bytes of a file as characters, whatever it is. Throws `Refused`. */
function readAnything(file: string): string {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined || size > MAX_OTHER) refuse("unknownText", file);
  const bytes = fs.readFileSync(file);
  // Nothing that is no text can become a source.
  return isUtf8(bytes) ? bytes.toString("utf8") : "";
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The edited texts, and those in which things have other places than in the texts that the twin was made of. */
function movedTexts(
  twin: Twin,
  edits: readonly BodyEdit[],
  texts: ReadonlyMap<string, CompiledText | undefined>,
): readonly CompiledText[] {
  const isEdited = (file: string): boolean => edits.some((edit) => edit.file === file);
  const moved = [...texts.values()].flatMap((known) => {
    if (known === undefined || isEdited(known.file)) return [];
    // The digest of the text that it was made of is the first one.
    const [first] = twin.texts.get(known.file) ?? [];
    return first === known.hash ? [] : [known];
  });
  return [...edits, ...moved];
}

/** Throws `Refused`. */
function patchedFiles(
  twin: Twin,
  edited: readonly BodyEdit[],
  { tree, externs }: CrateTexts,
  instancesOf: InstancesOf,
  cache: SourceCache,
): (PatchedFile & { readonly file: string })[] {
  const ownMacros = new Set([...twin.facts.values()].flatMap(allMacros).map(({ name }) => name));
  return edited.map(({ file, text: all, functions, items }) => {
    const source = cache.get(file, all);
    const own = tree.get(file);
    if (own === undefined) refuse("unknownModule");
    const checkNames = (start: number, text: string, self: string): void => {
      const steps = stepsAt(own, start);
      const facts = steps.at(-1)?.facts;
      if (facts === undefined) refuse("mayBePrivate");
      const name = nameOfOthers(text, self, pathOf(steps), facts, twin.restricted, ownMacros);
      if (name !== undefined) refuse("mayBePrivate", name);
    };
    for (const fn of functions) {
      if (!isPatchable(fn) && !isMadeHere(fn)) refuse("instantiable");
      if (holdsItems(fn)) {
        const imports = (stepsAt(own, fn.span.start).at(-1)?.facts.imports ?? []).flatMap(useLeaves);
        checkBodyItems(source, fn, { imports, externs });
      }
      // A patch crate has no tests, so that rustc would leave it out.
      if (fn.isMadeTest) refuse("madeTest");
      const body = source.text.slice(fn.body.start, fn.body.end);
      if (fn.hasItems) checkEffects(body);
      if (/\binclude(_str|_bytes)?\s*!/.test(body)) refuse("includeMacro");
      checkNames(fn.span.start, source.text.slice(fn.span.start, fn.span.end), selfOf(source, fn));
    }
    const added = items.flatMap(({ type, after, impl }) =>
      after === undefined || type === "use_declaration" || type === "mod_item" ? [] : [{ after, impl }],
    );
    for (const { after, impl } of added) {
      checkNames(after.start, after.text, (impl ?? after.impl?.type)?.split("::").at(-1) ?? "");
    }
    const patched = functions.map((fn) => ({ fn, instances: instancesOf(file, fn) }));
    return { file, source, functions: patched, items: added.map(({ after }) => after), steps: own };
  });
}

/** The last name of the type that a function is a method of. */
function selfOf(source: Source, { body }: BodyRef): string {
  const impl = source.bodyNode(body.start)?.parent?.parent?.parent;
  const type = impl?.type === "impl_item" ? impl.childForFieldName("type") : undefined;
  if (type === undefined || type === null) return "";
  const words = source.text.slice(type.startIndex, type.endIndex).split("<")[0]?.match(/\w+/g);
  return words?.at(-1) ?? "";
}
