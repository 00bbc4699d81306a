/**
 * Changed names that public imports hand on, so that crates and modules which use them find what is new.
 *
 * A module of a patch crate has all that the twin's has, by a glob import. Where the original has a public glob import itself, both bring a
 * changed name, and rustc takes one of the two. So the name is imported explicitly there, which hides what globs bring.
 */
import type { ItemChange } from "../../edits/itemChange.js";
import type { HandedOn, HandingCrate } from "./foreign.js";
import { type CrateModule, type ModuleImport, resolvedModule } from "./modules.js";
import type { ModulePath } from "./privacy.js";

export interface HandedNames {
  /** Names of modules, those of libraries among them. */
  readonly names: readonly HandedOn[];
  /** Imports to be added to modules. */
  readonly imports: ReadonlyMap<ModulePath, readonly string[]>;
}

/** Finds what the public imports of a crate's modules hand on. `changes`: the crate's own, with their modules; `foreign`: libraries'. */
export function handedNames(
  changes: readonly { readonly change: ItemChange; readonly module: ModulePath }[],
  foreign: readonly HandedOn[],
  modules: readonly CrateModule[],
  { unit, libraries }: HandingCrate,
): HandedNames {
  const names = new Map<string, HandedOn>();
  const imports = new Map<ModulePath, string[]>();
  const add = (it: HandedOn): boolean => {
    const key = JSON.stringify([it.unit, it.module, it.name]);
    const isNew = !names.has(key);
    names.set(key, it);
    return isNew;
  };
  for (const it of foreign) add(it);
  for (const { change, module } of changes) {
    const { impl, before, after, name, origin } = change;
    // (Nobody else sees what is not public, and glob imports do not bring it.)
    if (impl !== undefined || name === "" || after?.visibility !== "pub") continue;
    add({ unit, module, name, isNew: before === undefined && origin !== "carried" });
  }
  const targetOf = (path: readonly string[], module: ModulePath): Pick<HandedOn, "unit" | "module"> | undefined => {
    const own = resolvedModule(path, module, modules);
    if (own !== undefined) return { unit, module: own };
    const [first = "", ...rest] = path;
    const library = libraries.get(first);
    return library === undefined ? undefined : { unit: library, module: rest.join("::") };
  };
  const handOn = ({ path: module, steps, imports: own }: CrateModule, leaf: ModuleImport): boolean => {
    if (leaf.isPrivate || leaf.isConditional) return false;
    const target = targetOf(leaf.name === undefined ? leaf.path : leaf.path.slice(0, -1), module);
    const found = [...names.values()].filter((it) => it.unit === target?.unit && it.module === target.module);
    if (leaf.name !== undefined) {
      const { name } = leaf;
      const meant = found.filter((it) => it.name === leaf.path.at(-1));
      return meant.map(({ isNew }) => add({ unit, module, name, isNew })).some((it) => it);
    }
    // Which one is meant of what several bring is not ours to say.
    const isOnly = own.filter((other) => other.name === undefined).length === 1;
    const isOwn = (name: string): boolean =>
      steps.at(-1)?.facts.names.has(name) === true || own.some((other) => other.name === name);
    return found
      .filter(({ name }) => !isOwn(name))
      .map(({ name, isNew }) => {
        if (!add({ unit, module, name, isNew })) return false;
        const fresh = `pub use ${leaf.path.join("::")}::${name};`;
        // (The twin has nothing of a name that is new.)
        if (isOnly && !isNew) imports.set(module, [...(imports.get(module) ?? []), fresh]);
        return true;
      })
      .some((it) => it);
  };
  const all = modules.flatMap((module) => module.imports.map((leaf) => ({ module, leaf })));
  // Each may hand on what another one does.
  while (all.map(({ module, leaf }) => handOn(module, leaf)).some((it) => it));
  return { names: [...names.values()], imports };
}
