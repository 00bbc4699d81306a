/** Values that need nothing but their type. */
import type { Random } from "./random.js";
import type { FloatType, IntType, Type } from "./types.js";

/** Parenthesised where a method call would bind more tightly than the sign. */
export function literal(random: Random, type: Type): string {
  const inner = (of: Type): string => literal(random, of);
  switch (type.kind) {
    case "int":
      return intLiteral(random, type);
    case "float":
      return floatLiteral(random, type);
    case "bool":
      return random.pick(["true", "false"]);
    case "char":
      return random.pick(["'a'", "'\\0'", "'\\u{10ffff}'", "'ß'", "'\\u{d7ff}'", "'9'"]);
    case "string":
      return `String::from(${random.pick(['""', '"ab"', '"grüße"', '"a longer text than the others are"'])})`;
    case "noisy":
      return `Noisy::new(${random.below(1000)})`;
    case "param":
      throw new Error("there is no literal of a type parameter");
    case "tuple":
      return `(${type.items.map((item) => `${inner(item)},`).join(" ")})`;
    case "array":
      return `[${Array.from({ length: type.length }, () => inner(type.item)).join(", ")}]`;
    case "option":
      return random.chance(30) ? `None::<${type.item.name}>` : `Some(${inner(type.item)})`;
    case "box":
      return `Box::new(${inner(type.item)})`;
    case "vec":
      return random.chance(15)
        ? `Vec::<${type.item.name}>::new()`
        : `vec![${Array.from({ length: random.between(1, 4) }, () => inner(type.item)).join(", ")}]`;
    case "result":
      return random.chance(60)
        ? `Ok::<${type.ok.name}, ${type.error.name}>(${inner(type.ok)})`
        : `Err::<${type.ok.name}, ${type.error.name}>(${inner(type.error)})`;
    case "struct":
    case "enum":
      return construct(random, type, inner);
  }
}

/** A value of a struct or enum, its fields made by `value`. */
export function construct(
  random: Random,
  type: Type & { kind: "struct" | "enum" },
  value: (type: Type) => string,
): string {
  if (type.kind === "struct") {
    const fields = type.fields.map(({ name, type: of }) => (type.isTuple ? value(of) : `${name}: ${value(of)}`));
    return type.isTuple ? `${type.name}(${fields.join(", ")})` : `(${type.name} { ${fields.join(", ")} })`;
  }
  const { name, fields } = random.pick(type.variants);
  return `${type.name}::${name}${fields.length === 0 ? "" : `(${fields.map(value).join(", ")})`}`;
}

function intLiteral(random: Random, { name, bits, signed }: IntType): string {
  const edge = random.below(12);
  if (edge === 0) return `${name}::MAX`;
  if (edge === 1) return signed ? `${name}::MIN` : `0${name}`;
  if (edge < 5) return `${random.between(0, 9)}${name}`;
  if (edge === 5 && signed) return `(-1${name})`;
  const width = BigInt(bits);
  let value = random.bits() & ((1n << width) - 1n);
  if (edge < 8) value = (1n << BigInt(random.below(bits))) + BigInt(random.between(-1, 1));
  value = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (signed && value === -(1n << (width - 1n))) return `${name}::MIN`;
  return value < 0n ? `(${value}${name})` : `${value}${name}`;
}

function floatLiteral(random: Random, { name }: FloatType): string {
  const special = ["MAX", "MIN", "MIN_POSITIVE", "EPSILON", "INFINITY", "NEG_INFINITY", "NAN"];
  if (random.chance(25)) return `${name}::${random.pick(special)}`;
  const text = random.pick([
    ...["0.0", "-0.0", "1.0", "-1.0", "0.5", "-0.5", "1.5", "2.5", "-2.5", "0.1", "255.9", "-128.9", "65535.5"],
    ...[
      "2147483648.0",
      "-2147483649.0",
      "4294967296.5",
      "9.3e18",
      "-9.3e18",
      "1.9e19",
      "1e-40",
      "3.4e38",
      "16777217.0",
    ],
    ...["3.5", "1e10", "-1e10", "0.3333333333333333", "8388609.5", "4503599627370497.5", "1.7e38", "-1.8e38"],
  ]);
  return text.startsWith("-") ? `(${text}_${name})` : `${text}_${name}`;
}
