/** Functions as others see them. */
import type { Random } from "./random.js";
import { PARAM, type StructType, type Type, type Types, tupleOf, vecOf, arrayOf, optionOf } from "./types.js";

export interface Param {
  readonly name: string;
  readonly type: Type;
  readonly mode: "value" | "ref" | "mut" | "slice";
}

export interface FunctionSignature {
  /** Its number, which orders it before whatever may call it. */
  readonly id: number;
  readonly name: string;
  readonly params: readonly Param[];
  readonly result: Type;
  /** Before `fn`. */
  readonly qualifiers: string;
  /** It has a type parameter `T`. */
  readonly isGeneric: boolean;
  /** It takes a `depth` first, and calls itself with less. */
  readonly isRecursive: boolean;
  /** Both methods of a trait, on one of the structs that have it. */
  readonly method: { readonly trait: string; readonly self: StructType } | undefined;
  readonly module: string;
}

/** The trait that methods belong to. */
export interface TraitShape {
  readonly name: string;
  readonly method: string;
  readonly params: readonly Param[];
  readonly result: Type;
  readonly structs: readonly StructType[];
}

export const MODULES = ["a", "b", "c"] as const;

export function drawParams(random: Random, types: Types, count: number): Param[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `p${i}`,
    type: types.draw(random),
    mode: random.weighted<Param["mode"]>([
      [6, "value"],
      [2, "ref"],
      [2, "mut"],
      [1, "slice"],
    ]),
  }));
}

/** A function that stands alone. */
export function drawSignature(random: Random, types: Types, id: number): FunctionSignature {
  const isGeneric = random.chance(15);
  const count = random.chance(15) ? random.between(8, 14) : random.between(0, 5);
  const params = drawParams(random, types, count);
  if (isGeneric) params.unshift({ name: "p", type: PARAM, mode: random.chance(70) ? "value" : "ref" });
  const drawn = types.draw(random, 3);
  const result =
    isGeneric && random.chance(50)
      ? random.pick([PARAM, tupleOf([PARAM, drawn]), vecOf(PARAM), arrayOf(PARAM, 2), optionOf(PARAM)])
      : drawn;
  const abi = !isGeneric && random.chance(20) ? 'extern "C-unwind" ' : "";
  const inline = random.weighted([
    [8, ""],
    [1, "#[inline(never)] "],
    [1, "#[inline] "],
    [1, "#[track_caller] "],
  ]);
  return {
    id,
    name: `f${id}`,
    params,
    result,
    qualifiers: `${inline.includes("track") && abi !== "" ? "" : inline}pub ${abi}`,
    isGeneric,
    isRecursive: random.chance(10),
    method: undefined,
    module: random.pick(MODULES),
  };
}

/** The type of a parameter as it is written. */
export function paramType({ type, mode }: Param): string {
  return { value: type.name, ref: `&${type.name}`, mut: `&mut ${type.name}`, slice: `&[${type.name}]` }[mode];
}

/** `mut` before what a body may change, which a declaration without body has not. */
export function paramList(signature: FunctionSignature, hasBody = true): string {
  const params = signature.params.map(
    (param) => `${hasBody && param.mode === "value" ? "mut " : ""}${param.name}: ${paramType(param)}`,
  );
  if (signature.isRecursive) params.unshift("depth: u32");
  if (signature.method !== undefined) params.unshift("&self");
  return params.join(", ");
}
