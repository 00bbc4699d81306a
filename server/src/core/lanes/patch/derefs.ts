/**
 * Whether a type may deref to another one: a new method of it then hides one of the other type's, also from code that nobody sees to call
 * it. (Only the crate of a type may have such an impl. That others deref to the type changes nothing: what they have comes first, as
 * before, and then what the type itself had, which are methods of traits.)
 */
import type { Node } from "web-tree-sitter";
import type { Source } from "../../source/sourceCache.js";
import type { MentionSearch } from "./mentions.js";
import { type Occurrence, occurrencesOf } from "./occurrences.js";

const TRAIT = "Deref";

/** `sources`: the crate's; `isMade`: macros of other crates of the workspace have such impls. */
export function mayDeref(type: string, sources: readonly Source[], search: MentionSearch, isMade: boolean): boolean {
  const found = sources.flatMap((source) => occurrencesOf(TRAIT, source).map((it) => ({ source, it })));
  const isOther = (name: string): boolean => isPlain(name, search) && name !== type;
  const isInMacro = ({ kind }: Occurrence): boolean => kind === "macro" || kind === "verbatim";
  const odd = found.filter(({ source, it }) => !isOther(typeAt(source, it) ?? type));
  if (odd.some(({ it }) => !isInMacro(it))) return true;
  if (odd.length === 0 && !isMade) return false;
  // A macro makes the impl: for a type that its definition names, or its input.
  return sources.some((source) => occurrencesOf(type, source).some((it) => isInMacro(it) && it.fn === undefined));
}

/** The type that gets an impl there, or an attribute that makes one; empty where there is none; undefined if it is not known. */
function typeAt({ root }: Source, { kind, offset }: Occurrence): string | undefined {
  const node = root?.descendantForIndex(offset, offset + TRAIT.length);
  if (node === undefined || node === null || kind === "macro") return undefined;
  if (kind === "leaf" || kind === "declared") return "";
  // By another name, it is not found.
  if (kind === "import") return isImported(node) ? "" : undefined;
  for (let outer: Node | null = node; outer !== null; outer = outer.parent) {
    const { type, parent } = outer;
    if (type === "token_tree" && parent?.type !== "attribute" && parent?.type !== "token_tree") return undefined;
    if (type === "attribute_item") return itemBehind(outer)?.childForFieldName("name")?.text;
    if (parent?.type === "impl_item" && parent.childForFieldName("trait")?.id === outer.id) {
      const self = parent.childForFieldName("type");
      const plain = self?.type === "generic_type" ? self.childForFieldName("type") : self;
      return plain?.type === "type_identifier" ? plain.text : undefined;
    }
  }
  return "";
}

/** Whether an import brings something of a module or a trait of that name, under its own. */
function isImported(node: Node): boolean {
  return node.parent?.type !== "use_as_clause" && node.parent?.parent?.type !== "use_as_clause";
}

function itemBehind(attribute: Node): Node | undefined {
  let next = attribute.nextNamedSibling;
  while (next !== null && /comment|attribute_item/.test(next.type)) next = next.nextNamedSibling;
  return next ?? undefined;
}

/** Whether a name is that of a type which is declared in the crate, and no other one's name besides. Empty: there is none. */
function isPlain(name: string, { modules }: MentionSearch): boolean {
  if (name === "") return true;
  const isRenamed = modules.some(({ imports }) =>
    imports.some((leaf) => leaf.name === name && leaf.path.at(-1) !== name),
  );
  return !isRenamed && modules.some(({ steps }) => steps.at(-1)?.facts.types.has(name) === true);
}
