//! Instructions on general registers: carries, bit fields, CRC-32C.

use cranefly_bitcode::ir::{Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, Type, Value};
use smallvec::smallvec;

use crate::error::Result;
use crate::repr::{self, Values};
use crate::translator::Translator;

/// The polynomial of CRC-32C, its lowest power in the highest bit (Intel's manual, `CRC32`).
const CASTAGNOLI: u128 = 0x82f6_3b78;

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
            "bmi.pext.32" | "bmi.pext.64" => {
                let (value, mask) = (scalar(0)?, scalar(1)?);
                smallvec![self.along_mask(mask, value, true)]
            }
            "bmi.pdep.32" | "bmi.pdep.64" => {
                let (value, mask) = (scalar(0)?, scalar(1)?);
                smallvec![self.along_mask(mask, value, false)]
            }
            "sse42.crc32.32.8" | "sse42.crc32.32.16" | "sse42.crc32.32.32" | "sse42.crc32.64.64" => {
                let (crc, data) = (scalar(0)?, scalar(1)?);
                let bits = repr::scalar(&signature.params[1].ty)?.bits;
                smallvec![self.crc32c(crc, data, bits)]
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

    /// Goes through the bits of `mask` from the lowest, as `pext` and `pdep` do, while another bit moves up from bit 0. To
    /// extract is to look at the bits of `value` under the mask and to set the others; to deposit is the reverse.
    fn along_mask(&mut self, mask: Value, value: Value, extract: bool) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        let (zero, one) = (self.zero(ty), self.int(ty, 1));
        self.repeat(ty, zero, &[mask, one], |this, result, state| {
            let negative = this.b.ins().ineg(state[0]);
            let lowest = this.b.ins().band(state[0], negative);
            let (looked_at, set) = if extract { (lowest, state[1]) } else { (state[1], lowest) };
            let bit = this.b.ins().band(value, looked_at);
            let more = this.b.ins().bor(result, set);
            let result = this.b.ins().select(bit, more, result);
            let rest = this.b.ins().bxor(state[0], lowest);
            let next = this.b.ins().ishl_imm_u(state[1], 1);
            (result, vec![rest, next])
        })
    }

    /// CRC-32C of `bits` more bits of data.
    fn crc32c(&mut self, crc: Value, data: Value, bits: u32) -> Value {
        let ty = self.b.func.dfg.value_type(crc);
        let wide = if self.b.func.dfg.value_type(data) == ty { data } else { self.b.ins().uextend(ty, data) };
        let crc = self.normalize(crc, 32);
        let first = self.b.ins().bxor(crc, wide);
        let (count, polynomial) = (self.int(ty, bits.into()), self.int(ty, CASTAGNOLI));
        self.repeat(ty, first, &[count], |this, value, state| {
            let lowest = this.b.ins().band_imm_u(value, 1);
            let mask = this.b.ins().ineg(lowest);
            let divisor = this.b.ins().band(mask, polynomial);
            let shifted = this.b.ins().ushr_imm_u(value, 1);
            let left = this.b.ins().iadd_imm_s(state[0], -1);
            (this.b.ins().bxor(shifted, divisor), vec![left])
        })
    }

    /// A loop on values of one type: runs `step` on the result so far while the first value of `state` is not 0.
    fn repeat(
        &mut self,
        ty: Type,
        result: Value,
        state: &[Value],
        step: impl FnOnce(&mut Self, Value, &[Value]) -> (Value, Vec<Value>),
    ) -> Value {
        let [head, body, end] = [(); 3].map(|()| self.b.create_block());
        let arguments = |result: Value, state: &[Value]| -> Vec<BlockArg> {
            std::iter::once(&result).chain(state).map(|&value| value.into()).collect()
        };
        for _ in 0..=state.len() {
            self.b.append_block_param(head, ty);
        }
        self.b.ins().jump(head, &arguments(result, state));
        self.b.switch_to_block(head);
        let params = self.b.block_params(head).to_vec();
        self.b.ins().brif(params[1], body, &[], end, &[]);
        self.b.switch_to_block(body);
        let (result, state) = step(self, params[0], &params[1..]);
        self.b.ins().jump(head, &arguments(result, &state));
        self.b.switch_to_block(end);
        params[0]
    }
}
