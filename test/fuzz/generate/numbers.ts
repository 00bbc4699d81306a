/** Expressions whose values are numbers. */
import { type Expressions } from "./expressions.js";
import { BOOL, CHAR, F32, F64, type FloatType, INTS, type IntType, type Type, U32, USIZE, arrayOf } from "./types.js";

const unsignedOf = (type: IntType): IntType => {
  const name = type.name.replace(/^i/, "u");
  return INTS.find((other) => other.name === name) ?? type;
};

/** An integer; whatever can panic is seldom. */
export function int(make: Expressions, type: IntType, depth: number): string {
  const { random } = make.context;
  const { name, bits, signed } = type;
  const of = (other: Type = type): string => make.value(other, depth - 1);
  const small = (): string => make.value(U32, depth - 2);
  const unsigned = unsignedOf(type).name;
  return random.weighted<() => string>([
    [12, () => `${of()}.wrapping_${random.pick(["add", "sub", "mul"])}(${of()})`],
    [3, () => `(${of()} ${random.pick(["+", "-", "*"])} ${of()})`],
    [1, () => `(${of()} ${random.pick(["/", "%"])} ${of()})`],
    [1, () => `(${of()} ${random.pick(["<<", ">>"])} ${small()})`],
    [5, () => `(${of()} ${random.pick(["&", "|", "^"])} ${of()})`],
    [2, () => `(!${of()})`],
    [2, () => `${of()}.wrapping_neg()`],
    [4, () => `${of()}.checked_${random.pick(["add", "sub", "mul", "div", "rem"])}(${of()}).unwrap_or(${of()})`],
    [2, () => `${of()}.checked_${random.pick(["div_euclid", "rem_euclid"])}(${of()}).unwrap_or(${of()})`],
    [4, () => `${of()}.saturating_${random.pick(["add", "sub", "mul"])}(${of()})`],
    [3, () => `${of()}.overflowing_${random.pick(["add", "sub", "mul"])}(${of()}).0`],
    [3, () => `(${of()} / (${of()} | 1))`],
    [2, () => `${of()}.wrapping_${random.pick(["div", "rem"])}(${of()} | 2)`],
    [4, () => `${of()}.wrapping_${random.pick(["shl", "shr"])}(${small()})`],
    [3, () => `(${of()} ${random.pick(["<<", ">>"])} (${small()} % ${bits}))`],
    [2, () => `${of()}.checked_${random.pick(["shl", "shr"])}(${small()}).unwrap_or(${of()})`],
    [2, () => `${of()}.overflowing_${random.pick(["shl", "shr"])}(${small()}).0`],
    [3, () => `${of()}.rotate_${random.pick(["left", "right"])}(${small()})`],
    [2, () => `${of()}.${random.pick(["swap_bytes", "reverse_bits", "to_be", "to_le"])}()`],
    [2, () => `${of()}.wrapping_pow(${small()} % 9)`],
    [1, () => `${of()}.${random.pick(["saturating_pow", "pow"])}(${small()} % 5)`],
    [1, () => `${of()}.checked_pow(${small()} % 40).unwrap_or(${of()})`],
    [3, () => `${of()}.${random.pick(["min", "max"])}(${of()})`],
    [1, () => `${of()}.clamp(${name}::MAX / 5, ${name}::MAX / 3)`],
    [2, () => `(${of(unsignedOf(type))}.abs_diff(${of(unsignedOf(type))}) as ${name})`],
    [12, () => cast(make, name, depth)],
    [3, () => bitCount(make, name, depth)],
    [2, () => `${name}::from_${random.pick(["le", "be", "ne"])}_bytes(${make.value(bytes(bits / 8), depth - 1)})`],
    [2, () => `${of()}.midpoint(${of()})`],
    [1, () => `(${of(unsignedOf(type))}.isqrt() as ${name})`],
    [
      2,
      () =>
        signed
          ? random.pick([
              `${of()}.wrapping_abs()`,
              `${of()}.signum()`,
              `(${of()}.unsigned_abs() as ${name})`,
              `${of()}.saturating_neg()`,
              `${of()}.checked_abs().unwrap_or(${of()})`,
              `${of()}.wrapping_add_unsigned(${of(unsignedOf(type))})`,
            ])
          : random.pick([
              `${of()}.checked_next_power_of_two().unwrap_or(${of()})`,
              `${of()}.wrapping_sub(${of()}).div_ceil(${of()} | 1)`,
              `(${of()}.is_power_of_two() as ${name})`,
              `${of()}.checked_signed_diff(${of()}).map_or(${of()}, |x| x as ${name})`,
            ]),
    ],
    [2, () => fold(make, type, depth)],
    [2, () => transmuted(make, type, depth)],
    [1, () => `unsafe { std::ptr::read_unaligned((&raw const *(&${of()})).cast::<${unsigned}>()) as ${name} }`],
    [1, () => `${name}::try_from(${of(random.pick(INTS))}).unwrap_or(${of()})`],
    [1, () => `(size_of::<${make.context.around.types.draw(random).name}>() as ${name})`],
    [1, () => `format!("{}", ${of()}).parse::<${name}>().unwrap_or(${of()})`],
  ])();
}

function bytes(length: number): Type {
  const u8 = INTS.find(({ name }) => name === "u8") ?? U32;
  return arrayOf(u8, length);
}

/** `as`, from whatever has such a cast. */
function cast(make: Expressions, to: string, depth: number): string {
  const { random, around } = make.context;
  const plain = around.types.enums.filter(({ isPlain }) => isPlain);
  return random.weighted<() => string>([
    [8, () => `(${make.value(random.pick(INTS), depth - 1)} as ${to})`],
    [3, () => `(${make.value(random.pick([F32, F64]), depth - 1)} as ${to})`],
    [1, () => `(${make.value(BOOL, depth - 1)} as ${to})`],
    [1, () => `(${make.value(CHAR, depth - 1)} as ${to})`],
    // A value in braces, since `E::V as T` has no other form for a call.
    [plain.length === 0 ? 0 : 2, () => `(${make.value(random.pick(plain), depth - 1)} as ${to})`],
  ])();
}

function bitCount(make: Expressions, to: string, depth: number): string {
  const { random } = make.context;
  const what = random.pick([
    "count_ones",
    "count_zeros",
    "leading_zeros",
    "trailing_zeros",
    "leading_ones",
    "trailing_ones",
  ]);
  return `(${make.value(random.pick(INTS), depth - 1)}.${what}() as ${to})`;
}

/** Over the lanes of an array. */
function fold(make: Expressions, type: IntType, depth: number): string {
  const { random } = make.context;
  const array = make.value(arrayOf(type, random.between(1, 9)), depth - 2);
  return random.pick([
    `${array}.iter().fold(${make.value(type, depth - 1)}, |a, b| a.wrapping_${random.pick(["add", "sub", "mul"])}(*b))`,
    `${array}.into_iter().${random.pick(["max", "min"])}().unwrap_or(1)`,
    `${array}.iter().map(|x| x ^ (x >> 3)).filter(|x| x % 3 != 1).fold(0, |a: ${type.name}, b| a.wrapping_add(b))`,
    `${array}.iter().rev().zip(1u8..).map(|(x, n)| x.wrapping_mul(n as ${type.name})).fold(7, |a: ${type.name}, b| a ^ b)`,
    `({ let mut sorted = ${array}; sorted.sort_unstable(); sorted[sorted.len() / 2] })`,
  ]);
}

/** The same bits as another type. */
function transmuted(make: Expressions, type: IntType, depth: number): string {
  const { random } = make.context;
  const parts = INTS.filter((part) => part.bits <= type.bits);
  const part = random.pick(parts);
  const source = arrayOf(part, type.bits / part.bits);
  const value = make.value(source, depth - 2);
  return random.pick([
    `unsafe { std::mem::transmute::<${source.name}, ${type.name}>(${value}) }`,
    `unsafe { union U { from: ${source.name}, to: ${type.name} } (U { from: ${value} }).to }`,
  ]);
}

/** A float; where the sign or the bits of a NaN could matter, `plain` makes another number of it. */
export function float(make: Expressions, type: FloatType, depth: number): string {
  const { random } = make.context;
  const { name, bits } = type;
  const of = (): string => make.value(type, depth - 1);
  const plain = (): string => `${make.value(type, depth - 1)}.plain()`;
  const other = bits === 32 ? F64 : F32;
  const raw = INTS.find((int) => int.name === `u${bits}`) ?? USIZE;
  return random.weighted<() => string>([
    [10, () => `(${of()} ${random.pick(["+", "-", "*", "/"])} ${of()})`],
    [1, () => `(${of()} % ${of()})`],
    [1, () => `(-${of()})`],
    [
      4,
      () =>
        `${of()}.${random.pick(["abs", "sqrt", "floor", "ceil", "trunc", "round", "round_ties_even", "fract", "recip"])}()`,
    ],
    [2, () => `${of()}.mul_add(${of()}, ${of()})`],
    [1, () => `${of()}.copysign(${plain()})`],
    [1, () => `${plain()}.signum()`],
    // Which of two zeros it is, is not defined.
    [2, () => `(${of()}.${random.pick(["min", "max"])}(${of()}) + 0.0)`],
    [1, () => `${of()}.clamp(-3.5, 1e9)`],
    [6, () => `(${make.value(random.pick(INTS), depth - 1)} as ${name})`],
    [3, () => `(${make.value(other, depth - 1)} as ${name})`],
    [2, () => `${name}::from_bits(${make.value(raw, depth - 1)}).plain()`],
    [1, () => `${of()}.${random.pick(["rem_euclid", "div_euclid"])}(${of()})`],
    [1, () => `${plain()}.${random.pick(["next_up", "next_down"])}()`],
    [1, () => `[${of()}, ${of()}, ${of()}].iter().fold(${of()}, |a, b| a * 0.5 + b)`],
    [1, () => `format!("{:e}", ${of()}).parse::<${name}>().unwrap_or(${of()})`],
  ])();
}

/** Comparisons and what else is true or false. */
export function bool(make: Expressions, depth: number): string {
  const { random, around } = make.context;
  const of = (): string => make.value(BOOL, depth - 1);
  const type = random.chance(70) ? around.types.scalar(random) : around.types.draw(random);
  const one = (): string => make.value(type, depth - 1);
  const number = random.pick(INTS);
  const ofNumber = (): string => make.value(number, depth - 1);
  const real = random.pick([F32, F64]);
  const ofReal = (): string => make.value(real, depth - 1);
  return random.weighted<() => string>([
    [8, () => `(${one()} ${random.pick(["==", "!=", "<", "<=", ">", ">="])} ${one()})`],
    [3, () => `(${ofReal()} ${random.pick(["==", "!=", "<", "<=", ">", ">="])} ${ofReal()})`],
    [
      1,
      () =>
        `(${one()}.partial_cmp(&${one()}) == Some(std::cmp::Ordering::${random.pick(["Less", "Equal", "Greater"])}))`,
    ],
    [1, () => `${ofReal()}.plain().total_cmp(&${ofReal()}.plain()).${random.pick(["is_lt", "is_ge"])}()`],
    [1, () => `(${ofNumber()}.cmp(&${ofNumber()}) as i8 > ${random.pick(["-1", "0"])})`],
    [4, () => `(${of()} ${random.pick(["&&", "||", "&", "|", "^"])} ${of()})`],
    [1, () => `(!${of()})`],
    [2, () => `${ofNumber()}.overflowing_${random.pick(["add", "sub", "mul"])}(${ofNumber()}).1`],
    [1, () => `${ofReal()}.${random.pick(["is_nan", "is_finite", "is_infinite", "is_normal", "is_subnormal"])}()`],
    [1, () => `${ofReal()}.plain().is_sign_negative()`],
    [1, () => `matches!(${ofNumber()}, ${number.name}::MIN..=3 | 7 | 100..)`],
    [1, () => `${make.value(CHAR, depth - 1)}.is_alphanumeric()`],
    [1, () => `${ofNumber()}.checked_mul(${ofNumber()}).is_some_and(|x| x % 2 == 1)`],
  ])();
}
