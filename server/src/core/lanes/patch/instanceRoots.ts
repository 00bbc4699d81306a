/**
 * What makes rustc generate instances of an edited generic function: an expression for the address of each, by the types that the program
 * has instances for. `const fn __cranefly_of<'a, T: Trait>() -> *mut () { name::<T> as *mut () }` has the function's own parameters and bounds, and is
 * called with these types.
 */
import type { Node } from "web-tree-sitter";
import type { BodyRef } from "../../source/functions.js";
import { ROOT_OF } from "../../source/rootStatics.js";
import { refuse } from "../../edits/refusal.js";
import { oneLine } from "./moduleFacts.js";
import { line } from "./signatures.js";
import type { TypeName } from "./typeNames.js";

/** The instances of an edited function, each by its types as a patch crate can write them. */
export type Instances = readonly (readonly string[])[];

/**
 * Whether a patch crate can make of the function all that others have made of it: its instances, if it can name their types; their copies
 * of one that is inline.
 */
export function isMadeHere(fn: BodyRef): boolean {
  const { isTraitDefault, isNested, isAsync, exposed } = fn;
  return !isTraitDefault && !isNested && !isAsync && exposed === undefined;
}

/** Writes the types of instances. Throws `Refused` where they cannot be written. */
export function writtenInstances(
  found: readonly (readonly TypeName[] | undefined)[],
  written: (type: TypeName) => string | undefined,
): Instances {
  return found.map((types) => {
    const all = types?.map(written);
    if (all?.every((type) => type !== undefined) !== true) refuse("unnamedInstance");
    return all;
  });
}

/**
 * The address of an instance. `impl`: what the function is a method of, with the type, and the trait that stands for the impl. Throws
 * `Refused`.
 */
export function instanceRoot(
  text: string,
  node: Node,
  name: string,
  types: readonly string[],
  impl?: { readonly node: Node; readonly self: string; readonly trait: string },
): string {
  const of = impl === undefined ? [] : parametersOf(text, impl.node);
  const own = parametersOf(text, node);
  const unnamed = unnamedParametersOf(text, node);
  const all = [...of, ...own, ...unnamed];
  const lifetimes = all.filter(({ isLifetime }) => isLifetime);
  const others = all.filter(({ isLifetime }) => !isLifetime);
  if (others.length !== types.length) refuse("unnamedInstance");
  const withSelf = (bound: string): string => (impl === undefined ? bound : bound.replace(SELF, `<${impl.self}>`));
  const wheres = [...(impl === undefined ? [] : [impl.node]), node].flatMap((it) => whereOf(text, it));
  const parameters = [...lifetimes, ...others].map(({ declared }) => withSelf(declared)).join(", ");
  const where = wheres.length === 0 ? "" : ` where ${wheres.map(withSelf).join(", ")}`;
  const args = own.filter(({ isLifetime }) => !isLifetime).map((parameter) => parameter.name);
  const turbofish = args.length === 0 ? "" : `::<${args.join(", ")}>`;
  const path = `${impl === undefined ? name : `<${impl.self} as ${impl.trait}>::${name}`}${turbofish}`;
  // Nothing names what `impl Trait` stands for but the types of arguments.
  const typed = unnamed.length === 0 ? path : `({ let f: ${pointerTo(text, node)} = ${path}; f })`;
  return `{ const fn ${ROOT_OF}<${parameters}>() -> *mut ()${where} { ${typed} as *mut () } ${ROOT_OF}::<${types.join(", ")}>() }`;
}

/** What stands for each `impl Trait` of a function's parameters. */
function unnamedParametersOf(text: string, node: Node): readonly Parameter[] {
  return unnamedTypes(node).map((type, i) => {
    const bounds = line(text, type).replace(/^impl\b\s*/, "");
    return { name: unnamedAs(i), declared: `${unnamedAs(i)}: ${bounds}`, isLifetime: false };
  });
}

function unnamedTypes(node: Node): readonly Node[] {
  const found = node.childForFieldName("parameters")?.descendantsOfType("abstract_type") ?? [];
  // (`impl A + B` is one in a list of bounds.)
  return found.map((type) => (type.parent?.type === "bounded_type" ? type.parent : type));
}

function unnamedAs(i: number): string {
  return `__CraneflyType${i}`;
}

/** The type of pointers to a function, as far as it tells what `impl Trait` stands for. */
function pointerTo(text: string, node: Node): string {
  const modifiers = node.namedChildren.find((child) => child.type === "function_modifiers");
  const unnamed = unnamedTypes(node);
  const parameters = node.childForFieldName("parameters")?.namedChildren ?? [];
  const types = parameters.flatMap((child) => {
    if (child.type.endsWith("comment")) return [];
    const type = child.childForFieldName("type");
    const own = unnamed.filter((it) => child.startIndex <= it.startIndex && it.endIndex <= child.endIndex);
    if (own.length === 0 || type === null) return ["_"];
    let at = type.startIndex;
    let out = "";
    for (const it of own) {
      out += `${piece(text, at, it.startIndex)} ${unnamedAs(unnamed.indexOf(it))} `;
      at = it.endIndex;
    }
    return [out + piece(text, at, type.endIndex)];
  });
  const kind = modifiers === undefined ? "" : `${line(text, modifiers).replace(/\b(const|async|default)\b/g, "")} `;
  return `${kind}fn(${types.join(", ")}) -> _`;
}

function piece(text: string, start: number, end: number): string {
  return oneLine(text, start, end) ?? refuse("longToken");
}

const SELF = /(?<![\p{XID_Continue}])Self(?![\p{XID_Continue}])/gu;

interface Parameter {
  readonly name: string;
  /** With its bounds. */
  readonly declared: string;
  readonly isLifetime: boolean;
}

function parametersOf(text: string, node: Node): readonly Parameter[] {
  const declared = node.childForFieldName("type_parameters")?.namedChildren ?? [];
  return declared
    .filter(({ type }) => !/comment|attribute/.test(type))
    .map((child) => {
      const parameter = line(text, child);
      const name = parameter.replace(/^const\s+|\s*:.*$/g, "");
      return { name, declared: parameter, isLifetime: name.startsWith("'") };
    });
}

/** The conditions of a `where` clause, with a comma between them. */
function whereOf(text: string, node: Node): readonly string[] {
  const clause = node.namedChildren.find((child) => child.type === "where_clause");
  if (clause === undefined) return [];
  const conditions = line(text, clause)
    .replace(/^where\b\s*/, "")
    .replace(/,\s*$/, "");
  return conditions === "" ? [] : [conditions];
}
