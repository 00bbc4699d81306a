/** The types of generated programs. */
import type { Random } from "./random.js";

export interface IntType {
  readonly kind: "int";
  readonly name: string;
  readonly bits: number;
  readonly signed: boolean;
}

export interface FloatType {
  readonly kind: "float";
  readonly name: string;
  readonly bits: 32 | 64;
}

export interface Field {
  /** `0`, `1`, … for what has no names. */
  readonly name: string;
  readonly type: Type;
}

export interface StructType {
  readonly kind: "struct";
  readonly name: string;
  readonly fields: readonly Field[];
  readonly isTuple: boolean;
  readonly isPacked: boolean;
  /** `#[repr(…)]`, or nothing. */
  readonly attribute: string;
}

export interface Variant {
  readonly name: string;
  readonly fields: readonly Type[];
  readonly discriminant: bigint | undefined;
}

export interface EnumType {
  readonly kind: "enum";
  readonly name: string;
  readonly variants: readonly Variant[];
  readonly attribute: string;
  /** No variant has fields, so it can be cast to an integer. */
  readonly isPlain: boolean;
}

/** `noisy` tells when it is cloned and dropped; `param` is the type parameter of a generic function. */
export type Type =
  | IntType
  | FloatType
  | { readonly kind: "bool" | "char" | "string" | "noisy" | "param"; readonly name: string }
  | { readonly kind: "tuple"; readonly name: string; readonly items: readonly Type[] }
  | { readonly kind: "array"; readonly name: string; readonly item: Type; readonly length: number }
  | { readonly kind: "option" | "box" | "vec"; readonly name: string; readonly item: Type }
  | { readonly kind: "result"; readonly name: string; readonly ok: Type; readonly error: Type }
  | StructType
  | EnumType;

function int(bits: number, signed: boolean, name = `${signed ? "i" : "u"}${bits}`): IntType {
  return { kind: "int", name, bits, signed };
}

export const INTS: readonly IntType[] = [
  ...[8, 16, 32, 64, 128].flatMap((bits) => [int(bits, true), int(bits, false)]),
  int(64, false, "usize"),
  int(64, true, "isize"),
];
export const F32: FloatType = { kind: "float", name: "f32", bits: 32 };
export const F64: FloatType = { kind: "float", name: "f64", bits: 64 };
export const BOOL: Type = { kind: "bool", name: "bool" };
export const CHAR: Type = { kind: "char", name: "char" };
export const STRING: Type = { kind: "string", name: "String" };
export const NOISY: Type = { kind: "noisy", name: "Noisy" };
export const PARAM: Type = { kind: "param", name: "T" };
export const UNSIGNED = new Map(INTS.filter((type) => !type.signed).map((type) => [type.name.slice(1), type]));
export const USIZE = named("usize");
export const U32 = named("u32");

function named(name: string): IntType {
  const found = INTS.find((type) => type.name === name);
  if (found === undefined) throw new Error(`no integer ${name}`);
  return found;
}

export const tupleOf = (items: readonly Type[]): Type => ({
  kind: "tuple",
  name: `(${items.map(({ name }) => `${name},`).join(" ")})`,
  items,
});
export const arrayOf = (item: Type, length: number): Type => ({
  kind: "array",
  name: `[${item.name}; ${length}]`,
  item,
  length,
});
export const optionOf = (item: Type): Type => ({ kind: "option", name: `Option<${item.name}>`, item });
export const boxOf = (item: Type): Type => ({ kind: "box", name: `Box<${item.name}>`, item });
export const vecOf = (item: Type): Type => ({ kind: "vec", name: `Vec<${item.name}>`, item });
export const resultOf = (ok: Type, error: Type): Type => ({
  kind: "result",
  name: `Result<${ok.name}, ${error.name}>`,
  ok,
  error,
});

export function isCopy(type: Type): boolean {
  switch (type.kind) {
    case "int":
    case "float":
    case "bool":
    case "char":
      return true;
    case "string":
    case "noisy":
    case "param":
    case "box":
    case "vec":
      return false;
    case "tuple":
      return type.items.every(isCopy);
    case "array":
    case "option":
      return isCopy(type.item);
    case "result":
      return isCopy(type.ok) && isCopy(type.error);
    case "struct":
      return type.fields.every((field) => isCopy(field.type));
    case "enum":
      return type.variants.every((variant) => variant.fields.every(isCopy));
  }
}

/** The structs and enums of a program, and all the types that can be made with them. */
export class Types {
  readonly structs: StructType[] = [];
  readonly enums: EnumType[] = [];

  constructor(random: Random) {
    for (let i = 0; i < 10; i++) this.structs.push(this.struct(random, `S${i}`));
    for (let i = 0; i < 8; i++) this.enums.push(this.enumeration(random, `E${i}`));
    for (let i = 10; i < 14; i++) this.structs.push(this.struct(random, `S${i}`));
  }

  scalar(random: Random): Type {
    return random.weighted<Type>([
      [10, random.pick(INTS)],
      [2, random.pick([F32, F64])],
      [1, BOOL],
      [1, CHAR],
    ]);
  }

  draw(random: Random, depth = 2): Type {
    if (depth === 0 || random.chance(55)) return this.scalar(random);
    const inner = (): Type => this.draw(random, depth - 1);
    return random.weighted<() => Type>([
      [4, () => (this.structs.length === 0 ? this.scalar(random) : random.pick(this.structs))],
      [4, () => (this.enums.length === 0 ? this.scalar(random) : random.pick(this.enums))],
      [2, () => tupleOf(Array.from({ length: random.between(1, 4) }, inner))],
      [2, () => arrayOf(inner(), random.between(1, 5))],
      [3, () => optionOf(inner())],
      [2, () => resultOf(inner(), inner())],
      [2, () => boxOf(inner())],
      [2, () => vecOf(inner())],
      [1, () => STRING],
      [1, () => NOISY],
    ])();
  }

  private struct(random: Random, name: string): StructType {
    const shape = random.weighted<"plain" | "c" | "packed" | "align" | "transparent">([
      [5, "plain"],
      [3, "c"],
      [2, "packed"],
      [1, "align"],
      [1, "transparent"],
    ]);
    const isTuple = random.chance(30);
    const isPacked = shape === "packed";
    const field = (): Type =>
      isPacked
        ? random.chance(25)
          ? arrayOf(this.scalar(random), random.between(1, 4))
          : this.scalar(random)
        : this.draw(random);
    const count = shape === "transparent" ? 1 : random.between(1, 6);
    const fields = Array.from({ length: count }, (_, i) => ({ name: isTuple ? String(i) : `f${i}`, type: field() }));
    const attribute = {
      plain: "",
      c: "#[repr(C)] ",
      packed: random.pick(["#[repr(packed)] ", "#[repr(C, packed)] ", "#[repr(packed(2))] "]),
      align: `#[repr(align(${random.pick([1, 8, 16, 32, 64])}))] `,
      transparent: "#[repr(transparent)] ",
    }[shape];
    return { kind: "struct", name, fields, isTuple, isPacked, attribute };
  }

  private enumeration(random: Random, name: string): EnumType {
    const isPlain = random.chance(35);
    const count = random.between(1, 6);
    const repr = random.pick(["u8", "i8", "u16", "i16", "i32", "u32", "i64", "u64"]);
    const hasRepr = random.chance(isPlain ? 50 : 20) || isPlain;
    const type = INTS.find((type) => type.name === repr);
    // Far apart, and at the ends of the range.
    const step = (1n << BigInt((type?.bits ?? 8) - 1)) / BigInt(count);
    const low = type?.signed === true ? -(1n << BigInt(type.bits - 1)) : 0n;
    const variants = Array.from({ length: count }, (_, i) => ({
      name: `V${i}`,
      fields: isPlain || random.chance(25) ? [] : Array.from({ length: random.between(1, 4) }, () => this.draw(random)),
      discriminant:
        hasRepr && random.chance(60) ? low + BigInt(i) * step + BigInt(i === 0 ? 0 : random.below(2)) : undefined,
    }));
    const attribute = hasRepr ? `#[repr(${!isPlain && random.chance(30) ? `C, ${repr}` : repr})] ` : "";
    return { kind: "enum", name, variants, attribute, isPlain };
  }

  /** Their declarations. */
  text(): string {
    return [...this.structs.map(structText), ...this.enums.map(enumText)].join("\n");
  }
}

function derives(type: Type): string {
  return `#[derive(${isCopy(type) ? "Copy, " : ""}Clone, Debug, PartialEq, PartialOrd)] `;
}

function structText(type: StructType): string {
  const fields = type.fields.map(({ name, type: of }) => (type.isTuple ? `pub ${of.name}` : `pub ${name}: ${of.name}`));
  const body = type.isTuple ? `(${fields.join(", ")});` : ` { ${fields.join(", ")} }`;
  const sums = type.fields.map(({ name }) => (type.isPacked ? `{ self.${name} }.sum();` : `self.${name}.sum();`));
  return `${derives(type)}${type.attribute}pub struct ${type.name}${body}
impl Sum for ${type.name} { fn sum(&self) { ${sums.join(" ")} } }`;
}

function enumText(type: EnumType): string {
  const variants = type.variants.map(({ name, fields, discriminant }) => {
    const carried = fields.length === 0 ? "" : `(${fields.map((field) => field.name).join(", ")})`;
    return `${name}${carried}${discriminant === undefined ? "" : ` = ${discriminant}`}`;
  });
  const arms = type.variants.map(({ name, fields }, i) => {
    const names = fields.map((_, at) => `x${at}`);
    const pattern = fields.length === 0 ? "" : `(${names.join(", ")})`;
    return `${type.name}::${name}${pattern} => { put(${i}); ${names.map((field) => `${field}.sum();`).join(" ")} }`;
  });
  return `${derives(type)}${type.attribute}pub enum ${type.name} { ${variants.join(", ")} }
impl Sum for ${type.name} { fn sum(&self) { match self { ${arms.join(", ")} } } }`;
}
