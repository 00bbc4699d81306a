/** Names that something else may have without anybody seeing it. */
import { refuse } from "../../edits/refusal.js";
import { MACRO_NAMES, TYPE_NAMES, VALUE_NAMES } from "./preludeNames.js";
import type { NameChange } from "./nameChange.js";

/**
 * Refuses a name that hides one of a prelude: macros write what they mean as it is. `crates`: the names of all crates that the unit uses,
 * which are names of types wherever nothing else has them.
 */
export function checkHidden({ name, kind, path }: NameChange, crates: ReadonlySet<string>): void {
  const isAny = kind === "import";
  const isType = isAny || kind === "alias" || kind === "type";
  // (An import of that very crate changes nothing.)
  const isCrate = crates.has(name) && path?.length !== 1;
  const isHidden =
    (kind !== "alias" && VALUE_NAMES.has(name)) ||
    (isType && (TYPE_NAMES.has(name) || isCrate)) ||
    (isAny && MACRO_NAMES.has(name)) ||
    (kind === "constant" && mayBeBinding(name));
  if (isHidden) refuse("hiddenName", name);
}

/** A pattern of such a name is a binding now, in macros as well, and would be this constant. */
function mayBeBinding(name: string): boolean {
  return /\p{Ll}/u.test(name) || /^\p{Lu}?[\d_]*$/u.test(name);
}
