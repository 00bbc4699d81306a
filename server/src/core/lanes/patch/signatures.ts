/** What a patch crate's text has of a function and of the impl around it: pieces of the original's text, and what they become. */
import type { Node } from "web-tree-sitter";
import { oneLine } from "./moduleFacts.js";
import { refuse } from "../../edits/refusal.js";

/** A function with its attributes, as it is written. `isInTrait`: nothing there has a visibility. */
export function attributed(
  text: string,
  node: Node,
  isInTrait = false,
): { readonly start: number; readonly text: string } {
  let start = node.startIndex;
  const attributes: Node[] = [];
  for (let before = node.previousNamedSibling; before !== null; before = before.previousNamedSibling) {
    if (before.type === "attribute_item") attributes.push(before);
    else if (!before.type.endsWith("comment")) break;
  }
  let out = text.slice(node.startIndex, node.endIndex);
  const visibility = node.namedChildren.find((child) => child.type === "visibility_modifier");
  if (isInTrait && visibility !== undefined) {
    out = " ".repeat(visibility.endIndex - visibility.startIndex) + out.slice(visibility.endIndex - node.startIndex);
  }
  for (const { startIndex, endIndex } of attributes) {
    const attribute = text.slice(startIndex, endIndex);
    const between = text.slice(endIndex, start);
    const isKept = !/^#\[\s*(test|bench|should_panic|ignore|inline)\b/.test(attribute);
    out = (isKept ? attribute : blanks(attribute)) + blanks(between) + out;
    start = startIndex;
  }
  return { start, text: out };
}

/** A name of the same length that nothing has. */
export function otherName(name: string, words: ReadonlySet<string>): string {
  for (const letter of "zyxwvutsrqponmlkjihgfedcba") {
    const other = letter.repeat(name.length);
    if (!words.has(other)) return other;
  }
  refuse("noOtherName");
}

/** A function's text, which ends where the function does, with another name of the same length. */
export function renamed(method: string, text: string, node: Node, name: string): string {
  const at = method.length - (node.endIndex - (node.childForFieldName("name")?.startIndex ?? node.endIndex));
  return method.slice(0, at) + name + method.slice(at + nameOf(text, node).length);
}

/** The item in front of one and its attributes. */
export function itemBefore(node: Node): Node | undefined {
  let before = node.previousNamedSibling;
  while (before !== null && (before.type === "attribute_item" || before.type.endsWith("comment"))) {
    before = before.previousNamedSibling;
  }
  return before ?? undefined;
}

/** As many lines, and columns in the last one. */
function blanks(text: string): string {
  return text.replace(/[^\n]/gu, (character) => " ".repeat(Buffer.byteLength(character, "utf8")));
}

export function nameOf(text: string, node: Node): string {
  const name = node.childForFieldName("name");
  if (name === null) refuse("unnamedFunction");
  return text.slice(name.startIndex, name.endIndex);
}

export function line(text: string, { startIndex, endIndex }: Node): string {
  const found = oneLine(text, startIndex, endIndex);
  if (found === undefined) refuse("longToken");
  return found;
}

export interface Lifetimes {
  readonly names: readonly string[];
  /** With their bounds, in angle brackets; empty when there are none. */
  readonly parameters: string;
  readonly where: (node: Node) => string;
}

/** The lifetime that stands for all that a trait's path leaves out. */
const ELIDED = "'__cranefly";

/** A path with names for its elided lifetimes. */
export function elided(path: string): string {
  return path.replace(/'_(?!\w)/g, ELIDED).replace(/&(?!\s*')/g, `&${ELIDED} `);
}

/** An impl's parameters, which are lifetimes only. */
export function lifetimesOf(text: string, impl: Node): Lifetimes {
  const declared = impl.childForFieldName("type_parameters")?.namedChildren ?? [];
  const parameters = declared.filter((child) => child.text.startsWith("'")).map((child) => line(text, child));
  const trait = impl.childForFieldName("trait");
  const path = trait === null ? "" : line(text, trait);
  if (elided(path) !== path) parameters.push(ELIDED);
  const names = parameters.map((parameter) => parameter.replace(/\s*:.*$/, ""));
  const where = (node: Node): string => {
    const clause = node.namedChildren.find((child) => child.type === "where_clause");
    return clause === undefined ? "" : `${line(text, clause)} `;
  };
  return { names, parameters: parameters.length === 0 ? "" : `<${parameters.join(", ")}>`, where };
}

/** A method's signature as a trait declares it: without visibility, and with names for patterns. */
export function signature(text: string, node: Node, name: string): string {
  const modifiers = node.namedChildren.find((child) => child.type === "function_modifiers");
  const generics = node.childForFieldName("type_parameters");
  const result = node.childForFieldName("return_type");
  const where = node.namedChildren.find((child) => child.type === "where_clause");
  const list = node.childForFieldName("parameters");
  if (list !== null && text.slice(list.startIndex, list.endIndex).includes("#[")) {
    refuse("parameterAttribute");
  }
  const parameters = (list?.namedChildren ?? []).flatMap((child) => {
    if (child.type.endsWith("comment")) return [];
    if (child.type === "self_parameter") return [selfParameter(line(text, child))];
    const type = child.childForFieldName("type");
    if (child.type !== "parameter" || type === null) refuse("parameterAttribute");
    const pattern = child.childForFieldName("pattern");
    // `mut self: Box<Self>` is one, too.
    if (pattern !== null && /^(mut )?self$/.test(pattern.text)) return [`self: ${line(text, type)}`];
    return [`_: ${line(text, type)}`];
  });
  const parts = [
    modifiers === undefined ? "" : line(text, modifiers),
    `fn ${name}${generics === null ? "" : line(text, generics)}(${parameters.join(", ")})`,
    result === null ? "" : `-> ${line(text, result)}`,
    where === undefined ? "" : line(text, where),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function selfParameter(text: string): string {
  return text.startsWith("mut ") ? text.slice("mut ".length) : text;
}

/** A text as it is written in the module of the traits, which is one level deeper. */
export function inTraits(text: string): string {
  return text.replace(/(?<![\w:])(self|super)\s*::/g, (_, word: string) => {
    return word === "self" ? "super::" : "super::super::";
  });
}
