/**
 * New types, traits and statics, with their impls, and such as are gone: what a patch crate may hold as it is written, and whether code
 * that nobody edited might mean another thing by them than its names tell.
 *
 * Only a crate's own types and traits may have impls, so rustc refuses whatever is not of what the patch itself declares. Values of a new
 * type are only where its name is, so its methods and impls decide about nothing else. An impl that makes it uncertain which one is meant
 * is an error, which rustc reports.
 */
import type { ItemChange } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import { readAttributes } from "../../source/attributes.js";
import { importedMacros } from "../../source/importedMacros.js";
import type { Item } from "../../source/items.js";
import type { UseLeaf } from "../../source/useTrees.js";
import { DERIVE_HELPERS, FOREIGN_ATTRIBUTES, FOREIGN_DERIVES, STD_DERIVES } from "./knownMacros.js";
import { hasWord } from "./crateTexts.js";
import { isType } from "./itemRanges.js";

/** Where new items stand: what their names may stand for. */
export interface Surroundings {
  /** What the module imports. */
  readonly imports: readonly UseLeaf[];
  /** Names under which the crate uses crates of a registry that are called so. */
  readonly externs: ReadonlySet<string>;
}

const OTHERS = new Set(["trait_item", "impl_item", "static_item", "mod_item"]);

/** Whether a type is also the name of a function or of a value, which another type of that name does not hide. */
export function mayBeValue({ type, text }: Item): boolean {
  return type === "struct_item" && text.trimEnd().endsWith(";");
}

export function isTypeOrTrait(type: string): boolean {
  return isType(type) || type === "trait_item";
}

/** Whether it is new, or gone, with all that is in it. */
export function isWhole({ type }: ItemChange): boolean {
  return isType(type) || OTHERS.has(type);
}

/** What may be of such a kind that it stays as it is written, or is of no consequence when it is gone. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  ..."allow warn expect doc must_use inline cold cfg derive repr non_exhaustive deprecated track_caller default".split(
    " ",
  ),
  ...DERIVE_HELPERS,
]);

/** Derives of other crates that make impls and nothing else. */
const DERIVES: ReadonlySet<string> = new Set([
  ...FOREIGN_DERIVES,
  ..."arbitrary::Arbitrary schemars::JsonSchema zeroize::Zeroize zeroize::ZeroizeOnDrop sqlx::FromRow".split(" "),
  ..."derive_more::Display derive_more::From derive_more::Into derive_more::Deref derive_more::DerefMut".split(" "),
  ..."num_derive::FromPrimitive num_derive::ToPrimitive serde_repr::Serialize_repr serde_repr::Deserialize_repr".split(
    " ",
  ),
  ..."strum::Display strum::EnumString strum::AsRefStr strum::IntoStaticStr strum::EnumCount".split(" "),
  ..."axum::extract::FromRequest axum::extract::FromRequestParts axum::extract::FromRef miette::Diagnostic".split(" "),
  ..."bytemuck::Pod bytemuck::Zeroable prost::Message structopt::StructOpt derivative::Derivative".split(" "),
]);

/** What has an effect although nothing refers to it. */
const UNREFERENCED =
  /\b(no_mangle|export_name|link_section|global_allocator|panic_handler|macro_export|linkme|distributed_slice|inventory|ctor|dtor)\b/;
const READING = /\b(thread_local|include|include_str|include_bytes)\s*!/;

/** Whether a patch crate can hold a new item as it is. Throws `Refused`, and `LexError`. */
export function checkWhole(item: Item, surroundings: Surroundings): void {
  const { text } = item;
  if (item.type === "mod_item") {
    checkParts(item, surroundings);
    return;
  }
  if (READING.test(text)) refuse("includeMacro");
  checkEffects(text);
  checkParts(item, surroundings);
}

/** Refuses what has an effect although nothing refers to it. */
export function checkEffects(text: string): void {
  const effect = UNREFERENCED.exec(text)?.[1];
  if (effect !== undefined) refuse("itemAttribute", effect);
}

function checkParts(item: Item, surroundings: Surroundings): void {
  const { type, name, attributes, inner, fn } = item;
  // (Others may be written in several ways.)
  if (/^r#|[^\w]/.test(name)) refuse("rawName", name);
  if (type === "macro_invocation" || type === "expression_statement") refuse("macroCall", name);
  if (fn?.isDamaged === true) refuse("syntaxError", fn.path);
  for (const attribute of readAttributes(attributes, importedMacros("")).names) {
    const isTools = /^(rustfmt|clippy)::/.test(attribute);
    const isKnown = ATTRIBUTES.has(attribute) || isTools || isForeign(attribute, FOREIGN_ATTRIBUTES, surroundings);
    if (!isKnown) refuse("itemAttribute", attribute);
  }
  for (const path of attributes.flatMap(derivesOf)) {
    const isStd =
      STD_DERIVES.has(path.replace(/^(std|core)::(\w+::)?/, "")) && !surroundings.imports.some(isOther(path));
    if (!isStd && !isForeign(path, DERIVES, surroundings)) refuse("namesOfMacro", path);
  }
  // (What stands in a module is a change of its own.)
  if (type !== "mod_item") for (const part of inner?.list ?? []) checkParts(part, surroundings);
}

/** The paths in `derive(…)`, under `cfg_attr` as well. */
function derivesOf(attribute: string): readonly string[] {
  return [...attribute.matchAll(/\bderive\s*\(([^()]*)\)/g)].flatMap(([, list = ""]) => {
    return list
      .split(",")
      .map((path) => path.replace(/\s/g, "").replace(/^::/, ""))
      .filter((path) => path !== "");
  });
}

/** Whether an import brings a name from elsewhere than from std. */
function isOther(name: string): (leaf: UseLeaf) => boolean {
  return (leaf) => leaf.name === name && !/^(std|core)$/.test(leaf.path[0] ?? "");
}

/** Whether a macro is one of a list of other crates' macros, by its path or by the module's import. */
function isForeign(name: string, known: ReadonlySet<string>, { imports, externs }: Surroundings): boolean {
  const leaves = imports.filter((leaf) => leaf.name === name.split("::")[0]);
  const paths =
    leaves.length === 0 ? [name] : leaves.map(({ path }) => [...path, ...name.split("::").slice(1)].join("::"));
  return paths.every((path) => known.has(path) && externs.has(path.split("::")[0] ?? ""));
}

/** Names of all types and traits that are new, or gone, by side. */
function namesOf(
  changes: readonly ItemChange[],
  side: "before" | "after",
  isNamed: (type: string) => boolean,
): string[] {
  const other = side === "before" ? "after" : "before";
  return changes.flatMap((change) => {
    return isNamed(change.type) && change[side] !== undefined && change[other] === undefined ? change.name : [];
  });
}

/** Traits of std that every type has for some other type, so that one more decides about no method. */
const ALWAYS_THERE = new Set(["From", "TryFrom"]);

/**
 * Checks an impl that is new, or gone: there must be no values yet, or no longer, that it says something of. `changes`: all of the edit;
 * `isDeclared`: whether the crate declares a trait of a name. Throws `Refused`.
 */
export function checkImpl(
  { before, after }: ItemChange,
  changes: readonly ItemChange[],
  isDeclared: (name: string) => boolean,
): void {
  const side = after === undefined ? "before" : "after";
  const impl = (after ?? before)?.impl;
  if (impl === undefined) refuse("impl");
  const types = namesOf(changes, side, isType);
  const traits = namesOf(changes, side, (type) => type === "trait_item");
  if ([...types, ...traits].some((name) => hasWord(impl.self, name))) return;
  const path = impl.trait?.split("<")[0]?.replace(/\s/g, "") ?? "";
  const trait = path.split("::").at(-1) ?? "";
  // Who has the trait in scope is found by the names of its methods.
  if (traits.includes(trait)) return;
  const isOfNew = types.some((name) => hasWord(impl.trait ?? "", name));
  if (!isOfNew || !ALWAYS_THERE.has(trait) || isDeclared(trait)) refuse("impl", impl.type);
}

/** Names by which a trait's members are called: its methods and constants. */
export function membersOf({ inner }: Item): readonly string[] {
  const members = inner?.list.filter(({ type }) => type !== "associated_type") ?? [];
  return members.map(({ name }) => name);
}
