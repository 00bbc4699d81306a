/** Types, traits and impls in an edited function's body, which a patch crate holds as they are written. */
import { ownItems } from "../../edits/ownItems.js";
import { refuse } from "../../edits/refusal.js";
import type { BodyRef } from "../../source/functions.js";
import type { Source } from "../../source/sourceCache.js";
import { useLeaves } from "../../source/useTrees.js";
import { isPatchable } from "./exposedBodies.js";
import { type Surroundings, checkWhole } from "./newTypes.js";

/** Refuses items that others may see, or of which that is not known. Throws `Refused`, and `LexError`. */
export function checkBodyItems(source: Source, fn: BodyRef, { imports, externs }: Surroundings): void {
  const body = source.bodyNode(fn.body.start) ?? refuse("bodyItems", fn.path);
  // (A future's type has the body's types in it, and others hold the bodies of generic functions.)
  if (fn.isAsync || fn.isRewritten || !isPatchable(fn)) refuse("bodyItems", fn.path);
  const own = ownItems(source.text, body) ?? refuse("bodyItems", fn.path);
  const surroundings = { imports: [...imports, ...own.imports.flatMap(useLeaves)], externs };
  for (const item of own.items) checkWhole(item, surroundings);
}
