/** What a patch crate's text has of a function and of the impl around it: pieces of the original's text, and what they become. */
import type { Node } from "web-tree-sitter";
import { TEST_ATTRIBUTES } from "./harness.js";
import { oneLine } from "./moduleFacts.js";
import { refuse } from "../../edits/refusal.js";

/** A function with its attributes, as it is written. `isInTrait`: nothing there has a visibility; `keepsTest`: if it is a test, it stays one. */
export function attributed(
  text: string,
  node: Node,
  { isInTrait = false, keepsTest = false } = {},
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
    const isKept =
      (keepsTest || !TEST_ATTRIBUTES.test(attribute)) &&
      !/^#\[\s*(bench|inline)\b/.test(attribute) &&
      !(isInTrait && /^#\[\s*must_use\b/.test(attribute));
    out = (isKept ? attribute : blanks(attribute)) + blanks(between) + out;
    start = startIndex;
  }
  return { start, text: out };
}

/** Attributes of a method that count where its trait declares it, on one line. */
export function declaredAttributes(text: string, node: Node): string {
  let out = "";
  for (let before = node.previousNamedSibling; before !== null; before = before.previousNamedSibling) {
    if (before.type.endsWith("comment")) continue;
    if (before.type !== "attribute_item") break;
    if (/^#\[\s*must_use\b/.test(before.text)) out = `${line(text, before)} ${out}`;
  }
  return out;
}

/** What stands in the patch as it is written, with its attributes and documentation, which macros may see. */
export function verbatim(text: string, node: Node): { readonly start: number; readonly text: string } {
  let start = node.startIndex;
  for (let before = node.previousNamedSibling; before !== null; before = before.previousNamedSibling) {
    if (before.type === "attribute_item" || /^\/\/\/(?!\/)|^\/\*\*(?!\*|\/)/.test(before.text))
      start = before.startIndex;
    else if (!before.type.endsWith("comment")) break;
  }
  return { start, text: text.slice(start, node.endIndex) };
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

/** A method's text, which ends where the method does, with blanks in the place of `const`: no method of a trait is that. */
export function notConst(method: string, node: Node): string {
  const modifiers = constModifier(node);
  if (modifiers === undefined) return method;
  const at = method.length - (node.endIndex - modifiers.startIndex);
  return method.slice(0, at) + " ".repeat("const".length) + method.slice(at + "const".length);
}

function constModifier(node: Node): Node | undefined {
  const modifiers = node.namedChildren.find((child) => child.type === "function_modifiers");
  return modifiers?.text === "const" ? modifiers : undefined;
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

/** What a type is called outside of itself, if it needs no more than lifetimes for that; undefined for another item. */
export function namedType(text: string, node: Node): string | undefined {
  if (!["struct_item", "enum_item", "union_item"].includes(node.type)) return undefined;
  const parameters = node.childForFieldName("type_parameters")?.namedChildren.map((child) => child.text) ?? [];
  if (!parameters.every((parameter) => parameter.startsWith("'"))) return undefined;
  const all = parameters.map(() => "'static").join(", ");
  return all === "" ? nameOf(text, node) : `${nameOf(text, node)}<${all}>`;
}

export function line(text: string, { startIndex, endIndex }: Node): string {
  const found = oneLine(text, startIndex, endIndex);
  if (found === undefined) refuse("longToken");
  return found;
}

/** What an impl is generic over: mostly lifetimes. */
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

/** An impl's parameters. */
export function lifetimesOf(text: string, impl: Node): Lifetimes {
  const declared = impl.childForFieldName("type_parameters")?.namedChildren ?? [];
  const parameters = declared.filter(({ type }) => !/comment|attribute/.test(type)).map((child) => line(text, child));
  const trait = impl.childForFieldName("trait");
  const path = trait === null ? "" : line(text, trait);
  if (elided(path) !== path) parameters.unshift(ELIDED);
  const names = parameters.map((parameter) => parameter.replace(/^const\s+|\s*:.*$/g, ""));
  const where = (node: Node): string => {
    const clause = node.namedChildren.find((child) => child.type === "where_clause");
    return clause === undefined ? "" : `${line(text, clause)} `;
  };
  return { names, parameters: parameters.length === 0 ? "" : `<${parameters.join(", ")}>`, where };
}

/** A method's signature as a trait declares it, or a constant's: without visibility, and with names for patterns. */
export function signature(text: string, node: Node, name: string): string {
  if (node.type === "const_item") {
    const type = node.childForFieldName("type");
    if (type === null) refuse("unnamedFunction");
    return `const ${name}: ${line(text, type)}`;
  }
  const modifiers = node.namedChildren.find((child) => child.type === "function_modifiers");
  const generics = node.childForFieldName("type_parameters");
  const result = node.childForFieldName("return_type");
  const where = node.namedChildren.find((child) => child.type === "where_clause");
  const list = node.childForFieldName("parameters");
  let end = list?.startIndex ?? 0;
  const parameters = (list?.namedChildren ?? []).flatMap((child) => {
    // (The grammar does not know them.)
    const attributes = attributesOf(text.slice(end, child.startIndex), modifiers);
    end = child.endIndex;
    return child.type.endsWith("comment") ? [] : [attributes + parameterOf(text, child)];
  });
  const parts = [
    modifiers === undefined || constModifier(node) !== undefined ? "" : line(text, modifiers),
    `fn ${name}${generics === null ? "" : line(text, generics)}(${parameters.join(", ")})`,
    result === null ? "" : `-> ${line(text, result)}`,
    where === undefined ? "" : line(text, where),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/** The attributes in front of a parameter that its declaration must have, too: those that say whether there is such a parameter. */
function attributesOf(between: string, modifiers: Node | undefined): string {
  const attributes = between.match(/#\[[^[\]]*\]/g) ?? [];
  // (What names a future counts parameters.)
  const isFuture = modifiers?.text.includes("async") === true;
  const isOdd = (attribute: string): boolean => isFuture || !/^#\[\s*(cfg|allow|expect|warn)\b/.test(attribute);
  if (attributes.some(isOdd) || attributes.length !== between.split("#").length - 1) refuse("parameterAttribute");
  const needed = attributes.filter((attribute) => /^#\[\s*cfg\b/.test(attribute));
  return needed.map((attribute) => `${attribute.replace(/\s+/g, " ")} `).join("");
}

function parameterOf(text: string, node: Node): string {
  if (node.type === "self_parameter") return selfParameter(line(text, node));
  const type = node.childForFieldName("type");
  if (node.type !== "parameter" || type === null) refuse("parameterAttribute");
  const pattern = node.childForFieldName("pattern");
  // `mut self: Box<Self>` is one, too.
  const name = pattern !== null && /^(mut )?self$/.test(pattern.text) ? "self" : "_";
  return `${name}: ${line(text, type)}`;
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
