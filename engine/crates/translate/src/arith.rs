//! Integer and floating arithmetic, comparisons, selection.

use cranefly_bitcode::ir::{BinaryOp, Constant, FloatPredicate, IntPredicate, Operand};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use smallvec::smallvec;

use crate::error::{Result, unsupported};
use crate::repr::{self, Leaf, Packing, Shape, Values};
use crate::translator::Translator;

impl Translator<'_> {
    /// Clears the bits of an integer above `bits`.
    pub fn normalize(&mut self, value: Value, bits: u32) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        if bits >= ty.bits() {
            return value;
        }
        let mask = self.int(ty, (1u128 << bits) - 1);
        self.b.ins().band(value, mask)
    }

    /// Copies bit `bits - 1` into the bits above it.
    pub fn sign_extend(&mut self, value: Value, bits: u32) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        if bits >= ty.bits() {
            return value;
        }
        let shift = i64::from(ty.bits() - bits);
        let up = self.b.ins().ishl_imm_u(value, shift);
        self.b.ins().sshr_imm_u(up, shift)
    }

    /// Converts an integer of `from` bits to the width of `to`, by truncation, zero or sign extension.
    pub fn resize(&mut self, value: Value, from: u32, to: Leaf, signed: bool) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        if to.bits <= from {
            let cut = if to.ty == ty { value } else { self.b.ins().ireduce(to.ty, value) };
            return if to.bits == from { cut } else { self.normalize(cut, to.bits) };
        }
        if !signed {
            return if to.ty == ty { value } else { self.b.ins().uextend(to.ty, value) };
        }
        let value = self.sign_extend(value, from);
        let wide = if to.ty == ty { value } else { self.b.ins().sextend(to.ty, value) };
        self.normalize(wide, to.bits)
    }

    pub fn binary(&mut self, op: BinaryOp, ty: &Llvm, lhs: &Operand, rhs: &Operand) -> Result<Values> {
        let Some(shape) = repr::vector_shape(ty)? else {
            let leaf = repr::scalar(ty)?;
            let a = self.scalar(lhs, ty)?;
            let b = self.scalar(rhs, ty)?;
            return Ok(smallvec![self.scalar_binary(op, leaf, a, b)?]);
        };
        let a = self.operand(lhs, ty)?;
        if let Some(amount) = uniform_shift(op, &shape, rhs) {
            let amount = self.int(types::I32, amount.into());
            return a.iter().map(|&a| self.scalar_binary_op(op, a, amount)).collect();
        }
        let b = self.operand(rhs, ty)?;
        if native_vector_op(op, &shape) {
            return a.iter().zip(&b).map(|(&a, &b)| self.scalar_binary_op(op, a, b)).collect();
        }
        self.by_lanes(&shape, &shape, &[&a, &b], |this, lanes| this.scalar_binary(op, shape.lane, lanes[0], lanes[1]))
    }

    /// A binary operation on scalars that keeps the crate's integer invariant.
    pub fn scalar_binary(&mut self, op: BinaryOp, leaf: Leaf, a: Value, b: Value) -> Result<Value> {
        use BinaryOp::*;
        if leaf.ty == types::I128 {
            let name = match op {
                UDiv => Some("__udivti3"),
                URem => Some("__umodti3"),
                SDiv => Some("__divti3"),
                SRem => Some("__modti3"),
                _ => None,
            };
            if let Some(name) = name {
                let (a, b) = if matches!(op, SDiv | SRem) {
                    (self.sign_extend(a, leaf.bits), self.sign_extend(b, leaf.bits))
                } else {
                    (a, b)
                };
                let value = self.runtime_call(name, &[a, b], Some(types::I128)).expect("has a result");
                return Ok(self.normalize(value, leaf.bits));
            }
        }
        if matches!(op, FRem) {
            let name = if leaf.ty == types::F32 { "fmodf" } else { "fmod" };
            return Ok(self.runtime_call(name, &[a, b], Some(leaf.ty)).expect("has a result"));
        }
        let (a, b) = match op {
            SDiv | SRem => (self.sign_extend(a, leaf.bits), self.sign_extend(b, leaf.bits)),
            AShr => (self.sign_extend(a, leaf.bits), b),
            _ => (a, b),
        };
        let b = match op {
            Shl | LShr | AShr if leaf.ty == types::I128 => self.b.ins().ireduce(types::I64, b),
            _ => b,
        };
        let value = self.scalar_binary_op(op, a, b)?;
        Ok(match op {
            Add | Sub | Mul | Shl | AShr | SDiv | SRem if leaf.is_odd() => self.normalize(value, leaf.bits),
            _ => value,
        })
    }

    /// The Cranelift instruction of the same name.
    fn scalar_binary_op(&mut self, op: BinaryOp, a: Value, b: Value) -> Result<Value> {
        let ins = self.b.ins();
        Ok(match op {
            BinaryOp::Add => ins.iadd(a, b),
            BinaryOp::Sub => ins.isub(a, b),
            BinaryOp::Mul => ins.imul(a, b),
            BinaryOp::UDiv => ins.udiv(a, b),
            BinaryOp::SDiv => ins.sdiv(a, b),
            BinaryOp::URem => ins.urem(a, b),
            BinaryOp::SRem => ins.srem(a, b),
            BinaryOp::Shl => ins.ishl(a, b),
            BinaryOp::LShr => ins.ushr(a, b),
            BinaryOp::AShr => ins.sshr(a, b),
            BinaryOp::And => ins.band(a, b),
            BinaryOp::Or => ins.bor(a, b),
            BinaryOp::Xor => ins.bxor(a, b),
            BinaryOp::FAdd => ins.fadd(a, b),
            BinaryOp::FSub => ins.fsub(a, b),
            BinaryOp::FMul => ins.fmul(a, b),
            BinaryOp::FDiv => ins.fdiv(a, b),
            BinaryOp::FRem => unsupported!("vector remainder"),
        })
    }

    pub fn fneg(&mut self, ty: &Llvm, value: &Operand) -> Result<Values> {
        let values = self.operand(value, ty)?;
        Ok(values.into_iter().map(|value| self.b.ins().fneg(value)).collect())
    }

    pub fn icmp(&mut self, predicate: IntPredicate, ty: &Llvm, lhs: &Operand, rhs: &Operand) -> Result<Values> {
        let condition = int_cc(predicate);
        let Some(shape) = repr::vector_shape(ty)? else {
            let leaf = repr::scalar(ty)?;
            let a = self.scalar(lhs, ty)?;
            let b = self.scalar(rhs, ty)?;
            return Ok(smallvec![self.scalar_icmp(condition, leaf.bits, a, b)]);
        };
        let a = self.operand(lhs, ty)?;
        let b = self.operand(rhs, ty)?;
        let result = repr::shape(&Llvm::Int(1), shape.lanes)?;
        if let (Packing::Packed { per, .. }, Packing::Mask { per: mask, .. }) = (shape.packing, result.packing)
            && per == mask
        {
            return Ok(a.iter().zip(&b).map(|(&a, &b)| self.b.ins().icmp(condition, a, b)).collect());
        }
        self.by_lanes(&shape, &result, &[&a, &b], |this, lanes| {
            Ok(this.scalar_icmp(condition, shape.lane.bits, lanes[0], lanes[1]))
        })
    }

    /// Compares integers of `bits` bits.
    pub fn scalar_icmp(&mut self, condition: IntCC, bits: u32, a: Value, b: Value) -> Value {
        use IntCC::*;
        let signed =
            matches!(condition, SignedLessThan | SignedLessThanOrEqual | SignedGreaterThan | SignedGreaterThanOrEqual);
        let (a, b) = if signed { (self.sign_extend(a, bits), self.sign_extend(b, bits)) } else { (a, b) };
        self.b.ins().icmp(condition, a, b)
    }

    pub fn fcmp(&mut self, predicate: FloatPredicate, ty: &Llvm, lhs: &Operand, rhs: &Operand) -> Result<Values> {
        let a = self.operand(lhs, ty)?;
        let b = self.operand(rhs, ty)?;
        let Some(shape) = repr::vector_shape(ty)? else {
            return Ok(smallvec![self.scalar_fcmp(predicate, a[0], b[0])]);
        };
        let result = repr::shape(&Llvm::Int(1), shape.lanes)?;
        self.by_lanes(&shape, &result, &[&a, &b], |this, lanes| Ok(this.scalar_fcmp(predicate, lanes[0], lanes[1])))
    }

    /// Compares two floats; the result is an `i1`.
    pub fn scalar_fcmp(&mut self, predicate: FloatPredicate, a: Value, b: Value) -> Value {
        let condition = match predicate {
            FloatPredicate::False => return self.int(types::I8, 0),
            FloatPredicate::True => return self.int(types::I8, 1),
            FloatPredicate::Oeq => FloatCC::Equal,
            FloatPredicate::Ogt => FloatCC::GreaterThan,
            FloatPredicate::Oge => FloatCC::GreaterThanOrEqual,
            FloatPredicate::Olt => FloatCC::LessThan,
            FloatPredicate::Ole => FloatCC::LessThanOrEqual,
            FloatPredicate::One => FloatCC::OrderedNotEqual,
            FloatPredicate::Ord => FloatCC::Ordered,
            FloatPredicate::Uno => FloatCC::Unordered,
            FloatPredicate::Ueq => FloatCC::UnorderedOrEqual,
            FloatPredicate::Ugt => FloatCC::UnorderedOrGreaterThan,
            FloatPredicate::Uge => FloatCC::UnorderedOrGreaterThanOrEqual,
            FloatPredicate::Ult => FloatCC::UnorderedOrLessThan,
            FloatPredicate::Ule => FloatCC::UnorderedOrLessThanOrEqual,
            FloatPredicate::Une => FloatCC::NotEqual,
        };
        self.b.ins().fcmp(condition, a, b)
    }

    pub fn select(
        &mut self,
        condition: &Operand,
        condition_ty: &Llvm,
        ty: &Llvm,
        on_true: &Operand,
        on_false: &Operand,
    ) -> Result<Values> {
        let chooser = self.operand(condition, condition_ty)?;
        let yes = self.operand(on_true, ty)?;
        let no = self.operand(on_false, ty)?;
        let Some(mask) = repr::vector_shape(condition_ty)? else {
            let pairs = yes.iter().zip(&no);
            return Ok(pairs.map(|(&yes, &no)| self.b.ins().select(chooser[0], yes, no)).collect());
        };
        let Some(shape) = repr::vector_shape(ty)? else { unsupported!("select of scalars by a vector") };
        if let (Packing::Packed { ty: part, per }, Packing::Mask { per: lanes, .. }) = (shape.packing, mask.packing)
            && per == lanes
        {
            let little = little_endian();
            let mut values = Values::new();
            for (index, (&yes, &no)) in yes.iter().zip(&no).enumerate() {
                let mask = chooser[index];
                let same = self.b.func.dfg.value_type(mask) == part;
                let mask = if same { mask } else { self.b.ins().bitcast(part, little, mask) };
                values.push(self.b.ins().bitselect(mask, yes, no));
            }
            return Ok(values);
        }
        let flags = self.split_lanes(&mask, &chooser);
        let yes = self.split_lanes(&shape, &yes);
        let no = self.split_lanes(&shape, &no);
        let mut lanes = Values::new();
        for index in 0..flags.len() {
            lanes.push(self.b.ins().select(flags[index], yes[index], no[index]));
        }
        Ok(self.join_lanes(&shape, &lanes))
    }
}

/// Flags of a `bitcast` that changes lanes: lane 0 is at the lowest address.
pub(crate) fn little_endian() -> MemFlagsData {
    MemFlagsData::new().with_endianness(cranelift_codegen::ir::Endianness::Little)
}

/// Cranelift has SSE2 code for the operation on whole registers.
fn native_vector_op(op: BinaryOp, shape: &Shape) -> bool {
    use BinaryOp::*;
    match shape.packing {
        Packing::Scalars => false,
        Packing::Mask { .. } => matches!(op, And | Or | Xor),
        Packing::Packed { .. } => match op {
            Add | Sub | And | Or | Xor | FAdd | FSub | FMul | FDiv => true,
            Mul => shape.lane.ty == types::I16,
            _ => false,
        },
    }
}

/// The amount by which a shift moves all lanes of whole registers, where it is the same constant for all of them and
/// SSE2 has an instruction for it.
fn uniform_shift(op: BinaryOp, shape: &Shape, amount: &Operand) -> Option<u32> {
    let native = match op {
        BinaryOp::Shl | BinaryOp::LShr => true,
        BinaryOp::AShr => shape.lane.bits < 64,
        _ => false,
    };
    let Operand::Constant(Constant::Aggregate(_, lanes)) = amount else { return None };
    if !native || !matches!(shape.packing, Packing::Packed { .. }) {
        return None;
    }
    let mut amounts = lanes.iter().map(|lane| match lane {
        Constant::Bits(_, words) => words.first().copied(),
        _ => None,
    });
    let first = amounts.next()??;
    let same = amounts.all(|amount| amount == Some(first));
    u32::try_from(first).ok().filter(|&amount| same && amount < shape.lane.bits)
}

/// LLVM's predicate as Cranelift's.
fn int_cc(predicate: IntPredicate) -> IntCC {
    match predicate {
        IntPredicate::Eq => IntCC::Equal,
        IntPredicate::Ne => IntCC::NotEqual,
        IntPredicate::Ugt => IntCC::UnsignedGreaterThan,
        IntPredicate::Uge => IntCC::UnsignedGreaterThanOrEqual,
        IntPredicate::Ult => IntCC::UnsignedLessThan,
        IntPredicate::Ule => IntCC::UnsignedLessThanOrEqual,
        IntPredicate::Sgt => IntCC::SignedGreaterThan,
        IntPredicate::Sge => IntCC::SignedGreaterThanOrEqual,
        IntPredicate::Slt => IntCC::SignedLessThan,
        IntPredicate::Sle => IntCC::SignedLessThanOrEqual,
    }
}
