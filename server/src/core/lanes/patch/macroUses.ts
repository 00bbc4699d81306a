/** The macros that a crate uses and defines, and what is known of them. */
import type { CompiledText } from "../../edits/baseline.js";
import { refuse } from "../../edits/refusal.js";
import type { SourceCache } from "../../source/sourceCache.js";
import {
  DERIVE_HELPERS,
  FOREIGN_ATTRIBUTES,
  FOREIGN_DERIVES,
  FOREIGN_ITEMS,
  FOREIGN_MACROS,
  STD_DERIVES,
  STD_MACROS,
} from "./knownMacros.js";
import { type InputTexts, hasWord } from "./crateTexts.js";
import { type MacroFactsOfText, type MacroUse, type PlacedLeaf, macroFactsOf, pieceOf } from "./macroFacts.js";
import type { UpstreamText } from "./upstream.js";

/** Facts of so many texts are kept, by their digests. */
const MAX_KEPT = 4096;
const kept = new Map<string, MacroFactsOfText>();

/** What stands in a file. */
export type InFile<T> = T & { readonly file: string };

interface TextFacts {
  readonly file: string;
  readonly facts: MacroFactsOfText;
}

const LISTS = {
  call: { std: STD_MACROS, foreign: FOREIGN_MACROS },
  derive: { std: STD_DERIVES, foreign: FOREIGN_DERIVES },
  attribute: { std: DERIVE_HELPERS, foreign: FOREIGN_ATTRIBUTES },
} as const;

const OWN = new Set(["crate", "self", "super", "$crate"]);
const STD = new Set(["std", "core", "alloc"]);
const ROOTS = new Set(["crate", "self", "super"]);

export class CrateMacros {
  private readonly all: readonly TextFacts[];
  private readonly defined: ReadonlySet<string>;
  /** Modules, and what imports call them. */
  private readonly modules: ReadonlySet<string>;
  private readonly leaves: readonly PlacedLeaf[];
  private unknown: readonly InFile<MacroUse>[] | undefined;

  /**
   * `externs`: names under which the crate uses crates of a registry that are called so; `upstream`: macros of the workspace's crates that
   * it uses; `cache`: there, if what only tests have is not part of the build. Throws `Refused`, and `LexError`.
   */
  constructor(
    texts: readonly CompiledText[],
    private readonly externs: ReadonlySet<string>,
    cache: SourceCache | undefined,
    private readonly upstream?: CrateMacros,
  ) {
    this.all = texts.map((text) => ({ file: text.file, facts: factsOf(text, cache) }));
    this.defined = new Set(this.all.flatMap(({ facts }) => [...facts.defined]));
    this.modules = new Set(this.all.flatMap(({ facts }) => [...facts.modules]));
    this.leaves = this.all.flatMap(({ facts }) => facts.leaves);
  }

  /** Refuses a crate with a macro of which it is not known what it writes, or with crates by other names. */
  checkAllKnown(): void {
    const bringing = this.all.find(({ facts }) => facts.bringing !== undefined)?.facts.bringing;
    if (bringing !== undefined) refuse("namesOfMacro", bringing);
    if (this.all.some(({ facts }) => facts.renamesCrates)) refuse("renamedCrate");
    const [unknown] = this.unknownUses();
    if (unknown !== undefined) refuse("namesOfMacro", unknown.path.join("::"));
  }

  /** Refuses the name of an import that may be that of a macro for which there is no import. */
  checkMacroUse(name: string): void {
    if (this.all.some(({ facts }) => facts.usesMacros)) refuse("renamedCrate", name);
  }

  /** Uses of macros that may make names of the words of their inputs. */
  unknownUses(): readonly InFile<MacroUse>[] {
    return (this.unknown ??= this.findUnknown());
  }

  /** An import in the input or the definition of a macro that may lead to a module of the crate: mentions by such a way cannot be followed. */
  hiddenImport(): string | undefined {
    const leaf = this.leaves.find((it) => it.isInMacro && this.mayNameModule(it));
    return leaf && [...leaf.path, leaf.name ?? "*"].join("::");
  }

  /** Whether an import, wherever it stands, or a module brings a name that is not a crate's own. */
  importsAs(name: string): boolean {
    return this.modules.has(name) || this.leaves.some((leaf) => leaf.name === name && leaf.path.join("::") !== name);
  }

  /** All glob imports, wherever they stand. */
  globs(): readonly InFile<{ readonly leaf: PlacedLeaf }>[] {
    return this.all.flatMap(({ file, facts }) =>
      facts.leaves.filter(({ name }) => name === undefined).map((leaf) => ({ file, leaf })),
    );
  }

  /** Whether an import may lead to a module of the crate: one of a module, or all of a module's names. */
  mayNameModule({ path, name }: PlacedLeaf): boolean {
    const [first = ""] = path;
    const last = path.at(-1) ?? "";
    if (this.isModule(last) || this.leaves.some((it) => it.name === last && this.isModule(it.path.at(-1) ?? ""))) {
      return true;
    }
    const isOutside = STD.has(first) || this.externs.has(first);
    return name === undefined && !isOutside && !isTypeName(last);
  }

  private isModule(name: string): boolean {
    return ROOTS.has(name) || this.modules.has(name);
  }

  /**
   * Whether the macros that are called between two offsets of a file bring no glob imports into their modules. `isTransparent`: nor items
   * whose names stand in no text.
   */
  bringNoGlobs(file: string, spans: readonly (readonly [number, number])[], isTransparent: boolean): boolean {
    const facts = this.all.find((it) => it.file === file)?.facts;
    if (facts === undefined) return spans.length === 0;
    const isIn = (offset: number): boolean => spans.some(([start, end]) => start <= offset && offset < end);
    if (facts.leaves.some(({ offset, name }) => name === undefined && isIn(offset))) return false;
    return facts.uses.every((use) => {
      if (use.kind !== "call" || !isIn(use.offset)) return true;
      if (this.isByExample(use, facts)) return !this.bringsGlobs();
      if (this.isKnown(use, facts)) return true;
      return !isTransparent && this.pathsOf(use, facts).every((path) => FOREIGN_ITEMS.has(path.join("::")));
    });
  }

  /** Whether the definition of a macro by example has a glob import. */
  private bringsGlobs(): boolean {
    const isGlob = (leaf: PlacedLeaf): boolean => leaf.isInMacro && leaf.name === undefined;
    return this.leaves.some(isGlob) || this.upstream?.bringsGlobs() === true;
  }

  private findUnknown(): readonly InFile<MacroUse>[] {
    const unknown = this.all.flatMap(({ file, facts }) => {
      return facts.uses
        .filter((use) => !this.isKnown(use, facts) && !this.isByExample(use, facts))
        .map((use) => ({ ...use, file }));
    });
    // What macros by example get may come to such a macro.
    const isHandedOn = unknown.some(({ isInDefinition }) => isInDefinition) || this.upstream?.handsOn() === true;
    if (!isHandedOn) return unknown;
    const own = this.all.flatMap(({ file, facts }) => {
      return facts.uses.filter((use) => this.isByExample(use, facts)).map((use) => ({ ...use, file }));
    });
    return [...unknown, ...own];
  }

  /** Whether its macros by example call others of which it is not known what they write. */
  private handsOn(): boolean {
    return this.unknownUses().some(({ isInDefinition }) => isInDefinition);
  }

  /** Whether a macro is one by example, of the crate or of the workspace. */
  private isByExample(use: MacroUse, facts: MacroFactsOfText): boolean {
    if (use.kind !== "call") return false;
    const paths = this.pathsOf(use, facts);
    return paths.length > 0 && paths.every((path) => this.isDefined(path));
  }

  private isDefined(path: readonly string[]): boolean {
    const [first = ""] = path;
    const last = path.at(-1) ?? "";
    if (path.length === 1) return this.defined.has(last) && !this.leaves.some(({ name }) => name === last);
    if (OWN.has(first) || this.modules.has(first)) return this.defined.has(last);
    if (STD.has(first) || this.externs.has(first)) return false;
    return this.upstream?.definesByExample(last) === true;
  }

  private definesByExample(name: string): boolean {
    return this.defined.has(name) && !this.all.some(({ facts }) => facts.procMacros.has(name));
  }

  /** What a macro's name may stand for: the paths of its imports, or its own. */
  private pathsOf({ path }: MacroUse, own: MacroFactsOfText): readonly (readonly string[])[] {
    if (path.length > 1) return [path];
    const [name = ""] = path;
    const near = own.leaves.filter((leaf) => leaf.name === name);
    const leaves = near.length > 0 ? near : this.leaves.filter((leaf) => leaf.name === name);
    return leaves.length > 0 ? leaves.map((leaf) => leaf.path) : [path];
  }

  /** The crates that a macro may be of: `std`, `crate` for its own, those of registries by name, and `?` for who knows. */
  cratesOf(path: readonly string[]): readonly string[] {
    const [first = ""] = path;
    const name = path.at(-1) ?? "";
    if (path.length > 1) {
      if (STD.has(first)) return ["std"];
      if (OWN.has(first) || this.modules.has(first)) return [this.defined.has(name) ? "crate" : "?"];
      const isRenamed = this.leaves.some((leaf) => leaf.name === first && leaf.path.length > 1);
      return [!isRenamed && this.externs.has(first) ? first : "?"];
    }
    const imported = this.leaves.filter((leaf) => leaf.name === name && leaf.path.length > 1);
    const crates = imported.flatMap((leaf) => (leaf.path.at(-1) === name ? this.cratesOf(leaf.path) : ["?"]));
    if (this.defined.has(name)) return [...crates, "crate"];
    if (crates.length > 0) return crates;
    // Without an import, it comes by a glob, by `macro_use`, or from the prelude.
    if (this.upstream?.defines(name) === true) return ["?"];
    if (STD_MACROS.has(name)) return ["std"];
    const isBrought = (crate: string): boolean => {
      const isGlob = (leaf: PlacedLeaf): boolean => leaf.name === undefined && leaf.path[0] === crate;
      return this.all.some(({ facts }) => facts.usesMacros) || this.leaves.some(isGlob);
    };
    const brought = [...this.externs].filter(isBrought);
    const [only] = brought;
    return brought.length === 1 && only !== undefined ? [only] : ["?"];
  }

  /** Whether any of its macros is called so. */
  private defines(name: string): boolean {
    return this.defined.has(name) || this.all.some(({ facts }) => facts.procMacros.has(name));
  }

  private isKnown({ kind, path, bringsNames }: MacroUse, own: MacroFactsOfText): boolean {
    const name = path.at(-1) ?? "";
    const isDefined = kind === "call" && this.defined.has(name);
    // Only what std makes of its input is certain then.
    if (bringsNames && (isDefined || !STD_MACROS.has(name))) return false;
    if (path.length > 1) return this.isKnownPath(kind, path);
    const near = own.leaves.filter((leaf) => leaf.name === name);
    const leaves = near.length > 0 ? near : this.leaves.filter((leaf) => leaf.name === name);
    if (near.length === 0 && (isDefined || LISTS[kind].std.has(name))) return true;
    if (kind !== "call" && LISTS[kind].std.has(name)) {
      // A trait of that name is no derive, and a macro that is called none that stands on an item.
      const other = kind === "attribute" ? "call" : kind;
      return leaves.every(({ path: from }) => STD.has(from[0] ?? "") || this.isKnownPath(other, from));
    }
    return leaves.length > 0 && leaves.every((leaf) => leaf.path.length > 1 && this.isKnownPath(kind, leaf.path));
  }

  /** Of what is called by its path, or imported by it. */
  private isKnownPath(kind: MacroUse["kind"], path: readonly string[]): boolean {
    const [first = ""] = path;
    const last = path.at(-1) ?? "";
    if (OWN.has(first)) return kind === "call" && this.defined.has(last);
    // A module, or an import, of that name.
    if (this.modules.has(first)) return kind === "call" && this.defined.has(last);
    if (this.leaves.some((leaf) => leaf.name === first && leaf.path.length > 1)) return false;
    if (STD.has(first)) return LISTS[kind].std.has(last);
    return this.externs.has(first) && LISTS[kind].foreign.has(path.join("::"));
  }
}

/** By input, for as long as somebody has it. */
const known = new WeakMap<InputTexts, CrateMacros>();

/** The macros of a crate. Throws `Refused`, and `LexError`. */
export function macrosOf(inputs: InputTexts, cache: SourceCache): CrateMacros {
  const made = known.get(inputs);
  if (made !== undefined) return made;
  const texts = [...inputs.texts].map(([file, text]) => text ?? refuse("unknownText", file));
  const upstream = new CrateMacros(inputs.upstream(), new Set(), undefined);
  const macros = new CrateMacros(texts, inputs.externs, inputs.hasTests ? undefined : cache, upstream);
  known.set(inputs, macros);
  return macros;
}

/** By convention, and so that nothing but a type is meant. */
function isTypeName(word: string): boolean {
  return /^\p{Lu}/u.test(word);
}

/** Pieces of a name that are this long mean it wherever they are in it. */
const MIN_PIECE = 3;

/** Whether a macro may make a name of a word of its input. */
export function mayMake({ words }: MacroUse, name: string): boolean {
  const whole = pieceOf(name);
  const segments = new Set(name.split("_").map(pieceOf));
  return [...words].some((word) => (word.length < MIN_PIECE ? segments.has(word) : whole.includes(word)));
}

/** Whether a source of another crate has a word where its macros may write it. */
export function mayWrite(source: UpstreamText, name: string): boolean {
  if (!hasWord(source.text, name)) return false;
  return source.isProcMacros || factsOf(source, undefined).definitions.some((text) => hasWord(text, name));
}

function factsOf(compiled: CompiledText, cache: SourceCache | undefined): MacroFactsOfText {
  const key = `${compiled.hash} ${cache === undefined}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= MAX_KEPT) kept.clear();
  const facts = macroFactsOf(cache === undefined ? compiled.text : withoutTests(compiled, cache));
  kept.set(key, facts);
  return facts;
}

/** The text with blanks for what only tests have. */
function withoutTests({ file, text }: CompiledText, cache: SourceCache): string {
  if (!/\b(test|bench)\b/.test(text)) return text;
  const { outline } = cache.get(file, text);
  if (typeof outline === "string") refuse("unreadable", outline);
  let out = "";
  let at = 0;
  for (const { start, end } of outline.testOnly) {
    if (end <= at) continue;
    out += text.slice(at, start).padEnd(end - at);
    at = end;
  }
  return out + text.slice(at);
}
