/** Which functions' bodies rustc hands on to other crates, so that a twin has them, and others may hold copies of them. */
import type { BodyRef } from "../../source/functions.js";

/** Whether a twin hands on nothing of a function's body, so that an old one does not matter. */
export function isAbsentFromTwin(fn: BodyRef): boolean {
  return isPatchable(fn) && !fn.isAsync;
}

/** Whether the function may be compiled apart from its crate. */
export function isPatchable(fn: BodyRef): boolean {
  return mayBeBlanked(fn) && fn.exposed === undefined && !fn.isNested;
}

/**
 * Whether a body holds items that are others in another crate. (A function, a constant or a static in a body is seen by nobody else, and
 * comes along.)
 */
export function holdsItems({ hasItems, hasOtherItems, isAsync, isRewritten }: BodyRef): boolean {
  return hasOtherItems || (hasItems && (isAsync || isRewritten));
}

/** Whether rustc hands the body on to other crates. */
export function mayBeBlanked(fn: BodyRef): boolean {
  const isInline = fn.inline !== undefined && fn.inline !== "never";
  return !fn.isGeneric && !isInline && !fn.isTraitDefault;
}
