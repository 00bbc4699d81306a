/**
 * A crate's module tree: which file is which module, and which macros are in scope there by their place in the text.
 *
 * Source: the Rust reference's chapters on modules (module source filenames, the path attribute) and on macros by example
 * (textual scope).
 */
import * as path from "node:path";
import type { ChildFacts, MacroFacts, ModuleFacts } from "./moduleFacts.js";
import type { ModulePath } from "./privacy.js";

/** A module on the way from the crate's root to a place. */
export interface Step {
  /** The file that its text is in. */
  readonly file: string;
  readonly facts: ModuleFacts;
  /** How its parent declares it; undefined for the root. */
  readonly declaration: ChildFacts | undefined;
  /** Macros that are in scope at its beginning, in order. */
  readonly inherited: readonly MacroFacts[];
  /** Macros that come into scope in its text, and from where on. */
  readonly scope: readonly { readonly start: number; readonly macro: MacroFacts }[];
  /** Its inline modules. */
  readonly inline: readonly Step[];
}

/** Looks up a file's facts; undefined for a file that is none of the crate's, or that cannot be read. */
export type FactsOf = (file: string) => ModuleFacts | undefined;

/** How deep modules may be nested before something is wrong. */
const MAX_DEPTH = 64;

/** The steps to each file's own module. A file that is declared more than once, or by a macro, has none. */
export function moduleTree(root: string, factsOf: FactsOf): ReadonlyMap<string, readonly Step[]> {
  const walk = new Walk(factsOf);
  const facts = factsOf(root);
  if (facts === undefined) return new Map();
  walk.module([], { file: root, facts, declaration: undefined, inherited: [] }, path.dirname(root));
  return walk.files();
}

class Walk {
  private readonly found = new Map<string, readonly Step[]>();
  private readonly twice = new Set<string>();

  constructor(private readonly factsOf: FactsOf) {}

  files(): ReadonlyMap<string, readonly Step[]> {
    for (const file of this.twice) this.found.delete(file);
    return this.found;
  }

  /** `directory`: where `mod name;` looks. */
  module(outer: readonly Step[], known: Omit<Step, "scope" | "inline">, directory: string): Step {
    const scope: { start: number; macro: MacroFacts }[] = [];
    const inline: Step[] = [];
    const step: Step = { ...known, scope, inline };
    const steps = [...outer, step];
    const isInline = known.declaration?.inline !== undefined;
    if (!isInline) {
      if (this.found.has(step.file)) this.twice.add(step.file);
      this.found.set(step.file, steps);
    }
    const { macros, children } = step.facts;
    const things = [...macros, ...children].sort((a, b) => startOf(a) - startOf(b));
    for (const thing of things) {
      if (!isChild(thing)) {
        scope.push({ start: thing.start, macro: thing });
        continue;
      }
      if (steps.length > MAX_DEPTH) continue;
      const child = this.child(steps, step, thing, directory, isInline);
      if (child === undefined) continue;
      if (thing.inline !== undefined) inline.push(child);
      if (thing.usesMacros) scope.push(...child.scope.map(({ macro }) => ({ start: thing.span.end, macro })));
    }
    return step;
  }

  private child(
    steps: readonly Step[],
    parent: Step,
    declaration: ChildFacts,
    directory: string,
    isInline: boolean,
  ): Step | undefined {
    const { name } = declaration;
    const inherited = [...parent.inherited, ...parent.scope.map(({ macro }) => macro)];
    if (declaration.inline !== undefined) {
      const known = { file: parent.file, facts: declaration.inline, declaration, inherited };
      return this.module(steps, known, path.join(directory, declaration.path ?? name));
    }
    const candidates =
      declaration.path === undefined
        ? [path.join(directory, `${name}.rs`), path.join(directory, name, "mod.rs")]
        : [path.resolve(isInline ? directory : path.dirname(parent.file), declaration.path)];
    for (const file of candidates) {
      const facts = this.factsOf(file);
      if (facts === undefined) continue;
      const ownsDirectory = declaration.path !== undefined || path.basename(file) === "mod.rs";
      const inner = ownsDirectory ? path.dirname(file) : path.join(directory, name);
      return this.module(steps, { file, facts, declaration, inherited }, inner);
    }
    return undefined;
  }
}

function isChild(thing: MacroFacts | ChildFacts): thing is ChildFacts {
  return "declaration" in thing;
}

function startOf(thing: MacroFacts | ChildFacts): number {
  return isChild(thing) ? thing.span.start : thing.start;
}

/** The steps to the innermost inline module of a file around an offset; `steps` lead to the file's own. */
export function stepsAt(steps: readonly Step[], offset: number): readonly Step[] {
  const inner = steps.at(-1)?.inline.find(({ declaration }) => {
    return declaration !== undefined && declaration.span.start <= offset && offset < declaration.span.end;
  });
  return inner === undefined ? steps : stepsAt([...steps, inner], offset);
}

/** Macros in scope at a place of a module's own text. */
export function macrosAt(step: Step, offset: number): readonly MacroFacts[] {
  return [...step.inherited, ...step.scope.filter(({ start }) => start < offset).map(({ macro }) => macro)];
}

/** The module that steps lead to. */
export function pathOf(steps: readonly Step[]): ModulePath {
  return steps.flatMap(({ declaration }) => declaration?.name ?? []).join("::");
}
