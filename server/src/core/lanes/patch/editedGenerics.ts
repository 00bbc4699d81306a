/**
 * Functions of which others hold the body, such as generic ones, edited beside items or mentioning them: two ways to have them in a patch
 * crate.
 *
 * Mostly such a function comes as another item of its name, with all that mention it (`promotions.ts`). Where that cannot be followed, and
 * no type or method is another one, it may stay the function that it is: then its instances are made anew, as after an edit of its body
 * alone (`programInstances.ts`). That is the second way, since their types need names. It is none where crates that use the function were
 * edited as well: rustc would make their instances of the body of before.
 */
import type { BodyEdit } from "../../edits/baseline.js";
import type { ItemChange } from "../../edits/itemChange.js";
import { Refused } from "../../edits/refusal.js";

/** What does not decide which instances there are. */
const PLAIN = new Set(["function_item", "const_item", "static_item"]);

/**
 * Does something with the edits, the first way and then the second one, `areInstances`. If both are refused, one of the refusals counts.
 * `foreign`: changes of libraries that come along; `areItems`: see `CrateTexts`.
 * Rejects with `Refused`, and with whatever it rejects with.
 */
export async function eitherWay<T>(
  edits: readonly BodyEdit[],
  foreign: readonly ItemChange[],
  areItems: boolean,
  make: (areInstances: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await make(false);
  } catch (first) {
    if (!(first instanceof Refused) || areItems || !mayBeInstances(edits) || !foreign.every(isPlain)) throw first;
    try {
      return await make(true);
    } catch (second) {
      // (One that has no form as another item has only the second way.)
      throw second instanceof Refused && first.refusal.kind !== "instantiable" ? first : second;
    }
  }
}

function mayBeInstances(edits: readonly BodyEdit[]): boolean {
  const items = edits.flatMap((edit) => edit.items);
  return items.length > 0 && items.every(isPlain);
}

function isPlain({ type, impl, origin }: ItemChange): boolean {
  return PLAIN.has(type) && impl === undefined && origin === "edit";
}
