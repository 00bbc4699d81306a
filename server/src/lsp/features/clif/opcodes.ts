/**
 * Cranelift IR's instructions, each in a line: how it is written, and what it does.
 *
 * The names are those of `cranelift-codegen-meta` 0.135 (`src/shared/instructions.rs`), the version that the engine is
 * built with; a test compares the list where that source is at hand. In the forms `x`, `y`, `z` are values, `T` is the
 * controlling type, `N` an immediate, `flags` memory flags and `offset` a signed 32-bit constant.
 */
export interface Opcode {
  readonly form: string;
  readonly about: string;
}

type Row = readonly [name: string, form: string, about: string];

const CONTROL: readonly Row[] = [
  ["jump", "jump block(args…)", "Goes to a block and gives it its parameters."],
  ["brif", "brif c, then(args…), else(args…)", "Goes to `then` if `c` is not zero, to `else` otherwise."],
  [
    "br_table",
    "br_table x, default(args…), [block0(args…), …]",
    "Goes to the x-th block of the table, or to the default when `x` is out of its bounds.",
  ],
  ["debugtrap", "debugtrap", "Stops in a debugger, if there is one, and goes on."],
  ["trap", "trap code", "Ends the program with this trap code."],
  ["trapz", "trapz c, code", "Traps if `c` is zero."],
  ["trapnz", "trapnz c, code", "Traps if `c` is not zero."],
  ["return", "return x, …", "Leaves the function with these results."],
  ["call", "a, … = call fn(x, …)", "Calls a declared function."],
  [
    "call_indirect",
    "a, … = call_indirect sig, callee(x, …)",
    "Calls the function at an address with a declared signature.",
  ],
  ["return_call", "return_call fn(x, …)", "Calls in tail position: the present frame is gone when the callee begins."],
  ["return_call_indirect", "return_call_indirect sig, callee(x, …)", "Calls an address in tail position."],
  ["func_addr", "a = func_addr.T fn", "The address of a declared function."],
  [
    "try_call",
    "try_call fn(x, …), sig, normal(ret0, …), [ tag: handler(exn0, …), default: … ]",
    "Calls, goes on at `normal`, or at a handler when the callee unwinds.",
  ],
  ["try_call_indirect", "try_call_indirect callee(x, …), sig, normal(…), [ … ]", "`try_call` of an address."],
  [
    "get_exception_handler_address",
    "a = get_exception_handler_address.T block, N",
    "The address where the N-th handler of the `try_call` that ends a block begins.",
  ],
  [
    "stack_switch",
    "a = stack_switch store, load, x",
    "Saves this stack's state, goes on with the other stack's, and hands `x` over.",
  ],
];

const MEMORY: readonly Row[] = [
  ["load", "a = load.T flags p+offset", "Reads a value of type T."],
  ["store", "store flags x, p+offset", "Writes a value."],
  ["uload8", "a = uload8.T flags p+offset", "Reads 8 bits, with zeros above them."],
  ["sload8", "a = sload8.T flags p+offset", "Reads 8 bits, the sign repeated above them."],
  ["istore8", "istore8 flags x, p+offset", "Writes the low 8 bits of `x`."],
  ["uload16", "a = uload16.T flags p+offset", "Reads 16 bits, with zeros above them."],
  ["sload16", "a = sload16.T flags p+offset", "Reads 16 bits, the sign repeated above them."],
  ["istore16", "istore16 flags x, p+offset", "Writes the low 16 bits of `x`."],
  ["uload32", "a = uload32 flags p+offset", "Reads 32 bits into 64, with zeros above them."],
  ["sload32", "a = sload32 flags p+offset", "Reads 32 bits into 64, the sign repeated above them."],
  ["istore32", "istore32 flags x, p+offset", "Writes the low 32 bits of `x`."],
  ["uload8x8", "a = uload8x8 flags p+offset", "Reads eight 8-bit lanes and widens each to 16 bits with zeros."],
  ["sload8x8", "a = sload8x8 flags p+offset", "Reads eight 8-bit lanes and widens each to 16 bits with its sign."],
  ["uload16x4", "a = uload16x4 flags p+offset", "Reads four 16-bit lanes and widens each to 32 bits with zeros."],
  ["sload16x4", "a = sload16x4 flags p+offset", "Reads four 16-bit lanes and widens each to 32 bits with its sign."],
  ["uload32x2", "a = uload32x2 flags p+offset", "Reads two 32-bit lanes and widens each to 64 bits with zeros."],
  ["sload32x2", "a = sload32x2 flags p+offset", "Reads two 32-bit lanes and widens each to 64 bits with its sign."],
  ["stack_addr", "a = stack_addr.T ss+offset", "The address of a stack slot."],
  [
    "dynamic_stack_addr",
    "a = dynamic_stack_addr.T dss",
    "The address of a stack slot whose size is only known to the target.",
  ],
  ["symbol_value", "a = symbol_value.T gv", "The address that a symbolic global value stands for."],
  ["tls_value", "a = tls_value.T gv", "The address of a thread-local variable in the present thread."],
  ["get_pinned_reg", "a = get_pinned_reg.T", "The pinned register's content."],
  ["set_pinned_reg", "set_pinned_reg x", "Sets the pinned register."],
  ["get_frame_pointer", "a = get_frame_pointer.T", "This frame's base."],
  ["get_stack_pointer", "a = get_stack_pointer.T", "The stack pointer."],
  ["get_return_address", "a = get_return_address.T", "Where this function returns to."],
  [
    "atomic_rmw",
    "a = atomic_rmw.T flags op p, x",
    "Applies `op` (`add`, `xchg`, `umin` …) to memory in one step; gives the old value. Sequentially consistent.",
  ],
  [
    "atomic_cas",
    "a = atomic_cas.T flags p, expected, x",
    "Writes `x` if memory holds `expected`; gives what it held. Sequentially consistent.",
  ],
  ["atomic_load", "a = atomic_load.T flags p", "Reads in one step, sequentially consistent."],
  ["atomic_store", "atomic_store flags x, p", "Writes in one step, sequentially consistent."],
  ["fence", "fence", "Keeps memory accesses on their side, sequentially consistent."],
];

const CONSTANTS: readonly Row[] = [
  ["iconst", "a = iconst.T N", "An integer constant."],
  ["f16const", "a = f16const N", "A half-precision constant."],
  ["f32const", "a = f32const N", "A single-precision constant."],
  ["f64const", "a = f64const N", "A double-precision constant."],
  ["f128const", "a = f128const const", "A quad-precision constant from the constant pool."],
  ["vconst", "a = vconst.T const", "A vector from the constant pool."],
  ["nop", "nop", "Does nothing."],
  ["sequence_point", "sequence_point", "Does nothing, but stays where it is: a place for a debugger to stop."],
];

const CHOICE: readonly Row[] = [
  ["select", "a = select c, x, y", "`x` if `c` is not zero, else `y`."],
  ["select_spectre_guard", "a = select_spectre_guard c, x, y", "`select` that speculation does not get past."],
  ["bitselect", "a = bitselect c, x, y", "Bits of `x` where `c` has ones, of `y` where it has zeros."],
  [
    "blendv",
    "a = blendv c, x, y",
    "Lanes of `x` where the lane of `c` is all ones, of `y` where it is zero. Other masks: as the target likes.",
  ],
  ["icmp", "a = icmp cond x, y", "Compares integers: 1 or 0, or in each lane all ones or zeros."],
  ["fcmp", "a = fcmp cond x, y", "Compares floats: 1 or 0, or in each lane all ones or zeros."],
  ["bmask", "a = bmask.T x", "All ones if `x` is not zero, else zero."],
];

const INTEGER: readonly Row[] = [
  ["iadd", "a = iadd x, y", "Sum, wrapping."],
  ["isub", "a = isub x, y", "Difference, wrapping."],
  ["ineg", "a = ineg x", "Negation, wrapping."],
  ["iabs", "a = iabs x", "Absolute value, wrapping."],
  ["imul", "a = imul x, y", "Product, wrapping."],
  ["umulhi", "a = umulhi x, y", "High half of the unsigned product."],
  ["smulhi", "a = smulhi x, y", "High half of the signed product."],
  ["sqmul_round_sat", "a = sqmul_round_sat x, y", "Fixed-point product of Q-format lanes, rounded and saturating."],
  ["udiv", "a = udiv x, y", "Unsigned quotient. Traps when `y` is zero."],
  ["sdiv", "a = sdiv x, y", "Signed quotient, towards zero. Traps when `y` is zero or the result does not fit."],
  ["urem", "a = urem x, y", "Unsigned remainder. Traps when `y` is zero."],
  ["srem", "a = srem x, y", "Signed remainder with the sign of `x`. Traps when `y` is zero."],
  ["uadd_overflow", "a, of = uadd_overflow x, y", "Unsigned sum, and whether it overflowed."],
  ["sadd_overflow", "a, of = sadd_overflow x, y", "Signed sum, and whether it overflowed."],
  ["usub_overflow", "a, of = usub_overflow x, y", "Unsigned difference, and whether it overflowed."],
  ["ssub_overflow", "a, of = ssub_overflow x, y", "Signed difference, and whether it overflowed."],
  ["umul_overflow", "a, of = umul_overflow x, y", "Unsigned product, and whether it overflowed."],
  ["smul_overflow", "a, of = smul_overflow x, y", "Signed product, and whether it overflowed."],
  [
    "uadd_overflow_cin",
    "a, of = uadd_overflow_cin x, y, c",
    "Unsigned sum with a carry coming in, and whether it overflowed.",
  ],
  [
    "sadd_overflow_cin",
    "a, of = sadd_overflow_cin x, y, c",
    "Signed sum with a carry coming in, and whether it overflowed.",
  ],
  [
    "usub_overflow_bin",
    "a, of = usub_overflow_bin x, y, b",
    "Unsigned difference with a borrow coming in, and whether it overflowed.",
  ],
  [
    "ssub_overflow_bin",
    "a, of = ssub_overflow_bin x, y, b",
    "Signed difference with a borrow coming in, and whether it overflowed.",
  ],
  ["uadd_overflow_trap", "a = uadd_overflow_trap x, y, code", "Unsigned sum. Traps when it overflows."],
  ["uadd_sat", "a = uadd_sat x, y", "Unsigned sum of lanes, saturating."],
  ["sadd_sat", "a = sadd_sat x, y", "Signed sum of lanes, saturating."],
  ["usub_sat", "a = usub_sat x, y", "Unsigned difference of lanes, saturating."],
  ["ssub_sat", "a = ssub_sat x, y", "Signed difference of lanes, saturating."],
  ["smin", "a = smin x, y", "The smaller one, signed."],
  ["umin", "a = umin x, y", "The smaller one, unsigned."],
  ["smax", "a = smax x, y", "The larger one, signed."],
  ["umax", "a = umax x, y", "The larger one, unsigned."],
  ["avg_round", "a = avg_round x, y", "Unsigned average of lanes, rounded up."],
];

const BITS: readonly Row[] = [
  ["band", "a = band x, y", "Bitwise and."],
  ["bor", "a = bor x, y", "Bitwise or."],
  ["bxor", "a = bxor x, y", "Bitwise exclusive or."],
  ["bnot", "a = bnot x", "Bitwise not."],
  ["rotl", "a = rotl x, n", "Rotates left; the count is taken modulo the width."],
  ["rotr", "a = rotr x, n", "Rotates right; the count is taken modulo the width."],
  ["ishl", "a = ishl x, n", "Shifts left; the count is taken modulo the width."],
  ["ushr", "a = ushr x, n", "Shifts right, zeros coming in; the count is taken modulo the width."],
  ["sshr", "a = sshr x, n", "Shifts right, the sign coming in; the count is taken modulo the width."],
  ["bitrev", "a = bitrev x", "The bits in reverse order."],
  ["clz", "a = clz x", "Zeros above the highest one."],
  ["cls", "a = cls x", "Copies of the sign bit below it."],
  ["ctz", "a = ctz x", "Zeros below the lowest one."],
  ["bswap", "a = bswap x", "The bytes in reverse order."],
  ["popcnt", "a = popcnt x", "How many bits are one."],
];

const FLOAT: readonly Row[] = [
  ["fadd", "a = fadd x, y", "Sum."],
  ["fsub", "a = fsub x, y", "Difference."],
  ["fmul", "a = fmul x, y", "Product."],
  ["fdiv", "a = fdiv x, y", "Quotient."],
  ["sqrt", "a = sqrt x", "Square root."],
  ["fma", "a = fma x, y, z", "x·y + z, rounded once."],
  ["fneg", "a = fneg x", "The sign bit turned over, of a NaN as well."],
  ["fabs", "a = fabs x", "The sign bit cleared, of a NaN as well."],
  ["fcopysign", "a = fcopysign x, y", "`x` with the sign of `y`."],
  ["fmin", "a = fmin x, y", "The smaller one; NaN if either is; -0 is below +0."],
  ["fmax", "a = fmax x, y", "The larger one; NaN if either is; -0 is below +0."],
  ["ceil", "a = ceil x", "Rounds up to a whole number."],
  ["floor", "a = floor x", "Rounds down to a whole number."],
  ["trunc", "a = trunc x", "Rounds towards zero to a whole number."],
  ["nearest", "a = nearest x", "Rounds to the nearest whole number, ties to even."],
];

const CONVERSION: readonly Row[] = [
  ["bitcast", "a = bitcast.T flags x", "The same bits as another type of the same size."],
  ["ireduce", "a = ireduce.T x", "The low bits."],
  ["uextend", "a = uextend.T x", "Widens with zeros."],
  ["sextend", "a = sextend.T x", "Widens with the sign."],
  ["fpromote", "a = fpromote.T x", "A float of more precision, exactly."],
  ["fdemote", "a = fdemote.T x", "A float of less precision, rounded."],
  ["fcvt_to_uint", "a = fcvt_to_uint.T x", "To an unsigned integer, towards zero. Traps on NaN and what does not fit."],
  ["fcvt_to_sint", "a = fcvt_to_sint.T x", "To a signed integer, towards zero. Traps on NaN and what does not fit."],
  ["fcvt_to_uint_sat", "a = fcvt_to_uint_sat.T x", "To an unsigned integer, saturating; NaN is 0."],
  ["fcvt_to_sint_sat", "a = fcvt_to_sint_sat.T x", "To a signed integer, saturating; NaN is 0."],
  ["fcvt_from_uint", "a = fcvt_from_uint.T x", "From an unsigned integer, rounded."],
  ["fcvt_from_sint", "a = fcvt_from_sint.T x", "From a signed integer, rounded."],
  ["isplit", "low, high = isplit x", "The two halves of an integer."],
  ["iconcat", "a = iconcat low, high", "An integer of two halves."],
];

const VECTOR: readonly Row[] = [
  ["splat", "a = splat.T x", "A vector with `x` in each lane."],
  ["swizzle", "a = swizzle x, y", "Lanes of `x` by the indices in `y`; 0 for those out of range."],
  ["shuffle", "a = shuffle x, y, mask", "Bytes of `x` and `y` by a constant mask."],
  ["insertlane", "a = insertlane x, y, N", "`x` with lane N replaced by `y`."],
  ["extractlane", "a = extractlane x, N", "Lane N."],
  ["extract_vector", "a = extract_vector x, N", "A part of fixed width of a dynamic vector."],
  ["scalar_to_vector", "a = scalar_to_vector.T x", "A vector with `x` in lane 0 and zeros above."],
  ["vany_true", "a = vany_true x", "1 if any lane is not zero."],
  ["vall_true", "a = vall_true x", "1 if all lanes are not zero."],
  ["vhigh_bits", "a = vhigh_bits.T x", "The sign bits of the lanes, lane 0 lowest."],
  ["snarrow", "a = snarrow x, y", "Signed lanes of both, narrowed with signed saturation."],
  ["unarrow", "a = unarrow x, y", "Signed lanes of both, narrowed with unsigned saturation."],
  ["uunarrow", "a = uunarrow x, y", "Unsigned lanes of both, narrowed with unsigned saturation."],
  ["swiden_low", "a = swiden_low x", "The low lanes, widened with their signs."],
  ["swiden_high", "a = swiden_high x", "The high lanes, widened with their signs."],
  ["uwiden_low", "a = uwiden_low x", "The low lanes, widened with zeros."],
  ["uwiden_high", "a = uwiden_high x", "The high lanes, widened with zeros."],
  ["iadd_pairwise", "a = iadd_pairwise x, y", "Sums of neighbouring lanes, those of `x` first."],
  ["fvdemote", "a = fvdemote x", "Two doubles to two singles, zeros in the lanes above."],
  ["fvpromote_low", "a = fvpromote_low x", "The two low singles to doubles."],
  ["x86_pshufb", "a = x86_pshufb x, y", "x86 `pshufb`: bytes of `x` by `y`; 0 where the index's high bit is set."],
  ["x86_pmulhrsw", "a = x86_pmulhrsw x, y", "x86 `pmulhrsw`: rounded high halves of 16-bit products."],
  ["x86_pmaddubsw", "a = x86_pmaddubsw x, y", "x86 `pmaddubsw`: sums of neighbouring products of bytes, saturating."],
  ["x86_cvtt2dq", "a = x86_cvtt2dq.T x", "x86 `cvttps2dq`: to integers, the lowest one for what does not fit."],
];

/** All instructions by name. */
export const OPCODES: ReadonlyMap<string, Opcode> = new Map(
  [CONTROL, MEMORY, CONSTANTS, CHOICE, INTEGER, BITS, FLOAT, CONVERSION, VECTOR].flatMap((rows) =>
    rows.map(([name, form, about]): [string, Opcode] => [name, { form, about }]),
  ),
);
