/** What an edit changed of the imports of modules. */
import type { BodyEdit } from "../../edits/baseline.js";
import type { ItemChange } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import { type UseLeaf, useLeaves } from "../../source/useTrees.js";
import type { CrateTexts } from "./crateTexts.js";
import { pathOf } from "./moduleTree.js";
import type { ModulePath } from "./privacy.js";

/** The module that a changed item stands in. Throws `Refused`. */
export function moduleOf(file: string, { modules }: ItemChange, tree: CrateTexts["tree"]): ModulePath {
  return moduleIn(file, modules, tree);
}

/** An inline module of a file. Throws `Refused`. */
export function moduleIn(file: string, modules: readonly string[], tree: CrateTexts["tree"]): ModulePath {
  const steps = tree.get(file) ?? refuse("unknownModule");
  const outer = pathOf(steps);
  return [...(outer === "" ? [] : [outer]), ...modules].join("::");
}

/** The changed imports of an edit, by module. Throws `Refused`. */
export function changedImports(
  edits: readonly BodyEdit[],
  tree: CrateTexts["tree"],
): ReadonlyMap<ModulePath, readonly ItemChange[]> {
  const found = new Map<ModulePath, ItemChange[]>();
  for (const { file, items } of edits) {
    for (const change of items) {
      // (Those of a new module are seen by nobody else.)
      if (change.type !== "use_declaration" || change.origin !== "edit") continue;
      const module = moduleOf(file, change, tree);
      found.set(module, [...(found.get(module) ?? []), change]);
    }
  }
  return found;
}

/** A name that an import brings. */
export interface ChangedLeaf extends UseLeaf {
  /** As the import is written; undefined: it is the module's own. */
  readonly visibility: string | undefined;
}

/** What changed imports bring that they did not before, and the other way round; `imported`: all names that they bring now. */
export function changedLeaves(changes: readonly ItemChange[]): {
  readonly gone: readonly (readonly [string, ChangedLeaf])[];
  readonly fresh: readonly (readonly [string, ChangedLeaf])[];
  readonly imported: ReadonlySet<string | undefined>;
} {
  const before = leavesOf(changes, "before");
  const after = leavesOf(changes, "after");
  return {
    gone: [...before].filter(([key]) => !after.has(key)),
    fresh: [...after].filter(([key]) => !before.has(key)),
    imported: new Set([...after].map(([, { name }]) => name)),
  };
}

/** The leaves of changed imports, by what they say. */
function leavesOf(changes: readonly ItemChange[], side: "before" | "after"): ReadonlyMap<string, ChangedLeaf> {
  return new Map(
    changes.flatMap((change) => {
      const item = change[side];
      const leaves = item === undefined ? [] : useLeaves(item.text.slice(item.start - item.span.start));
      const attributes = item?.attributes.filter((attribute) => attribute.includes("cfg")) ?? [];
      const visibility = item?.visibility;
      return leaves.map((leaf) => {
        return [JSON.stringify([attributes, visibility, leaf.path, leaf.name]), { ...leaf, visibility }] as const;
      });
    }),
  );
}
