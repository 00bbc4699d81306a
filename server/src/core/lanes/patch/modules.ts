/** A crate's modules as far as glob imports lead from one to the other. */
import { type UseLeaf, useLeaves } from "../../source/useTrees.js";
import type { CrateTexts } from "./crateTexts.js";
import type { ModulePath } from "./privacy.js";
import { type Step, pathOf } from "./moduleTree.js";

/** A module, and how to get there. */
export interface CrateModule {
  readonly path: ModulePath;
  readonly steps: readonly Step[];
  /** What it imports. */
  readonly imports: readonly ModuleImport[];
}

export interface ModuleImport extends UseLeaf {
  /** Only the module itself, and those in it, see what it brings. */
  readonly isPrivate: boolean;
  /** Not all builds have it. */
  readonly isConditional: boolean;
}

/** All modules of a tree, inline ones included. `isThere`: whether the build has a module at all. Throws `LexError`. */
export function modulesOf(
  tree: ReadonlyMap<string, readonly Step[]>,
  isThere: (step: Step) => boolean,
): readonly CrateModule[] {
  const found: CrateModule[] = [];
  const visit = (steps: readonly Step[]): void => {
    const step = steps.at(-1);
    if (step === undefined || !steps.every(isThere)) return;
    const imports = step.facts.imports.flatMap((declaration) => {
      const isPrivate = !/(^|\] )pub\b/.test(declaration);
      const isConditional = /#\s*\[\s*cfg/.test(declaration);
      return useLeaves(declaration).map((leaf) => ({ ...leaf, isPrivate, isConditional }));
    });
    found.push({ path: pathOf(steps), steps, imports });
    for (const inline of step.inline) visit([...steps, inline]);
  };
  for (const steps of tree.values()) visit(steps);
  return found;
}

/** Those that a build has. Throws `LexError`. */
export function modulesOfBuild({ tree, hasTests }: Pick<CrateTexts, "tree" | "hasTests">): readonly CrateModule[] {
  return modulesOf(tree, ({ declaration }) => hasTests || declaration?.declaration.startsWith("#[cfg(test)]") !== true);
}

/** Whether a module means a type of its own by a name without a path, and not that of another module (`owner`), or of another crate. */
export function isAnothersType(
  name: string,
  owner: ModulePath | undefined,
  module: ModulePath | undefined,
  modules: readonly CrateModule[],
): boolean {
  if (module === undefined || module === owner) return false;
  return modules.some(({ path, steps }) => {
    const facts = steps.at(-1)?.facts;
    return path === module && (facts?.types.has(name) === true || facts?.traits.has(name) === true);
  });
}

/** The module that a path leads to, through what it begins with: `crate`, `self`, `super` or a module in this one; undefined for others. */
export function resolvedModule(
  path: readonly string[],
  module: ModulePath,
  modules: readonly CrateModule[],
): ModulePath | undefined {
  const names = module === "" ? [] : module.split("::");
  const [first = ""] = path;
  const own = modules.find((it) => it.path === module)?.steps.at(-1)?.facts;
  const isOwn = own?.children.some((child) => child.name === first) === true;
  if (!isOwn && !["crate", "self", "super"].includes(first)) return undefined;
  for (const segment of path) {
    if (segment === "crate") names.length = 0;
    else if (segment === "super") names.pop();
    else if (segment !== "self") names.push(segment);
  }
  return names.join("::");
}
