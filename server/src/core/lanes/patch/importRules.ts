/**
 * What a change of a module's imports means to functions that nobody edited: a name that comes or goes decides what those mean that
 * mention it, and a trait that comes into scope or leaves it may decide about any call of a method.
 */
import type { ItemChange } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import { changedLeaves } from "./changedImports.js";
import type { MentionSearch } from "./mentions.js";
import { isMention } from "./occurrences.js";
import type { ModulePath } from "./privacy.js";
import { mayBeTrait } from "./traits.js";
import type { UnseenNames } from "./unseenNames.js";

/** Applies to the changed imports of one module. Throws `Refused`, and `LexError`. */
export function importRules(
  changes: readonly ItemChange[],
  module: ModulePath,
  search: MentionSearch,
  unseen: UnseenNames,
): void {
  const { gone, fresh, imported } = changedLeaves(changes);
  const changed = [...gone, ...fresh].map(([, leaf]) => leaf);
  // (One that brings what it brought is written in another way.)
  if (changed.some(({ visibility }) => visibility !== undefined)) refuse("reexport");
  for (const leaf of changed) {
    const { name, path } = leaf;
    if (name === undefined) refuse("globImport", path.join("::"));
    if (!mayBeTrait(leaf, module, search.modules) || unseen.isNoTrait(leaf, module)) continue;
    // The twin's module still has it in scope.
    if (name === "_" || !imported.has(name)) refuse("traitGone", path.join("::"));
    const why = path.join("::");
    search.takeAll(unseen.scopeOf(module, why), why);
  }
  for (const name of new Set(changed.map((leaf) => leaf.name ?? "_"))) {
    if (name === "_") continue;
    if (/[^\w]/.test(name)) refuse("rawName", name);
    const isGone = !imported.has(name);
    const change = isGone ? "gone" : gone.some(([, leaf]) => leaf.name === name) ? "changed" : "new";
    const path = fresh.find(([, leaf]) => leaf.name === name)?.[1].path;
    unseen.check({ name, module, kind: "import", change, isVisibleOutside: false, ...(path && { path }) });
    const isDeclared = search.modules.some(({ path: at, steps }) => {
      return at === module && steps.at(-1)?.facts.names.has(name) === true;
    });
    if (isGone && isDeclared) search.none(name, (it) => isMention(it) || it.kind === "leaf", module);
    else if (isGone) {
      // The twin's module still has the import, so the patch's has something else of the name, which nobody may mean.
      search.addGone(name, module);
      search.none(name, ({ kind, isInBody }) => kind === "leaf" && !isInBody, module);
    }
    if (!isGone || !isDeclared) search.take(name, isMention, module);
  }
  // rustc looks whether there is what they name.
  search.needModules(({ path }) => path === module);
}
