/**
 * Makes everything in a text public, so that another crate can name it: what a patch crate needs of the crate that it belongs to.
 *
 * Nothing that ends up in code moves: visibility takes the place of blanks in front of an item, or stands at the end of a line
 * above it, or in front of an item whose body lies on later lines or is blanked.
 */
import type { Node } from "web-tree-sitter";
import { hiddenBefore } from "../../syntax/readable.js";
import type { Replacement } from "../blank.js";
import { type Span, tokensOf } from "../lexer.js";
import type { KindOfName, NameKind } from "./privacy.js";

const VISIBLE = new Set([
  ..."function_item struct_item enum_item union_item trait_item type_item const_item static_item mod_item".split(" "),
  ..."function_signature_item associated_type".split(" "),
]);
/** Macros of std and of widely used crates whose statics would be private. */
const STATIC_MACROS = new Set(["thread_local", "lazy_static"]);
const WORD = "pub";

/** What decides about a text. */
export interface Circumstances {
  /** Whether the function with this body keeps it. */
  readonly isWhole: (body: Span) => boolean;
  /** Names of the crate's macros by example, which cannot be exported like other items. */
  readonly macros: ReadonlySet<string>;
}

export interface Publicized {
  /** The changes that make a text's items public, in order. */
  readonly replacements: readonly Replacement[];
  /** Names of items, fields and methods that not all of the crate could name before. */
  readonly restricted: ReadonlySet<KindOfName>;
}

/** Finds out what makes a text's items public. */
export function publicized(text: string, root: Node, circumstances: Circumstances): Publicized {
  const changes = new Publicizer(text, circumstances);
  changes.items(root.namedChildren);
  return { replacements: changes.made, restricted: changes.restricted };
}

class Publicizer {
  readonly made: Replacement[] = [];
  readonly restricted = new Set<KindOfName>();

  constructor(
    private readonly text: string,
    private readonly circumstances: Circumstances,
  ) {}

  items(nodes: readonly Node[]): void {
    for (const node of nodes) this.item(node);
  }

  private item(node: Node): void {
    const body = node.childForFieldName("body");
    switch (node.type) {
      case "attribute_item":
        this.attribute(node);
        return;
      case "use_declaration":
      case "extern_crate_declaration":
        // Private imports stay private: they would come along with glob imports, traits included.
        if (this.visibility(node) !== undefined && !this.namesMacro(node)) {
          if (this.isRestricted(node)) for (const name of this.wordsOf(node)) this.restricted.add(`item ${name}`);
          this.makePublic(node);
        }
        return;
      case "macro_invocation":
        this.statics(node);
        return;
      case "impl_item":
        if (node.childForFieldName("trait") === null) this.items(body?.namedChildren ?? []);
        return;
      case "foreign_mod_item":
        this.items(body?.namedChildren ?? []);
        return;
      default:
        break;
    }
    if (!VISIBLE.has(node.type)) return;
    if (node.childForFieldName("name")?.text !== "_") this.makePublic(node);
    if (node.type === "mod_item") this.items(body?.namedChildren ?? []);
    else if (node.type === "struct_item" || node.type === "union_item") this.fields(body);
  }

  private fields(body: Node | null): void {
    if (body === null) return;
    if (body.type === "field_declaration_list") {
      for (const field of body.namedChildren) if (field.type === "field_declaration") this.makePublic(field);
      return;
    }
    // A tuple's: attributes, visibility and type of one field after the other.
    let visibility: Node | undefined;
    for (const node of body.namedChildren) {
      if (node.type === "attribute_item" || node.type.endsWith("comment")) continue;
      if (node.type === "visibility_modifier") {
        visibility = node;
        continue;
      }
      if (visibility === undefined) this.insert(node.startIndex);
      else this.widen(visibility);
      visibility = undefined;
    }
  }

  private makePublic(node: Node): void {
    const visibility = this.visibility(node);
    const name = node.childForFieldName("name");
    if (name !== null && this.isRestricted(node)) {
      this.restricted.add(`${kindOf(node)} ${this.text.slice(name.startIndex, name.endIndex)}`);
    }
    if (visibility !== undefined) {
      this.widen(visibility);
      return;
    }
    const hidden = hiddenBefore(this.text, node.startIndex);
    if (hidden.startsWith(WORD)) return;
    const body = node.type === "function_item" ? node.childForFieldName("body") : null;
    const isOnOneLine =
      body !== null &&
      this.circumstances.isWhole({ start: body.startIndex, end: body.endIndex }) &&
      this.hasCodeBeside(node, body);
    const start = node.startIndex - hidden.length;
    if (isOnOneLine) this.insertAbove(node, start);
    else this.insert(start);
  }

  private namesMacro(node: Node): boolean {
    const { macros } = this.circumstances;
    return this.wordsOf(node).some((word) => macros.has(word));
  }

  private wordsOf({ startIndex, endIndex }: Node): string[] {
    return [...tokensOf(this.text, startIndex, endIndex)].map(({ start, end }) => this.text.slice(start, end));
  }

  /** Whether not all of the crate can name an item or field. */
  private isRestricted(node: Node): boolean {
    const visibility = this.visibility(node);
    const scope = visibility === undefined ? "" : this.text.slice(visibility.startIndex, visibility.endIndex);
    return !/^(pub|pub\s*\(\s*crate\s*\)|crate)$/.test(scope);
  }

  /** Whether code of a body lies on the line of the function's first token, which a word in front of it would move. */
  private hasCodeBeside(node: Node, body: Node): boolean {
    const newline = this.text.indexOf("\n", body.startIndex);
    const isBegunThere = node.startPosition.row === body.startPosition.row;
    return isBegunThere && this.text.slice(body.startIndex + 1, newline < 0 ? undefined : newline).trim() !== "";
  }

  private visibility(node: Node): Node | undefined {
    return node.namedChildren.find((child) => child.type === "visibility_modifier");
  }

  /** `pub(crate)` becomes `pub`, and as many blanks. */
  private widen({ startIndex: start, endIndex: end }: Node): void {
    if (end - start > WORD.length) this.made.push({ start, end, text: WORD.padEnd(end - start) });
  }

  /** Puts the word in front of what begins at an offset. */
  private insert(at: number): void {
    if (!this.overwriteBlanks(at)) this.made.push({ start: at, end: at, text: `${WORD} ` });
  }

  private overwriteBlanks(at: number): boolean {
    const width = WORD.length + 1;
    const hasRoom = this.text.slice(at - width, at) === " ".repeat(width);
    if (hasRoom) this.made.push({ start: at - width, end: at, text: `${WORD} ` });
    return hasRoom;
  }

  /** Puts the word where it moves nothing of an item's line; an item for which there is no such place stays private. */
  private insertAbove(node: Node, start: number): void {
    if (this.overwriteBlanks(start)) return;
    const before = node.previousSibling;
    if (before === null) return;
    const newline = this.text.indexOf("\n", before.startIndex);
    // A comment of its own has no part in code; documentation has none on a function without attribute macros.
    if (before.type === "line_comment" && newline < start) {
      this.made.push({ start: before.startIndex, end: newline, text: WORD });
    } else if (!before.type.endsWith("comment") && this.text.slice(before.endIndex, start).includes("\n")) {
      this.made.push({ start: before.endIndex, end: before.endIndex, text: ` ${WORD}` });
    }
  }

  /** Attributes that say something to other crates, or that make a function vanish from what is no test. */
  private attribute({ startIndex: start, endIndex: end }: Node): void {
    const text = this.text.slice(start, end);
    if (/^#\[\s*(non_exhaustive|test|bench|should_panic|ignore)\s*(\]|=|\()/.test(text) && !text.includes("\n")) {
      this.made.push({ start, end, text: " ".repeat(end - start) });
    }
  }

  /** `thread_local! { static NAME: … }`. */
  private statics(node: Node): void {
    const name = node.childForFieldName("macro")?.text ?? "";
    const group = node.lastNamedChild;
    if (!STATIC_MACROS.has(name.slice(name.lastIndexOf(":") + 1)) || group === null) return;
    let before = "";
    let depth = 0;
    for (const { kind, start, end } of tokensOf(this.text, group.startIndex, group.endIndex)) {
      const word = this.text.slice(start, end);
      if (kind === "open") depth++;
      else if (kind === "close") depth--;
      else if (word === "static" && depth === 1 && before !== WORD && before !== ")") this.insert(start);
      before = word;
    }
  }
}

/** How others would name it. */
function kindOf(node: Node): NameKind {
  if (node.type === "field_declaration") return "field";
  return node.parent?.parent?.type === "impl_item" ? "associated" : "item";
}
