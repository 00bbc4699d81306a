/**
 * The libraries that a source names in `#[link(…)]`, read off its syntax tree.
 *
 * Knows attributes and conditions, not units: whoever asks says what `cfg` holds. What stands in a macro's tokens may become an
 * attribute or not, so it is told apart.
 */
import type { Node } from "web-tree-sitter";

export interface LinkAttribute {
  /** As `-l` takes it: `[KIND[:MODIFIERS]=]NAME`. */
  readonly library: string;
  readonly name: string;
  /** It is in force. Otherwise it may be: it is a macro's, or under a condition that cannot be told. */
  readonly isCertain: boolean;
}

/** Conditions that hold: `unix`, `feature="x"`, as `rustc --print cfg` writes them. */
export type Conditions = ReadonlySet<string>;

/** A word, a literal or a sign; strings with their text. */
type Token = { readonly text: string; readonly string?: string };

/** `path`, `path = "literal"` or `path(list)`. */
interface Meta {
  readonly path: string;
  readonly value: string | undefined;
  readonly list: readonly Meta[] | undefined;
}

/** `root`: the tree of a source file's `text`. */
export function linkAttributes(root: Node, text: string, conditions: Conditions): LinkAttribute[] {
  const tokensOf = (node: Node): Token[] => tokensIn(node, text);
  const metasOf = (attribute: Node): Meta[] => {
    // Without `#`, `!` and the brackets.
    const tokens = tokensOf(attribute);
    const start = tokens.findIndex((token) => token.text === "[");
    return parseMetas(tokens.slice(start + 1, -1));
  };
  const found: LinkAttribute[] = [];
  const visit = (node: Node, holds: boolean | undefined): void => {
    // Attributes stand in front of what they are about, next to each other; those inside of it come first there.
    let pending: Meta[] = [];
    const inner = node.namedChildren.flatMap((child) => (child.type === "inner_attribute_item" ? metasOf(child) : []));
    const here = and(holds, all(inner.map((meta) => conditionOf(meta, conditions))));
    const take = (metas: readonly Meta[], isHeld: boolean | undefined): void => {
      if (isHeld === false) return;
      for (const { meta, holds: own } of metas.flatMap((meta) => expand(meta, conditions))) {
        const attribute = meta.path === "link" ? linkOf(meta, and(isHeld, own) === true) : undefined;
        if (attribute !== undefined && own !== false) found.push(attribute);
      }
    };
    for (const child of node.children) {
      if (child.type.endsWith("comment")) continue;
      if (child.type === "attribute_item") {
        pending.push(...metasOf(child));
      } else if (child.type === "token_tree") {
        take(metasInTokens(tokensOf(child)), here === false ? false : undefined);
      } else if (child.type !== "inner_attribute_item") {
        const held = and(here, all(pending.map((meta) => conditionOf(meta, conditions))));
        take(pending, held);
        pending = [];
        if (held !== false) visit(child, held);
      }
    }
    take(pending, here);
  };
  visit(root, true);
  return found;
}

/** Three-valued: undefined where it cannot be told. */
function and(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === false || b === false) return false;
  return a === undefined || b === undefined ? undefined : true;
}

function all(values: readonly (boolean | undefined)[]): boolean | undefined {
  return values.reduce(and, true);
}

/** What an attribute says of whether its item is there. */
function conditionOf(meta: Meta, conditions: Conditions): boolean | undefined {
  return all(
    expand(meta, conditions).map(({ meta: inner, holds }) => {
      if (inner.path !== "cfg") return true;
      const value = all((inner.list ?? []).map((predicate) => evaluate(predicate, conditions)));
      return holds === true ? value : value === true ? true : undefined;
    }),
  );
}

/** The attributes that `cfg_attr` stands for, or the attribute itself. */
function expand(meta: Meta, conditions: Conditions): { meta: Meta; holds: boolean | undefined }[] {
  if (meta.path !== "cfg_attr") return [{ meta, holds: true }];
  const [predicate, ...attributes] = meta.list ?? [];
  const holds = predicate === undefined ? undefined : evaluate(predicate, conditions);
  if (holds === false) return [];
  return attributes.flatMap((attribute) =>
    expand(attribute, conditions).map((inner) => ({ meta: inner.meta, holds: and(holds, inner.holds) })),
  );
}

function evaluate({ path, value, list }: Meta, conditions: Conditions): boolean | undefined {
  if (list === undefined) {
    if (value === undefined && (path === "true" || path === "false")) return path === "true";
    return conditions.has(value === undefined ? path : `${path}="${value}"`);
  }
  const values = list.map((predicate) => evaluate(predicate, conditions));
  const negated = (item: boolean | undefined): boolean | undefined => (item === undefined ? undefined : !item);
  if (path === "all") return all(values);
  if (path === "any") return negated(all(values.map(negated)));
  if (path === "not") return negated(values[0]);
  return undefined;
}

function linkOf({ list = [] }: Meta, isCertain: boolean): LinkAttribute | undefined {
  const field = (name: string): string | undefined => list.find(({ path }) => path === name)?.value;
  const [name, kind, modifiers] = [field("name"), field("kind"), field("modifiers")];
  // (The other kinds are those of other systems.)
  if (name === undefined || (kind !== undefined && kind !== "dylib" && kind !== "static")) return undefined;
  const prefix = kind === undefined ? "" : `${kind}${modifiers === undefined ? "" : `:${modifiers}`}=`;
  return { library: `${prefix}${name}`, name, isCertain };
}

/** Attributes among a macro's tokens. */
function metasInTokens(tokens: readonly Token[]): Meta[] {
  return tokens.flatMap((token, at) => {
    const open = tokens[at + 1]?.text === "!" ? at + 2 : at + 1;
    if (token.text !== "#" || tokens[open]?.text !== "[") return [];
    return parseMetas(tokens.slice(open + 1, closing(tokens, open)));
  });
}

/** Where the bracket at `open` is closed. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { text, string } = tokens[at] ?? { text: "" };
    if (string !== undefined) continue;
    if ("([{".includes(text)) depth++;
    else if (")]}".includes(text) && --depth === 0) return at;
  }
  return tokens.length;
}

/** A list separated by commas. */
function parseMetas(tokens: readonly Token[]): Meta[] {
  const metas: Meta[] = [];
  for (let at = 0; at < tokens.length;) {
    const start = at;
    while (at < tokens.length && !["(", "[", "{", "=", ","].includes(tokens[at]?.text ?? "")) at++;
    const path = tokens
      .slice(start, at)
      .map(({ text }) => text)
      .join("");
    let value: string | undefined;
    let list: Meta[] | undefined;
    if (tokens[at]?.text === "=") value = tokens[at + 1]?.string;
    if (tokens[at]?.text === "(") {
      const end = closing(tokens, at);
      list = parseMetas(tokens.slice(at + 1, end));
      at = end + 1;
      // `unsafe(…)` says something of the attribute in it.
      if (path === "unsafe") metas.push(...list.splice(0));
    }
    while (at < tokens.length && tokens[at]?.text !== ",") at++;
    at++;
    if (path !== "" && path !== "unsafe") metas.push({ path, value, list });
  }
  return metas;
}

function tokensIn(node: Node, text: string): Token[] {
  if (node.type.endsWith("comment")) return [];
  // (The tree may be one of a text with other words: see `readable`.)
  const textOf = ({ startIndex, endIndex }: Node): string => text.slice(startIndex, endIndex);
  if (node.type === "string_literal" || node.type === "raw_string_literal") {
    const content = node.namedChildren.find((child) => child.type === "string_content");
    return [{ text: textOf(node), string: content == null ? "" : textOf(content) }];
  }
  if (node.childCount === 0) return [{ text: textOf(node) }];
  return node.children.flatMap((child) => tokensIn(child, text));
}
