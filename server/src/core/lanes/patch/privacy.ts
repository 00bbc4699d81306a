/**
 * What is private in the crate, and public in its twin: a patch must not mean it where the crate would mean something else.
 *
 * Privacy decides what names stand for: rustc passes over fields, methods and imports that it may not use. In the twin it may
 * use them all, so whatever not all of the crate may use is marked there as deprecated, and rustc, which resolves names, tells
 * of every use by a lint. The mark says from where the thing may be used.
 */
import type { Diagnostic } from "../../../../../shared/src/report.js";
import { type Token, tokensOf } from "../../source/lexer.js";
import { STD_MACROS } from "./knownMacros.js";
import type { ModuleFacts } from "./moduleFacts.js";
import { type Place, primaryPlace } from "./rustcPlaces.js";

/** A module by its path from the crate's root, `a::b`; the root is "". */
export type ModulePath = string;

/** The scope of what may be used in all of its crate, but in no other one. (No module has this name.) */
export const OWN_CRATE: ModulePath = "crate";

/** Whether what belongs to one module can be used in another one of the same crate. */
export function isWithin(module: ModulePath, scope: ModulePath): boolean {
  return scope === "" || scope === OWN_CRATE || module === scope || module.startsWith(`${scope}::`);
}

/**
 * Where something of a module can be used, by its visibility as it is written; undefined: who knows. `module` undefined: it is not known,
 * either.
 */
export function scopeOf(visibility: string | undefined, module: ModulePath | undefined): ModulePath | undefined {
  const inside = visibility?.replace(/\s+/g, " ").trim();
  if (inside === undefined) return module;
  if (inside === "pub" || inside === "crate") return "";
  const path = /^pub ?\( ?(?:in )?((?:\w|:| )+?) ?\)$/.exec(inside)?.[1]?.replaceAll(" ", "").split("::");
  if (path === undefined) return undefined;
  if (path[0] === "crate") return path.slice(1).join("::");
  if (module === undefined) return undefined;
  const names = module === "" ? [] : module.split("::");
  if (path[0] !== "self" && path[0] !== "super") return undefined;
  for (const name of path) {
    if (name === "super") names.pop();
    else if (name !== "self") names.push(name);
  }
  return names.join("::");
}

/** As `scopeOf`, of something that other crates may be able to use: `OWN_CRATE` if they may not, and all of its own crate may. */
export function outerScopeOf(visibility: string | undefined, module: ModulePath | undefined): ModulePath | undefined {
  const scope = scopeOf(visibility, module);
  return scope === "" && visibility?.trim() !== "pub" ? OWN_CRATE : scope;
}

const MARK = "cranefly: of ";

/** An attribute by which rustc tells of every use of the item or field that it stands on. `unit`: the key of the crate's unit. */
export function markOf(kind: "field" | "item", unit: string, scope: ModulePath): string {
  return `#[deprecated(note = "${MARK}${kind} ${unit} ${scope}")]`;
}

/** What makes rustc tell of marked things. */
export const MARKED_LINT = "--force-warn=deprecated";

/** Whether one of rustc's lines may tell of a marked thing. (Most of them need not be read at all.) */
export function mayBeMarked(line: string): boolean {
  return line.includes(MARK);
}

/** Whether all that one of rustc's lines tells of may be used in all of a unit's own crate. (There are many such lines.) */
export function isOfOwnCrate(line: string, unit: string): boolean {
  return [...line.matchAll(MARKS)].every(([, of, scope]) => of === unit && scope === OWN_CRATE);
}

const MARKS = new RegExp(`${MARK}\\w+ ([^\\s"\\\\]+) ([^\\s"\\\\]*)`, "g");

/** A use of something that not all may use. */
export interface MarkedUse extends Place {
  /** The unit that it is part of. */
  readonly unit: string;
  readonly scope: ModulePath;
}

/** Reads a diagnostic; undefined when it tells of nothing that is marked. */
export function markedUse(diagnostic: Diagnostic): MarkedUse | undefined {
  const at = diagnostic.message.lastIndexOf(MARK);
  if (at < 0) return undefined;
  const [kind, unit = "", scope = ""] = diagnostic.message.slice(at + MARK.length).split(" ");
  // The fields of a marked struct are marked with it, but what they may be used for is said by their own visibility.
  if (kind === "item" && diagnostic.message.startsWith("use of deprecated field ")) return undefined;
  const { file = "", line = 0, column = 0 } = primaryPlace(diagnostic) ?? {};
  return { unit, scope, file, line, column };
}

/** What rustc cannot tell of: a name that not all of the crate may use, and that is looked for in texts. */
export interface RestrictedName {
  /**
   * `hidden`: it stays private in the twin, as what macros make, so that a patch would pass over it where the crate does not. `open`: a
   * type, or one of its variants, of which other crates may not know all; it is no matter of the crate itself.
   */
  readonly kind: "module" | "constructor" | "field" | "name" | "hidden" | "open";
  readonly name: string;
  readonly scope: ModulePath;
}

/** For the names `0`, `1` and so on, of fields that have no others. */
export const PLACES = "0";

/**
 * A name by which a function may mean something that its module may not use, if there is one. `text`: all of the function. `self`: what `Self` stands
 * for, by its last name; `ownMacros`: names of the crate's own macros.
 */
export function nameOfOthers(
  text: string,
  self: string,
  module: ModulePath,
  facts: ModuleFacts,
  restricted: readonly RestrictedName[],
  ownMacros: ReadonlySet<string> = new Set(),
): string | undefined {
  const others = restricted.filter(({ kind, scope }) => kind === "hidden" || !isWithin(module, scope));
  if (others.length === 0) return undefined;
  const tokens = [...tokensOf(text)];
  const word = (i: number): string => wordAt(text, tokens[i]);
  const has = (kind: RestrictedName["kind"], name: string): boolean =>
    others.some((other) => other.kind === kind && other.name === name);
  const isImported = (name: string): boolean =>
    facts.imports.some((declaration) => new RegExp(`\\b${name}\\b`).test(declaration));
  // What is declared or imported by its name is no other module's.
  const isOwnModule = (name: string): boolean =>
    facts.children.some((child) => child.name === name) || isImported(name);
  // (`offset_of!` takes a field's name alone.)
  const isKnown = (macro: string): boolean =>
    STD_MACROS.has(macro) && macro !== "offset_of" && !ownMacros.has(macro) && !isImported(macro);
  /** The brackets around a token; those of a macro's input with its name. */
  const around: { readonly bracket: string; readonly macro: string | undefined }[] = [];
  const mayBeField = (i: number): boolean =>
    around.some(({ macro }) => macro !== undefined && !isKnown(macro)) || isField(i, word, around.at(-1)?.bracket);
  const isOthers = (token: Token, i: number): boolean => {
    const name = word(i);
    if (token.kind === "open") around.push({ bracket: name, macro: word(i - 1) === "!" ? word(i - 2) : undefined });
    if (token.kind === "close") around.pop();
    // Format strings take names from around them.
    if (token.kind === "literal" && /^\d/.test(name)) return word(i - 1) === "." && has("hidden", PLACES);
    if (token.kind === "literal")
      return [...name.matchAll(CAPTURED)].some(([, captured = ""]) => has("name", captured));
    if (token.kind !== "identifier") return false;
    if (has("field", name) && mayBeField(i)) return true;
    if (has("name", name) || (isOfOthers(i, word) && has("hidden", name))) return true;
    if (word(i + 1) === ":" && word(i + 2) === ":" && has("module", name) && !isOwnModule(name)) return true;
    return isConstructed(i, word) && has("constructor", name === "Self" ? self : name);
  };
  const found = tokens.findIndex(isOthers);
  return found < 0 ? undefined : word(found);
}

/** `.name`, `path::name`, `name(…)`. */
function isOfOthers(i: number, word: (i: number) => string): boolean {
  return [".", ":"].includes(word(i - 1)) || (word(i + 1) === "(" && word(i - 1) !== "fn");
}

/** `.name`, and `name`, `name: …` in the braces of a struct. (`{ name }` may be a block.) */
function isField(i: number, word: (i: number) => string, bracket: string | undefined): boolean {
  const [before, after] = [word(i - 1), word(i + 1)];
  if (before === ".") return word(i - 2) !== "." && after !== "(";
  const isFirst = ["{", ",", "ref", "mut", "]"].includes(before);
  const isLast = after === "," || after === "}" || (after === ":" && word(i + 2) !== ":");
  return bracket === "{" && isFirst && isLast;
}

const CAPTURED = /\{([\p{XID_Start}_]\p{XID_Continue}*)/gu;

/** `Name(…)`, `f(Name)`, `Name { …, ..other }`. */
function isConstructed(i: number, word: (i: number) => string): boolean {
  const [before, after] = [word(i - 1), word(i + 1)];
  if (after === "(") return before !== "fn";
  if (after !== "{") return ["(", ","].includes(before) && [")", ","].includes(after);
  let depth = 0;
  for (let at = i + 1; word(at) !== ""; at++) {
    if (["{", "(", "["].includes(word(at))) depth++;
    else if (["}", ")", "]"].includes(word(at)) && --depth === 0) return false;
    else if (depth === 1 && word(at) === "." && word(at + 1) === "." && word(at + 2) !== "}") return true;
  }
  return false;
}

function wordAt(text: string, token: Token | undefined): string {
  return token === undefined ? "" : text.slice(token.start, token.end);
}
