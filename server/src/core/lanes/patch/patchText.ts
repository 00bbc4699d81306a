/**
 * The text of a patch crate: the edited functions at their places, in the modules that they belong to, and nothing else.
 *
 * A patch crate uses the crate's public twin (`twin.ts`) as `__cranefly_twin`. Each module on the way to an edited function
 * takes everything from the twin's module of that name, and has the original's own imports and macros, so that every path means what it
 * does in the original. A method becomes one of a trait of ours, since only the crate that defines a type may give it methods; the
 * trait lies in a module of its own, where it is in nobody's way.
 */
import type { Node } from "web-tree-sitter";
import { type BodyRef, withoutLifetimes } from "../../source/functions.js";
import { rootStatic } from "../../source/rootStatics.js";
import type { Source } from "../../source/sourceCache.js";
import type { MacroFacts } from "./moduleFacts.js";
import {
  type Lifetimes,
  attributed,
  elided,
  inTraits,
  itemBefore,
  lifetimesOf,
  line,
  nameOf,
  otherName,
  renamed,
  signature,
} from "./signatures.js";
import { usedMacros, withoutLeaf, wordsIn } from "./imports.js";
import type { ModulePath } from "./privacy.js";
import { type Step, macrosAt, pathOf, stepsAt } from "./moduleTree.js";
import { refuse } from "../../edits/refusal.js";

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

/** Something at a place of the original text. */
interface Piece {
  readonly at: number;
  /** The module that it is part of. */
  readonly module: ModulePath;
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

/** A file of a patch crate. */
export interface PatchText {
  readonly text: string;
  /** The module that an offset in it is part of. */
  readonly moduleAt: (offset: number) => ModulePath;
}

/** The texts of a patch crate's files by path. `macros`: the whole crate's. Throws `Refused`. */
export function patchTexts(
  files: readonly PatchedFile[],
  macros: readonly MacroFacts[],
): ReadonlyMap<string, PatchText> {
  return new PatchWriter(macros).write(files);
}

class PatchWriter {
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

  write(files: readonly PatchedFile[]): ReadonlyMap<string, PatchText> {
    const sources = new Map<string, Source>();
    for (const { source, functions, steps } of files) {
      const file = steps.at(-1)?.file;
      if (file !== undefined) sources.set(file, source);
      const ordered = [...functions].sort((a, b) => a.span.start - b.span.start);
      for (const fn of ordered) this.add(source, fn, stepsAt(steps, fn.span.start));
    }
    const root = this.modules.get("");
    if (root === undefined) refuse("nothingToPatch");
    const out = new Map<string, PatchText>();
    for (const module of this.modules.values()) {
      const step = module.steps.at(-1);
      if (step === undefined || step.declaration?.inline !== undefined) continue;
      out.set(step.file, this.fileText(module, step, sources.get(step.file)?.text ?? ""));
    }
    return out;
  }

  /** Makes room for a module and those around it. */
  private module(steps: readonly Step[]): ModuleText {
    const key = pathOf(steps);
    const known = this.modules.get(key);
    if (known !== undefined) {
      // One of them is there under some `cfg`, and it takes rustc to know which.
      if (known.steps.at(-1)?.facts !== steps.at(-1)?.facts) refuse("ambiguousModule");
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
    if (step === undefined || node?.type !== "function_item") refuse("lostFunction");
    const module = this.module(steps);
    for (const { name, text } of macrosAt(step, fn.span.start)) module.macros.set(name, text);
    for (const word of wordsIn(source.text.slice(fn.span.start, fn.span.end))) module.words.add(word);
    const impl = node.parent?.parent;
    if (impl?.type === "impl_item") this.addMethod(source, fn, node, impl, module);
    else this.addFunction(source, fn, node, module);
  }

  private addFunction(source: Source, fn: BodyRef, node: Node, module: ModuleText): void {
    const { start, text } = attributed(source.text, node);
    module.pieces.push({ at: start, text, end: node.endIndex, module: pathOf(module.steps) });
    const name = nameOf(source.text, node);
    module.defined.add(name);
    module.roots.push(rootStatic(`${this.number++}`, name, fn.root?.future));
  }

  private addMethod(source: Source, fn: BodyRef, node: Node, impl: Node, module: ModuleText): void {
    const { text } = source;
    const type = impl.childForFieldName("type");
    const body = impl.childForFieldName("body");
    if (type === null || body === null) refuse("implWithoutType");
    if (fn.isRewritten && impl.childForFieldName("trait") !== null) {
      refuse("renamingMacro");
    }
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
    const piece = { module: pathOf(module.steps) };
    module.pieces.push({ ...piece, at: itemBefore(node)?.endIndex ?? body.startIndex, text: header });
    module.pieces.push({ ...piece, at: start, text: renamed(method, text, node, name), end: node.endIndex });
    module.pieces.push({ ...piece, at: node.endIndex, text: "}" });
    module.traits.push(this.trait(text, node, name, impl, lifetimes, self));
    const anonymous = lifetimes.names.length === 0 ? "" : `<${lifetimes.names.map(() => "'_").join(", ")}>`;
    const path = `<${withoutLifetimes(self)} as ${trait}${anonymous}>::${name}`;
    module.roots.push(rootStatic(`${this.number++}`, path, fn.root?.future));
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

  private fileText(module: ModuleText, step: Step, original: string): PatchText {
    const children = [...this.modules.values()].filter(({ steps }) => {
      return steps.length === module.steps.length + 1 && steps.at(-2)?.facts === step.facts;
    });
    const content = this.content(module, children);
    const prelude = this.prelude(module);
    // A function on the first line leaves no room in front of it. Names may as well be imported behind it, other things may not.
    const isFirst = content.some(({ at, end }) => end !== undefined && !original.slice(0, at).includes("\n"));
    const isMovable = isFirst && step.facts.innerAttributes.length === 0 && !prelude.includes("macro_rules!");
    const own = pathOf(module.steps);
    const pieces = isMovable ? content : [{ at: 0, text: prelude, module: own }, ...content];
    const { text, starts } = place(original, pieces);
    starts.push({ start: text.length, module: own });
    return {
      text: `${text}${isMovable ? ` ${prelude}` : ""}${this.epilogue(module)}\n`,
      moduleAt: (offset) => starts.findLast(({ start }) => start <= offset)?.module ?? own,
    };
  }

  /** What stands between a module's beginning and its end. */
  private content(module: ModuleText, children: readonly ModuleText[]): Piece[] {
    const pieces = [...module.pieces];
    for (const child of children) {
      const declaration = child.steps.at(-1)?.declaration;
      if (declaration === undefined) continue;
      const { span, inline } = declaration;
      if (inline === undefined) {
        pieces.push({ at: span.start, text: `${declaration.declaration};`, module: pathOf(module.steps) });
        continue;
      }
      const inner = [...this.modules.values()].filter(({ steps }) => steps.at(-2)?.facts === inline);
      const opening = `${declaration.declaration} { ${this.prelude(child)}`;
      const own = pathOf(child.steps);
      pieces.push({ at: span.start, text: opening, module: own }, ...this.content(child, inner));
      pieces.push({ at: span.end - 1, text: `${this.epilogue(child)} }`, module: own });
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
    if (text.includes("\n")) refuse("longMacro");
    return text;
  }

  private ownMacro(name: string, words: ReadonlySet<string>): string | undefined {
    const macro = this.ownMacros.get(name);
    if (macro === "ambiguous" && words.has(name)) refuse("ambiguousMacro");
    return macro === "ambiguous" ? undefined : macro?.text;
  }

  private epilogue({ roots, traits }: ModuleText): string {
    const module = traits.length === 0 ? [] : [`pub mod ${TRAITS} { use super::*; ${traits.join(" ")} }`];
    return [...roots, ...module].map((text) => ` ${text}`).join("");
  }
}

/** Puts pieces at their places, on an otherwise empty text with the original's lines; tells where each begins. */
function place(
  original: string,
  pieces: readonly Piece[],
): { readonly text: string; readonly starts: { readonly start: number; readonly module: ModulePath }[] } {
  const ordered = pieces.map((piece, order) => ({ ...piece, order })).sort((a, b) => a.at - b.at || a.order - b.order);
  let out = "";
  let at = 0;
  const starts: { start: number; module: ModulePath }[] = [];
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
      if (Buffer.byteLength(before, "utf8") !== before.length) refuse("wideCharacters");
      if (column > before.length) refuse("sharedLine");
    }
    if (column < before.length) out += " ".repeat(before.length - column);
    starts.push({ start: out.length, module: piece.module });
    out += piece.text;
    at = Math.max(at, piece.end ?? piece.at);
    const last = piece.text.lastIndexOf("\n");
    column = last < 0 ? Math.max(column, before.length) + piece.text.length : piece.text.length - last - 1;
  }
  return { text: out, starts };
}
