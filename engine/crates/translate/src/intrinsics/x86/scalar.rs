//! Instructions on general registers: carries and bit fields.

use cranefly_bitcode::ir::{Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};
use smallvec::smallvec;

use crate::error::Result;
use crate::repr::{self, Values};
use crate::translator::Translator;

impl Translator<'_> {
    pub(super) fn x86_on_scalars(
        &mut self,
        name: &str,
        ret: &Llvm,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Option<Values>> {
        let mut scalar = |index: usize| self.scalar(&args[index], &signature.params[index].ty);
        Ok(Some(match name {
            "addcarry.32" | "addcarry.64" => {
                let (carry, a, b) = (scalar(0)?, scalar(1)?, scalar(2)?);
                let carry = self.carry(carry, a);
                let sum = self.b.ins().iadd(a, b);
                let first = self.b.ins().icmp(IntCC::UnsignedLessThan, sum, a);
                let sum = self.b.ins().iadd(sum, carry);
                let second = self.b.ins().icmp(IntCC::UnsignedLessThan, sum, carry);
                smallvec![self.b.ins().bor(first, second), sum]
            }
            "subborrow.32" | "subborrow.64" => {
                let (borrow, a, b) = (scalar(0)?, scalar(1)?, scalar(2)?);
                let borrow = self.carry(borrow, a);
                let first = self.b.ins().icmp(IntCC::UnsignedLessThan, a, b);
                let difference = self.b.ins().isub(a, b);
                let second = self.b.ins().icmp(IntCC::UnsignedLessThan, difference, borrow);
                let difference = self.b.ins().isub(difference, borrow);
                smallvec![self.b.ins().bor(first, second), difference]
            }
            "bmi.bextr.32" | "bmi.bextr.64" => {
                let (value, control) = (scalar(0)?, scalar(1)?);
                let start = self.b.ins().band_imm_u(control, 0xff);
                let length = self.b.ins().ushr_imm_u(control, 8);
                let length = self.b.ins().band_imm_u(length, 0xff);
                let (zero, shifted) = (self.zero(repr::scalar(ret)?.ty), self.b.ins().ushr(value, start));
                let isolated = self.if_in_width(start, shifted, zero);
                smallvec![self.low_bits(isolated, length)]
            }
            "bmi.bzhi.32" | "bmi.bzhi.64" => {
                let (value, index) = (scalar(0)?, scalar(1)?);
                let index = self.b.ins().band_imm_u(index, 0xff);
                smallvec![self.low_bits(value, index)]
            }
            _ => return Ok(None),
        }))
    }

    /// A carry flag (anything but 0 is set) as a number of the type of `like`.
    fn carry(&mut self, flag: Value, like: Value) -> Value {
        let is_set = self.b.ins().icmp_imm_u(IntCC::NotEqual, flag, 0);
        let ty = self.b.func.dfg.value_type(like);
        self.b.ins().uextend(ty, is_set)
    }

    /// `yes` if `amount` is less than the width of its type.
    fn if_in_width(&mut self, amount: Value, yes: Value, no: Value) -> Value {
        let bits = self.b.func.dfg.value_type(amount).bits();
        let fits = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, amount, i64::from(bits));
        self.b.ins().select(fits, yes, no)
    }

    /// The lowest `count` bits of a value, all for a count past its width.
    fn low_bits(&mut self, value: Value, count: Value) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        let (zero, ones) = (self.zero(ty), self.int(ty, u128::MAX));
        let above = self.b.ins().ishl(ones, count);
        let above = self.if_in_width(count, above, zero);
        self.b.ins().band_not(value, above)
    }
}
