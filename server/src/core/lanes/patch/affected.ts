/**
 * What an edit of items means to code that nobody edited: the functions that mention a name which is new or another one, and that come
 * into the patch crate as if they had been edited; or why that is not enough.
 *
 * A new item may hide what its name stood for: a glob import's, the prelude's. A new method hides those of traits, and of what the type
 * derefs to. What exactly a name means is rustc's to say: every function that has the word comes along, unless the syntax tree shows that
 * it is no mention of such a thing, and rustc finds out. A word in what a patch crate cannot hold is refused, and so are names that may
 * be mentioned without anybody seeing it (`unseenNames.ts`, `preludeNames.ts`).
 */
import type { BodyEdit, CompiledText } from "../../edits/baseline.js";
import { type ItemChange, isVisibleOutside } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { changedImports, moduleOf } from "./changedImports.js";
import { isSeenIn, meansFunction } from "./certainMentions.js";
import { withCarried } from "./carried.js";
import { Owners, isChangedMember, isLeftToEngine } from "./changedMethods.js";
import { mayDeref } from "./derefs.js";
import { importRules } from "./importRules.js";
import { type AffectedEdits, type IsAffected, MentionSearch } from "./mentions.js";
import { type CrateTexts, hasWord, mentions } from "./crateTexts.js";
import type { ForeignChange } from "./foreign.js";
import { ForeignChanges } from "./foreignChanges.js";
import { TEST_ATTRIBUTES, checkTest, isTest } from "./harness.js";
import { type HandedNames, handedNames } from "./handedOn.js";
import { checkEffects, checkImpl, checkWhole, isWhole, mayBeValue, membersOf } from "./newTypes.js";
import { isAnothersType } from "./modules.js";
import { isMemberUse, isMention } from "./occurrences.js";
import { nameChangeOf } from "./nameChange.js";
import { checkMember } from "./memberForms.js";
import { checkOtherMethods, lastName } from "./otherMethods.js";
import { METHODS_OF_TRAITS } from "./preludeNames.js";
import type { ModulePath } from "./privacy.js";
import { isFoundAsBefore, receiverOf } from "./receivers.js";
import { UnseenNames } from "./unseenNames.js";

/** The edits, with everything that comes along. `areInstances`: see `editedGenerics.ts`. Throws `Refused`, and `LexError`. */
export function withMentions(
  own: readonly BodyEdit[],
  crate: CrateTexts,
  cache: SourceCache,
  areInstances = false,
): AffectedEdits {
  const isPlain = !hasMore(own) && !crate.areItems;
  if (isPlain && crate.foreign.length === 0 && !crate.isFacade)
    return {
      edits: own,
      modules: [],
      newModules: new Set(),
      goneNames: new Map(),
      leavesSome: false,
      exported: [],
      handed: NOTHING,
    };
  const edits = withCarried(own, crate, cache);
  return new Rules(edits, crate, cache, areInstances).result();
}

/** Whether an edit is more than bodies of functions that stay what they are. */
export function hasMore(edits: readonly BodyEdit[]): boolean {
  return edits.some(({ items, functions }) => items.length > 0 || functions.some((fn) => fn.isMadeTest));
}

const NOTHING: HandedNames = { names: [], imports: new Map() };

class Rules {
  private readonly search: MentionSearch;
  private readonly unseen: UnseenNames;
  private readonly exported: ForeignChange[] = [];
  private readonly changes: { readonly change: ItemChange; readonly module: ModulePath }[] = [];

  constructor(
    private readonly edits: readonly BodyEdit[],
    private readonly crate: CrateTexts,
    private readonly cache: SourceCache,
    areInstances: boolean,
  ) {
    this.search = new MentionSearch(edits, crate, cache, areInstances);
    this.unseen = new UnseenNames(crate, this.search, cache);
  }

  result(): AffectedEdits {
    const take = (file: string, change: ItemChange): void => {
      const module = moduleOf(file, change, this.crate.tree);
      this.changes.push({ change, module });
      if (isWhole(change)) this.checkWhole(change, module);
      else {
        checkForm(change, this.crate);
        const { impl, after } = change;
        if (impl !== undefined && after !== undefined) checkMember(after, impl, this.crate.capturesAll);
      }
      if (change.origin === "newModule") this.inNew(change, module);
      else if (change.origin === "carried") this.carried(change, module);
      else if (change.type !== "use_declaration") this.item(change, module);
    };
    for (const { file, items } of this.edits) for (const change of items) take(file, change);
    new ForeignChanges(this.crate, this.search, this.unseen, this.cache).take(this.crate.foreign);
    this.search.promoteEdited();
    // Each of them may bring others.
    for (let found = this.search.takePromoted(); found.length > 0; found = this.search.takePromoted()) {
      for (const { file, change } of found) take(file, change);
    }
    for (const [module, changes] of changedImports(this.edits, this.crate.tree)) {
      const exportNew = (name: string): void => this.exportImport(name, changes, module);
      importRules(changes, module, this.search, this.unseen, exportNew);
    }
    // Whoever names it through an import has to come to the one of the patch crate. (What is private to a module is named in that one, and
    // in those in it, which are not there without it.)
    this.search.needModules(({ imports: own }) => own.some((leaf) => !leaf.isPrivate));
    const { handed, handing } = this.crate;
    return this.search.result(this.exported, handedNames(this.changes, handed, this.search.modules, handing));
  }

  private isMentionedOutside(name: string): boolean {
    return this.crate.dependents().some((user) => mentions(user, name));
  }

  /** Notes what crates that use this one have to be compiled with, or refuses it. */
  private export(
    change: ItemChange,
    module: ModulePath,
    kind: ForeignChange["kind"] = "item",
    name = change.name,
  ): void {
    if (!isVisibleOutside(change) || !this.isMentionedOutside(name)) return;
    const isLeft = kind === "item" && isLeftToEngine(change);
    if (this.crate.isLinkable) this.exported.push({ name, kind, change, module, isLeftToEngine: isLeft });
    else if (!isLeft) refuse("mentionedElsewhere", name);
  }

  /** A public import of a name that the module had not. */
  private exportImport(name: string, changes: readonly ItemChange[], module: ModulePath): void {
    const [any] = changes;
    const after = changes.find((it) => it.after?.visibility === "pub" && hasWord(it.after.text, name))?.after;
    if (any === undefined || after === undefined) return;
    const change: ItemChange = { ...any, name, before: undefined, after };
    this.changes.push({ change, module });
    this.export(change, module);
  }

  /** What stands in a new module can only be named through that module. */
  private inNew(change: ItemChange, module: ModulePath): void {
    if (change.type === "mod_item") this.module(change, module);
    if (change.type === "impl_item") this.impl(change);
  }

  /** What comes along with a changed type has the name that it had: whoever mentions it is to mean the new one. */
  private carried(change: ItemChange, module: ModulePath): void {
    const { type, name, after } = change;
    this.search.needModules(({ path }) => path === module);
    // Those who use the library get values of it by its name, too.
    this.export(change, module);
    if (type === "static_item") this.unseen.check({ ...nameChangeOf(change, module), change: "changed" });
    if (type === "trait_item" && after !== undefined) this.members(change, module);
    if (after === undefined || type === "impl_item" || name === "_") return;
    this.unseen.check(nameChangeOf(change, module));
    this.search.take(
      name,
      (occurrence, moduleOf) => {
        const isOther = type === "function_item" && (occurrence.isParameter || occurrence.isPathStart);
        if (!isMention(occurrence) || isOther) return false;
        // (What a macro makes of a name may be a path to anywhere.)
        if (occurrence.kind !== "plain" || mayBeValue(after)) return true;
        return !isAnothersType(name, module, moduleOf(), this.search.modules);
      },
      module,
    );
  }

  private module({ name }: ItemChange, outer: ModulePath): void {
    this.search.addModule(outer === "" ? name : `${outer}::${name}`);
  }

  private impl(change: ItemChange): void {
    const all = this.edits.flatMap(({ items }) => items);
    checkImpl(change, all, (trait) => this.search.declares(trait));
  }

  private item(change: ItemChange, module: ModulePath): void {
    const { name, impl, before, after } = change;
    // rustc looks at the module, whatever is left of it.
    this.search.needModules(({ path }) => path === module);
    if (change.type === "impl_item") {
      this.impl(change);
      return;
    }
    if (name === "_") return;
    // (What is gone without anybody's body: see `checkUnseen`.)
    if (!isLeftToEngine(change) || after !== undefined)
      this.export(change, module, after === undefined ? "gone" : "item");
    if (impl !== undefined) {
      if (isChangedMember(change)) this.changedMember(change, impl, module);
      else if (after === undefined && isLeftToEngine(change)) {
        const owners = new Owners(this.texts());
        this.checkUnseen(change, (occurrence) => owners.mayMean(occurrence, lastName(impl)), module);
      } else if (!isLeftToEngine(change)) this.method(change, impl, module);
      return;
    }
    if (before !== undefined && after !== undefined && isConditional(change)) refuse("itemAttribute", "cfg");
    if (isLeftToEngine(change)) {
      const isCertain: IsAffected = (occurrence, moduleOf) =>
        meansFunction(name, occurrence, module, moduleOf(), this.search.modules);
      this.checkUnseen(change, isCertain, module);
      if (after !== undefined) this.search.takeSome(name, isMention, isMention, isCertain);
      return;
    }
    this.unseen.check(nameChangeOf(change, module));
    if (change.type === "mod_item") {
      this.module(change, module);
      this.search.take(
        name,
        (occurrence) => isMention(occurrence) && (occurrence.isPathStart || occurrence.kind === "import"),
        module,
      );
      return;
    }
    // So is one of a type without fields.
    if (isWhole(change) && !/^\p{Lu}/u.test(name)) refuse("hiddenName", name);
    if (change.type === "trait_item") this.members(change, module);
    const isFunction = change.type === "function_item";
    if (after === undefined)
      this.search.none(name, (occurrence) => isMention(occurrence) || occurrence.kind === "leaf", module);
    else {
      this.search.take(
        name,
        (occurrence) => {
          return isMention(occurrence) && !(isFunction && (occurrence.isParameter || occurrence.isPathStart));
        },
        module,
      );
    }
  }

  private texts(): readonly CompiledText[] {
    return [...this.crate.texts.values()].flatMap((text) => text ?? []);
  }

  /**
   * Refuses mentions of what cannot be named there any more. The engine finds the references of what runs, but rustc does not look
   * at the others.
   */
  private checkUnseen(change: ItemChange, isMeant: IsAffected, module: ModulePath): void {
    const { name, before, after } = change;
    if (after !== undefined && before?.visibility === after.visibility) return;
    const isOutside = before?.visibility === "pub" && after?.visibility !== "pub";
    if (isOutside) this.export(change, module, "gone");
    this.search.none(name, (occurrence, moduleOf) => {
      const isSeen = after !== undefined && isSeenIn(moduleOf() ?? "", module, after.visibility);
      return !isSeen && isMeant(occurrence, moduleOf);
    });
  }

  /** Whether a patch crate can hold what is new and stands in it as a whole. */
  private checkWhole({ after }: ItemChange, module: ModulePath): void {
    if (after === undefined) return;
    const imports = this.search.modules.filter(({ path }) => path === module).flatMap((own) => own.imports);
    checkWhole(after, { imports, externs: this.crate.externs });
  }

  /** What a trait's methods and constants may hide, where it comes into scope or leaves it. */
  private members(change: ItemChange, module: ModulePath): void {
    const trait = change.after ?? change.before;
    for (const name of trait === undefined ? [] : membersOf(trait)) {
      if (METHODS_OF_TRAITS.has(name)) refuse("hiddenName", name);
      this.unseen.checkMethod(name);
      if (change.before === undefined) this.export(change, module, "traitMember", name);
      else if (isVisibleOutside(change) && this.isMentionedOutside(name)) refuse("mentionedElsewhere", name);
      // The twin still has a trait that is gone.
      if (change.after === undefined) this.search.none(name, isMemberUse);
      else this.search.take(name, isMemberUse);
    }
  }

  /** One that was there before: see `changedMethods.ts`. */
  private changedMember(change: ItemChange, impl: string, module: ModulePath): void {
    const { name, after } = change;
    if (isConditional(change)) refuse("itemAttribute", "cfg");
    const texts = this.texts();
    const type = lastName(impl);
    const receiver = after === undefined ? undefined : receiverOf(after);
    if (receiver !== undefined) {
      checkOtherMethods({ name, type, receiver }, texts, (trait) => this.unseen.isUpstream(trait), this.cache);
      const hasForeignGlobs = this.unseen.hasForeignGlobs();
      if (this.crate.foreignMethods().mayComeFirst(name, { texts, hasForeignGlobs })) refuse("otherMethod", name);
    }
    const owners = new Owners(texts);
    const isMeant: IsAffected = (occurrence) => owners.mayMean(occurrence, type);
    if (!isLeftToEngine(change)) this.unseen.checkMethod(name);
    const isCertain: IsAffected = (occurrence) => owners.mustMean(occurrence, type);
    if (isLeftToEngine(change)) {
      this.checkUnseen(change, isCertain, module);
      this.search.takeSome(name, isMeant, isCertain, isCertain);
    } else if (!isFoundAsBefore(change)) this.method(change, impl, module);
    else {
      this.search.take(name, (occurrence, moduleOf) => {
        const { kind } = occurrence;
        return isMeant(occurrence, moduleOf) || kind === "verbatim" || kind === "macro" || kind === "import";
      });
    }
  }

  private method({ name, after }: ItemChange, impl: string, module: ModulePath): void {
    if (METHODS_OF_TRAITS.has(name)) refuse("hiddenName", name);
    if (!this.isPlainType(impl, module)) refuse("otherImpl", impl);
    this.unseen.checkMethod(name);
    const isMade = this.unseen.isUpstream("Deref");
    if (mayDeref(lastName(impl), this.search.sourcesWith("Deref", impl), this.search, isMade)) {
      refuse("derefType", impl);
    }
    const isAffected: IsAffected = (occurrence, moduleOf) => {
      switch (occurrence.kind) {
        case "method":
        case "verbatim":
        case "macro":
        case "qualified":
        case "import":
        case "leaf":
          return true;
        case "inherent": {
          const other = moduleOf();
          const isOther = other !== undefined && (other !== module || occurrence.self !== impl);
          // Else it may be the same type, by another name.
          if (!isOther || !this.isPlainType(occurrence.self, other)) refuse("sameName", name);
          return false;
        }
        // Nothing of the kind can be named without a path.
        case "declared":
        case "plain":
          return false;
      }
    };
    if (after !== undefined) this.search.take(name, isAffected);
    else {
      const owners = new Owners(this.texts());
      this.search.none(name, (occurrence, moduleOf) => {
        const { kind } = occurrence;
        if (kind === "qualified" || kind === "verbatim") return owners.mayMean(occurrence, lastName(impl));
        return kind !== "inherent" && isAffected(occurrence, moduleOf);
      });
    }
  }

  /** Whether the name is that of a type that is declared in that very module, and of nothing else. */
  private isPlainType(name: string, module: ModulePath): boolean {
    const [nodes, ...others] = this.search.itemsOf(module);
    if (nodes === undefined || others.length > 0) return false;
    const named = nodes.filter((node) => node.childForFieldName("name")?.text === name && TYPES.has(node.type));
    return named.length === 1 && named[0]?.type !== "type_item";
  }
}

/** Whether there may be several, of which the build has one. */
function isConditional({ before, after }: ItemChange): boolean {
  return [before, after].some((item) => item?.attributes.some((text) => text.includes("cfg")));
}

/** What a name may be that of, as a type. */
const TYPES: ReadonlySet<string> = new Set("struct_item enum_item union_item type_item trait_item mod_item".split(" "));

/** Attributes that leave an item to itself. */
const HARMLESS = /^#\s*\[\s*(allow|warn|expect|doc|must_use|deprecated|inline|cold|cfg|rustfmt::\w+|clippy::\w+)\b/;

/** The path of a macro that makes a test, if the function's macros are known at all. */
const MADE_TEST = /^#\s*\[\s*(?:\w+\s*::\s*)+test\b/;

/** Whether a patch crate can hold such an item at all. */
function checkForm(change: ItemChange, crate: CrateTexts): void {
  const { name, type, before, after } = change;
  // (Others may be written in several ways.)
  if (/^r#|[^\w]/.test(name)) refuse("rawName", name);
  const attributes = [...(before?.attributes ?? []), ...(after?.attributes ?? [])];
  const areTests = [before, after].some(isTest);
  if (areTests) checkTest(change, crate);
  const isPlain = (attribute: string): boolean =>
    HARMLESS.test(attribute) || (areTests && (TEST_ATTRIBUTES.test(attribute) || MADE_TEST.test(attribute)));
  const odd = attributes.find((attribute) => !isPlain(attribute));
  if (odd !== undefined) refuse("itemAttribute", odd);
  if (name === "main") refuse("signature", name);
  if (before?.fn?.attributeMacros.length !== undefined && before.fn.attributeMacros.length > 0) {
    refuse("attributeMacro", before.fn.attributeMacros.join(", "));
  }
  if (after === undefined) return;
  if (/\bthread_local\s*!|\binclude(_str|_bytes)?\s*!/.test(after.text)) refuse("includeMacro");
  const { fn } = after;
  if (type !== "function_item" || fn === undefined) return;
  if (fn.isDamaged) refuse("syntaxError", fn.path);
  // Items in its body are as new as it is.
  if (fn.hasItems) checkEffects(after.text);
  const isRewritten = fn.isRewritten && !fn.isMadeTest;
  if (fn.attributeMacros.length > 0 || isRewritten) refuse("attributeMacro", fn.attributes.join(", "));
  if (fn.exposed?.kind === "genFn") refuse("genFn");
}
