/**
 * Words in the texts of attributes, such as a message of `#[error("…")]`, that name nothing: what reads the attribute makes no code of them.
 * Anything else in an attribute may be code, as a path in `#[serde(default = "…")]` is.
 */
import type { Node } from "web-tree-sitter";
import type { CrateMacros } from "./macroUses.js";

/** Attributes of rustc, and those that the derives of `knownMacros.ts` read, whose literals are texts. */
const WITH_TEXTS: ReadonlySet<string> = new Set([
  ..."doc deprecated must_use cfg should_panic ignore allow warn deny forbid expect".split(" "),
  ..."error arg command clap value group".split(" "),
]);

/** Of serde's attributes only these say no path. */
const SERDE_TEXT = /\b(rename|rename_all|rename_all_fields|alias|tag|content|expecting)\s*=\s*$/;

/** Whether a literal of an attribute is a text to all that may read it. `attribute`: the node around it. */
export function isAttributeText(literal: Node, attribute: Node, file: string, macros: CrateMacros): boolean {
  const path = attribute.namedChildren.find(({ type }) => type === "attribute")?.namedChildren[0]?.text ?? "";
  const before = attribute.text.slice(0, literal.startIndex - attribute.startIndex);
  if (!WITH_TEXTS.has(path) && !(path === "serde" && SERDE_TEXT.test(before))) return false;
  const { start, end } = outermost(attribute);
  return macros.unknownUses().every((use) => {
    return use.kind === "call" || use.file !== file || use.offset < start || end <= use.offset;
  });
}

/** The item of the file that an attribute is part of, with all that stands on it: macros on it, and derives, see the attribute. */
function outermost(attribute: Node): { readonly start: number; readonly end: number } {
  let item = attribute;
  while (item.parent !== null && item.parent.parent !== null) item = item.parent;
  let first = item;
  for (let it = item.previousNamedSibling; it !== null && isBeside(it); it = it.previousNamedSibling) first = it;
  let last = item;
  for (let it: Node | null = item; it !== null && isBeside(last); it = it.nextNamedSibling) last = it;
  return { start: first.startIndex, end: last.endIndex };
}

function isBeside({ type }: Node): boolean {
  return type === "attribute_item" || type.endsWith("comment");
}
