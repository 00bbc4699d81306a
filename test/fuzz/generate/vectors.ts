/** Chains of vector instructions: those that every x86-64 has anywhere, others in functions of their own. */
import type { Expressions } from "./expressions.js";
import type { Random } from "./random.js";
import type { Statement } from "./statements.js";
import { INTS, U32, arrayOf } from "./types.js";

/** An instruction's name, and what it takes besides vectors of its own kind: limits of immediates, or a scalar. */
interface Instruction {
  readonly name: string;
  readonly operands: 1 | 2 | 3;
  /** The immediate is below this. */
  readonly immediate?: number;
}

const lanes = (prefix: string, suffix: string, names: string): Instruction[] =>
  names.split(" ").map((name) => ({ name: `${prefix}_${name}_${suffix}`, operands: 2 }));
const unary = (prefix: string, names: string): Instruction[] =>
  names.split(" ").map((name) => ({ name: `${prefix}_${name}`, operands: 1 }));
const immediate = (prefix: string, names: string, limit: number): Instruction[] =>
  names.split(" ").map((name) => ({ name: `${prefix}_${name}`, operands: 1, immediate: limit }));
const mixed = (prefix: string, names: string, limit: number): Instruction[] =>
  names.split(" ").map((name) => ({ name: `${prefix}_${name}`, operands: 2, immediate: limit }));

function sse2(prefix: string): Instruction[] {
  const si = prefix === "_mm" ? "si128" : "si256";
  return [
    ...lanes(prefix, "epi8", "add sub adds subs unpacklo unpackhi cmpeq cmpgt"),
    ...lanes(prefix, "epi16", "add sub adds subs mullo mulhi unpacklo unpackhi cmpeq cmpgt madd packs min max"),
    ...lanes(prefix, "epi32", "add sub unpacklo unpackhi cmpeq cmpgt packs"),
    ...lanes(prefix, "epi64", "add sub unpacklo unpackhi"),
    ...lanes(prefix, "epu8", "adds subs avg min max sad"),
    ...lanes(prefix, "epu16", "adds subs avg mulhi"),
    ...lanes(prefix, "epu32", "mul"),
    ...lanes(prefix, si, "and or xor andnot"),
    { name: `${prefix}_packus_epi16`, operands: 2 },
    ...immediate(prefix, "slli_epi16 srli_epi16 srai_epi16", 18),
    ...immediate(prefix, "slli_epi32 srli_epi32 srai_epi32", 34),
    ...immediate(prefix, "slli_epi64 srli_epi64", 66),
    ...immediate(
      prefix,
      `bslli_${si === "si128" ? "si128" : "epi128"} bsrli_${si === "si128" ? "si128" : "epi128"}`,
      17,
    ),
    ...immediate(prefix, "shuffle_epi32 shufflelo_epi16 shufflehi_epi16", 256),
  ];
}

function later(prefix: string): Instruction[] {
  return [
    ...lanes(prefix, "epi8", "shuffle sign min max"),
    ...lanes(prefix, "epi16", "sign hadd hsub hadds mulhrs maddubs"),
    ...lanes(prefix, "epi32", "sign hadd hsub mullo mul min max packus"),
    ...lanes(prefix, "epu16", "min max"),
    ...lanes(prefix, "epu32", "min max"),
    { name: `${prefix}_cmpeq_epi64`, operands: 2 },
    ...unary(prefix, "abs_epi8 abs_epi16 abs_epi32"),
    ...mixed(prefix, "alignr_epi8", 33),
    ...mixed(prefix, "blend_epi16", 256),
    { name: `${prefix}_blendv_epi8`, operands: 3 },
  ];
}

interface Kind {
  readonly feature: string;
  readonly vector: string;
  readonly bytes: number;
  readonly instructions: readonly Instruction[];
}

const BASELINE: Kind = { feature: "sse2", vector: "__m128i", bytes: 16, instructions: sse2("_mm") };
const KINDS: readonly Kind[] = [
  {
    feature: "sse4.2",
    vector: "__m128i",
    bytes: 16,
    instructions: [
      ...sse2("_mm"),
      ...later("_mm"),
      { name: "_mm_cmpgt_epi64", operands: 2 },
      ...unary(
        "_mm",
        "cvtepi8_epi16 cvtepu8_epi16 cvtepi8_epi32 cvtepu8_epi64 cvtepi16_epi32 cvtepu16_epi64 cvtepi32_epi64",
      ),
      ...unary("_mm", "minpos_epu16"),
      ...mixed("_mm", "mpsadbw_epu8", 8),
    ],
  },
  {
    feature: "avx2",
    vector: "__m256i",
    bytes: 32,
    instructions: [
      ...sse2("_mm256"),
      ...later("_mm256"),
      { name: "_mm256_cmpgt_epi64", operands: 2 },
      ...lanes("_mm256", "epi32", "sllv srlv srav permutevar8x32"),
      ...lanes("_mm256", "epi64", "sllv srlv"),
      ...mixed("_mm256", "permute2x128_si256 blend_epi32", 256),
      ...immediate("_mm256", "permute4x64_epi64", 256),
      ...mixed("_mm256", "mpsadbw_epu8", 64),
    ],
  },
];

const FLOATS: readonly Kind[] = [
  {
    feature: "sse2",
    vector: "__m128",
    bytes: 16,
    instructions: [
      ...lanes("_mm", "ps", "add sub mul div min max unpacklo unpackhi movehl movelh"),
      ...unary("_mm", "sqrt_ps"),
      ...mixed("_mm", "shuffle_ps", 256),
    ],
  },
  {
    feature: "avx",
    vector: "__m256d",
    bytes: 32,
    instructions: [
      ...lanes("_mm256", "pd", "add sub mul div min max unpacklo unpackhi hadd addsub"),
      ...unary("_mm256", "sqrt_pd movedup_pd floor_pd ceil_pd"),
      ...mixed("_mm256", "shuffle_pd blend_pd", 16),
      ...mixed("_mm256", "permute2f128_pd", 4),
    ],
  },
];

const U8 = INTS.find(({ name }) => name === "u8") ?? U32;
const ARCH = "std::arch::x86_64::";

/** `let` statements that end with the last vector's name. */
function chain(
  random: Random,
  { vector, instructions }: Kind,
  names: string[],
  fresh: (prefix: string) => string,
): string {
  const lines: string[] = [];
  for (let i = random.between(2, 9); i > 0; i--) {
    const { name, operands, immediate: limit } = random.pick(instructions);
    // The last ones are likelier, so that a chain is one.
    const operand = (): string => (random.chance(50) ? (names.at(-1) ?? "") : random.pick(names));
    const args = Array.from({ length: operands }, operand).join(", ");
    const target = fresh("y");
    lines.push(
      `let ${target}: ${ARCH}${vector} = ${ARCH}${name}${limit === undefined ? "" : `::<${random.below(limit)}>`}(${args});`,
    );
    names.push(target);
  }
  return lines.join(" ");
}

/** Vectors inside of an ordinary body. */
export function vectorStatement(make: Expressions): Statement {
  const { random, fresh } = make.context;
  const bytes = arrayOf(U8, 16);
  const [a, b] = [fresh("y"), fresh("y")];
  const names = [a, b];
  const load = (): string => `std::mem::transmute::<[u8; 16], ${ARCH}__m128i>(${make.value(bytes, 2)})`;
  const head = `unsafe { let (${a}, ${b}) = (${load()}, ${load()}); `;
  const body = chain(random, BASELINE, names, fresh);
  const last = names.at(-1) ?? a;
  const end = random.pick([
    `std::mem::transmute::<_, [u64; 2]>(${last}).sum();`,
    `${ARCH}_mm_movemask_epi8(${last}).sum();`,
    `${ARCH}_mm_extract_epi16::<${random.below(8)}>(${last}).sum();`,
    `${ARCH}_mm_cvtsi128_si64(${last}).sum();`,
  ]);
  return [`${head}${body} ${end} }`];
}

/** A function of vectors, and one that calls it where the processor has the instructions. */
export function vectorFunction(random: Random, name: string): string {
  const isFloat = random.chance(30);
  const kind = random.pick(isFloat ? FLOATS : KINDS);
  let count = 0;
  const names = ["a", "b", "c"];
  const body = chain(random, kind, names, (prefix) => `${prefix}${count++}`);
  const last = names.at(-1) ?? "a";
  const { vector, bytes, feature } = kind;
  // Numbers that are ordinary ones as floats, too: which NaN comes out is not defined.
  const lane = vector.endsWith("d") ? "f64" : "f32";
  const lanesOf = vector.endsWith("i") ? `[u8; ${bytes}]` : `[${lane}; ${bytes / (lane === "f64" ? 8 : 4)}]`;
  const params = ["a", "b", "c"].map((param) => `${param}: ${lanesOf}`).join(", ");
  const load = ["a", "b", "c"]
    .map((param) => `let ${param}: ${ARCH}${vector} = unsafe { std::mem::transmute(${param}) };`)
    .join(" ");
  return `#[target_feature(enable = "${feature}")] fn ${name}_inner(${params}) -> ${lanesOf} { ${load} ${body} unsafe { std::mem::transmute(${last}) } }
pub fn ${name}(seed: u64) { if is_x86_feature_detected!("${feature}") { let mut next = lanes(seed); let inputs = [(); 3].map(|()| ${lanesOf === `[u8; ${bytes}]` ? "std::array::from_fn(|_| next() as u8)" : `std::array::from_fn(|_| next() as i32 as ${lane})`}); let [a, b, c] = inputs; unsafe { ${name}_inner(a, b, c) }.sum(); } }`;
}
