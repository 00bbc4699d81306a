/** The words of Cranelift IR that are no instructions: types, conditions, flags, conventions, keywords. */

const CONDITIONS: Readonly<Record<string, string>> = {
  eq: "equal (of floats: ordered and equal)",
  ne: "not equal (of floats: unordered or not equal)",
  slt: "signed less than",
  sle: "signed less than or equal",
  sgt: "signed greater than",
  sge: "signed greater than or equal",
  ult: "unsigned less than (of floats: unordered or less)",
  ule: "unsigned less than or equal (of floats: unordered, less or equal)",
  ugt: "unsigned greater than (of floats: unordered or greater)",
  uge: "unsigned greater than or equal (of floats: unordered, greater or equal)",
  ord: "ordered: neither is NaN",
  uno: "unordered: one of them is NaN",
  one: "ordered and not equal",
  ueq: "unordered or equal",
  lt: "ordered and less than",
  le: "ordered and less than or equal",
  gt: "ordered and greater than",
  ge: "ordered and greater than or equal",
};

const FLAGS: Readonly<Record<string, string>> = {
  notrap: "the access cannot trap",
  aligned: "the address is aligned for the type; otherwise the result may be anything, or a trap",
  readonly: "the memory does not change while the function runs",
  can_move: "the access may be moved to where its operands are known, past branches",
  little: "little-endian, whatever the target is",
  big: "big-endian, whatever the target is",
  heap: "aliases only other accesses to `heap`",
  table: "aliases only other accesses to `table`",
  vmctx: "the context pointer; on an access: aliases only other accesses to `vmctx`",
};

const PARAMETERS: Readonly<Record<string, string>> = {
  sext: "the value is widened with its sign to a register's width",
  uext: "the value is widened with zeros to a register's width",
  sarg: "the value is passed in memory, by its bytes",
  sret: "the pointer to where the result goes",
};

const CONVENTIONS: Readonly<Record<string, string>> = {
  fast: "calling convention without a stable ABI",
  tail: "calling convention that allows tail calls",
  system_v: "calling convention of System V: Linux and most others",
  windows_fastcall: "calling convention of 64-bit Windows",
  apple_aarch64: "calling convention of Apple's arm64",
  probestack: "calling convention of the stack probe",
  winch: "calling convention of Wasmtime's baseline compiler",
  preserve_all: "calling convention under which the callee keeps every register",
};

const KEYWORDS: Readonly<Record<string, string>> = {
  function: "begins a function: name, signature, body",
  cold: "the block is rarely run: its code goes out of the way",
  colocated: "defined in the same image: reached without a table",
  explicit_slot: "a part of the stack frame of so many bytes",
  explicit_dynamic_slot: "a part of the stack frame for a dynamic vector",
  patchable: "calls of the function can be turned into nops",
  symbol: "the address of a symbol, filled in by the linker",
  tls: "a thread-local symbol",
  iadd_imm: "another global value and a constant",
  dyn_scale_target_const: "how many times wider a dynamic vector is on this target",
  target: "the instruction set that a file is about",
  test: "what a file is a test of: `run`, `compile`, `interpret` …",
  set: "a setting of the compiler",
  user: "a trap code of the producer's own",
};

const TRAPS: Readonly<Record<string, string>> = {
  stk_ovf: "the stack is exhausted",
  heap_oob: "an access outside of a heap",
  int_ovf: "an integer operation overflowed",
  int_divz: "an integer division by zero",
  bad_toint: "a float does not fit into an integer",
};

const KINDS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["condition", CONDITIONS],
  ["memory flag", FLAGS],
  ["parameter", PARAMETERS],
  ["convention", CONVENTIONS],
  ["trap code", TRAPS],
  ["keyword", KEYWORDS],
];

/** What a word means, as a sentence's part; undefined for words that are none of the language's. */
export function aboutWord(word: string): { readonly kind: string; readonly about: string } | undefined {
  const type = aboutType(word);
  if (type !== undefined) return { kind: "type", about: type };
  for (const [kind, words] of KINDS) {
    const about = Object.hasOwn(words, word) ? words[word] : undefined;
    if (about !== undefined) return { kind, about };
  }
  const user = /^user(\d+)$/.exec(word)?.[1];
  return user === undefined ? undefined : { kind: "trap code", about: `the producer's own trap code ${user}` };
}

/** `i32x4` is a vector of four 32-bit integers. */
export function aboutType(word: string): string | undefined {
  const match = /^([if])(8|16|32|64|128)(?:x(\d+)(xN)?)?$/.exec(word);
  if (match === null || (match[1] === "f" && match[2] === "8")) return undefined;
  const [, kind, bits = "", lanes, dynamic] = match;
  const lane = `${bits}-bit ${kind === "i" ? "integer" : "float"}`;
  if (lanes === undefined) return kind === "i" ? `${lane}, with or without sign as the instruction takes it` : lane;
  const times = dynamic === undefined ? lanes : `a multiple of ${lanes}, which the target decides,`;
  return `vector of ${times} ${lane}s`;
}
