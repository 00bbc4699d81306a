/** Names that a module does not import any more. In a patch crate the twin's module still brings them, by a glob import. */
import { markOf } from "./privacy.js";

/** No unit's key, and no word of anybody. */
const NOBODY = "__cranefly_nobody";

/**
 * What stands for such a name: it hides the twin's as a type, a value and a macro, and rustc tells of every use. (A variable may have the
 * name of a function.)
 */
export function goneName(name: string): string {
  const mark = `#[allow(warnings)] ${markOf("item", NOBODY, "")}`;
  return `macro_rules! ${name} { (${NOBODY}) => {} } ${mark} fn ${name}() {} ${mark} enum ${name} {}`;
}
