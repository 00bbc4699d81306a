/**
 * The macros by example that a patch crate's modules have, and where. Debug info says of what a macro makes that it is at the macro's
 * definition, so that stands where the original has it, as far as it is one of the module's own; others stand in front of everything else,
 * on one line, and what a backtrace says of what they make is right when the crate lane has followed.
 */
import type { Node } from "web-tree-sitter";
import { refuse } from "../../edits/refusal.js";
import type { Source } from "../../source/sourceCache.js";
import { useLeaves } from "../../source/useTrees.js";
import { usedMacros, wordsIn } from "./imports.js";
import type { MacroFacts } from "./moduleFacts.js";
import { pathOf } from "./moduleTree.js";
import type { ModuleText } from "./patchedModule.js";
import type { Piece } from "./placing.js";

/** A macro that a module has. `place`: at its own place; undefined where it stands in front of everything else. */
interface UsedMacro {
  readonly macro: MacroFacts;
  readonly place: Piece | undefined;
}

export class OwnMacros {
  /** Those that only the crate itself can name. */
  private readonly known = new Map<string, MacroFacts | "ambiguous">();

  /** `macros`: the whole crate's. */
  constructor(macros: readonly MacroFacts[]) {
    for (const macro of macros) {
      if (macro.isExported) continue;
      this.known.set(macro.name, this.known.has(macro.name) ? "ambiguous" : macro);
    }
  }

  /** Those that a module's functions use. `source`: its file's, if functions of that are in the patch. Throws `Refused`. */
  of({ steps, words, macros }: ModuleText, source: Source | undefined): readonly UsedMacro[] {
    const facts = steps.at(-1)?.facts;
    const imported = (facts?.imports ?? []).flatMap((declaration) => this.imported(declaration));
    const inScope = new Map<string, MacroFacts | undefined>(macros);
    // What is imported is a definition at another place; here it may as well be one.
    for (const name of imported) if (!inScope.has(name)) inScope.set(name, this.named(name, words));
    return usedMacros(inScope, words).map((macro) => {
      const [own, ...others] = facts?.macros.filter(({ name }) => name === macro.name) ?? [];
      const isImported = imported.includes(macro.name);
      const isOwn = isImported
        ? own?.text === macro.text && importsItself(facts?.imports ?? [], macro.name)
        : own === macro;
      const isPlaced = own !== undefined && isOwn && others.length === 0 && source !== undefined;
      const definition = isPlaced ? definitionAt(source, own) : undefined;
      if (definition === undefined) return { macro, place: undefined };
      // (By the import it may be used in front of it. Imports find a macro only behind its definition.)
      const text = isImported ? `${definition.text} pub(crate) use ${macro.name};` : definition.text;
      return { macro, place: { ...definition, text, module: pathOf(steps) } };
    });
  }

  /** Those among what a declaration imports. */
  imported(declaration: string): readonly string[] {
    return wordsIn(declaration).filter((word) => this.known.has(word));
  }

  private named(name: string, words: ReadonlySet<string>): MacroFacts | undefined {
    const macro = this.known.get(name);
    if (macro === "ambiguous" && words.has(name)) refuse("ambiguousMacro");
    return macro === "ambiguous" ? undefined : macro;
  }
}

/** Whether the imports of a name in the module of a macro are of that macro: `pub(crate) use name;`. */
function importsItself(imports: readonly string[], name: string): boolean {
  const leaves = imports.flatMap((declaration) => useLeaves(declaration)).filter(({ path }) => path.includes(name));
  return leaves.every((leaf) => leaf.name === name && leaf.path.join("::").replace(/^self::/, "") === name);
}

/** The definition of a macro, where it has its first line for itself, and another one above it. */
function definitionAt({ text, root }: Source, { start, name }: MacroFacts): Omit<Piece, "module"> | undefined {
  const newline = text.lastIndexOf("\n", start - 1);
  let node: Node | null | undefined = root?.descendantForIndex(start);
  while (node !== null && node !== undefined && node.type !== "macro_definition") node = node.parent;
  if (node?.startIndex !== start || node.childForFieldName("name")?.text !== name) return undefined;
  if (newline < 0 || text.slice(newline, start).trim() !== "") return undefined;
  return { at: start, text: text.slice(start, node.endIndex), end: node.endIndex };
}
