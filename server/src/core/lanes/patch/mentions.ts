/** Where names are mentioned in a crate: the functions that come into its patch crate, and their lines in both texts. */
import type { Node } from "web-tree-sitter";
import { type BodyEdit, rangeOf } from "../../edits/baseline.js";
import { functionsOf } from "../../edits/classify.js";
import type { ItemChange } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import type { BodyRef } from "../../source/functions.js";
import type { Span } from "../../source/lexer.js";
import type { Source, SourceCache } from "../../source/sourceCache.js";
import { type CrateTexts, hasWord } from "./crateTexts.js";
import type { ForeignChange } from "./foreign.js";
import type { HandedNames } from "./handedOn.js";
import { isMadeHere } from "./instanceRoots.js";
import { isDecided } from "./decidedByTraits.js";
import { Elsewhere } from "./elsewhere.js";
import { rangesOf } from "./itemRanges.js";
import { type CrateModule, modulesOfBuild } from "./modules.js";
import { type Step, pathOf, stepsAt } from "./moduleTree.js";
import { type Occurrence, occurrencesOf } from "./occurrences.js";
import type { ModulePath } from "./privacy.js";
import { promoted } from "./promotions.js";
import { holdsItems, isPatchable } from "./exposedBodies.js";

/** With more functions than these, the crate lane is as fast. */
const MAX_MENTIONS = 64;

/** Whether an occurrence may mean another thing now. */
export type IsAffected = (occurrence: Occurrence, module: () => ModulePath | undefined) => boolean;

/** What an edit has come to: all that the patch crate consists of. */
export interface AffectedEdits {
  readonly edits: readonly BodyEdit[];
  /** Modules that have to be there although nothing stands in them. */
  readonly modules: readonly (readonly Step[])[];
  /** Modules that the twin has not. */
  readonly newModules: ReadonlySet<ModulePath>;
  /** Names that modules do not import any more, and the twin's still have. */
  readonly goneNames: ReadonlyMap<ModulePath, ReadonlySet<string>>;
  /** Something has not come along that would have if the search had been a thorough one. */
  readonly leavesSome: boolean;
  /** What crates that use this one have to be compiled with. */
  readonly exported: readonly ForeignChange[];
  /** What public imports hand on of what has changed. */
  readonly handed: HandedNames;
}

/** The search for everything that an edit concerns. */
export class MentionSearch {
  readonly modules: readonly CrateModule[];
  private readonly elsewhere: Elsewhere;
  /** Functions that come along, by file and place. */
  private readonly found = new Map<string, Map<number, BodyRef>>();
  /** Those of them that come along as other items, by file and place. */
  private readonly promoted = new Map<string, Map<number, ItemChange>>();
  private readonly unseen: { readonly file: string; readonly change: ItemChange }[] = [];
  private readonly needed = new Set<CrateModule>();
  private readonly newModules = new Set<ModulePath>();
  private readonly goneNames = new Map<ModulePath, Set<string>>();
  private count = 0;
  private leavesSome = false;

  constructor(
    private readonly edits: readonly BodyEdit[],
    private readonly crate: CrateTexts,
    private readonly cache: SourceCache,
    /** See `editedGenerics.ts`. */
    private readonly areInstances = false,
  ) {
    this.modules = modulesOfBuild(crate);
    this.elsewhere = new Elsewhere(crate, this.modules, cache);
  }

  /** Has modules in the patch crate in any case. */
  needModules(isNeeded: (module: CrateModule) => boolean): void {
    for (const module of this.modules) if (isNeeded(module)) this.needed.add(module);
  }

  /** The twin has no such module. */
  addModule(module: ModulePath): void {
    this.newModules.add(module);
  }

  /** The module imports nothing of this name any more. */
  addGone(name: string, module: ModulePath): void {
    this.goneNames.set(module, (this.goneNames.get(module) ?? new Set()).add(name));
  }

  /**
   * Takes the functions in which a name may mean another thing now, as far as they can be taken: the engine finds out about the others.
   * `isLikely`: so that it is worth to take also what cannot be taken alone. `isCertain`: what cannot be taken is refused.
   */
  takeSome(name: string, isAffected: IsAffected, isLikely: IsAffected, isCertain: IsAffected): void {
    const found = [...this.occurrences(name)].flatMap(({ file, edit, occurrence, module }) => {
      const { fn, isInBody } = occurrence;
      if (this.isNew(file, occurrence, edit)) return [];
      if (fn === undefined || !isInBody) {
        const isImport = occurrence.kind === "leaf" || occurrence.kind === "import";
        if (!isImport && isCertain(occurrence, module)) refuse("fixedMention", name);
        return [];
      }
      if (!isAffected(occurrence, module)) return [];
      if (this.isTakenAsItIs(fn) && !holdsItems(fn)) return [{ file, fn, edit }];
      if (this.promotion(file, fn, edit) === undefined) {
        if (isCertain(occurrence, module)) refuse("fixedMention", name);
        return [];
      }
      if (this.crate.isThorough || isLikely(occurrence, module)) return [{ file, fn, edit }];
      this.leavesSome = true;
      return [];
    });
    const functions = new Set(found.map(({ file, fn }) => `${file} ${fn.span.start}`));
    if (this.count + functions.size > MAX_MENTIONS) return;
    for (const { file, fn, edit } of found) this.takeFunction(file, fn, edit, name);
  }

  /** Has edited functions that others hold the bodies of come along as other items. */
  promoteEdited(): void {
    for (const edit of this.edits) {
      for (const fn of edit.functions) {
        if (!this.isTakenAsItIs(fn))
          this.promote(
            edit.file,
            fn,
            this.promotion(edit.file, fn, edit) ?? refuse(this.crate.areItems ? "sharedBoth" : "instantiable"),
          );
      }
    }
  }

  /** The items that have come along since it was asked last. */
  takePromoted(): readonly { readonly file: string; readonly change: ItemChange }[] {
    return this.unseen.splice(0);
  }

  /** Takes the functions in which a name may mean another thing now. `owner`: the module that has it, if one does. */
  take(name: string, isAffected: IsAffected, owner?: ModulePath): void {
    this.checkOthers(name);
    for (const { file, edit, occurrence, module } of this.occurrences(name, owner !== undefined)) {
      if (owner !== undefined && this.elsewhere.isBrought(name, occurrence, owner, module)) continue;
      if (this.isNew(file, occurrence, edit) || !isAffected(occurrence, module)) continue;
      const { fn, isInBody, isParameter } = occurrence;
      if (fn === undefined || !(isInBody || isParameter)) refuse("fixedMention", name);
      this.takeFunction(file, fn, edit, name);
    }
  }

  /** Refuses an edit after which a name is still mentioned. `owner`: the module that had it, if one did. */
  none(name: string, isAffected: IsAffected, owner?: ModulePath): void {
    this.checkOthers(name);
    for (const { occurrence, module } of this.occurrences(name, owner !== undefined)) {
      if (owner !== undefined && this.elsewhere.isBrought(name, occurrence, owner, module)) continue;
      if (isAffected(occurrence, module)) refuse("goneMentioned", name);
    }
  }

  /**
   * Takes all functions of some modules: in each of them anything may mean another thing. `why`: the name of what may be a trait, and has
   * come.
   */
  takeAll(scope: ReadonlySet<ModulePath>, why: string): void {
    for (const module of scope) {
      if (this.itemsOf(module).some((nodes) => nodes.some((node) => isDecided(node)))) refuse("traitInScope", why);
    }
    for (const file of this.crate.texts.keys()) {
      const { source, edit } = this.source(file);
      const { outline } = source;
      const steps = this.crate.tree.get(file);
      if (typeof outline === "string") refuse("unreadable", outline);
      if (steps === undefined) refuse("traitInScope", why);
      for (const fn of functionsOf(outline, this.crate.hasTests)) {
        if (isInNew(fn.span.start, edit) || !scope.has(pathOf(stepsAt(steps, fn.span.start)))) continue;
        this.takeFunction(file, fn, edit, why, "traitInScope");
      }
    }
  }

  /** The sources in which any of these words may stand. */
  sourcesWith(...words: readonly string[]): readonly Source[] {
    const files = [...this.crate.texts].filter(([, text]) => words.some((word) => text?.text.includes(word) === true));
    return files.map(([file]) => this.source(file).source);
  }

  /** Whether any source may declare a trait of this name. */
  declares(trait: string): boolean {
    const texts = [...this.crate.texts.values()].map((source) => source?.text ?? "");
    return texts.some((text) => new RegExp(`\\btrait\\s+${trait}\\b`).test(text));
  }

  /** The source of a module, and what stands between its braces. */
  itemsOf(module: ModulePath): readonly (readonly Node[])[] {
    return this.modules.flatMap(({ path, steps }) => {
      const step = steps.at(-1);
      if (path !== module || step === undefined) return [];
      const { root } = this.source(step.file).source;
      if (root === undefined) return [];
      const span = step.declaration?.inline === undefined ? undefined : step.declaration.span;
      const container = span === undefined ? root : bodyOf(root, span.end);
      return [container?.namedChildren ?? []];
    });
  }

  result(exported: readonly ForeignChange[], handed: HandedNames): AffectedEdits {
    const { newModules, goneNames, leavesSome } = this;
    const modules = [...this.needed].map(({ steps }) => steps);
    return { edits: this.withFound(), modules, newModules, goneNames, leavesSome, exported, handed };
  }

  /** What is no source may become one. */
  private checkOthers(name: string): void {
    for (const text of this.crate.others().values()) if (hasWord(text, name)) refuse("fixedMention", name);
  }

  /** `isOwn`: the name is that of something of the crate itself. */
  private *occurrences(
    name: string,
    isOwn = false,
  ): Generator<{
    readonly file: string;
    readonly edit: BodyEdit | undefined;
    readonly occurrence: Occurrence;
    readonly module: () => ModulePath | undefined;
  }> {
    for (const [file, text] of this.crate.texts) {
      if (text === undefined) refuse("unknownText", file);
      if (!text.text.includes(name)) continue;
      const { source, edit } = this.source(file);
      if (typeof source.outline === "string") refuse("unreadable", source.outline);
      const steps = this.crate.tree.get(file);
      for (const occurrence of occurrencesOf(name, source)) {
        if (this.isAbsent(occurrence, source) || this.elsewhere.isOf(name, occurrence, file, isOwn)) continue;
        const module = (): ModulePath | undefined => steps && pathOf(stepsAt(steps, occurrence.offset));
        yield { file, edit, occurrence, module };
      }
    }
  }

  private source(file: string): { readonly source: Source; readonly edit: BodyEdit | undefined } {
    const text = this.crate.texts.get(file);
    if (text === undefined) refuse("unknownText", file);
    return { source: this.cache.get(file, text.text), edit: this.edits.find((it) => it.file === file) };
  }

  /** Whether only tests have it, in a build without them. */
  private isAbsent({ offset }: Occurrence, { outline }: Source): boolean {
    if (this.crate.hasTests || typeof outline === "string") return false;
    return outline.testOnly.some(({ start, end }) => start <= offset && offset < end);
  }

  private takeFunction(
    file: string,
    fn: BodyRef,
    edit: BodyEdit | undefined,
    name: string,
    kind: "fixedMention" | "traitInScope" = "fixedMention",
  ): void {
    const own = this.found.get(file) ?? new Map<number, BodyRef>();
    this.found.set(file, own);
    if (own.has(fn.span.start) || edit?.functions.some(({ span }) => span.start === fn.span.start) === true) return;
    if (this.promoted.get(file)?.has(fn.span.start) === true) return;
    if (++this.count > MAX_MENTIONS) refuse("manyMentions", name);
    if (this.isTakenAsItIs(fn) && !holdsItems(fn)) own.set(fn.span.start, fn);
    else {
      const change = kind === "traitInScope" ? undefined : this.promotion(file, fn, edit);
      this.promote(file, fn, change ?? refuse(kind, name));
    }
  }

  /** Whether it comes along as the function that it is. */
  private isTakenAsItIs(fn: BodyRef): boolean {
    // (In a patch crate a test that a macro makes would be one more.)
    return !fn.isMadeTest && (isPatchable(fn) || (this.areInstances && isMadeHere(fn)));
  }

  private promotion(file: string, fn: BodyRef, edit: BodyEdit | undefined): ItemChange | undefined {
    const now = this.crate.texts.get(file);
    if (now === undefined) refuse("unknownText", file);
    return promoted(fn, now, edit?.before ?? now.text, this.crate.hasTests, this.cache);
  }

  private promote(file: string, fn: BodyRef, change: ItemChange): void {
    const own = this.promoted.get(file) ?? new Map<number, ItemChange>();
    this.promoted.set(file, own);
    if (own.has(fn.span.start)) return;
    own.set(fn.span.start, change);
    this.unseen.push({ file, change });
  }

  /** Whether it stands in what is in the patch crate already. */
  private isNew(file: string, occurrence: Occurrence, edit: BodyEdit | undefined): boolean {
    const { fn } = occurrence;
    return isNew(occurrence, edit) || (fn !== undefined && this.promoted.get(file)?.has(fn.span.start) === true);
  }

  private withFound(): readonly BodyEdit[] {
    const changed = this.edits.map((edit) => {
      const functions = [...(this.found.get(edit.file)?.values() ?? [])];
      const promotions = this.promoted.get(edit.file) ?? new Map<number, ItemChange>();
      const items = [...edit.items, ...promotions.values()];
      const pairs = functions.map((after) => ({ before: this.before(edit, after), after }));
      const ranges = [
        ...edit.ranges.filter(
          (range) => ![...promotions.values()].some(({ after }) => after?.fn?.line === range.new[0]),
        ),
        ...pairs.map((pair) => rangeOf(edit.file, pair)),
        ...items.flatMap((change) => rangesOf(edit.file, change)),
      ];
      const edited = edit.functions.filter(({ span }) => !promotions.has(span.start));
      return { ...edit, functions: [...edited, ...functions], ranges, items };
    });
    const others = [...new Set([...this.found.keys(), ...this.promoted.keys()])].flatMap((file) => {
      const known = this.crate.texts.get(file);
      if (changed.some((edit) => edit.file === file) || known === undefined) return [];
      const functions = [...(this.found.get(file)?.values() ?? [])];
      const items = [...(this.promoted.get(file)?.values() ?? [])];
      const ranges = [
        ...functions.map((fn) => rangeOf(file, { before: fn, after: fn })),
        ...items.flatMap((change) => rangesOf(file, change)),
      ];
      return [{ ...known, before: known.text, functions, ranges, items }];
    });
    return [...changed, ...others];
  }

  /** A function of an edited file that was not edited itself, as it was in the text before. */
  private before(edit: BodyEdit, fn: BodyRef): BodyRef {
    const { outline } = this.cache.compare(edit.file, edit.before, edit.text, (before) => before);
    if (typeof outline === "string") refuse("unreadable", outline);
    const same = functionsOf(outline, this.crate.hasTests).filter(
      (old) => old.path === fn.path && textOf(edit.before, old) === textOf(edit.text, fn),
    );
    const [only] = same;
    if (only === undefined || same.length > 1) refuse("lostFunction");
    return only;
  }
}

/** The declarations of an inline module, which ends at an offset. */
function bodyOf(root: Node, end: number): Node | undefined {
  const brace = root.descendantForIndex(end - 1, end);
  return brace?.type === "}" && brace.parent?.type === "declaration_list" ? brace.parent : undefined;
}

/** Whether it stands in what is in the patch crate already. */
function isNew({ offset }: Occurrence, edit: BodyEdit | undefined): boolean {
  return isInNew(offset, edit) || edit?.functions.some(({ span }) => isIn(offset, span)) === true;
}

/** Whether something stands in an item that is new, or another one. */
function isInNew(offset: number, edit: BodyEdit | undefined): boolean {
  return edit?.items.some(({ after }) => after !== undefined && isIn(offset, after.span)) === true;
}

function isIn(offset: number, { start, end }: Span): boolean {
  return start <= offset && offset < end;
}

function textOf(text: string, { span }: BodyRef): string {
  return text.slice(span.start, span.end);
}
