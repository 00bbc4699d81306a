/**
 * What an edit changed of a file's items: which are new, gone or others now, and the bodies of which functions were edited besides.
 * What cannot be named is refused.
 */
import type { Item, Items } from "../source/items.js";
import type { ChangedType, FunctionPair, ItemChange, NamedType, WholeType } from "./itemChange.js";
import { NEVER_HELD, itemsOfNew } from "./newModules.js";
import { type TextRefusalKind, refuse } from "./refusal.js";

/** Whether edits of items are taken at all. Without it, they are the crate lane's. */
export const ITEM_EDITS: boolean = true;

export interface ItemDifference {
  readonly changes: readonly ItemChange[];
  /** Functions in both texts whose headers are the same, but not their bodies. */
  readonly functions: readonly FunctionPair[];
}

/** Compares two files. Throws `Refused`, and `LexError`. */
export function itemDifference(before: Items, after: Items): ItemDifference {
  const [old, now] = [typesIn(before), typesIn(after)];
  const others = [...old, ...now].filter((name) => !(old.has(name) && now.has(name)));
  const comparison = new Comparison(new Set(others));
  comparison.lists(before, after, { kind: "module", modules: [], headers: [] });
  return comparison.result();
}

/** Where items stand. */
type Place = {
  readonly modules: readonly string[];
  /** Headers of everything around, attributes included, outermost first: two modules may have the same name. */
  readonly headers: readonly string[];
} & ({ readonly kind: "module" } | { readonly kind: "impl" | "trait"; readonly item: Item });

interface Change {
  readonly place: Place;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** Items that are the same, or of which only bodies differ, by their numbers in both lists. */
type Pairs = Map<Item, Item>;

const NAMED: ReadonlySet<string> = new Set<NamedType>(["function_item", "const_item", "type_item", "use_declaration"]);
const WHOLE: ReadonlySet<string> = new Set<WholeType>([
  "struct_item",
  "enum_item",
  "union_item",
  "trait_item",
  "impl_item",
  "static_item",
  "mod_item",
]);
/** What impls may be of. */
const TYPES = new Set(["struct_item", "enum_item", "union_item", "trait_item"]);

/** What refuses a change of such an item. */
const REFUSALS: Readonly<Record<string, TextRefusalKind>> = {
  ...NEVER_HELD,
  impl_item: "impl",
  mod_item: "module",
};

/** Items whose order among each other means something: what is defined first is in scope behind it. */
const ORDERED = new Set([
  "macro_definition",
  "macro_invocation",
  "expression_statement",
  "extern_crate_declaration",
  "inner_attribute_item",
]);

class Comparison {
  private readonly changes: Change[] = [];
  private readonly functions: FunctionPair[] = [];
  /** All that stand in inherent impls, in either text. */
  private readonly methods = new Set<Item>();
  private readonly owners = new Map<Item, Item>();

  /** `otherTypes`: names of types that only one of the texts has. */
  constructor(private readonly otherTypes: ReadonlySet<string>) {}

  lists(before: Items, after: Items, place: Place): void {
    if (before.rest !== after.rest) refuse("otherText", "at the end");
    this.collect(before.list);
    this.collect(after.list);
    this.compare(before.list, after.list, place);
  }

  result(): ItemDifference {
    const moved = this.moved();
    const left = this.changes.filter((change) => !moved.has(change));
    const isOther = ({ before, after }: Change): boolean => before !== undefined && after !== undefined;
    const changed = left.flatMap((change) => {
      const item = change.after;
      return isOther(change) && item !== undefined && TYPES.has(item.type) ? item.name : [];
    });
    const changes = left.flatMap((change) => this.named(change, new Set(changed)));
    return { changes, functions: this.functions };
  }

  private compare(before: readonly Item[], after: readonly Item[], place: Place): void {
    const pairs: Pairs = new Map();
    const match = (key: (item: Item) => string): void => matchBy(key, before, after, pairs);
    match((item) => `text ${item.text}`);
    match((item) => `words ${item.words}`);
    match((item) => (item.inner === undefined && item.fn === undefined ? "" : `${item.type} ${item.header}`));
    for (const [old, now] of pairs) this.pair(old, now, place);
    const [gone, fresh] = [
      before.filter((item) => !pairs.has(item)),
      after.filter((item) => ![...pairs.values()].includes(item)),
    ];
    this.checkOrder(before, after, pairs);
    const left = new Set(fresh);
    for (const old of gone) {
      const now = old.name === "" ? undefined : fresh.find((item) => item.type === old.type && item.name === old.name);
      if (now === undefined) this.impl(old, "before", place);
      else {
        left.delete(now);
        this.changes.push({ place, before: old, after: now });
      }
    }
    for (const now of left) this.impl(now, "after", place);
    this.checkNames(before, after, place);
  }

  /** Two items with the same header. */
  private pair(old: Item, now: Item, around: Place): void {
    if (old.text === now.text) return;
    if (old.fn !== undefined && now.fn !== undefined) {
      this.functions.push({ before: old.fn, after: now.fn });
      return;
    }
    if (old.inner === undefined || now.inner === undefined || old.words === now.words) return;
    const { modules, headers: outer } = around;
    if (now.type === "trait_item" || now.impl?.isOfTrait === true) {
      this.whole(old, now, around);
      return;
    }
    const headers = [...outer, now.header];
    const place: Place =
      now.type === "mod_item"
        ? { kind: "module", modules: [...modules, now.name], headers }
        : { kind: "impl", modules, item: now, headers };
    this.lists(old.inner, now.inner, place);
  }

  /** A trait, or an impl of one: bodies in it, or all of it. */
  private whole(before: Item, after: Item, place: Place): void {
    if (before.inner === undefined || after.inner === undefined) return;
    const within = new Comparison(new Set());
    const { modules, headers } = place;
    within.lists(before.inner, after.inner, {
      kind: "trait",
      modules,
      headers: [...headers, after.header],
      item: after,
    });
    const moved = within.moved();
    // A trait's methods have their places in its vtables by their order.
    const isReordered = before.type === "trait_item" && orderOf(before.inner) !== orderOf(after.inner);
    if (!isReordered && within.changes.every((change) => moved.has(change))) this.functions.push(...within.functions);
    else this.changes.push({ place, before, after });
  }

  /** Something that one of the texts has not: of an impl without a trait, what stands in it, unless its type is new or gone as well. */
  private impl(item: Item, side: "before" | "after", place: Place): void {
    const change = (it: Item, where: Place): void => {
      this.changes.push({ place: where, before: undefined, after: undefined, [side]: it });
    };
    const isOfOther = this.otherTypes.has(item.impl?.type.split("::").at(-1) ?? "");
    if (item.impl === undefined || item.impl.isOfTrait || isOfOther || item.inner === undefined) {
      change(item, place);
      return;
    }
    // (Of an empty one nobody would look at the header.)
    if (item.inner.rest !== "" || item.inner.list.length === 0) refuse("impl", item.impl.type);
    this.collect([item]);
    const headers = [...place.headers, item.header];
    for (const inner of item.inner.list) change(inner, { kind: "impl", modules: place.modules, item, headers });
  }

  private collect(items: readonly Item[]): void {
    for (const item of items) {
      if (item.impl?.isOfTrait !== false) continue;
      for (const inner of item.inner?.list ?? []) {
        this.methods.add(inner);
        this.owners.set(inner, item);
      }
    }
  }

  /** A macro must not come into scope of something, or leave it, that is where it was. */
  private checkOrder(before: readonly Item[], after: readonly Item[], pairs: Pairs): void {
    const isOrdered = (item: Item): boolean =>
      ORDERED.has(item.type) || item.attributes.some((attribute) => attribute.includes("macro_use"));
    const [old, now] = [before.filter(isOrdered), after.filter(isOrdered)];
    if (old.length === 0 && now.length === 0) return;
    const odd = now.find((item, i) => old[i] === undefined || pairs.get(old[i]) !== item) ?? old[now.length];
    if (odd !== undefined) refuseOf(odd);
    const inFront = (items: readonly Item[]): ReadonlyMap<Item, number> => {
      let count = 0;
      return new Map(items.map((item) => [item, isOrdered(item) ? count++ : count]));
    };
    const [oldCounts, newCounts] = [inFront(before), inFront(after)];
    for (const [left, right] of pairs) {
      if (oldCounts.get(left) !== newCounts.get(right)) refuse("movedBehindMacro", right.name);
    }
  }

  /** What a changed name stands for must be certain: it has to be the only one of its module, in either text. */
  private checkNames(before: readonly Item[], after: readonly Item[], place: Place): void {
    if (place.kind !== "module") return;
    for (const change of this.changes) {
      const name = (change.after ?? change.before)?.name ?? "";
      if (change.place !== place || name === "" || name === "_") continue;
      const isOther = (item: Item): boolean => item.name === name && item !== change.before && item !== change.after;
      if (before.some(isOther) || after.some(isOther)) refuse("sameName", name);
    }
  }

  /** Changes that are one item at another place: the same in the same module or impl. */
  private moved(): ReadonlySet<Change> {
    const moved = new Set<Change>();
    for (const gone of this.changes) {
      if (gone.before === undefined || gone.after !== undefined || moved.has(gone)) continue;
      const fresh = this.changes.find(
        ({ place, before, after }) =>
          before === undefined && after?.words === gone.before?.words && placeKey(place) === placeKey(gone.place),
      );
      if (fresh === undefined || moved.has(fresh)) continue;
      moved.add(gone).add(fresh);
    }
    return moved;
  }

  /** `changed`: types and traits that are others now, with which all that belongs to them comes along. */
  private named({ place, before, after }: Change, changed: ReadonlySet<string>): readonly ItemChange[] {
    const item = after ?? before;
    if (item === undefined) throw new Error("a change of nothing");
    const { type, name } = item;
    if (!isChangedType(type)) refuseOf(item);
    if (place.kind === "trait") refuseOf(item);
    if (place.kind === "module") {
      const change = { type, name, modules: place.modules, impl: undefined, before, after, origin: "edit" } as const;
      if (type !== "mod_item") return [change];
      if (before !== undefined || after === undefined) refuseOf(item);
      return [change, ...(after.inner === undefined ? [] : itemsOfNew(after.inner, [...place.modules, name]))];
    }
    const { impl } = place.item;
    if (impl === undefined || impl.isOfTrait) refuse("impl", impl?.type);
    if (changed.has(impl.type.split("::").at(-1) ?? "")) return [];
    const others = [...this.methods].filter(
      (other) => other.name === name && other !== before && other !== after && this.isOfType(other, impl.type),
    );
    if (others.length > 0) refuse("sameName", name);
    if (place.item.attributes.length > 0) refuse("impl", impl.type);
    return [{ type, name, modules: place.modules, impl: impl.type, before, after, origin: "edit" }];
  }

  private isOfType(method: Item, type: string): boolean {
    const last = (path: string): string | undefined => path.split("::").at(-1);
    return last(this.owners.get(method)?.impl?.type ?? "") === last(type);
  }
}

/** The members of a trait, as a key. */
function orderOf({ list }: Items): string {
  return JSON.stringify(list.map(({ type, name }) => [type, name]));
}

function refuseOf({ type, name, impl, lines }: Item): never {
  const kind = REFUSALS[type];
  if (kind === undefined) refuse("otherText", `${lines[0]}`);
  const detail = impl?.type ?? name;
  refuse(kind, detail === "" ? undefined : detail);
}

/** Pairs what has the same key, the first with the first. No key is the empty one. */
function matchBy(key: (item: Item) => string, before: readonly Item[], after: readonly Item[], pairs: Pairs): void {
  const taken = new Set(pairs.values());
  const waiting = new Map<string, Item[]>();
  for (const item of before) {
    const own = pairs.has(item) ? "" : key(item);
    if (own !== "") waiting.set(own, [...(waiting.get(own) ?? []), item]);
  }
  for (const item of after) {
    const old = taken.has(item) ? undefined : waiting.get(key(item))?.shift();
    if (old !== undefined) pairs.set(old, item);
  }
}

function placeKey(place: Place): string {
  return JSON.stringify([place.kind, place.headers]);
}

/** Names of the types that are declared in a text. */
function typesIn({ list }: Items): ReadonlySet<string> {
  return new Set(
    list.flatMap((item) => {
      if (TYPES.has(item.type)) return item.name;
      return item.type === "mod_item" && item.inner !== undefined ? [...typesIn(item.inner)] : [];
    }),
  );
}

function isChangedType(type: string): type is ChangedType {
  return NAMED.has(type) || WHOLE.has(type);
}
