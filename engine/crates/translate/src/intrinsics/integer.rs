//! Integer intrinsics, for every width up to 128 bits.

use cranefly_bitcode::ir::{Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use smallvec::smallvec;

use crate::error::{Result, unsupported};
use crate::repr::{self, Leaf, Values};
use crate::translator::Translator;

/// Arithmetic that reports overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checked {
    Add,
    Sub,
    Mul,
}

impl Translator<'_> {
    pub fn intrinsic_of_integers(
        &mut self,
        base: &str,
        ret: &Llvm,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Option<Values>> {
        let checked = match base {
            "uadd.with.overflow" => Some((Checked::Add, false)),
            "sadd.with.overflow" => Some((Checked::Add, true)),
            "usub.with.overflow" => Some((Checked::Sub, false)),
            "ssub.with.overflow" => Some((Checked::Sub, true)),
            "umul.with.overflow" => Some((Checked::Mul, false)),
            "smul.with.overflow" => Some((Checked::Mul, true)),
            _ => None,
        };
        if let Some((op, signed)) = checked {
            let ty = &signature.params[0].ty;
            if repr::vector_shape(ty)?.is_some() {
                unsupported!("{base} on vectors");
            }
            let leaf = repr::scalar(ty)?;
            let a = self.scalar(&args[0], ty)?;
            let b = self.scalar(&args[1], ty)?;
            let (value, overflow) = self.checked(op, signed, leaf, a, b);
            return Ok(Some(smallvec![value, overflow]));
        }
        let operands = match base {
            "uadd.sat" | "sadd.sat" | "usub.sat" | "ssub.sat" | "umin" | "umax" | "smin" | "smax" | "ucmp" | "scmp" => {
                2
            }
            "ctlz" | "cttz" | "ctpop" | "bswap" | "bitreverse" | "abs" => 1,
            "fshl" | "fshr" => 3,
            _ => return Ok(None),
        };
        let ty = &*signature.params[0].ty;
        let mut parts = Vec::with_capacity(operands);
        for arg in &args[..operands] {
            parts.push(self.operand(arg, ty)?);
        }
        let Some(shape) = repr::vector_shape(ty)? else {
            let leaf = repr::scalar(ty)?;
            let row: Values = parts.iter().map(|part| part[0]).collect();
            return Ok(Some(smallvec![self.integer(base, leaf, repr::scalar(ret)?, &row)]));
        };
        let target = self.vector_type(ret)?;
        let parts: Vec<&[Value]> = parts.iter().map(|part| part.as_slice()).collect();
        let values =
            self.by_lanes(&shape, &target, &parts, |this, row| Ok(this.integer(base, shape.lane, target.lane, row)))?;
        Ok(Some(values))
    }

    /// One scalar operation of those that give one result.
    fn integer(&mut self, base: &str, leaf: Leaf, ret: Leaf, args: &[Value]) -> Value {
        use IntCC::*;
        let a = args[0];
        let b = args.get(1).copied().unwrap_or(a);
        match base {
            "umin" => self.pick(UnsignedLessThan, leaf, a, b),
            "umax" => self.pick(UnsignedGreaterThan, leaf, a, b),
            "smin" => self.pick(SignedLessThan, leaf, a, b),
            "smax" => self.pick(SignedGreaterThan, leaf, a, b),
            "ucmp" => self.three_way(UnsignedGreaterThan, UnsignedLessThan, leaf, ret, a, b),
            "scmp" => self.three_way(SignedGreaterThan, SignedLessThan, leaf, ret, a, b),
            "uadd.sat" => {
                let (value, overflow) = self.checked(Checked::Add, false, leaf, a, b);
                let most = self.int(leaf.ty, ones(leaf.bits));
                self.b.ins().select(overflow, most, value)
            }
            "usub.sat" => {
                let (value, overflow) = self.checked(Checked::Sub, false, leaf, a, b);
                let zero = self.int(leaf.ty, 0);
                self.b.ins().select(overflow, zero, value)
            }
            "sadd.sat" | "ssub.sat" => {
                let op = if base == "sadd.sat" { Checked::Add } else { Checked::Sub };
                let (value, overflow) = self.checked(op, true, leaf, a, b);
                // It overflows towards the sign of the first operand.
                let least = self.int(leaf.ty, 1 << (leaf.bits - 1));
                let most = self.int(leaf.ty, ones(leaf.bits - 1));
                let negative = self.is_negative(a, leaf.bits);
                let limit = self.b.ins().select(negative, least, most);
                self.b.ins().select(overflow, limit, value)
            }
            "abs" => {
                let negated = self.b.ins().ineg(a);
                let negated = self.normalize(negated, leaf.bits);
                let negative = self.is_negative(a, leaf.bits);
                self.b.ins().select(negative, negated, a)
            }
            "ctlz" => self.leading_zeros(leaf, a),
            "cttz" => self.trailing_zeros(leaf, a),
            "ctpop" => {
                let wide = self.at_least_32(a);
                let count = self.b.ins().popcnt(wide);
                self.back_to(count, leaf)
            }
            "bswap" => {
                let swapped = if leaf.ty == types::I8 { a } else { self.b.ins().bswap(a) };
                self.drop_low(swapped, leaf)
            }
            "bitreverse" => {
                let reversed = self.b.ins().bitrev(a);
                self.drop_low(reversed, leaf)
            }
            "fshl" | "fshr" => self.funnel_shift(base == "fshl", leaf, a, b, args[2]),
            _ => unreachable!("listed by the caller"),
        }
    }

    fn pick(&mut self, condition: IntCC, leaf: Leaf, a: Value, b: Value) -> Value {
        let first = self.scalar_icmp(condition, leaf.bits, a, b);
        self.b.ins().select(first, a, b)
    }

    fn three_way(&mut self, more: IntCC, less: IntCC, leaf: Leaf, ret: Leaf, a: Value, b: Value) -> Value {
        let more = self.scalar_icmp(more, leaf.bits, a, b);
        let less = self.scalar_icmp(less, leaf.bits, a, b);
        let order = self.b.ins().isub(more, less);
        self.resize(order, 8, ret, true)
    }

    fn is_negative(&mut self, value: Value, bits: u32) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        let zero = self.int(ty, 0);
        self.scalar_icmp(IntCC::SignedLessThan, bits, value, zero)
    }

    /// Zero-extends what is narrower than a machine word that has bit-counting instructions.
    fn at_least_32(&mut self, value: Value) -> Value {
        match self.b.func.dfg.value_type(value) {
            types::I8 | types::I16 => self.b.ins().uextend(types::I32, value),
            _ => value,
        }
    }

    fn back_to(&mut self, value: Value, leaf: Leaf) -> Value {
        if self.b.func.dfg.value_type(value) == leaf.ty {
            // A count may not fit a very narrow type; LLVM then wraps.
            return self.normalize(value, leaf.bits);
        }
        let cut = self.b.ins().ireduce(leaf.ty, value);
        self.normalize(cut, leaf.bits)
    }

    fn leading_zeros(&mut self, leaf: Leaf, value: Value) -> Value {
        let wide = self.at_least_32(value);
        let width = self.b.func.dfg.value_type(wide).bits();
        let count = self.b.ins().clz(wide);
        let extra = self.int(self.b.func.dfg.value_type(wide), u128::from(width - leaf.bits));
        let count = self.b.ins().isub(count, extra);
        self.back_to(count, leaf)
    }

    fn trailing_zeros(&mut self, leaf: Leaf, value: Value) -> Value {
        let wide = self.at_least_32(value);
        let ty = self.b.func.dfg.value_type(wide);
        let wide = if leaf.bits < ty.bits() {
            // A bit just above the value stops the count for zero.
            let stop = self.int(ty, 1 << leaf.bits);
            self.b.ins().bor(wide, stop)
        } else {
            wide
        };
        let count = self.b.ins().ctz(wide);
        self.back_to(count, leaf)
    }

    /// Moves a value that was reversed within its Cranelift type back to the low bits.
    fn drop_low(&mut self, value: Value, leaf: Leaf) -> Value {
        if leaf.is_odd() { self.b.ins().ushr_imm_u(value, i64::from(leaf.ty.bits() - leaf.bits)) } else { value }
    }

    fn funnel_shift(&mut self, left: bool, leaf: Leaf, high: Value, low: Value, amount: Value) -> Value {
        let width = leaf.bits;
        if high == low && !leaf.is_odd() {
            let amount = if leaf.ty == types::I128 { self.b.ins().ireduce(types::I64, amount) } else { amount };
            return if left { self.b.ins().rotl(high, amount) } else { self.b.ins().rotr(high, amount) };
        }
        let most = self.int(leaf.ty, u128::from(width - 1));
        let amount = if width.is_power_of_two() {
            self.b.ins().band(amount, most)
        } else if leaf.ty == types::I128 {
            let modulus = self.int(types::I128, u128::from(width));
            self.runtime_call("__umodti3", &[amount, modulus], Some(types::I128)).expect("has a result")
        } else {
            let modulus = self.int(leaf.ty, u128::from(width));
            self.b.ins().urem(amount, modulus)
        };
        let rest = self.b.ins().isub(most, amount);
        let (amount, rest) = if leaf.ty == types::I128 {
            (self.b.ins().ireduce(types::I64, amount), self.b.ins().ireduce(types::I64, rest))
        } else {
            (amount, rest)
        };
        // Two shifts, as the whole distance may be the width.
        let (up, down) = if left {
            let up = self.b.ins().ishl(high, amount);
            let down = self.b.ins().ushr_imm_u(low, 1);
            (up, self.b.ins().ushr(down, rest))
        } else {
            let up = self.b.ins().ishl_imm_u(high, 1);
            let up = self.normalize(up, width);
            (self.b.ins().ishl(up, rest), self.b.ins().ushr(low, amount))
        };
        let joined = self.b.ins().bor(up, down);
        self.normalize(joined, width)
    }

    /// The wrapped result and whether it overflowed.
    fn checked(&mut self, op: Checked, signed: bool, leaf: Leaf, a: Value, b: Value) -> (Value, Value) {
        if leaf.ty == types::I128 && !leaf.is_odd() {
            return match (op, signed) {
                (Checked::Mul, false) => self.checked_umul128(a, b),
                (Checked::Mul, true) => self.checked_smul128(a, b),
                _ => self.checked_sum128(op, signed, a, b),
            };
        }
        if leaf.is_odd() {
            return self.checked_odd(op, signed, leaf, a, b);
        }
        let ins = self.b.ins();
        match (op, signed) {
            (Checked::Add, false) => ins.uadd_overflow(a, b),
            (Checked::Add, true) => ins.sadd_overflow(a, b),
            (Checked::Sub, false) => ins.usub_overflow(a, b),
            (Checked::Sub, true) => ins.ssub_overflow(a, b),
            (Checked::Mul, false) => ins.umul_overflow(a, b),
            (Checked::Mul, true) => ins.smul_overflow(a, b),
        }
    }

    /// In a type of twice the width nothing overflows. Widths between 64 and 128 use the same idea only for sums.
    fn checked_odd(&mut self, op: Checked, signed: bool, leaf: Leaf, a: Value, b: Value) -> (Value, Value) {
        let bits = if leaf.bits <= 64 { (leaf.bits * 2).next_power_of_two().max(8) } else { 128 };
        let ty = repr::int_type(bits).expect("at most 128 bits");
        let wide = Leaf { ty, bits, offset: 0 };
        let wide_a = self.resize(a, leaf.bits, wide, signed);
        let wide_b = self.resize(b, leaf.bits, wide, signed);
        let (full, beyond) = match op {
            Checked::Add => (self.b.ins().iadd(wide_a, wide_b), None),
            Checked::Sub => (self.b.ins().isub(wide_a, wide_b), None),
            Checked::Mul if leaf.bits <= 64 => (self.b.ins().imul(wide_a, wide_b), None),
            Checked::Mul => {
                let (full, beyond) = self.checked(op, signed, wide, wide_a, wide_b);
                (full, Some(beyond))
            }
        };
        let value = self.resize(full, bits, leaf, false);
        let again = self.resize(value, leaf.bits, wide, signed);
        let lost = self.b.ins().icmp(IntCC::NotEqual, again, full);
        let overflow = beyond.map_or(lost, |beyond| self.b.ins().bor(lost, beyond));
        (value, overflow)
    }

    fn checked_sum128(&mut self, op: Checked, signed: bool, a: Value, b: Value) -> (Value, Value) {
        let add = op == Checked::Add;
        let sum = if add { self.b.ins().iadd(a, b) } else { self.b.ins().isub(a, b) };
        if !signed {
            let overflow = if add {
                self.b.ins().icmp(IntCC::UnsignedLessThan, sum, a)
            } else {
                self.b.ins().icmp(IntCC::UnsignedLessThan, a, b)
            };
            return (sum, overflow);
        }
        // The sign of the result is wrong with regard to both operands' (for a difference: negated second's) sign.
        let first = self.b.ins().bxor(sum, a);
        let second = if add { self.b.ins().bxor(sum, b) } else { self.b.ins().bxor(a, b) };
        let wrong = self.b.ins().band(first, second);
        let overflow = self.is_negative(wrong, 128);
        (sum, overflow)
    }

    /// Schoolbook multiplication of 64-bit halves.
    fn checked_umul128(&mut self, a: Value, b: Value) -> (Value, Value) {
        let (a_low, a_high) = self.b.ins().isplit(a);
        let (b_low, b_high) = self.b.ins().isplit(b);
        let low = self.b.ins().imul(a_low, b_low);
        let carry = self.b.ins().umulhi(a_low, b_low);
        let cross_a = self.b.ins().imul(a_high, b_low);
        let cross_a_high = self.b.ins().umulhi(a_high, b_low);
        let cross_b = self.b.ins().imul(b_high, a_low);
        let cross_b_high = self.b.ins().umulhi(b_high, a_low);
        let cross = self.b.ins().iadd(cross_a, cross_b);
        let high = self.b.ins().iadd(cross, carry);

        let zero = self.int(types::I64, 0);
        let a_big = self.b.ins().icmp(IntCC::NotEqual, a_high, zero);
        let b_big = self.b.ins().icmp(IntCC::NotEqual, b_high, zero);
        let both_big = self.b.ins().band(a_big, b_big);
        let over = self.b.ins().bor(cross_a_high, cross_b_high);
        let cross_over = self.b.ins().icmp(IntCC::NotEqual, over, zero);
        // Unless both halves are non-zero one of the cross products is zero, so only the last sum can carry.
        let carried = self.b.ins().icmp(IntCC::UnsignedLessThan, high, carry);
        let overflow = self.b.ins().bor(both_big, cross_over);
        let overflow = self.b.ins().bor(overflow, carried);
        (self.b.ins().iconcat(low, high), overflow)
    }

    /// Multiplies magnitudes and puts the sign back.
    fn checked_smul128(&mut self, a: Value, b: Value) -> (Value, Value) {
        let a_negative = self.is_negative(a, 128);
        let b_negative = self.is_negative(b, 128);
        let a_minus = self.b.ins().ineg(a);
        let b_minus = self.b.ins().ineg(b);
        let a = self.b.ins().select(a_negative, a_minus, a);
        let b = self.b.ins().select(b_negative, b_minus, b);
        let (magnitude, over) = self.checked_umul128(a, b);
        let negative = self.b.ins().bxor(a_negative, b_negative);
        let minus = self.b.ins().ineg(magnitude);
        let value = self.b.ins().select(negative, minus, magnitude);
        let least = self.int(types::I128, 1 << 127);
        let above = self.b.ins().icmp(IntCC::UnsignedGreaterThan, magnitude, least);
        let reaches = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, magnitude, least);
        let outside = self.b.ins().select(negative, above, reaches);
        (value, self.b.ins().bor(over, outside))
    }
}

/// `bits` ones.
fn ones(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1 << bits) - 1 }
}
