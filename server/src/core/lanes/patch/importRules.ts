/**
 * What a change of a module's imports means to functions that nobody edited: a name that comes or goes decides what those mean that
 * mention it, and a trait that comes into scope or leaves it may decide about any call of a method.
 */
import type { ItemChange } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import { type ChangedLeaf, changedLeaves } from "./changedImports.js";
import type { IsAffected, MentionSearch } from "./mentions.js";
import { isMention } from "./occurrences.js";
import { type ModulePath, isWithin } from "./privacy.js";
import { mayBeTrait } from "./traits.js";
import type { UnseenNames } from "./unseenNames.js";

/**
 * Applies to the changed imports of one module. `exportNew`: notes a name that others may know now as well. Throws `Refused`, and `LexError`.
 */
export function importRules(
  changes: readonly ItemChange[],
  module: ModulePath,
  search: MentionSearch,
  unseen: UnseenNames,
  exportNew: (name: string) => void,
): void {
  const { gone, fresh, imported } = changedLeaves(changes);
  // (A crate's own name means the crate with or without an import.)
  const [old, added] = [gone, fresh].map((leaves) => {
    return leaves.flatMap(([, leaf]) => (unseen.isCrateItself(leaf) ? [] : leaf));
  }) as [ChangedLeaf[], ChangedLeaf[]];
  const changed = [...old, ...added];
  // (One that brings what it brought is written in another way.)
  if (old.some(({ visibility }) => visibility !== undefined)) refuse("reexport");
  for (const leaf of changed) {
    const { name, path, visibility } = leaf;
    if (name === undefined) refuse("globImport", path.join("::"));
    if (!mayBeTrait(leaf, module, search.modules) || unseen.isNoTrait(leaf, module)) continue;
    if (visibility !== undefined) refuse("reexport");
    // The twin's module still has it in scope.
    if (name === "_" || !imported.has(name)) refuse("traitGone", path.join("::"));
    const why = path.join("::");
    search.takeAll(unseen.scopeOf(module, why), why);
  }
  // Nobody else sees what a module imports for itself. (A macro is called anywhere.)
  const isMeantIn: IsAffected = (occurrence, moduleOf) =>
    isMention(occurrence) && (occurrence.kind === "macro" || isWithin(moduleOf() ?? module, module));
  for (const name of new Set(changed.map((leaf) => leaf.name ?? "_"))) {
    if (name === "_") continue;
    if (/[^\w]/.test(name)) refuse("rawName", name);
    const isGone = !imported.has(name);
    const change = isGone ? "gone" : old.some((leaf) => leaf.name === name) ? "changed" : "new";
    const leaf = added.find((it) => it.name === name);
    const isVisibleOutside = leaf?.visibility === "pub";
    const isPublic = leaf?.visibility !== undefined;
    if (isPublic && change !== "new") refuse("reexport");
    unseen.check({ name, module, kind: "import", change, isVisibleOutside, ...(leaf && { path: leaf.path }) });
    if (isVisibleOutside) exportNew(name);
    const isMeant = isPublic ? isMention : isMeantIn;
    const isDeclared = search.modules.some(({ path: at, steps }) => {
      return at === module && steps.at(-1)?.facts.names.has(name) === true;
    });
    if (isGone && isDeclared) search.none(name, (it, at) => isMeant(it, at) || it.kind === "leaf", module);
    else if (isGone) {
      // The twin's module still has the import, so the patch's has something else of the name, which nobody may mean.
      search.addGone(name, module);
      search.none(name, ({ kind, isInBody }) => kind === "leaf" && !isInBody, module);
    }
    if (!isGone || !isDeclared) search.take(name, isMeant, module);
  }
  // rustc looks whether there is what they name.
  search.needModules(({ path }) => path === module);
}
