/**
 * Makes everything in a text public, so that another crate can name it: what a patch crate needs of the crate that it belongs to.
 *
 * Nothing that ends up in code moves: visibility takes the place of blanks in front of an item, or stands at the end of a line
 * above it, or in front of an item whose body lies on later lines or is blanked. What not all of the crate may use is marked (`privacy.ts`), or
 * named where it cannot be: under attribute macros, which would see the mark, and in macros.
 */
import type { Node } from "web-tree-sitter";
import { hiddenBefore } from "../../source/readable.js";
import type { Replacement } from "../../source/blank.js";
import { readAttributes } from "../../source/attributes.js";
import { type ImportedMacros, importedMacros } from "../../source/importedMacros.js";
import { type Span, tokensOf } from "../../source/lexer.js";
import { PUBLIC_ITEMS } from "./knownMacros.js";
import { hasPrivatePlaces, isName, isNameless, privateNames } from "./namingMacros.js";
import { type ModulePath, type RestrictedName, OWN_CRATE, PLACES, markOf, outerScopeOf, scopeOf } from "./privacy.js";

const VISIBLE = new Set([
  ..."function_item struct_item enum_item union_item trait_item type_item const_item static_item mod_item".split(" "),
  ..."function_signature_item associated_type".split(" "),
]);
/** Macros of std and of widely used crates whose statics would be private. */
const STATIC_MACROS = new Set(["thread_local", "lazy_static"]);
const WORD = "pub";
/** Of what other crates may not know all. */
const OPEN = /^#\s*\[\s*non_exhaustive\b/;
const ONLY_TESTS = /^#\s*\[\s*(?:cfg\s*\(\s*test\s*\)|test)\s*\]$/;

/** What a file's twin depends on besides the file. */
export interface TwinContext {
  /** Whether the function with this body keeps it. */
  readonly isWhole: (body: Span) => boolean;
  /** Names of the crate's macros by example, which cannot be exported like other items. */
  readonly macros: ReadonlySet<string>;
  /** Names of all of the crate's macros by example. */
  readonly ownMacros: ReadonlySet<string>;
  /** The key of the crate's unit. */
  readonly unit: string;
  /** Other crates may use it: what they may not use is marked as well. */
  readonly isLibrary: boolean;
  /** The module that the text is; undefined: it is not known, and what is private in it stays private. */
  readonly module: ModulePath | undefined;
  /** Whether `#[cfg(test)]` holds. Otherwise what stands under it is no part of the crate, and hides no names. */
  readonly hasTests: boolean;
}

export interface Publicized {
  /** The changes that make a text's items public, in order. */
  readonly replacements: readonly Replacement[];
  /** Names that not all of the crate could use before, of things that have no mark. */
  readonly restricted: readonly RestrictedName[];
}

/** Finds out what makes a text's items public. */
export function publicized(text: string, root: Node, context: TwinContext): Publicized {
  const changes = new Publicizer(text, context);
  changes.items(root.namedChildren, { module: context.module, isSeen: false, nameless: new Set() });
  return { replacements: changes.made, restricted: changes.restricted };
}

/** Where an item stands. */
interface ItemContext {
  readonly module: ModulePath | undefined;
  /** A macro sees it. */
  readonly isSeen: boolean;
  /** Macros by example that are defined above it, and give no word of their input to functions or fields (`namingMacros.ts`). */
  readonly nameless: ReadonlySet<string>;
}

class Publicizer {
  readonly made: Replacement[] = [];
  readonly restricted: RestrictedName[] = [];
  private readonly imported: ImportedMacros;

  constructor(
    private readonly text: string,
    private readonly context: TwinContext,
  ) {
    this.imported = importedMacros(text);
  }

  items(nodes: readonly Node[], outer: ItemContext): void {
    const nameless = new Set(outer.nameless);
    let attributes: Node[] = [];
    for (const node of nodes) {
      if (node.type === "attribute_item") attributes.push(node);
      else if (!node.type.endsWith("comment")) {
        if (!this.isLeftOut(attributes, outer)) {
          for (const attribute of attributes) this.attribute(attribute);
          this.item(node, { ...outer, nameless }, attributes);
          if (node.type === "macro_definition") this.defines(node, attributes, nameless);
        }
        attributes = [];
      }
    }
  }

  /** Whether an item is under `#[cfg(test)]`, in a build without tests. (A macro that sees the attribute may make anything of it.) */
  private isLeftOut(attributes: readonly Node[], { isSeen }: ItemContext): boolean {
    if (this.context.hasTests || isSeen) return false;
    const texts = attributes.map((node) => this.textOf(node));
    return texts.some((text) => ONLY_TESTS.test(text)) && readAttributes(texts, this.imported).macros.length === 0;
  }

  private item(node: Node, outer: ItemContext, attributes: readonly Node[]): void {
    const body = node.childForFieldName("body");
    const isSeen = outer.isSeen || this.isMarkedAlready(attributes);
    const place = { ...outer, isSeen };
    switch (node.type) {
      case "use_declaration":
      case "extern_crate_declaration":
        this.import(node, place);
        return;
      // A macro with a semicolon behind it.
      case "expression_statement":
        for (const child of node.namedChildren) this.item(child, outer, attributes);
        return;
      case "macro_invocation":
        if (!this.makesNothingPrivate(node, place) && !this.statics(node, place)) this.hide(node);
        return;
      case "macro_definition":
        for (const name of privateNames(this.wordsOf(node))) this.restrict("hidden", name, "");
        return;
      case "impl_item":
        if (node.childForFieldName("trait") === null) this.items(body?.namedChildren ?? [], place);
        return;
      case "foreign_mod_item":
        this.items(body?.namedChildren ?? [], place);
        return;
      default:
        break;
    }
    if (!VISIBLE.has(node.type)) return;
    const name = this.textOf(node.childForFieldName("name"));
    if (attributes.some((attribute) => OPEN.test(this.textOf(attribute)))) this.opens(node, name);
    if (name !== "_") this.makePublic(node, name, place);
    if (node.type === "mod_item") {
      const module = place.module === "" ? name : place.module && `${place.module}::${name}`;
      this.items(body?.namedChildren ?? [], { ...place, module });
    } else if (node.type === "struct_item" || node.type === "union_item") this.fields(body, name, place);
  }

  /** Whether an item can have no mark: attribute macros on it would see the mark, and there may be only one `deprecated`. */
  private isMarkedAlready(attributes: readonly Node[]): boolean {
    if (attributes.length === 0) return false;
    const { macros, names } = readAttributes(
      attributes.map((node) => this.textOf(node)),
      this.imported,
    );
    return macros.length > 0 || names.includes("deprecated");
  }

  /** Blanked with the attribute is that others may not know all of it. */
  private opens(node: Node, name: string): void {
    const variants = node.type === "enum_item" ? (node.childForFieldName("body")?.namedChildren ?? []) : [];
    const names = variants.map((variant) => this.textOf(variant.childForFieldName("name")));
    for (const open of [name, ...names]) if (open !== "") this.restrict("open", open, OWN_CRATE);
  }

  private import(node: Node, { module }: ItemContext): void {
    const visibility = this.visibility(node);
    // Private imports stay private: they would come along with glob imports, traits included.
    if (visibility === undefined || this.namesMacro(node)) return;
    const scope = this.scopeAt(visibility, module);
    // (It is not known which names a glob import gives.)
    if (scope === "" || (scope === OWN_CRATE && isUnnamed(this.textOf(node)))) this.widen(visibility);
    else if (scope !== undefined && !isUnnamed(this.textOf(node))) {
      this.widen(visibility);
      for (const name of this.leavesOf(node)) this.restrict("name", name, scope);
    }
  }

  private fields(body: Node | null, struct: string, place: ItemContext): void {
    if (body === null) return;
    const scopes = new Set<ModulePath>();
    const add = (at: number, visibility: Node | undefined, isSeen: boolean, name: string): void => {
      const scope = this.scopeAt(visibility, place.module);
      if (scope === undefined) {
        this.restrict("hidden", name, "");
        return;
      }
      if (scope !== "") scopes.add(scope);
      if (scope !== "" && isSeen && name !== "") this.restrict("field", name, scope);
      const mark = scope === "" || isSeen ? "" : `${markOf("field", this.context.unit, scope)} `;
      if (visibility === undefined) this.insert(at, `${mark}${WORD} `);
      else {
        this.insert(at, mark);
        this.widen(visibility);
      }
    };
    let attributes: Node[] = [];
    let visibility: Node | undefined;
    for (const node of body.namedChildren) {
      if (node.type.endsWith("comment")) continue;
      if (node.type === "attribute_item") attributes.push(node);
      // A tuple's: attributes, visibility and type of one field after the other.
      else if (node.type === "visibility_modifier") visibility = node;
      else {
        const isNamed = node.type === "field_declaration";
        const own = isNamed ? this.visibility(node) : visibility;
        const isSeen = place.isSeen || this.isMarkedAlready(attributes);
        const name = isNamed ? this.textOf(node.childForFieldName("name")) : "";
        add(own?.startIndex ?? node.startIndex, own, isSeen, name);
        attributes = [];
        visibility = undefined;
      }
    }
    for (const scope of scopes) this.restrict("constructor", struct, scope);
  }

  private makePublic(node: Node, name: string, { module, isSeen }: ItemContext): void {
    const hidden = hiddenBefore(this.text, node.startIndex);
    if (hidden.startsWith(WORD)) return;
    const visibility = this.visibility(node);
    const scope = this.scopeAt(visibility, module);
    if (scope === undefined) {
      this.restrict("hidden", name, "");
      return;
    }
    const isMarked = scope !== "" && !isSeen && node.type !== "mod_item";
    if (scope !== "" && !isMarked) this.restrictItem(node, name, scope);
    const mark = isMarked ? `${markOf("item", this.context.unit, scope)} ` : "";
    const body = node.type === "function_item" ? node.childForFieldName("body") : null;
    const isOnOneLine =
      body !== null &&
      this.context.isWhole({ start: body.startIndex, end: body.endIndex }) &&
      this.hasCodeBeside(node, body);
    const start = node.startIndex - hidden.length;
    if (isOnOneLine) {
      if (!this.insertAbove(node, start, mark, visibility === undefined)) {
        // Other crates go by its name, then.
        const isOpen = scope === OWN_CRATE && this.insertAbove(node, start, "", visibility === undefined);
        if (!isOpen) this.restrict("hidden", name, "");
        else this.restrictItem(node, name, scope);
        if (!isOpen) return;
      }
      if (visibility !== undefined) this.widen(visibility);
      return;
    }
    if (visibility !== undefined) {
      this.insert(start, mark);
      this.widen(visibility);
    } else this.insert(start, `${mark}${WORD} `);
  }

  /** Restricts the names of an item that can have no mark: its own, and those that it brings into scope. */
  private restrictItem(node: Node, name: string, scope: ModulePath): void {
    this.restrict(node.type === "mod_item" ? "module" : "name", name, scope);
    if (node.type !== "trait_item") return;
    for (const child of node.childForFieldName("body")?.namedChildren ?? []) {
      const own = this.textOf(child.childForFieldName("name"));
      if (own !== "") this.restrict("name", own, scope);
    }
  }

  /** Whether it is known that a call of a macro makes nothing private of the words of its input. */
  private makesNothingPrivate(node: Node, { nameless }: ItemContext): boolean {
    const macro = this.textOf(node.childForFieldName("macro"));
    return nameless.has(macro) || PUBLIC_ITEMS.has(macro.replace(/^::/, ""));
  }

  /** Hides the names that a call of a macro may give to items that it makes, since these stay private. */
  private hide(node: Node): void {
    const words = this.wordsOf(node);
    for (const word of words) if (isName(word)) this.restrict("hidden", word, "");
    if (hasPrivatePlaces(words)) this.restrict("hidden", PLACES, "");
  }

  /** Notes what a definition of a macro means for calls below it. (It may be a macro of another crate that they call, otherwise.) */
  private defines(node: Node, attributes: readonly Node[], nameless: Set<string>): void {
    const name = this.textOf(node.childForFieldName("name"));
    const isConditional = attributes.some((attribute) => this.textOf(attribute).includes("cfg"));
    if (!isNameless(this.textOf(node), this.context.ownMacros)) nameless.delete(name);
    else if (!isConditional) nameless.add(name);
  }

  private restrict(kind: RestrictedName["kind"], name: string, scope: ModulePath): void {
    this.restricted.push({ kind, name, scope });
  }

  /** The module in which something can be used; undefined where that is not known, so that it stays as private as it is. */
  private scopeAt(visibility: Node | undefined, module: ModulePath | undefined): ModulePath | undefined {
    const of = this.context.isLibrary ? outerScopeOf : scopeOf;
    return of(visibility === undefined ? undefined : this.textOf(visibility), module);
  }

  private textOf(node: Node | null): string {
    return node === null ? "" : this.text.slice(node.startIndex, node.endIndex);
  }

  /** The names that an import gives. */
  private leavesOf(node: Node): string[] {
    const words = this.wordsOf(node);
    return words.filter((word, i) => /^[\p{XID_Start}_]/u.test(word) && [",", "}", ";"].includes(words[i + 1] ?? ""));
  }

  private namesMacro(node: Node): boolean {
    const { macros } = this.context;
    return this.wordsOf(node).some((word) => macros.has(word));
  }

  private wordsOf({ startIndex, endIndex }: Node): string[] {
    return [...tokensOf(this.text, startIndex, endIndex)].map(({ start, end }) => this.text.slice(start, end));
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

  /** Inserts text at an offset. */
  private insert(at: number, words = `${WORD} `): void {
    if (words === "" || (words === `${WORD} ` && this.overwriteBlanks(at))) return;
    this.made.push({ start: at, end: at, text: words });
  }

  private overwriteBlanks(at: number): boolean {
    const width = WORD.length + 1;
    const hasRoom = this.text.slice(at - width, at) === " ".repeat(width);
    if (hasRoom) this.made.push({ start: at - width, end: at, text: `${WORD} ` });
    return hasRoom;
  }

  /** Inserts text above an item, where it moves nothing in the item's line. Gives whether there is such a place: if not, the item stays private. */
  private insertAbove(node: Node, start: number, mark: string, isPrivate: boolean): boolean {
    if (mark === "" && !isPrivate) return true;
    if (mark === "" && this.overwriteBlanks(start)) return true;
    const words = `${mark}${isPrivate ? WORD : ""}`.trimEnd();
    const before = node.previousSibling;
    if (before === null) return false;
    const newline = this.text.indexOf("\n", before.startIndex);
    // A comment of its own has no part in code; documentation has none on a function without attribute macros.
    if (before.type === "line_comment" && newline < start) {
      this.made.push({ start: before.startIndex, end: newline, text: words });
      return true;
    }
    const isAlone = !before.type.endsWith("comment") && this.text.slice(before.endIndex, start).includes("\n");
    if (isAlone) this.made.push({ start: before.endIndex, end: before.endIndex, text: ` ${words}` });
    return isAlone;
  }

  /**
   * Blanks attributes that restrict other crates, or, in a build with tests, that remove a function from a twin, which has none. (In a build
   * without them, what stands on a test may not even be a macro that it has.)
   */
  private attribute({ startIndex: start, endIndex: end }: Node): void {
    const text = this.text.slice(start, end);
    const [, name] = /^#\[\s*(non_exhaustive|test|bench|should_panic|ignore)\s*(?:\]|=|\()/.exec(text) ?? [];
    const isBlanked = name === "non_exhaustive" || (name !== undefined && this.context.hasTests);
    if (isBlanked && !text.includes("\n")) {
      this.made.push({ start, end, text: " ".repeat(end - start) });
    }
  }

  /** Makes the statics of a call such as `thread_local! { static NAME: … }` public. Gives whether the macro is one of these. */
  private statics(node: Node, { module }: ItemContext): boolean {
    const name = node.childForFieldName("macro")?.text ?? "";
    const group = node.lastNamedChild;
    if (!STATIC_MACROS.has(name.slice(name.lastIndexOf(":") + 1)) || group === null) return false;
    if (module === undefined) return true;
    let before = "";
    let depth = 0;
    let isPrivate = false;
    for (const { kind, start, end } of tokensOf(this.text, group.startIndex, group.endIndex)) {
      const word = this.text.slice(start, end);
      if (kind === "open") depth++;
      else if (kind === "close") depth--;
      else if (word === "static" && depth === 1) {
        isPrivate = before !== WORD && before !== ")";
        if (isPrivate) this.insert(start);
      } else if (before === "static" && depth === 1 && isPrivate) {
        const scope = module === "" && this.context.isLibrary ? OWN_CRATE : module;
        if (scope !== "") this.restrict("name", word, scope);
      }
      before = word;
    }
    return true;
  }
}

/** Whether it is not known which names an import gives. */
function isUnnamed(declaration: string): boolean {
  return /\*|\bself\s*[,}]/.test(declaration);
}
