/**
 * Types that are others now: the patch crate has a type of its own in the place of the twin's, with all of its impls, and so it has of
 * whatever says that type in its definition or its signature: other types, aliases, constants, statics, traits, functions.
 *
 * A function gets a value of such a type from its parameters, from something that it names, or from a value that it has already. So every
 * function that can hold one mentions a name that comes along, or stands in an impl that does, and is in the patch as well. The engine
 * makes sure that nothing else refers to the functions of before ([select.md]).
 */
import type { BodyEdit } from "../../edits/baseline.js";
import { itemsOfSource } from "../../edits/classify.js";
import type { ItemChange } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import { type Item, type Items, functionsOfItem } from "../../source/items.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { type CrateTexts, hasWord } from "./crateTexts.js";
import type { ForeignChange } from "./foreign.js";
import { isTypeOrTrait, mayBeValue } from "./newTypes.js";
import { holdsItems, isPatchable } from "./exposedBodies.js";
import { Elsewhere } from "./elsewhere.js";
import { type CrateModule, isAnothersType, modulesOfBuild } from "./modules.js";
import { moduleIn } from "./changedImports.js";
import { type Occurrence, isMention, occurrencesOf } from "./occurrences.js";
import type { ModulePath } from "./privacy.js";

/** What a value is turned into another one by. Each type has such an impl for itself, so that rustc never finds out the other one alone. */
const CONVERSIONS: ReadonlySet<string> = new Set(["From", "TryFrom"]);

/** With more functions than these in what comes along, the crate lane is as fast. */
const MAX_FUNCTIONS = 128;

/** Adds what comes along with changed types, of the crate or of libraries, to the edits. Throws `Refused`, and `LexError`. */
export function withCarried(edits: readonly BodyEdit[], crate: CrateTexts, cache: SourceCache): readonly BodyEdit[] {
  const isSeed = (change: ItemChange): boolean => isCarriedWhole(change) && change.origin === "edit";
  if (!edits.some(({ items }) => items.some(isSeed)) && !crate.foreign.some(isCarriedForeign)) return edits;
  return new Carrier(edits, crate, cache).result();
}

/** Whether a library's change is of what has come along there, so that it goes on in the crates that use it. */
function isCarriedForeign({ kind, change }: ForeignChange): boolean {
  return kind === "item" && change.origin === "carried" && change.name !== "";
}

/** Whether a change makes other things come along: of a type, a trait or a static, or of what a type is. */
function isCarriedWhole({ type, before, after }: ItemChange): boolean {
  if (type === "impl_item") return true;
  return before !== undefined && after !== undefined && (isTypeOrTrait(type) || type === "static_item");
}

/** An item of a module. */
interface Placed {
  readonly file: string;
  readonly item: Item;
  readonly modules: readonly string[];
}

/** What comes along with all that say its name; `module`: undefined for an item of a library. */
interface Named {
  readonly item: Item;
  readonly module: ModulePath | undefined;
}

class Carrier {
  private readonly now = new Map<string, readonly Placed[]>();
  /** What comes along, in the texts as they are now. */
  private readonly carried = new Set<Item>();
  private readonly places: Placed[] = [];
  /** The places and names of those whose mentions come along. */
  private readonly named = new Set<string>();
  private readonly waiting: Named[] = [];
  private readonly modules: readonly CrateModule[];
  private readonly elsewhere: Elsewhere;
  private count = 0;

  constructor(
    private readonly edits: readonly BodyEdit[],
    private readonly crate: CrateTexts,
    private readonly cache: SourceCache,
  ) {
    this.modules = modulesOfBuild(crate);
    this.elsewhere = new Elsewhere(crate, this.modules, cache);
  }

  result(): readonly BodyEdit[] {
    for (const { file, items } of this.edits) {
      for (const change of items) if (change.origin === "edit") this.seed(file, change);
    }
    for (const { change } of this.crate.foreign.filter(isCarriedForeign)) {
      const item = change.after ?? change.before;
      if (item !== undefined) this.waiting.push({ item, module: undefined });
    }
    for (let next = this.waiting.pop(); next !== undefined; next = this.waiting.pop()) this.mentionsOf(next);
    if (this.places.length === 0) return this.edits;
    const files = new Set([...this.edits.map(({ file }) => file), ...this.places.map(({ file }) => file)]);
    return [...files].map((file) => this.editOf(file));
  }

  private seed(file: string, change: ItemChange): void {
    const { type, modules, before, after } = change;
    if (!isCarriedWhole(change)) return;
    if (type !== "impl_item") {
      const placed = this.itemsOf(file).find(({ item }) => item.span.start === after?.span.start);
      if (placed !== undefined) this.carry(placed);
      return;
    }
    // One that belongs to a type that comes along anyway is found there.
    const impl = (after ?? before)?.impl;
    if (impl === undefined || this.isAllowed(change)) return;
    this.carryNamed(impl.type.split("::").at(-1) ?? "", file, modules);
  }

  /** Whether an impl that is new or gone is of something that is new or gone as well. */
  private isAllowed({ before, after }: ItemChange): boolean {
    if (before !== undefined && after !== undefined) return false;
    const impl = (after ?? before)?.impl;
    const others = this.edits
      .flatMap(({ items }) => items)
      .filter(({ type, before: old, after: fresh }) => {
        return isTypeOrTrait(type) && (old === undefined) !== (fresh === undefined);
      });
    return others.some(({ name }) => hasWord(impl?.self ?? "", name) || hasWord(impl?.trait ?? "", name));
  }

  /** Has a type of the crate come along: the one of a module if that has one of this name, or the only one that there is. */
  private carryNamed(name: string, file: string, modules: readonly string[]): void {
    const all = this.declared(name);
    const near = all.filter((placed) => placed.file === file && placed.modules.join() === modules.join());
    const [only, ...others] = near.length > 0 ? near : all;
    if (only === undefined || others.length > 0) refuse("otherImpl", name);
    this.carry(only);
  }

  private declared(name: string): readonly Placed[] {
    return [...this.crate.texts.keys()].flatMap((file) => {
      return hasWord(this.textOf(file), name) ? this.itemsOf(file).filter(({ item }) => item.name === name) : [];
    });
  }

  private carry(placed: Placed): void {
    const { item } = placed;
    if (this.carried.has(item)) return;
    this.carried.add(item);
    this.places.push(placed);
    this.count += functionsOfItem(item).length;
    if (this.count > MAX_FUNCTIONS) refuse("manyMentions", item.name === "" ? item.impl?.type : item.name);
    const { name } = item;
    if (name === "" || name === "_") return;
    if (name === "main") refuse("signature", name);
    // (One of two under different `cfg`s, say.)
    const place = JSON.stringify([placed.file, placed.modules, name]);
    if (this.named.has(place)) refuse("sameName", name);
    this.named.add(place);
    this.waiting.push({ item, module: moduleIn(placed.file, placed.modules, this.crate.tree) });
  }

  /** Has everything come along that says a name outside of functions' bodies. */
  private mentionsOf(declaration: Named): void {
    const { name } = declaration.item;
    for (const file of this.crate.texts.keys()) {
      const text = this.textOf(file);
      if (!hasWord(text, name)) continue;
      const source = this.cache.get(file, text);
      const { outline } = source;
      if (typeof outline === "string") refuse("unreadable", outline);
      const occurrences = occurrencesOf(name, source).filter((occurrence) => {
        const isAbsent = outline.testOnly.some((span) => isIn(occurrence.offset, span));
        return (
          isMention(occurrence) &&
          (this.crate.hasTests || !isAbsent) &&
          !this.elsewhere.isOf(name, occurrence, file, declaration.module !== undefined)
        );
      });
      for (const occurrence of occurrences) this.mention(declaration, file, occurrence);
    }
  }

  private mention(declaration: Named, file: string, occurrence: Occurrence): void {
    const { name } = declaration.item;
    const placed = this.itemsOf(file).find(({ item }) => isIn(occurrence.offset, item.span));
    if (placed === undefined) refuse("fixedMention", name);
    if (this.isAnothers(declaration, placed, occurrence)) return;
    if (declaration.item.type === "function_item" && occurrence.isPathStart) return;
    const { item } = placed;
    if (this.carried.has(item) || this.isChanged(placed)) return;
    switch (item.type) {
      case "function_item":
        if (!isHeldInBody(occurrence) && !occurrence.isParameter) this.carry(placed);
        return;
      case "impl_item":
        this.impl(placed, declaration, occurrence);
        return;
      case "struct_item":
      case "enum_item":
      case "union_item":
      case "trait_item":
      case "type_item":
      case "const_item":
      case "static_item":
        this.carry(placed);
        return;
      // What that brings is looked at where mentions are.
      case "use_declaration":
        return;
      default:
        refuse("fixedMention", name);
    }
  }

  /** Whether a module means an item of its own by the name. */
  private isAnothers({ item, module: owner }: Named, { file, modules }: Placed, occurrence: Occurrence): boolean {
    const module = moduleIn(file, modules, this.crate.tree);
    if (owner !== undefined && this.elsewhere.isBrought(item.name, occurrence, owner, () => module)) return true;
    if (occurrence.kind !== "plain" || mayBeValue(item)) return false;
    return isAnothersType(item.name, owner, module, this.modules);
  }

  /** Whether an item stands in the patch anyway, since it is new, or another function or constant than before. */
  private isChanged({ file, item }: Placed): boolean {
    const edit = this.edits.find((it) => it.file === file);
    const change = edit?.items.find(({ after }) => after?.span.start === item.span.start);
    return change !== undefined && !(isCarriedWhole(change) && change.before !== undefined);
  }

  private impl(placed: Placed, { item, module }: Named, occurrence: Occurrence): void {
    const { impl } = placed.item;
    if (impl === undefined) return;
    const { name } = item;
    const { file, modules } = placed;
    const head = impl.type.split("::").at(-1) ?? "";
    if (hasWord(impl.self, name)) {
      // rustc knows whether it may stand in the patch if its type is another crate's.
      if (module === undefined) this.carryOwn(placed);
      else if (head !== name && this.declared(head).length > 0) this.carryNamed(head, file, modules);
      this.carry(placed);
    } else if (impl.trait !== undefined && hasWord(impl.trait, name)) {
      const trait = impl.trait.split("<")[0]?.split("::").at(-1)?.trim() ?? "";
      // Who uses another trait's impl may have rustc find out the type, without any value of it and without its name.
      const isArgument = hasWord(impl.trait.slice(impl.trait.split("<")[0]?.length), name);
      if (isArgument && (!CONVERSIONS.has(trait) || this.declared(trait).length > 0)) refuse("impl", impl.type);
      if (module === undefined) this.carryOwn(placed);
      this.carry(placed);
    } else if (!isHeldInBody(occurrence)) {
      const [trait, ...others] = this.declared(impl.trait?.split("<")[0]?.split("::").at(-1)?.trim() ?? "");
      if (trait?.item.type === "trait_item" && others.length === 0 && hasWord(trait.item.text, name)) {
        // The trait says it as well, and comes along with all of its impls.
        this.carry(trait);
        this.carry(placed);
        return;
      }
      // It says it in a signature: whoever has the type may have it by that.
      this.carryNamed(head, file, modules);
      this.carry(placed);
    }
  }

  /** Has a type or a trait of the crate come along without which an impl may not stand in its patch: of a library's there. */
  private carryOwn({ item: { impl }, file, modules }: Placed): void {
    if (impl === undefined) return;
    const words = (text: string): readonly string[] => text.match(/[\p{XID_Start}_]\p{XID_Continue}*/gu) ?? [];
    const [trait = "", ...args] = impl.trait?.split("<") ?? [];
    const names = [...words(impl.type).slice(-1), ...words(trait).slice(-1), ...words([impl.self, ...args].join(" "))];
    const own = names.find((name) => this.declared(name).some(({ item }) => isTypeOrTrait(item.type)));
    if (own !== undefined) this.carryNamed(own, file, modules);
  }

  /** The edit of a file with what comes along in it. */
  private editOf(file: string): BodyEdit {
    const known = this.edits.find((edit) => edit.file === file) ?? this.unedited(file);
    const fresh = this.places.filter((placed) => placed.file === file).map((placed) => this.change(placed, "after"));
    const gone = this.itemsBefore(known).filter((placed) => this.isCarriedBefore(placed));
    const items = [...fresh, ...gone.map((placed) => this.change(placed, "before"))];
    const own = new Set(items.map(({ before, after }) => (after ?? before)?.span.start));
    const isWithin = (offset: number, side: "before" | "after"): boolean =>
      items.some((change) => change[side] !== undefined && isIn(offset, change[side].span));
    // What was changed in it comes along with it.
    const isElsewhere = ({ before, after }: ItemChange): boolean =>
      (before === undefined || !isWithin(before.start, "before")) &&
      (after === undefined || !isWithin(after.start, "after"));
    const functions = known.functions.filter(({ span }) => !isWithin(span.start, "after"));
    const lines = fresh.map(({ after }) => after?.lines ?? [0, 0]);
    const isRangeElsewhere = ({ new: [first] }: BodyEdit["ranges"][number]): boolean =>
      !lines.some(([from, to]) => from <= first && first <= to);
    return {
      ...known,
      functions,
      ranges: own.size === 0 ? known.ranges : known.ranges.filter(isRangeElsewhere),
      items: [...known.items.filter(isElsewhere), ...items],
    };
  }

  private unedited(file: string): BodyEdit {
    const known = this.crate.texts.get(file);
    if (known === undefined) refuse("unknownText", file);
    return { ...known, before: known.text, functions: [], ranges: [], items: [] };
  }

  private change({ item, modules }: Placed, side: "before" | "after"): ItemChange {
    const { type, name } = item;
    const sides = { before: undefined, after: undefined, [side]: item };
    return { type: type as ItemChange["type"], name, modules, impl: undefined, ...sides, origin: "carried" };
  }

  /** Whether an item of a text of before is one of those that come along. */
  private isCarriedBefore({ item, file, modules }: Placed): boolean {
    if (item.name !== "") {
      const isSame = (it: Placed): boolean =>
        it.file === file &&
        it.item.name === item.name &&
        it.item.type === item.type &&
        it.modules.join() === modules.join();
      return this.places.some(isSame);
    }
    if (item.impl === undefined) return false;
    const words = `${item.impl.self} ${item.impl.trait ?? ""}`;
    return (
      this.places.some((it) => it.item.impl !== undefined && it.item.header === item.header) || this.isOfCarried(words)
    );
  }

  private isOfCarried(words: string): boolean {
    return this.places.some(({ item }) => isTypeOrTrait(item.type) && hasWord(words, item.name));
  }

  private itemsOf(file: string): readonly Placed[] {
    const known = this.now.get(file);
    if (known !== undefined) return known;
    const items = this.parsed(file, this.textOf(file));
    this.now.set(file, items);
    return items;
  }

  private itemsBefore({ file, before, text }: BodyEdit): readonly Placed[] {
    if (before === text) return this.itemsOf(file);
    return this.cache.compare(file, before, text, (old) => flat(file, itemsOfSource(old, this.crate.hasTests), []));
  }

  private parsed(file: string, text: string): readonly Placed[] {
    return flat(file, itemsOfSource(this.cache.get(file, text), this.crate.hasTests), []);
  }

  private textOf(file: string): string {
    const text = this.crate.texts.get(file);
    if (text === undefined) refuse("unknownText", file);
    return text.text;
  }
}

/** Whether a name stands in the body of a function that comes along as if it had been edited: nobody sees into it. */
function isHeldInBody({ isInBody, fn }: Occurrence): boolean {
  return isInBody && fn !== undefined && isPatchable(fn) && !holdsItems(fn);
}

/** The items of modules: those in an inline module in the place of the module. */
function flat(file: string, { list }: Items, modules: readonly string[]): readonly Placed[] {
  return list.flatMap((item) => {
    const isModule = item.type === "mod_item" && item.inner !== undefined;
    return isModule ? flat(file, item.inner, [...modules, item.name]) : { file, item, modules };
  });
}

function isIn(offset: number, { start, end }: { readonly start: number; readonly end: number }): boolean {
  return start <= offset && offset < end;
}
