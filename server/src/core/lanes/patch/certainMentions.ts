/** Where a function is mentioned for certain, so far as texts tell: of an error in such a place, no reference says anything. */
import { type CrateModule, resolvedModule } from "./modules.js";
import type { Occurrence } from "./occurrences.js";
import type { ModulePath } from "./privacy.js";

/** Whether a function of a module is meant. `at`: the module that mentions it. */
export function meansFunction(
  name: string,
  { kind, owner, imported, isCalled, isParameter }: Occurrence,
  module: ModulePath,
  at: ModulePath | undefined,
  modules: readonly CrateModule[],
): boolean {
  if (at === undefined || isParameter) return false;
  const leadsThere = (path: readonly string[]): boolean => resolvedModule(path, at, modules) === module;
  const names = (path: readonly string[]): boolean => path.at(-1) === name && leadsThere(path.slice(0, -1));
  if (kind === "leaf" || kind === "import") return imported.some(names);
  if (kind !== "plain" && kind !== "qualified" && kind !== "verbatim") return false;
  if (owner === "") {
    if (!isCalled) return false;
    const imports = modules.filter(({ path }) => path === at).flatMap((it) => it.imports);
    const own = imports.filter((leaf) => leaf.name === name);
    if (own.length > 0) return own.some((leaf) => names(leaf.path));
    return at === module || imports.some((leaf) => leaf.name === undefined && leadsThere(leaf.path));
  }
  if (["crate", "self", "super"].includes(owner)) return leadsThere([owner]);
  // One of several modules of the name may be another one.
  const called = modules.filter(({ path }) => path.split("::").at(-1) === owner);
  return called.length === 1 && called[0]?.path === module;
}

/** Whether something of a module with such a visibility can be seen in another one. */
export function isSeenIn(at: ModulePath, module: ModulePath, visibility: string | undefined): boolean {
  if (visibility === "pub" || visibility === "pub(crate)") return true;
  const outer = visibility === "pub(super)" ? module.split("::").slice(0, -1).join("::") : module;
  return outer === "" || at === outer || at.startsWith(`${outer}::`);
}
