/**
 * Which modules of a Rust crate need which: read off syntax trees, by the paths in imports and code.
 *
 * What is re-exported is where it is defined, not where it is re-exported. What only `#[cfg(test)]` has does not count. Methods are not
 * looked for: whoever calls one names no path.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Node } from "web-tree-sitter";
import type { RustParser } from "../../server/src/core/source/grammar.js";

/** Modules by their paths, "crate::a::b", each of which is a file; with the modules that each needs. */
export type ModuleGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** A path in its parts: `crate::a::B`. */
type Segments = readonly string[];

interface Import {
  readonly path: Segments;
  /** The name that it binds; undefined for `*`. */
  readonly name: string | undefined;
  readonly isReexport: boolean;
}

class Module {
  readonly children = new Map<string, Module>();
  readonly items = new Set<string>();
  readonly imports: Import[] = [];
  /** In code: of more than one part. */
  readonly paths: Segments[] = [];
  /** In code: names that stand alone, or begin a path. */
  readonly words = new Set<string>();

  /** `file`: the module whose file it is in, if it is an inline one. */
  constructor(
    readonly name: string,
    readonly parent: Module | undefined,
    private readonly outer?: Module,
  ) {}

  get file(): Module {
    return this.outer ?? this;
  }

  get all(): Module[] {
    return [this, ...[...this.children.values()].flatMap((child) => child.all)];
  }
}

/** What a path means: a module, or something that is defined in one. */
interface Meaning {
  readonly module: Module;
  readonly isItem: boolean;
}

/** The graph of the crate whose `lib.rs` (or else `main.rs`) lies in `folder`. */
export function moduleGraph(parser: RustParser, folder: string): ModuleGraph {
  const file = ["lib.rs", "main.rs"].map((name) => path.join(folder, name)).find((name) => fs.existsSync(name));
  if (file === undefined) throw new Error(`${folder} has no root of a crate`);
  const root = new Module("crate", undefined);
  readFile(parser, file, folder, root);
  const graph = new Map<string, Set<string>>();
  for (const module of root.all) {
    const needed = graph.get(module.file.name) ?? new Set<string>();
    graph.set(module.file.name, needed);
    for (const { file: target } of neededBy(module, root)) {
      if (target !== module.file) needed.add(target.name);
    }
  }
  return graph;
}

/** Modules that all need each other, directly or not: the names of each such set, in order. */
export function circlesOf(graph: ModuleGraph): string[] {
  const reached = new Map([...graph.keys()].map((module) => [module, reachableFrom(graph, module)]));
  const circles = [...reached].flatMap(([module, others]) => {
    const circle = [...others].filter((other) => reached.get(other)?.has(module) === true);
    return circle.length > 1 ? [circle.sort().join(", ")] : [];
  });
  return [...new Set(circles)].sort();
}

/** The arrows between the modules of a circle. */
export function arrowsOf(graph: ModuleGraph, circle: string): string[] {
  const modules = circle.split(", ");
  return modules.flatMap((from) =>
    [...(graph.get(from) ?? [])].filter((to) => modules.includes(to)).map((to) => `${from} -> ${to}`),
  );
}

function reachableFrom(graph: ModuleGraph, module: string): Set<string> {
  const seen = new Set<string>();
  const queue = [module];
  for (let from = queue.pop(); from !== undefined; from = queue.pop()) {
    for (const to of graph.get(from) ?? []) {
      if (!seen.has(to)) queue.push(to);
      seen.add(to);
    }
  }
  return seen;
}

function neededBy(module: Module, root: Module): Module[] {
  const imports = module.imports.filter(
    ({ name, isReexport }) => !isReexport || (name !== undefined && module.words.has(name)),
  );
  return [...imports.map((item) => item.path), ...module.paths].flatMap(
    (segments) => meaningOf(segments, module, root, new Set())?.module ?? [],
  );
}

/** What a path means in a module; undefined for what is none of the crate's. `seen`: imports that led here. */
function meaningOf(
  [first, ...rest]: Segments,
  from: Module,
  root: Module,
  seen: ReadonlySet<Import>,
): Meaning | undefined {
  let meaning: Meaning | undefined;
  if (first === "crate") meaning = { module: root, isItem: false };
  else if (first === "self") meaning = { module: from, isItem: false };
  else if (first === "super" && from.parent !== undefined) meaning = { module: from.parent, isItem: false };
  else if (first !== undefined) meaning = lookUp(first, from, root, seen);
  for (const name of rest) {
    if (meaning === undefined || meaning.isItem) return meaning;
    const { module }: Meaning = meaning;
    if (name === "super") meaning = module.parent === undefined ? undefined : { module: module.parent, isItem: false };
    // What a macro has made is in none of the lists.
    else if (name !== "self") meaning = lookUp(name, module, root, seen) ?? { module, isItem: true };
  }
  return meaning;
}

function lookUp(name: string, module: Module, root: Module, seen: ReadonlySet<Import>): Meaning | undefined {
  const child = module.children.get(name);
  if (child !== undefined) return { module: child, isItem: false };
  if (module.items.has(name)) return { module, isItem: true };
  for (const item of module.imports) {
    if (seen.has(item) || (item.name !== undefined && item.name !== name)) continue;
    const led = new Set([...seen, item]);
    const meaning = meaningOf(item.path, module, root, led);
    if (item.name !== undefined || meaning === undefined || meaning.isItem) {
      if (item.name !== undefined) return meaning;
      continue;
    }
    const found = lookUp(name, meaning.module, root, led);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reads a file, and those of the modules that it declares, which lie in `folder`. */
function readFile(parser: RustParser, file: string, folder: string, module: Module): void {
  const tree = parser.parse(fs.readFileSync(file, "utf8"), null);
  try {
    if (tree.rootNode.hasError) throw new Error(`${file} cannot be read`);
    readItems(parser, tree.rootNode.namedChildren, folder, module);
  } finally {
    tree.delete();
  }
}

function readItems(parser: RustParser, nodes: readonly Node[], folder: string, module: Module): void {
  let isForTests = false;
  for (const node of nodes) {
    if (node.type.endsWith("comment")) continue;
    if (node.type === "attribute_item") {
      isForTests ||= /^#\[cfg\((?:all\()?test\b/.test(node.text);
      readCode(node, module);
      continue;
    }
    if (!isForTests) readItem(parser, node, folder, module);
    isForTests = false;
  }
}

const ITEMS = new Set(
  "function_item struct_item enum_item union_item trait_item const_item static_item type_item macro_definition".split(
    " ",
  ),
);

function readItem(parser: RustParser, node: Node, folder: string, module: Module): void {
  const name = node.childForFieldName("name")?.text ?? "";
  if (node.type === "mod_item") {
    const body = node.childForFieldName("body");
    const child = new Module(`${module.name}::${name}`, module, body === null ? undefined : module.file);
    module.children.set(name, child);
    const inner = path.join(folder, name);
    if (body !== null) {
      readItems(parser, body.namedChildren, inner, child);
      return;
    }
    const files = [`${inner}.rs`, path.join(inner, "mod.rs")];
    const file = files.find((candidate) => fs.existsSync(candidate));
    if (file === undefined) throw new Error(`none of ${files.join(", ")} exists`);
    readFile(parser, file, inner, child);
    return;
  }
  if (ITEMS.has(node.type)) module.items.add(name);
  readCode(node, module);
}

function readCode(node: Node, module: Module): void {
  switch (node.type) {
    case "use_declaration": {
      const isReexport = node.namedChildren.some((child) => child.type === "visibility_modifier");
      const argument = node.childForFieldName("argument");
      if (argument !== null) readImport(argument, [], isReexport, module);
      return;
    }
    case "visibility_modifier":
      return;
    case "scoped_identifier":
    case "scoped_type_identifier": {
      const segments = segmentsOf(node, module);
      if (segments !== undefined) note(segments, module);
      return;
    }
    case "token_tree": {
      readTokens(node, module);
      return;
    }
    case "identifier":
    case "type_identifier":
      module.words.add(node.text);
      return;
    default:
      for (const child of node.namedChildren) readCode(child, module);
  }
}

function note(segments: Segments, module: Module): void {
  const [first = ""] = segments;
  module.words.add(first);
  if (segments.length > 1) module.paths.push(segments);
}

/** The parts of a path. What stands in brackets in it is read as code; undefined if it begins with that. */
function segmentsOf(node: Node | null, module: Module): Segments | undefined {
  switch (node?.type) {
    case "identifier":
    case "type_identifier":
    case "crate":
    case "self":
    case "super":
      return [node.text];
    case "scoped_identifier":
    case "scoped_type_identifier": {
      const before = node.childForFieldName("path");
      // `::name` is another crate's.
      const outer = segmentsOf(before, module);
      return outer === undefined ? undefined : [...outer, node.childForFieldName("name")?.text ?? ""];
    }
    case "generic_type":
    case "generic_type_with_turbofish": {
      const type = node.childForFieldName("type");
      const inBrackets = node.childForFieldName("type_arguments");
      if (inBrackets !== null) readCode(inBrackets, module);
      return segmentsOf(type, module);
    }
    case undefined:
      return undefined;
    default:
      if (node !== null) readCode(node, module);
      return undefined;
  }
}

/** The arguments of a macro: tokens, among which paths are. */
function readTokens(tree: Node, module: Module): void {
  let segments: string[] = [];
  let isOpen = false;
  const end = (): void => {
    if (segments.length > 0) note(segments, module);
    segments = [];
    isOpen = false;
  };
  for (const token of tree.children) {
    if (token.type === "::") {
      isOpen = segments.length > 0;
    } else if (["identifier", "crate", "self", "super"].includes(token.type)) {
      if (!isOpen) end();
      segments.push(token.text);
      isOpen = false;
    } else {
      end();
      if (token.type === "token_tree") readTokens(token, module);
    }
  }
  end();
}

function readImport(node: Node, before: Segments, isReexport: boolean, module: Module): void {
  const parts = (part: Node | null): Segments => [...before, ...(segmentsOf(part, module) ?? [])];
  const add = (segments: Segments, name: string | undefined): void => {
    module.imports.push({ path: segments, name, isReexport });
  };
  switch (node.type) {
    case "use_list":
      for (const child of node.namedChildren) readImport(child, before, isReexport, module);
      return;
    case "scoped_use_list": {
      const list = node.childForFieldName("list");
      if (list !== null) readImport(list, parts(node.childForFieldName("path")), isReexport, module);
      return;
    }
    case "use_as_clause": {
      add(parts(node.childForFieldName("path")), node.childForFieldName("alias")?.text ?? "");
      return;
    }
    case "use_wildcard": {
      add(parts(node.namedChildren[0] ?? null), undefined);
      return;
    }
    default: {
      const segments = parts(node);
      const [last = ""] = segments.slice(-1);
      // `use a::{self}` binds `a`.
      if (last === "self" && segments.length > 1) {
        add(segments.slice(0, -1), segments.at(-2) ?? "");
        return;
      }
      add(segments, last);
      return;
    }
  }
}
