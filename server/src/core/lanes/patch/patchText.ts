/**
 * The text of a patch crate: the edited functions at their places, in the modules that they belong to, and nothing else.
 *
 * A patch crate uses the crate's public twin (`twin.ts`) as `__cranefly_twin`. Each module on the way to an edited function
 * takes everything from the twin's module of that name, and has the original's own imports and macros, so that every path means what it
 * does in the original. A method becomes one of a trait of ours, since only the crate that defines a type may give it methods; the
 * trait lies in a module of its own, where it is in nobody's way.
 */
import type { Node } from "web-tree-sitter";
import { type Exports, linkName } from "./foreign.js";
import { type BodyRef, withoutLifetimes } from "../../source/functions.js";
import { USED, identityStatic, instanceStatic, rootStatic } from "../../source/rootStatics.js";
import type { Source } from "../../source/sourceCache.js";
import { type Instances, instanceRoot } from "./instanceRoots.js";
import { type NewItem, type PatchedFile, type PatchedFunction, itemNode } from "./patchedFile.js";
import type { MacroFacts } from "./moduleFacts.js";
import {
  type Lifetimes,
  attributed,
  declaredAttributes,
  elided,
  inTraits,
  itemBefore,
  lifetimesOf,
  line,
  nameOf,
  namedType,
  notConst,
  otherName,
  renamed,
  signature,
  verbatim,
} from "./signatures.js";
import type { ModuleText, NewTrait, PatchText, PatchTexts } from "./patchedModule.js";
import { MAY_BE_DERIVED, NUMBERS, isMentioned } from "./patchedModule.js";
import { withoutLeaf, wordsIn } from "./imports.js";
import type { AffectedEdits } from "./mentions.js";
import { OwnMacros } from "./ownMacros.js";
import { isWithin, scopeOf } from "./privacy.js";
import { type Piece, place } from "./placing.js";
import { type Step, macrosAt, pathOf, stepsAt } from "./moduleTree.js";
import { refuse } from "../../edits/refusal.js";
import { goneName } from "./goneNames.js";

/** The twin's name in a patch crate. */
export const TWIN = "__cranefly_twin";
/** The module that holds a module's traits. */
const TRAITS = "__cranefly_traits";
/** In a trait's name, in front of the name that its method has in the crate, if that is another one. */
const OWN_NAME = "_is_";

type AffectedModules = Pick<AffectedEdits, "modules" | "newModules" | "goneNames" | "handed">;
const NO_MODULES: AffectedModules = {
  modules: [],
  newModules: new Set(),
  goneNames: new Map(),
  handed: { names: [], imports: new Map() },
};

/**
 * The texts of a patch crate's files. `macros`: the whole crate's; `modules`: those that have to be there in any case;
 * `newModules`: those that the twin has not; `links`: other patch crates that it uses; `tests`: what stands for the program's tests,
 * if the patch crate is a test harness; `unreachable`: names that are not imported where nothing mentions them. Throws `Refused`.
 */
export function patchTexts(
  files: readonly PatchedFile[],
  macros: readonly MacroFacts[],
  { modules, ...affected }: AffectedModules = NO_MODULES,
  links: readonly Pick<Exports, "traits">[] = [],
  tests?: string,
  unreachable: ReadonlySet<string> = new Set(),
): PatchTexts {
  return new PatchWriter(macros, affected, links, tests, unreachable).write(files, modules);
}

class PatchWriter {
  /** By the names of the modules from the root on. */
  private readonly modules = new Map<string, ModuleText>();
  private readonly macros: OwnMacros;
  private readonly newTraits: NewTrait[] = [];
  private number: number;

  constructor(
    macros: readonly MacroFacts[],
    private readonly affected: Pick<AffectedModules, "newModules" | "goneNames" | "handed">,
    private readonly links: readonly Pick<Exports, "traits">[],
    private readonly tests: string | undefined,
    private readonly unreachable: ReadonlySet<string>,
  ) {
    // (A program and its library may have one name, and then these are all that tells their traits.)
    this.number = links.length * NUMBERS;
    this.macros = new OwnMacros(macros);
  }

  write(files: readonly PatchedFile[], modules: readonly (readonly Step[])[]): PatchTexts {
    const sources = new Map<string, Source>();
    for (const { source, functions, items, steps } of files) {
      const file = steps.at(-1)?.file;
      if (file !== undefined) sources.set(file, source);
      const all = [
        ...functions.map((it) => ({
          at: it.fn.span.start,
          add: (inner: readonly Step[]) => this.add(source, it, inner),
        })),
        ...items.map((item) => ({
          at: item.start,
          add: (inner: readonly Step[]) => this.addItem(source, item, inner),
        })),
      ];
      // In order: what ends somewhere comes before what begins there.
      for (const { at, add } of all.sort((a, b) => a.at - b.at)) add(stepsAt(steps, at));
    }
    for (const steps of modules) this.module(steps);
    const root = this.modules.get("");
    if (root === undefined) refuse("nothingToPatch");
    if (this.tests !== undefined) root.roots.push(this.tests);
    const out = new Map<string, PatchText>();
    for (const module of this.modules.values()) {
      const step = module.steps.at(-1);
      if (step === undefined || step.declaration?.inline !== undefined) continue;
      out.set(step.file, this.fileText(module, step, sources.get(step.file)));
    }
    const traits = this.newTraits.flatMap(({ path, isPublic }) => (isPublic ? path : []));
    return { files: out, traits };
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

  private add(source: Source, edited: PatchedFunction, steps: readonly Step[]): void {
    const node = source.bodyNode(edited.fn.body.start)?.parent;
    if (node?.type !== "function_item") refuse("lostFunction");
    const module = this.moduleOf(source, node, steps);
    const impl = node.parent?.parent;
    if (impl?.type === "impl_item") this.addMethod(source, edited, node, impl, module);
    else this.addFunction(source, edited, node, module);
  }

  /** The module of something that stands in it now, with the names and macros that this uses. */
  private moduleOf({ text }: Source, { startIndex, endIndex }: Node, steps: readonly Step[]): ModuleText {
    const step = steps.at(-1);
    if (step === undefined) refuse("unknownModule");
    const module = this.module(steps);
    for (const macro of macrosAt(step, startIndex)) module.macros.set(macro.name, macro);
    for (const word of wordsIn(text.slice(startIndex, endIndex))) module.words.add(word);
    return module;
  }

  /** An item that nobody has but the patch crate. Nothing makes rustc compile it but what calls it. */
  private addItem(source: Source, item: NewItem, steps: readonly Step[]): void {
    const node = itemNode(source, item);
    const module = this.moduleOf(source, node, steps);
    const impl = node.parent?.parent;
    if (impl?.type === "impl_item") {
      this.addMember(source, node, impl, module, item);
      return;
    }
    const { start, text } = MAY_BE_DERIVED.has(node.type)
      ? verbatim(source.text, node)
      : attributed(source.text, node, { keepsTest: this.tests !== undefined });
    module.pieces.push({ at: start, text, end: node.endIndex, module: pathOf(module.steps) });
    if (node.type === "impl_item") return;
    module.defined.add(nameOf(source.text, node));
    const type = namedType(source.text, node);
    if (type !== undefined && !/#\s*\[\s*cfg\b/.test(text)) {
      module.roots.push(identityStatic(`${this.number++}`, type));
    }
  }

  /** A new method, or an associated function or constant: one of a trait of ours, which is in scope where the original is visible. */
  private addMember(
    { text }: Source,
    node: Node,
    impl: Node,
    module: ModuleText,
    { name: own, visibility }: NewItem,
  ): void {
    const name = nameOf(text, node);
    const trait = this.memberOfTrait(text, node, name, impl, module, name === own ? "" : `${OWN_NAME}${own}`);
    const path = pathOf(module.steps);
    const scope = scopeOf(visibility, path);
    if (scope === undefined) refuse("mayBePrivate");
    const isPublic = visibility === "pub";
    this.newTraits.push({ path: `${path === "" ? "" : `${path}::`}${trait.path}`, scope, isPublic });
    this.number++;
  }

  private addFunction(source: Source, { fn, instances }: PatchedFunction, node: Node, module: ModuleText): void {
    const { start, text } = attributed(source.text, node);
    module.pieces.push({ at: start, text, end: node.endIndex, module: pathOf(module.steps) });
    const name = nameOf(source.text, node);
    module.defined.add(name);
    this.addRoots(module, fn, instances, name, (types) => instanceRoot(source.text, node, name, types));
  }

  /** Statics with the addresses of what rustc is to compile. `path`: of a function without instances. */
  private addRoots(
    module: ModuleText,
    fn: BodyRef,
    instances: Instances | undefined,
    path: string,
    address: (types: readonly string[]) => string,
  ): void {
    if (instances === undefined) module.roots.push(USED + rootStatic(`${this.number++}`, path, fn.root?.future));
    for (const types of instances ?? []) {
      const root = address(types);
      if (root.includes("\n")) refuse("longToken");
      module.roots.push(USED + instanceStatic(`${this.number++}`, root));
    }
  }

  private addMethod(
    source: Source,
    { fn, instances }: PatchedFunction,
    node: Node,
    impl: Node,
    module: ModuleText,
  ): void {
    const { text } = source;
    if (fn.isRewritten && impl.childForFieldName("trait") !== null) {
      refuse("renamingMacro");
    }
    // A trait is in scope in its own impls, so a trait's method would be ambiguous there.
    const name =
      impl.childForFieldName("trait") === null ? nameOf(text, node) : otherName(nameOf(text, node), module.words);
    const { path, self, lifetimes } = this.memberOfTrait(text, node, name, impl, module);
    const anonymous = lifetimes.names.length === 0 ? "" : `<${lifetimes.names.map(() => "'_").join(", ")}>`;
    const method = `<${withoutLifetimes(self)} as ${path}${anonymous}>::${name}`;
    // (Named lifetimes would need the bounds that an impl takes from its type.)
    const args = lifetimes.names.map(withoutLifetimes).join(", ");
    const of = { node: impl, self: withoutLifetimes(self), trait: args === "" ? path : `${path}<${args}>` };
    // The trait has this number, whether there is a root or not.
    if (instances?.length === 0) this.number++;
    this.addRoots(module, fn, instances, method, (types) => instanceRoot(text, node, name, types, of));
  }

  /** Makes something of an impl one of a trait of ours. */
  private memberOfTrait(
    text: string,
    node: Node,
    name: string,
    impl: Node,
    module: ModuleText,
    suffix = "",
  ): { readonly path: string; readonly self: string; readonly lifetimes: Lifetimes } {
    const type = impl.childForFieldName("type");
    const body = impl.childForFieldName("body");
    if (type === null || body === null) refuse("implWithoutType");
    const lifetimes = lifetimesOf(text, impl);
    const traitName = `__CraneflyMethods${this.number}${suffix}`;
    const trait = `${TRAITS}::${traitName}`;
    const args = lifetimes.names.length === 0 ? "" : `<${lifetimes.names.join(", ")}>`;
    const self = line(text, type);
    const where = lifetimes.where(impl);
    const { start, text: member } = attributed(text, node, { isInTrait: true });
    const header = `impl${lifetimes.parameters} ${trait}${args} for ${self} ${where}{`;
    // Each method has an impl of its own, which begins behind what is in front of it, mostly on an earlier line.
    const piece = { module: pathOf(module.steps) };
    module.pieces.push({ ...piece, at: itemBefore(node)?.endIndex ?? body.startIndex, text: header });
    module.pieces.push({
      ...piece,
      at: start,
      text: renamed(notConst(member, node), text, node, name),
      end: node.endIndex,
    });
    module.pieces.push({ ...piece, at: node.endIndex, text: "}" });
    module.traits.push(this.trait(text, node, name, impl, lifetimes, self, traitName));
    return { path: trait, self, lifetimes };
  }

  /** The declaration of the trait that a method becomes one of. */
  private trait(
    text: string,
    node: Node,
    name: string,
    impl: Node,
    lifetimes: Lifetimes,
    self: string,
    traitName: string,
  ): string {
    const bounds: string[] = [];
    if (!/^(dyn\b|str$|\[)/.test(self)) bounds.push("Sized");
    const original = impl.childForFieldName("trait");
    // Its associated types and constants go by `Self::Name` in the method.
    if (original !== null) {
      const path = line(text, original);
      if (!/(?:^|::)Drop$/.test(path)) bounds.push(inTraits(elided(path)));
    }
    const header = `pub trait ${traitName}${inTraits(lifetimes.parameters)}`;
    const where = inTraits(lifetimes.where(impl));
    const declaration = `${declaredAttributes(text, node)}${inTraits(signature(text, node, name))}`;
    return `${header}: ${bounds.join(" + ")} ${where}{ ${declaration}; }`;
  }

  private fileText(module: ModuleText, step: Step, source: Source | undefined): PatchText {
    const original = source?.text ?? "";
    const children = [...this.modules.values()].filter(({ steps }) => {
      return steps.length === module.steps.length + 1 && steps.at(-2)?.facts === step.facts;
    });
    const content = this.content(module, children, source);
    const prelude = this.prelude(module, source);
    // A function on the first line leaves no room in front of it. Names may as well be imported behind it, other things may not.
    const isFirst = content.some(({ at, end }) => end !== undefined && !original.slice(0, at).includes("\n"));
    const isMovable = isFirst && step.facts.innerAttributes.length === 0 && !prelude.includes("macro_rules!");
    const own = pathOf(module.steps);
    const pieces = isMovable ? content : [{ at: 0, text: prelude, module: own }, ...content];
    const { text, starts } = place(original, pieces);
    starts.push({ start: text.length, module: own });
    return {
      // (On a line of its own, so that no warning about it seems to be one about an edit.)
      text: `${text}\n${isMovable ? ` ${prelude}` : ""}${this.epilogue(module)}\n`,
      moduleAt: (offset) => starts.findLast(({ start }) => start <= offset)?.module ?? own,
    };
  }

  /** What stands between a module's beginning and its end. */
  private content(module: ModuleText, children: readonly ModuleText[], source: Source | undefined): Piece[] {
    const macros = this.macros.of(module, source).flatMap(({ place }) => place ?? []);
    const pieces = [...module.pieces, ...macros];
    for (const child of children) {
      const declaration = child.steps.at(-1)?.declaration;
      if (declaration === undefined) continue;
      const { span, inline } = declaration;
      if (inline === undefined) {
        pieces.push({ at: span.start, text: `${declaration.declaration};`, module: pathOf(module.steps) });
        continue;
      }
      const inner = [...this.modules.values()].filter(({ steps }) => steps.at(-2)?.facts === inline);
      const opening = `${declaration.declaration} { ${this.prelude(child, source)}`;
      const own = pathOf(child.steps);
      pieces.push({ at: span.start, text: opening, module: own }, ...this.content(child, inner, source));
      pieces.push({ at: span.end - 1, text: `${this.epilogue(child)} }`, module: own });
    }
    return pieces;
  }

  /** A module's names, on one line. */
  private prelude(of: ModuleText, source: Source | undefined): string {
    const { steps, words, defined } = of;
    const module = pathOf(steps);
    const step = steps.at(-1);
    if (step === undefined) return "";
    const { facts } = step;
    const path = [TWIN, ...steps.flatMap(({ declaration }) => declaration?.name ?? [])].join("::");
    const parts = facts.innerAttributes.filter((text) => !/^#!\[(crate_type|crate_name|doc)\b/.test(text));
    const links = this.links.map(({ traits }, number) => ({ name: linkName(number), traits }));
    if (steps.length === 1)
      parts.push(...[TWIN, ...links.map(({ name }) => name)].map((name) => `extern crate ${name};`));
    const isNew = this.affected.newModules.has(module);
    if (!isNew) parts.push(`pub use ::${path}::*;`);
    // Its own items hide what glob imports bring, which only explicit imports do.
    const own = isNew ? [] : [...facts.names].filter((name) => words.has(name) && !defined.has(name));
    if (facts.hasGlobImports && own.length > 0) parts.push(`pub use ::${path}::{${own.join(", ")}};`);
    for (const { path: trait, scope } of this.newTraits) {
      if (isWithin(module, scope)) parts.push(`use crate::${trait} as _;`);
    }
    for (const { name, traits } of links) parts.push(...traits.map((trait) => `use ::${name}::${trait} as _;`));
    parts.push(...(this.affected.handed.imports.get(module) ?? []));
    for (const name of this.affected.goneNames.get(module) ?? []) parts.push(goneName(name));
    for (const declaration of facts.imports) {
      const dropped = wordsIn(declaration).filter(
        (word) => this.unreachable.has(word) && !isMentioned(word, this.modules.values()),
      );
      parts.push([...this.macros.imported(declaration), ...dropped].reduce(withoutLeaf, declaration));
    }
    const macros = this.macros.of(of, source).filter(({ place }) => place === undefined);
    parts.push(...macros.flatMap(({ macro }) => macro.text ?? []));
    const text = parts.join(" ");
    if (text.includes("\n")) refuse("longMacro");
    return text;
  }

  private epilogue({ roots, traits }: ModuleText): string {
    const module = traits.length === 0 ? [] : [`pub mod ${TRAITS} { use super::*; ${traits.join(" ")} }`];
    return [...roots, ...module].map((text) => ` ${text}`).join("");
  }
}
