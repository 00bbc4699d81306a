/** Reads a file's structure from its syntax tree. Knows tree-sitter's names of Rust's nodes; nothing else here does. */
import type { Node, Tree } from "web-tree-sitter";
import {
  type NameRange,
  type RustFunction,
  type RustModule,
  type Scope,
  type Structure,
  scopeKey,
  testKindOf,
} from "./structure.js";

/** Modules, impls and functions nested deeper than this are not looked into: no one writes them, but files can hold them. */
const MAX_DEPTH = 64;

const IDENTIFIER = /[\p{L}\p{N}_#]+/uy;
/** `#[tokio::test(flavor = "…")]` is `tokio::test`. */
const ATTRIBUTE = /#!?\[\s*([\p{L}\p{N}_:\s]+)/uy;

/** The structure of a whole file. `text` is what the tree is of; the parser was given `readable(text)`. */
export function extractStructure(tree: Tree, text: string): Structure {
  const extractor = new Extractor(text);
  extractor.items(tree.rootNode, [], 0);
  return extractor.result();
}

class Extractor {
  private readonly functions: RustFunction[] = [];
  private readonly modules: RustModule[] = [];
  private readonly keys = new Map<string, number>();

  constructor(private readonly text: string) {}

  result(): Structure {
    return { functions: this.functions, modules: this.modules };
  }

  /** The items in a file, or in the body of a module, an impl or a trait. */
  items(container: Node, scopes: readonly Scope[], depth: number): void {
    let attributes: Node[] = [];
    let startLine: number | undefined;
    for (const child of container.namedChildren) {
      if (child.type === "attribute_item") {
        attributes.push(child);
        startLine ??= child.startPosition.row;
        continue;
      }
      if (child.type === "line_comment" || child.type === "block_comment") {
        if (this.isDocComment(child)) startLine ??= child.startPosition.row;
        continue;
      }
      this.item(child, attributes, startLine ?? child.startPosition.row, scopes, depth);
      attributes = [];
      startLine = undefined;
    }
  }

  private item(
    node: Node,
    attributes: readonly Node[],
    startLine: number,
    scopes: readonly Scope[],
    depth: number,
  ): void {
    switch (node.type) {
      case "function_item":
        this.function(node, attributes, startLine, scopes, depth);
        break;
      case "mod_item":
        this.module(node, scopes, depth);
        break;
      case "impl_item":
        this.inside(node, [...scopes, implScope(node)], depth);
        break;
      case "trait_item":
        this.inside(node, [...scopes, { kind: "trait", name: nameOf(node) }], depth);
        break;
      default:
        this.nested(node, scopes, depth);
    }
  }

  private function(
    node: Node,
    attributes: readonly Node[],
    startLine: number,
    scopes: readonly Scope[],
    depth: number,
  ): void {
    const nameNode = node.childForFieldName("name");
    const body = node.childForFieldName("body");
    if (nameNode === null || body === null) return;
    const identifier = this.match(IDENTIFIER, nameNode);
    const name = plainName(identifier);
    const paths = attributes.map((attribute) => this.match(ATTRIBUTE, attribute).replace(/\s+/g, ""));
    const head = body.startPosition;
    const end = node.endPosition;
    this.functions.push({
      name,
      scopes,
      key: this.uniqueKey([...scopes.map(scopeKey), name].join("::")),
      nameRange: nameRangeOf(nameNode, identifier),
      startLine,
      headLine: node.startPosition.row,
      headEnd: { line: head.row, character: this.lineLength(body.startIndex, head.column) },
      endLine: end.row,
      endCharacter: end.column,
      attributes: paths,
      test: testKindOf(paths),
    });
    this.nested(body, [...scopes, { kind: "function", name }], depth);
  }

  private module(node: Node, scopes: readonly Scope[], depth: number): void {
    const nameNode = node.childForFieldName("name");
    if (nameNode === null || node.childForFieldName("body") === null) return;
    const identifier = this.match(IDENTIFIER, nameNode);
    const name = plainName(identifier);
    const path = scopes.flatMap((scope) => (scope.kind === "module" ? [scope.name] : []));
    this.modules.push({ name, path, nameRange: nameRangeOf(nameNode, identifier), endLine: node.endPosition.row });
    this.inside(node, [...scopes, { kind: "module", name }], depth);
  }

  private inside(node: Node, scopes: readonly Scope[], depth: number): void {
    const body = node.childForFieldName("body");
    if (body !== null && depth < MAX_DEPTH) this.items(body, scopes, depth + 1);
  }

  /**
   * Functions inside of a body or an initialiser. They are rare and looking for them costs as much as all else, so the
   * text is asked first.
   */
  private nested(node: Node, scopes: readonly Scope[], depth: number): void {
    if (depth >= MAX_DEPTH || !this.mentionsFunction(node.startIndex, node.endIndex)) return;
    for (const block of blocksWithItems(node)) this.items(block, scopes, depth + 1);
  }

  private mentionsFunction(start: number, end: number): boolean {
    const at = this.text.indexOf("fn ", start);
    return at >= 0 && at < end;
  }

  private uniqueKey(path: string): string {
    const count = (this.keys.get(path) ?? 0) + 1;
    this.keys.set(path, count);
    return count === 1 ? path : `${path}#${count}`;
  }

  /** What a pattern finds where a node begins; asking the tree for a node's text or end costs more than all else here. */
  private match(pattern: RegExp, node: Node): string {
    pattern.lastIndex = node.startIndex;
    const found = pattern.exec(this.text);
    return found?.[1] ?? found?.[0] ?? "";
  }

  /** Columns of the line that holds an offset. */
  private lineLength(offset: number, column: number): number {
    const end = this.text.indexOf("\n", offset);
    const line = this.text.slice(offset - column, end < 0 ? undefined : end);
    return line.endsWith("\r") ? line.length - 1 : line.length;
  }

  private isDocComment(node: Node): boolean {
    const start = this.text.slice(node.startIndex, node.startIndex + 3);
    return start === "///" || start === "/**";
  }
}

/** The outermost nodes below (or at) `node` that hold function, impl or module items directly. */
function blocksWithItems(node: Node): Node[] {
  const blocks: Node[] = [];
  const seen = new Set<number>();
  let coveredTo = -1;
  for (const item of node.descendantsOfType(["function_item", "impl_item", "mod_item", "trait_item"])) {
    // Items inside of an item that was found already are that item's own concern.
    if (item.startIndex < coveredTo) continue;
    coveredTo = item.endIndex;
    const block = item.parent;
    if (block === null || seen.has(block.id)) continue;
    seen.add(block.id);
    blocks.push(block);
  }
  return blocks;
}

function implScope(node: Node): Scope {
  const self = node.childForFieldName("type");
  const trait = node.childForFieldName("trait");
  const selfText = squeeze(self?.text ?? "");
  return {
    kind: "impl",
    self: self === null ? "" : baseName(self),
    trait: trait === null ? undefined : baseName(trait),
    text: trait === null ? selfText : `${selfText} as ${squeeze(trait.text)}`,
  };
}

/** A text without its line breaks and indentation. */
function squeeze(text: string): string {
  return text.replace(/\s+/g, " ");
}

/** A type's or trait's name without path and generic arguments; its text when it is not a path. */
function baseName(type: Node): string {
  switch (type.type) {
    case "generic_type": {
      const inner = type.childForFieldName("type");
      return inner === null ? type.text : baseName(inner);
    }
    case "scoped_type_identifier":
      return type.childForFieldName("name")?.text ?? type.text;
    default:
      return squeeze(type.text);
  }
}

function nameOf(node: Node): string {
  return plainName(node.childForFieldName("name")?.text ?? "");
}

/** `r#type` is the name `type`, to the compiler's later stages, too. */
function plainName(text: string): string {
  return text.startsWith("r#") ? text.slice(2) : text;
}

function nameRangeOf({ startPosition }: Node, identifier: string): NameRange {
  return { line: startPosition.row, start: startPosition.column, end: startPosition.column + identifier.length };
}
