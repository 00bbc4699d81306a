/**
 * Whether code that nobody sees may mention a name that an edit changed: code that macros make. All that stands in a crate's texts is found
 * there (`mentions.ts`); a macro may write a name as well that stands nowhere.
 *
 * What a crate mentioned before the edit meant something. So for a new name it is enough that nothing of that name could come to its module
 * by a glob import, which it would hide (`globs.ts`), or by a prelude (`preludeNames.ts`). A reference to a function of before is the
 * engine's to find. What is left are names that leave no reference, such as a constant's. A macro by example can only write names that stand
 * in its definition, or in its input; any other macro may make some of the words of its input.
 */
import { refuse } from "../../edits/refusal.js";
import type { SourceCache } from "../../source/sourceCache.js";
import type { UseLeaf } from "../../source/useTrees.js";
import { GlobNames, globKey } from "./globs.js";
import { checkHidden } from "./hiddenNames.js";
import { type CrateMacros, macrosOf, mayMake, mayWrite } from "./macroUses.js";
import type { CrateTexts, InputTexts } from "./crateTexts.js";
import type { MentionSearch } from "./mentions.js";
import { type CrateModule, resolvedModule } from "./modules.js";
import { isMacroCall } from "./moduleFacts.js";
import { pathOf, stepsAt } from "./moduleTree.js";
import type { NameChange } from "./nameChange.js";
import type { ModulePath } from "./privacy.js";
import { importKey } from "./traits.js";

const MAY_BE_TRAITS: ReadonlySet<string> = new Set(["trait_item", "use_declaration", "mod_item"]);

/** What a crate's macros may do to names. */
export class UnseenNames {
  private readonly crate: CrateMacros;
  private readonly globs: GlobNames;

  constructor(
    private readonly texts: CrateTexts,
    private readonly search: MentionSearch,
    private readonly cache: SourceCache,
  ) {
    this.crate = macrosOf(texts, cache);
    this.globs = new GlobNames({
      modules: search.modules,
      itemsOf: (module) => search.itemsOf(module),
      isAbsent: (name, path) => texts.notInGlobs.has(globKey(name, path)),
      isTransparent: (module) => this.isTransparent(module),
      mayBringGlobs: (module) => !this.callsBringNoGlobs(module, false),
    });
  }

  /** Refuses a name that code may mean which nobody sees to mention it. */
  check(change: NameChange): void {
    const { name, kind } = change;
    checkHidden(change, this.texts.crateNames);
    if (kind === "import" && change.change === "new") this.crate.checkMacroUse(name);
    const mayHide = this.mayHide(change);
    const users = change.isVisibleOutside ? this.texts.dependents() : [];
    // Where it is not known what globs bring, it has to be known what macros write.
    if (mayHide) for (const crate of this.macrosOf(users)) crate.checkAllKnown();
    // Nothing refers to a constant of before, and rustc would find it in the twin.
    const isUnheard = change.change === "changed" && kind !== "function";
    // A pattern that was a name of its own may be this constant now, or this type without fields.
    const mayBePattern = kind === "constant" || kind === "type" || (kind === "import" && !/\p{Ll}/u.test(name));
    const isPattern = change.change === "new" && mayBePattern;
    if (!mayHide && !isUnheard && !isPattern) return;
    const hidden = this.crate.hiddenImport();
    if (hidden !== undefined) refuse("hiddenImport", hidden);
    if (this.isUpstream(name, [this.texts, ...users])) refuse("namedUpstream", name);
    if (!mayHide && !isUnheard) return;
    for (const crate of this.macrosOf(users)) {
      const maker = crate.unknownUses().find((use) => mayMake(use, name));
      if (maker !== undefined) refuse("namesOfMacro", maker.path.join("::"));
    }
  }

  /** Whether an import brings nothing but the name of a crate, which has it anyway. */
  isCrateItself({ path, name }: UseLeaf): boolean {
    const [first = ""] = path;
    if (path.length !== 1 || name !== first || !this.texts.crateNames.has(first)) return false;
    return !this.search.modules.some(({ steps, imports }) => {
      const isOther = imports.some((leaf) => leaf.name === first && leaf.path.length > 1);
      return isOther || steps.at(-1)?.facts.names.has(first) === true;
    });
  }

  /** Whether an import is certain to be none of a trait: rustc says so, or it is of something else that is new in a library. */
  isNoTrait(leaf: UseLeaf, module: ModulePath): boolean {
    if (this.texts.noTraits.has(importKey(leaf, module))) return true;
    const { foreign, handed, handing } = this.texts;
    const [first = "", ...inner] = leaf.path;
    const name = inner.pop();
    const isNew = handed.some((it) => {
      return it.isNew && it.name === name && it.unit === handing.libraries.get(first) && it.module === inner.join("::");
    });
    const changes = foreign.filter((it) => it.name === name);
    return isNew && changes.length > 0 && changes.every(({ change: { type } }) => !MAY_BE_TRAITS.has(type));
  }

  /**
   * The modules in which a trait is in scope that one of them imports: that one, and those that take all of it. `why`: the trait, for a
   * refusal, where a macro may make code in one of them, or where it is not known which ones that are.
   */
  scopeOf(module: ModulePath, why: string): ReadonlySet<ModulePath> {
    for (const { file, leaf } of this.crate.globs()) {
      const isElsewhere = leaf.isInMacro || this.isInBody(file, leaf.offset);
      if (isElsewhere && this.crate.mayNameModule(leaf)) refuse("traitInScope", why);
    }
    const found = this.search.modules.filter(({ path }) => this.globs.leadsTo(path, module));
    const files = new Set(found.map(({ steps }) => steps.at(-1)?.file));
    const isMade = this.crate.unknownUses().some(({ file, kind }) => files.has(file) && kind !== "call");
    if (isMade) refuse("traitInScope", why);
    return new Set(found.map(({ path }) => path));
  }

  /** Whether a glob import may bring names of other crates than std. */
  hasForeignGlobs(): boolean {
    return this.crate.globs().some(({ leaf }) => this.texts.crateNames.has(leaf.path[0] ?? ""));
  }

  /** Refuses a method which macros of the workspace may call, or make. */
  checkMethod(name: string): void {
    if (this.isUpstream(name)) refuse("namedUpstream", name);
  }

  /** Of the crate, and of those that use it. */
  private macrosOf(users: readonly InputTexts[]): readonly CrateMacros[] {
    return [this.crate, ...users.map((user) => macrosOf(user, this.cache))];
  }

  /** Whether a crate of the workspace whose macros may be in use has a name. */
  isUpstream(name: string, crates: readonly InputTexts[] = [this.texts]): boolean {
    return crates.some(({ upstream }) =>
      upstream().some((source) => !this.texts.texts.has(source.file) && mayWrite(source, name)),
    );
  }

  /** Whether something may have had the name before that an item of the module hides. */
  private mayHide({ name, module }: NameChange): boolean {
    // (Macros of the workspace's other crates may give this name to items.)
    const isMade = this.globs.leadsToMacros(module) && this.isUpstream(name);
    return isMade || this.globs.mayBring(name, module) || this.mayHideInBodies(name, module);
  }

  /** A glob import in a body hides what is around it. */
  private mayHideInBodies(name: string, module: ModulePath): boolean {
    for (const { file, leaf } of this.crate.globs()) {
      if (!leaf.isInMacro && !this.isInBody(file, leaf.offset)) continue;
      if (!this.crate.mayNameModule(leaf)) continue;
      const steps = this.texts.tree.get(file);
      const outer = steps && pathOf(stepsAt(steps, leaf.offset));
      const target =
        leaf.isInMacro || outer === undefined ? undefined : resolvedModule(leaf.path, outer, this.search.modules);
      if (outer === undefined || target === undefined) {
        if (this.search.modules.some(({ path }) => path !== module && this.globs.has(name, path))) return true;
      } else if (this.globs.leadsTo(target, module)) {
        if (outer !== module && (this.globs.has(name, outer) || this.globs.mayBring(name, outer))) return true;
      }
    }
    return false;
  }

  private isInBody(file: string, offset: number): boolean {
    const text = this.texts.texts.get(file);
    const outline = text === undefined ? undefined : this.cache.get(file, text.text).outline;
    if (outline === undefined || typeof outline === "string") return true;
    return outline.functions.some(({ body }) => body.start <= offset && offset < body.end);
  }

  /** Derives and attributes may make items as well. */
  private isTransparent(module: CrateModule): boolean {
    const file = module.steps.at(-1)?.file;
    const others = this.crate.unknownUses().filter((use) => use.file === file && use.kind !== "call");
    return others.length === 0 && this.callsBringNoGlobs(module, true);
  }

  /** Of macros that are called among a module's items. */
  private callsBringNoGlobs({ path, steps }: CrateModule, isTransparent: boolean): boolean {
    const step = steps.at(-1);
    if (step?.facts.hasMacroCalls !== true) return true;
    const nodes = this.search.itemsOf(path).flat();
    const spans = nodes.filter(isMacroCall).map(({ startIndex, endIndex }) => [startIndex, endIndex] as const);
    return this.crate.bringNoGlobs(step.file, spans, isTransparent);
  }
}
