/** What a trait in scope may decide about. */
import type { Node } from "web-tree-sitter";

/** Of whatever is no function and no import: what a trait in scope may decide. */
const DECIDED = new Set("call_expression macro_invocation closure_expression scoped_identifier".split(" "));
/** (A module in it is another one.) */
const PASSED_OVER = new Set(
  "use_declaration attribute_item inner_attribute_item visibility_modifier macro_definition mod_item".split(" "),
);

/** Whether anything but a function's body may mean another thing when a trait comes into scope: constants, statics, lengths. */
export function isDecided(node: Node): boolean {
  const { type } = node;
  if (PASSED_OVER.has(type)) return false;
  if (DECIDED.has(type)) return true;
  const body = type === "function_item" ? node.childForFieldName("body") : null;
  return node.namedChildren.some((child) => {
    // A type's path has the same nodes in front of its name.
    const isPathOfType = type === "scoped_type_identifier" && child.type === "scoped_identifier";
    return child.id !== body?.id && !isPathOfType && isDecided(child);
  });
}
