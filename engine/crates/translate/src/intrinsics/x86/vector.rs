//! Instructions on vectors of integers.

use cranefly_bitcode::ir::{Operand, Signature};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};
use smallvec::smallvec;

use crate::arith::little_endian;
use crate::error::Result;
use crate::repr::{self, Values};
use crate::translator::Translator;

impl Translator<'_> {
    pub(super) fn x86_on_integer_vectors(
        &mut self,
        name: &str,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Option<Values>> {
        Ok(Some(match name {
            "sse2.pmovmskb.128" | "sse.movmsk.ps" | "sse2.movmsk.pd" => {
                let vector = self.operand(&args[0], &signature.params[0].ty)?[0];
                let narrow = if name == "sse2.pmovmskb.128" { types::I16 } else { types::I8 };
                let bits = self.b.ins().vhigh_bits(narrow, vector);
                smallvec![self.b.ins().uextend(types::I32, bits)]
            }
            "ssse3.pshuf.b.128" | "avx2.pshuf.b" => {
                self.by_registers(signature, args, |this, table, indices| this.b.ins().x86_pshufb(table, indices))?
            }
            "sse2.packsswb.128" | "sse2.packssdw.128" | "avx2.packsswb" | "avx2.packssdw" => {
                self.by_registers(signature, args, |this, low, high| this.b.ins().snarrow(low, high))?
            }
            "sse2.packuswb.128" | "sse41.packusdw" | "avx2.packuswb" | "avx2.packusdw" => {
                self.by_registers(signature, args, |this, low, high| this.b.ins().unarrow(low, high))?
            }
            // Cranelift's takes the signed bytes first.
            "ssse3.pmadd.ub.sw.128" | "avx2.pmadd.ub.sw" => {
                self.by_registers(signature, args, |this, unsigned, signed| {
                    this.b.ins().x86_pmaddubsw(signed, unsigned)
                })?
            }
            "ssse3.pmul.hr.sw.128" | "avx2.pmul.hr.sw" => {
                self.by_registers(signature, args, |this, a, b| this.b.ins().x86_pmulhrsw(a, b))?
            }
            "sse2.psad.bw" | "avx2.psad.bw" => self.by_registers(signature, args, Self::sum_of_differences)?,
            "sse2.pmadd.wd" | "avx2.pmadd.wd" => self.multiply_and_add(signature, args)?,
            "ssse3.psign.b.128" | "ssse3.psign.w.128" | "ssse3.psign.d.128" | "avx2.psign.b" | "avx2.psign.w"
            | "avx2.psign.d" => self.by_registers(signature, args, Self::give_sign)?,
            "sse2.psll.w" | "sse2.psll.d" | "sse2.psll.q" | "avx2.psll.w" | "avx2.psll.d" | "avx2.psll.q" => {
                self.shift_by_register(Shift::Left, signature, args)?
            }
            "sse2.psrl.w" | "sse2.psrl.d" | "sse2.psrl.q" | "avx2.psrl.w" | "avx2.psrl.d" | "avx2.psrl.q" => {
                self.shift_by_register(Shift::Right, signature, args)?
            }
            "sse2.psra.w" | "sse2.psra.d" | "avx2.psra.w" | "avx2.psra.d" => {
                self.shift_by_register(Shift::Signed, signature, args)?
            }
            "sse41.ptestnzc" | "avx.ptestnzc.256" => {
                let values = self.operand(&args[0], &signature.params[0].ty)?;
                let masks = self.operand(&args[1], &signature.params[1].ty)?;
                let both: Values = values.iter().zip(&masks).map(|(&a, &b)| self.b.ins().band(a, b)).collect();
                let only: Values = values.iter().zip(&masks).map(|(&a, &b)| self.b.ins().band_not(b, a)).collect();
                let (both, only) = (self.any_bit(&both), self.any_bit(&only));
                let flag = self.b.ins().band(both, only);
                smallvec![self.b.ins().uextend(types::I32, flag)]
            }
            "sse3.ldu.dq" | "avx.ldu.dq.256" => {
                let address = self.pointer(&args[0])?;
                let registers = if name == "sse3.ldu.dq" { 1 } else { 2 };
                let flags = MemFlagsData::new().with_notrap();
                (0..registers).map(|index| self.b.ins().load(types::I8X16, flags, address, index * 16)).collect()
            }
            "avx2.permd" | "avx2.permps" => {
                let (shape, lanes) = self.argument_lanes(signature, args, 0)?;
                let (_, indices) = self.argument_lanes(signature, args, 1)?;
                let table = self.spill_lanes(&shape, &lanes)?;
                let picked: Values =
                    indices.iter().map(|&index| self.table_lane(table, shape.lane.ty, index, 7, 0)).collect();
                self.join_lanes(&shape, &picked)
            }
            "avx.vpermilvar.ps" | "avx.vpermilvar.ps.256" | "avx.vpermilvar.pd" | "avx.vpermilvar.pd.256" => {
                let (shape, lanes) = self.argument_lanes(signature, args, 0)?;
                let (_, indices) = self.argument_lanes(signature, args, 1)?;
                let table = self.spill_lanes(&shape, &lanes)?;
                let per = 128 / shape.lane.bits;
                let mut picked = Values::new();
                for (lane, &index) in indices.iter().enumerate() {
                    // The other bits of an index are ignored; of two doubles, bit 1 chooses.
                    let index = if per == 2 { self.b.ins().ushr_imm_u(index, 1) } else { index };
                    let first = lane as i64 / i64::from(per) * i64::from(per);
                    picked.push(self.table_lane(table, shape.lane.ty, index, i64::from(per) - 1, first));
                }
                self.join_lanes(&shape, &picked)
            }
            _ => return Ok(None),
        }))
    }

    /// Computes each 128 bits of the result from those of the two arguments.
    fn by_registers(
        &mut self,
        signature: &Signature,
        args: &[Operand],
        mut operation: impl FnMut(&mut Self, Value, Value) -> Value,
    ) -> Result<Values> {
        let a = self.operand(&args[0], &signature.params[0].ty)?;
        let b = self.operand(&args[1], &signature.params[1].ty)?;
        Ok(a.iter().zip(&b).map(|(&a, &b)| operation(self, a, b)).collect())
    }

    /// `psadbw`: for each half of the register, the sum of eight absolute differences of bytes.
    fn sum_of_differences(&mut self, a: Value, b: Value) -> Value {
        let larger = self.b.ins().umax(a, b);
        let smaller = self.b.ins().umin(a, b);
        let differences = self.b.ins().isub(larger, smaller);
        let differences = self.b.ins().bitcast(types::I64X2, little_endian(), differences);
        let sums = [0, 1].map(|half| {
            let bytes = self.b.ins().extractlane(differences, half);
            // Four pairs of bytes, then all of them, in the highest of four fields of 16 bits.
            let mask = self.int(types::I64, 0x00ff_00ff_00ff_00ff);
            let even = self.b.ins().band(bytes, mask);
            let odd = self.b.ins().ushr_imm_u(bytes, 8);
            let odd = self.b.ins().band(odd, mask);
            let pairs = self.b.ins().iadd(even, odd);
            let ones = self.int(types::I64, 0x0001_0001_0001_0001);
            let sums = self.b.ins().imul(pairs, ones);
            self.b.ins().ushr_imm_u(sums, 48)
        });
        let low = self.b.ins().scalar_to_vector(types::I64X2, sums[0]);
        self.b.ins().insertlane(low, sums[1], 1)
    }

    /// `pmaddwd`: products of signed 16-bit lanes, of which neighbours are added.
    fn multiply_and_add(&mut self, signature: &Signature, args: &[Operand]) -> Result<Values> {
        let (from, a) = self.argument_lanes(signature, args, 0)?;
        let (_, b) = self.argument_lanes(signature, args, 1)?;
        let mut lanes = Values::new();
        for pair in 0..a.len() / 2 {
            let products = [2 * pair, 2 * pair + 1].map(|index| {
                let (a, b) = (self.b.ins().sextend(types::I32, a[index]), self.b.ins().sextend(types::I32, b[index]));
                self.b.ins().imul(a, b)
            });
            lanes.push(self.b.ins().iadd(products[0], products[1]));
        }
        let to = repr::shape(&cranefly_bitcode::types::Type::Int(32), from.lanes / 2)?;
        Ok(self.join_lanes(&to, &lanes))
    }

    /// `psign`: the lanes of `a`, negated or made 0 by the sign of those of `b`.
    fn give_sign(&mut self, a: Value, b: Value) -> Value {
        let ty = self.b.func.dfg.value_type(a);
        let zero = self.zero(ty);
        let is_negative = self.b.ins().icmp(IntCC::SignedGreaterThan, zero, b);
        let flipped = self.b.ins().bxor(a, is_negative);
        let signed = self.b.ins().isub(flipped, is_negative);
        let is_zero = self.b.ins().icmp(IntCC::Equal, b, zero);
        self.b.ins().band_not(signed, is_zero)
    }

    /// Shifts all lanes by the number in the low 64 bits of the second argument, which may be past their width.
    fn shift_by_register(&mut self, shift: Shift, signature: &Signature, args: &[Operand]) -> Result<Values> {
        let shape = self.vector_type(&signature.params[0].ty)?;
        let values = self.operand(&args[0], &signature.params[0].ty)?;
        let amount = self.operand(&args[1], &signature.params[1].ty)?[0];
        let amount = self.as_type(amount, types::I64X2);
        let amount = self.b.ins().extractlane(amount, 0);
        let bits = i64::from(shape.lane.bits);
        let fits = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, amount, bits);
        if shift == Shift::Signed {
            let last = self.int(types::I64, bits as u128 - 1);
            let amount = self.b.ins().select(fits, amount, last);
            return Ok(values.iter().map(|&value| self.b.ins().sshr(value, amount)).collect());
        }
        let wide = self.b.ins().uextend(types::I64, fits);
        let mask = self.b.ins().ineg(wide);
        let mask = self.b.ins().splat(types::I64X2, mask);
        let mut shifted = Values::new();
        for &value in &values {
            let ty = self.b.func.dfg.value_type(value);
            let moved = match shift {
                Shift::Left => self.b.ins().ishl(value, amount),
                Shift::Right | Shift::Signed => self.b.ins().ushr(value, amount),
            };
            let mask = self.as_type(mask, ty);
            shifted.push(self.b.ins().band(moved, mask));
        }
        Ok(shifted)
    }

    /// The same 128 bits as other lanes.
    fn as_type(&mut self, value: Value, ty: Type) -> Value {
        let same = self.b.func.dfg.value_type(value) == ty;
        if same { value } else { self.b.ins().bitcast(ty, little_endian(), value) }
    }

    /// Whether any bit of some registers is set, as an `i1`.
    fn any_bit(&mut self, registers: &[Value]) -> Value {
        let mut all = registers[0];
        for &more in &registers[1..] {
            all = self.b.ins().bor(all, more);
        }
        let lanes = self.as_type(all, types::I64X2);
        let (low, high) = (self.b.ins().extractlane(lanes, 0), self.b.ins().extractlane(lanes, 1));
        let bits = self.b.ins().bor(low, high);
        self.b.ins().icmp_imm_u(IntCC::NotEqual, bits, 0)
    }

    /// The lane `first + (index & mask)` of a table in memory.
    fn table_lane(&mut self, table: Value, ty: Type, index: Value, mask: i64, first: i64) -> Value {
        let index = self.b.ins().band_imm_u(index, mask);
        let wide = self.b.func.dfg.value_type(index) == types::I64;
        let index = if wide { index } else { self.b.ins().uextend(types::I64, index) };
        let offset = self.b.ins().imul_imm_u(index, i64::from(ty.bytes()));
        let address = self.b.ins().iadd(table, offset);
        let flags = MemFlagsData::new().with_notrap();
        self.b.ins().load(ty, flags, address, first as i32 * ty.bytes() as i32)
    }
}

/// Which way lanes are shifted, and what comes in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shift {
    Left,
    Right,
    /// To the right, with copies of the sign.
    Signed,
}
