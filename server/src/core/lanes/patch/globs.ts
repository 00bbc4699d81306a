/**
 * Whether a name may have come to a module by a glob import: then, and only then, a new item of that name takes it away from code that
 * nobody sees to mention it. An item hides what glob imports bring, and is a conflict with whatever else has its name.
 *
 * Source: the Rust reference's chapter on name resolution, and those on `use` declarations and preludes.
 */
import type { Node } from "web-tree-sitter";
import { type CrateModule, resolvedModule } from "./modules.js";
import type { ModulePath } from "./privacy.js";

/** What is known of a crate's modules. */
export interface ModuleView {
  readonly modules: readonly CrateModule[];
  /** What stands in a module. */
  readonly itemsOf: (module: ModulePath) => readonly (readonly Node[])[];
  /** Whether rustc knows that a glob import does not bring a name (`answers.ts`). */
  readonly isAbsent: (name: string, path: readonly string[]) => boolean;
  /** Whether all names that its items give to a module stand in the texts. */
  readonly isTransparent: (module: CrateModule) => boolean;
  /** Whether a call of a macro among a module's items may bring a glob import into it. */
  readonly mayBringGlobs: (module: CrateModule) => boolean;
}

export class GlobNames {
  constructor(private readonly view: ModuleView) {}

  /** Whether a name may come to a module by one of its glob imports. */
  mayBring(name: string, module: ModulePath, seen: Set<ModulePath> = new Set()): boolean {
    seen.add(module);
    const found = this.view.modules.filter(({ path }) => path === module);
    // (A module under several `cfg`s is one of them.)
    return found.length === 0 || found.some((it) => this.view.mayBringGlobs(it) || this.fromImports(name, it, seen));
  }

  /** Whether a module has glob imports that lead to modules of the crate among whose items macros are called. */
  leadsToMacros(module: ModulePath): boolean {
    const { modules } = this.view;
    const globs = modules.filter((it) => it.path === module).flatMap(({ imports }) => imports);
    const isAny = globs.some(({ name }) => name === undefined);
    return (
      isAny && modules.some((it) => it.steps.at(-1)?.facts.hasMacroCalls === true && this.leadsTo(module, it.path))
    );
  }

  /** Whether a module has a name itself, or by an import that tells it. */
  has(name: string, module: ModulePath): boolean {
    return this.view.modules.some((it) => it.path === module && hasName(name, it));
  }

  /** Whether glob imports lead from a module to another one. */
  leadsTo(from: ModulePath, to: ModulePath, seen: Set<ModulePath> = new Set()): boolean {
    if (from === to) return true;
    seen.add(from);
    return this.view.modules
      .filter(({ path }) => path === from)
      .flatMap(({ imports }) => imports)
      .some((leaf) => {
        if (leaf.name !== undefined) return false;
        const next = resolvedModule(leaf.path, from, this.view.modules);
        return next !== undefined && !seen.has(next) && this.leadsTo(next, to, seen);
      });
  }

  private fromImports(name: string, { path: module, imports }: CrateModule, seen: Set<ModulePath>): boolean {
    const globs = imports.filter((leaf) => leaf.name === undefined);
    return globs.some(({ path }) => {
      const target = resolvedModule(path, module, this.view.modules);
      const found = this.view.modules.filter((it) => it.path === target);
      if (target === undefined || found.length === 0) return this.variantMay(name, path);
      if (seen.has(target)) return false;
      const isThere = found.some((it) => hasName(name, it) || !this.view.isTransparent(it));
      return isThere || this.mayBring(name, target, seen);
    });
  }

  /** Whether a glob import that leads to no module, and so to an enum or out of the crate, may bring a name. */
  private variantMay(name: string, path: readonly string[]): boolean {
    const last = path.at(-1) ?? "";
    const enums = this.view.modules
      .filter(({ steps }) => steps.at(-1)?.facts.names.has(last) === true)
      .flatMap((it) => this.view.itemsOf(it.path).flat())
      .filter((node) => node.type === "enum_item" && node.childForFieldName("name")?.text === last);
    const names = enums.flatMap((node) =>
      (node.childForFieldName("body")?.namedChildren ?? []).map((variant) => variant.childForFieldName("name")?.text),
    );
    return enums.length === 0 ? !this.view.isAbsent(name, path) : names.includes(name);
  }
}

/** A name and the path of a glob import, as a key. */
export function globKey(name: string, path: readonly string[]): string {
  return JSON.stringify([name, path]);
}

/** The glob imports that lead out of the crate from a module, or from those of which it imports all. */
export function outsideGlobs(
  module: ModulePath,
  modules: readonly CrateModule[],
): readonly { readonly path: readonly string[]; readonly module: ModulePath }[] {
  const seen = new Set([module]);
  const found: { path: readonly string[]; module: ModulePath }[] = [];
  for (const path of seen) {
    for (const { imports } of modules.filter((it) => it.path === path)) {
      for (const leaf of imports.filter(({ name }) => name === undefined)) {
        const target = resolvedModule(leaf.path, path, modules);
        if (target !== undefined && modules.some((it) => it.path === target)) seen.add(target);
        else found.push({ path: leaf.path, module: path });
      }
    }
  }
  return found;
}

function hasName(name: string, { steps, imports }: CrateModule): boolean {
  const facts = steps.at(-1)?.facts;
  return (
    facts === undefined ||
    facts.names.has(name) ||
    facts.children.some((child) => child.name === name) ||
    imports.some((leaf) => leaf.name === name)
  );
}
