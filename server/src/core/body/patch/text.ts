/**
 * The text of a patch crate: the edited functions at their places, in the modules that they belong to, and nothing else.
 *
 * A patch crate uses the crate's public twin (`twin.ts`) as `__cranefly_twin`. Each module on the way to an edited function
 * takes everything from the twin's module of that name, and has the original's own imports and macros, so that every path means what it
 * does in the original. A method becomes one of a trait of ours, since only the crate that defines a type may give it methods; the
 * trait lies in a module of its own, where it is in nobody's way.
 */
import type { Node } from "web-tree-sitter";
import type { BodyRef } from "../outline.js";
import { rootStatic, withoutLifetimes } from "../roots.js";
import type { Source } from "../source.js";
import { type MacroFacts, oneLine } from "./facts.js";
import { type Step, macrosAt, stepsAt } from "./tree.js";

/** The twin's name in a patch crate. */
export const TWIN = "__cranefly_twin";
/** The module that holds a module's traits. */
const TRAITS = "__cranefly_traits";

/** The edited functions of one file. */
export interface PatchedFile {
  readonly source: Source;
  readonly functions: readonly BodyRef[];
  /** To the file's module. */
  readonly steps: readonly Step[];
}

/** A function that has no form in a patch crate; the message says why. */
export class Unpatchable extends Error {}

/** Something at a place of the original text. */
interface Piece {
  readonly at: number;
  readonly text: string;
  /** It has to stand exactly there, and takes the place of the original's text up to this offset. */
  readonly end?: number;
}

/** What is said of a module, by its path. */
interface ModuleText {
  readonly steps: readonly Step[];
  readonly pieces: Piece[];
  readonly roots: string[];
  readonly traits: string[];
  /** Macros that its functions may use, by name. */
  readonly macros: Map<string, string | undefined>;
  /** Identifiers of its functions. */
  readonly words: Set<string>;
  /** Names of its functions that are no methods. */
  readonly defined: Set<string>;
}

/** The texts of a patch crate's files by path. `macros`: the whole crate's. Throws `Unpatchable`. */
export function patchTexts(files: readonly PatchedFile[], macros: readonly MacroFacts[]): ReadonlyMap<string, string> {
  return new PatchText(macros).write(files);
}

class PatchText {
  /** By the names of the modules from the root on. */
  private readonly modules = new Map<string, ModuleText>();
  /** Macros by example that only the crate itself can name. */
  private readonly ownMacros = new Map<string, MacroFacts | "ambiguous">();
  private number = 0;

  constructor(macros: readonly MacroFacts[]) {
    for (const macro of macros) {
      if (macro.isExported) continue;
      this.ownMacros.set(macro.name, this.ownMacros.has(macro.name) ? "ambiguous" : macro);
    }
  }

  write(files: readonly PatchedFile[]): ReadonlyMap<string, string> {
    const sources = new Map<string, Source>();
    for (const { source, functions, steps } of files) {
      const file = steps.at(-1)?.file;
      if (file !== undefined) sources.set(file, source);
      const ordered = [...functions].sort((a, b) => a.span.start - b.span.start);
      for (const fn of ordered) this.add(source, fn, stepsAt(steps, fn.span.start));
    }
    const root = this.modules.get("");
    if (root === undefined) throw new Unpatchable("there is nothing to patch");
    const out = new Map<string, string>();
    for (const module of this.modules.values()) {
      const step = module.steps.at(-1);
      if (step === undefined || step.declaration?.inline !== undefined) continue;
      out.set(step.file, this.fileText(module, step, sources.get(step.file)?.text ?? ""));
    }
    return out;
  }

  /** Makes room for a module and those around it. */
  private module(steps: readonly Step[]): ModuleText {
    const key = keyOf(steps);
    const known = this.modules.get(key);
    if (known !== undefined) {
      // One of them is there under some `cfg`, and it takes rustc to know which.
      if (known.steps.at(-1)?.facts !== steps.at(-1)?.facts) throw new Unpatchable("two modules of one name");
      return known;
    }
    if (steps.length > 1) this.module(steps.slice(0, -1));
    const made: ModuleText = {
      steps,
      pieces: [],
      roots: [],
      traits: [],
      macros: new Map(),
      words: new Set(),
      defined: new Set(),
    };
    this.modules.set(key, made);
    return made;
  }

  private add(source: Source, fn: BodyRef, steps: readonly Step[]): void {
    const step = steps.at(-1);
    const node = source.bodyNode(fn.body.start)?.parent;
    if (step === undefined || node?.type !== "function_item") throw new Unpatchable("a function is not found again");
    const module = this.module(steps);
    for (const { name, text } of macrosAt(step, fn.span.start)) module.macros.set(name, text);
    for (const word of wordsIn(source.text.slice(fn.span.start, fn.span.end))) module.words.add(word);
    const impl = node.parent?.parent;
    if (impl?.type === "impl_item") this.addMethod(source, node, impl, module);
    else this.addFunction(source, node, module);
  }

  private addFunction(source: Source, node: Node, module: ModuleText): void {
    const { start, text } = attributed(source.text, node);
    module.pieces.push({ at: start, text, end: node.endIndex });
    const name = nameOf(source.text, node);
    module.defined.add(name);
    module.roots.push(rootStatic(`${this.number++}`, name));
  }

  private addMethod(source: Source, node: Node, impl: Node, module: ModuleText): void {
    const { text } = source;
    const type = impl.childForFieldName("type");
    const body = impl.childForFieldName("body");
    if (type === null || body === null) throw new Unpatchable("an impl without a type");
    const lifetimes = lifetimesOf(text, impl);
    const trait = `${TRAITS}::__CraneflyMethods${this.number}`;
    const args = lifetimes.names.length === 0 ? "" : `<${lifetimes.names.join(", ")}>`;
    const self = line(text, type);
    const where = lifetimes.where(impl);
    const { start, text: method } = attributed(text, node, true);
    // A trait is in scope in its own impls, so a trait's method would be ambiguous there.
    const name =
      impl.childForFieldName("trait") === null ? nameOf(text, node) : otherName(nameOf(text, node), module.words);
    const header = `impl${lifetimes.parameters} ${trait}${args} for ${self} ${where}{`;
    // Each method has an impl of its own, which begins behind what is in front of it, mostly on an earlier line.
    module.pieces.push({ at: itemBefore(node)?.endIndex ?? body.startIndex, text: header });
    module.pieces.push({ at: start, text: renamed(method, text, node, name), end: node.endIndex });
    module.pieces.push({ at: node.endIndex, text: "}" });
    module.traits.push(this.trait(text, node, name, impl, lifetimes, self));
    const anonymous = lifetimes.names.length === 0 ? "" : `<${lifetimes.names.map(() => "'_").join(", ")}>`;
    const path = `<${withoutLifetimes(self)} as ${trait}${anonymous}>::${name}`;
    module.roots.push(rootStatic(`${this.number++}`, path));
  }

  /** The declaration of the trait that a method becomes one of. */
  private trait(text: string, node: Node, name: string, impl: Node, lifetimes: Lifetimes, self: string): string {
    const bounds: string[] = [];
    if (!/^(dyn\b|str$|\[)/.test(self)) bounds.push("Sized");
    const original = impl.childForFieldName("trait");
    // Its associated types and constants go by `Self::Name` in the method.
    if (original !== null) {
      const path = line(text, original);
      if (!/(?:^|::)Drop$/.test(path)) bounds.push(inTraits(elided(path)));
    }
    const header = `pub trait __CraneflyMethods${this.number}${lifetimes.parameters}`;
    const where = inTraits(lifetimes.where(impl));
    return `${header}: ${bounds.join(" + ")} ${where}{ ${inTraits(signature(text, node, name))}; }`;
  }

  private fileText(module: ModuleText, step: Step, original: string): string {
    const children = [...this.modules.values()].filter(({ steps }) => {
      return steps.length === module.steps.length + 1 && steps.at(-2)?.facts === step.facts;
    });
    const pieces = [{ at: 0, text: this.prelude(module) }, ...this.content(module, children)];
    const text = place(original, pieces);
    return `${text}${this.epilogue(module)}\n`;
  }

  /** What stands between a module's beginning and its end. */
  private content(module: ModuleText, children: readonly ModuleText[]): Piece[] {
    const pieces = [...module.pieces];
    for (const child of children) {
      const declaration = child.steps.at(-1)?.declaration;
      if (declaration === undefined) continue;
      const { span, inline } = declaration;
      if (inline === undefined) {
        pieces.push({ at: span.start, text: `${declaration.declaration};` });
        continue;
      }
      const inner = [...this.modules.values()].filter(({ steps }) => steps.at(-2)?.facts === inline);
      const opening = `${declaration.declaration} { ${this.prelude(child)}`;
      pieces.push({ at: span.start, text: opening }, ...this.content(child, inner));
      pieces.push({ at: span.end - 1, text: `${this.epilogue(child)} }` });
    }
    return pieces;
  }

  /** A module's names, on one line. */
  private prelude({ steps, words, macros, defined }: ModuleText): string {
    const step = steps.at(-1);
    if (step === undefined) return "";
    const { facts } = step;
    const path = [TWIN, ...steps.flatMap(({ declaration }) => declaration?.name ?? [])].join("::");
    const parts = facts.innerAttributes.filter((text) => !/^#!\[(crate_type|crate_name|doc)\b/.test(text));
    if (steps.length === 1) parts.push(`extern crate ${TWIN};`);
    parts.push(`pub use ::${path}::*;`);
    // Its own items hide what glob imports bring, which only explicit imports do.
    const own = [...facts.names].filter((name) => words.has(name) && !defined.has(name));
    if (facts.hasGlobImports && own.length > 0) parts.push(`pub use ::${path}::{${own.join(", ")}};`);
    const inScope = new Map(macros);
    for (const declaration of facts.imports) {
      const named = wordsIn(declaration).filter((word) => this.ownMacros.has(word));
      parts.push(named.reduce(withoutLeaf, declaration));
      // What it imports is a definition at another place; here it may as well be one.
      for (const name of named) if (!inScope.has(name)) inScope.set(name, this.ownMacro(name, words));
    }
    parts.push(...usedMacros(inScope, words));
    const text = parts.join(" ");
    if (text.includes("\n")) throw new Unpatchable("a macro of several lines that have to stay");
    return text;
  }

  private ownMacro(name: string, words: ReadonlySet<string>): string | undefined {
    const macro = this.ownMacros.get(name);
    if (macro === "ambiguous" && words.has(name)) throw new Unpatchable("several macros of one name");
    return macro === "ambiguous" ? undefined : macro?.text;
  }

  private epilogue({ roots, traits }: ModuleText): string {
    const module = traits.length === 0 ? [] : [`pub mod ${TRAITS} { use super::*; ${traits.join(" ")} }`];
    return [...roots, ...module].map((text) => ` ${text}`).join("");
  }
}

function keyOf(steps: readonly Step[]): string {
  return steps.flatMap(({ declaration }) => declaration?.name ?? []).join("::");
}

/** Puts pieces at their places, on an otherwise empty text with the original's lines. */
function place(original: string, pieces: readonly Piece[]): string {
  const ordered = pieces.map((piece, order) => ({ ...piece, order })).sort((a, b) => a.at - b.at || a.order - b.order);
  let out = "";
  let at = 0;
  /** How many columns of the current line are in use. */
  let column = 0;
  for (const piece of ordered) {
    const newlines = original.slice(at, piece.at).split("\n").length - 1;
    if (newlines > 0) {
      out += "\n".repeat(newlines);
      column = 0;
    }
    const before = original.slice(original.lastIndexOf("\n", piece.at - 1) + 1, piece.at);
    if (piece.end !== undefined) {
      // In bytes and in characters, it must be the same column.
      if (Buffer.byteLength(before, "utf8") !== before.length) throw new Unpatchable("characters of several bytes");
      if (column > before.length) throw new Unpatchable("a function that begins on another item's line");
    }
    if (column < before.length) out += " ".repeat(before.length - column);
    out += piece.text;
    at = Math.max(at, piece.end ?? piece.at);
    const last = piece.text.lastIndexOf("\n");
    column = last < 0 ? Math.max(column, before.length) + piece.text.length : piece.text.length - last - 1;
  }
  return out;
}

/** A function with its attributes, as it is written. `isInTrait`: nothing there has a visibility. */
function attributed(text: string, node: Node, isInTrait = false): { readonly start: number; readonly text: string } {
  let start = node.startIndex;
  const attributes: Node[] = [];
  for (let before = node.previousNamedSibling; before !== null; before = before.previousNamedSibling) {
    if (before.type === "attribute_item") attributes.push(before);
    else if (!before.type.endsWith("comment")) break;
  }
  let out = text.slice(node.startIndex, node.endIndex);
  const visibility = node.namedChildren.find((child) => child.type === "visibility_modifier");
  if (isInTrait && visibility !== undefined) {
    out = " ".repeat(visibility.endIndex - visibility.startIndex) + out.slice(visibility.endIndex - node.startIndex);
  }
  for (const { startIndex, endIndex } of attributes) {
    const attribute = text.slice(startIndex, endIndex);
    const between = text.slice(endIndex, start);
    const isKept = !/^#\[\s*(test|bench|should_panic|ignore|inline)\b/.test(attribute);
    out = (isKept ? attribute : blanks(attribute)) + blanks(between) + out;
    start = startIndex;
  }
  return { start, text: out };
}

/** A name of the same length that nothing has. */
function otherName(name: string, words: ReadonlySet<string>): string {
  for (const letter of "zyxwvutsrqponmlkjihgfedcba") {
    const other = letter.repeat(name.length);
    if (!words.has(other)) return other;
  }
  throw new Unpatchable("a method whose name leaves no other");
}

/** A function's text, which ends where the function does, with another name of the same length. */
function renamed(method: string, text: string, node: Node, name: string): string {
  const at = method.length - (node.endIndex - (node.childForFieldName("name")?.startIndex ?? node.endIndex));
  return method.slice(0, at) + name + method.slice(at + nameOf(text, node).length);
}

/** The item in front of one and its attributes. */
function itemBefore(node: Node): Node | undefined {
  let before = node.previousNamedSibling;
  while (before !== null && (before.type === "attribute_item" || before.type.endsWith("comment"))) {
    before = before.previousNamedSibling;
  }
  return before ?? undefined;
}

/** As many lines, and columns in the last one. */
function blanks(text: string): string {
  return text.replace(/[^\n]/gu, (character) => " ".repeat(Buffer.byteLength(character, "utf8")));
}

function nameOf(text: string, node: Node): string {
  const name = node.childForFieldName("name");
  if (name === null) throw new Unpatchable("a function without a name");
  return text.slice(name.startIndex, name.endIndex);
}

function line(text: string, { startIndex, endIndex }: Node): string {
  const found = oneLine(text, startIndex, endIndex);
  if (found === undefined) throw new Unpatchable("a token of several lines in a header");
  return found;
}

interface Lifetimes {
  readonly names: readonly string[];
  /** With their bounds, in angle brackets; empty when there are none. */
  readonly parameters: string;
  readonly where: (node: Node) => string;
}

/** The lifetime that stands for all that a trait's path leaves out. */
const ELIDED = "'__cranefly";

/** A path with names for its elided lifetimes. */
function elided(path: string): string {
  return path.replace(/'_(?!\w)/g, ELIDED).replace(/&(?!\s*')/g, `&${ELIDED} `);
}

/** An impl's parameters, which are lifetimes only. */
function lifetimesOf(text: string, impl: Node): Lifetimes {
  const declared = impl.childForFieldName("type_parameters")?.namedChildren ?? [];
  const parameters = declared.filter((child) => child.text.startsWith("'")).map((child) => line(text, child));
  const trait = impl.childForFieldName("trait");
  const path = trait === null ? "" : line(text, trait);
  if (elided(path) !== path) parameters.push(ELIDED);
  const names = parameters.map((parameter) => parameter.replace(/\s*:.*$/, ""));
  const where = (node: Node): string => {
    const clause = node.namedChildren.find((child) => child.type === "where_clause");
    return clause === undefined ? "" : `${line(text, clause)} `;
  };
  return { names, parameters: parameters.length === 0 ? "" : `<${parameters.join(", ")}>`, where };
}

/** A method's signature as a trait declares it: without visibility, and with names for patterns. */
function signature(text: string, node: Node, name: string): string {
  const modifiers = node.namedChildren.find((child) => child.type === "function_modifiers");
  const generics = node.childForFieldName("type_parameters");
  const result = node.childForFieldName("return_type");
  const where = node.namedChildren.find((child) => child.type === "where_clause");
  const list = node.childForFieldName("parameters");
  if (list !== null && text.slice(list.startIndex, list.endIndex).includes("#[")) {
    throw new Unpatchable("a parameter with attributes");
  }
  const parameters = (list?.namedChildren ?? []).flatMap((child) => {
    if (child.type.endsWith("comment")) return [];
    if (child.type === "self_parameter") return [selfParameter(line(text, child))];
    const type = child.childForFieldName("type");
    if (child.type !== "parameter" || type === null) throw new Unpatchable("a parameter with attributes");
    const pattern = child.childForFieldName("pattern");
    // `mut self: Box<Self>` is one, too.
    if (pattern !== null && /^(mut )?self$/.test(pattern.text)) return [`self: ${line(text, type)}`];
    return [`_: ${line(text, type)}`];
  });
  const parts = [
    modifiers === undefined ? "" : line(text, modifiers),
    `fn ${name}${generics === null ? "" : line(text, generics)}(${parameters.join(", ")})`,
    result === null ? "" : `-> ${line(text, result)}`,
    where === undefined ? "" : line(text, where),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function selfParameter(text: string): string {
  return text.startsWith("mut ") ? text.slice("mut ".length) : text;
}

/** A text as it is written in the module of the traits, which is one level deeper. */
function inTraits(text: string): string {
  return text.replace(/(?<![\w:])(self|super)\s*::/g, (_, word: string) => {
    return word === "self" ? "super::" : "super::super::";
  });
}

/** The identifiers in a text, keywords, and words of literals and comments. */
export function wordsIn(text: string): string[] {
  return text.match(/[\p{XID_Start}_]\p{XID_Continue}*/gu) ?? [];
}

/** An import without one of the names that it imports. */
function withoutLeaf(declaration: string, name: string): string {
  const leaf = `(?:[\\w#]+ ?:: ?)*${name}(?: as \\w+)? ?`;
  const inGroup = declaration.replace(new RegExp(`(?<=[{,] ?)${leaf}(?:, ?|(?=\\}))`, "u"), "");
  if (inGroup !== declaration) return inGroup;
  return new RegExp(`\\buse (?::: ?)?${leaf};$`, "u").test(declaration) ? "" : declaration;
}

/** The macros that words call, and those that these call, in order. */
function usedMacros(macros: ReadonlyMap<string, string | undefined>, words: ReadonlySet<string>): string[] {
  const used = new Set<string>();
  const queue = [...words];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (used.has(name) || !macros.has(name)) continue;
    used.add(name);
    const text = macros.get(name);
    if (text === undefined) throw new Unpatchable("a macro of several lines that have to stay");
    queue.push(...wordsIn(text));
  }
  return [...macros].flatMap(([name, text]) => (used.has(name) && text !== undefined ? [text] : []));
}
