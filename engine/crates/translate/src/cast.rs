//! Conversions.

use cranefly_bitcode::ir::{CastOp, Operand};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};
use smallvec::smallvec;

use crate::arith::little_endian;
use crate::error::{Result, unsupported};
use crate::repr::{self, Leaf, Packing, Shape, Values};
use crate::translator::Translator;

impl Translator<'_> {
    pub fn cast(&mut self, op: CastOp, value: &Operand, from: &Llvm, to: &Llvm) -> Result<Values> {
        let values = self.operand(value, from)?;
        if matches!(op, CastOp::BitCast) {
            return self.bitcast(&values, from, to);
        }
        let (Some(source), Some(target)) = (repr::vector_shape(from)?, repr::vector_shape(to)?) else {
            let (source, target) = (repr::scalar(from)?, repr::scalar(to)?);
            return Ok(smallvec![self.scalar_cast(op, values[0], source, target)?]);
        };
        if let Some(values) = self.mask_cast(op, &values, &source, &target) {
            return Ok(values);
        }
        self.by_lanes(&source, &target, &[&values], |this, lanes| {
            this.scalar_cast(op, lanes[0], source.lane, target.lane)
        })
    }

    /// Conversions between lane masks and vectors of the same lane width.
    fn mask_cast(&mut self, op: CastOp, values: &[Value], source: &Shape, target: &Shape) -> Option<Values> {
        match (op, source.packing, target.packing) {
            (CastOp::SExt, Packing::Mask { ty: mask, .. }, Packing::Packed { ty, .. }) if mask == ty => {
                Some(values.into())
            }
            (CastOp::ZExt, Packing::Mask { ty: mask, .. }, Packing::Packed { ty, .. }) if mask == ty => {
                let ones = self.vector_constant(ty, &lane_ones(ty));
                Some(values.iter().map(|&value| self.b.ins().band(value, ones)).collect())
            }
            (CastOp::Trunc, Packing::Packed { ty, .. }, Packing::Mask { ty: mask, .. }) if mask == ty => {
                let ones = self.vector_constant(ty, &lane_ones(ty));
                let mut out = Values::new();
                for &value in values {
                    let low = self.b.ins().band(value, ones);
                    out.push(self.b.ins().icmp(IntCC::Equal, low, ones));
                }
                Some(out)
            }
            _ => None,
        }
    }

    fn scalar_cast(&mut self, op: CastOp, value: Value, from: Leaf, to: Leaf) -> Result<Value> {
        Ok(match op {
            CastOp::Trunc | CastOp::ZExt | CastOp::PtrToInt | CastOp::IntToPtr => {
                self.resize(value, from.bits, to, false)
            }
            CastOp::SExt => self.resize(value, from.bits, to, true),
            CastOp::FPTrunc => self.b.ins().fdemote(to.ty, value),
            CastOp::FPExt => self.b.ins().fpromote(to.ty, value),
            CastOp::FPToUI => self.float_to_int(value, from, to, false),
            CastOp::FPToSI => self.float_to_int(value, from, to, true),
            CastOp::UIToFP => self.int_to_float(value, from, to, false),
            CastOp::SIToFP => self.int_to_float(value, from, to, true),
            CastOp::BitCast | CastOp::AddrSpaceCast => unsupported!("address space cast"),
        })
    }

    /// Float to integer, saturating, NaN to zero: right for the plain conversions too, which are poison out of range.
    pub fn float_to_int(&mut self, value: Value, from: Leaf, to: Leaf, signed: bool) -> Value {
        if to.ty == types::I128 {
            // A narrower unsigned range fits the signed one of 128 bits, which is what is clamped below.
            let name = match (from.ty, signed || to.is_odd()) {
                (types::F32, true) => "__fixsfti",
                (types::F32, false) => "__fixunssfti",
                (_, true) => "__fixdfti",
                (_, false) => "__fixunsdfti",
            };
            let wide = self.runtime_call(name, &[value], Some(types::I128)).expect("has a result");
            return if to.bits == 128 { wide } else { self.clamp(wide, to, signed) };
        }
        let work = if to.bits > 32 || (to.bits == 32 && !signed) { types::I64 } else { types::I32 };
        let exact = work.bits() == to.bits;
        let wide = if signed || !exact {
            // A narrower unsigned range fits the signed one of the working type.
            self.b.ins().fcvt_to_sint_sat(work, value)
        } else {
            self.b.ins().fcvt_to_uint_sat(work, value)
        };
        if exact { wide } else { self.clamp(wide, to, signed) }
    }

    /// Clamps a signed wide integer to the range of `to`.
    fn clamp(&mut self, wide: Value, to: Leaf, signed: bool) -> Value {
        let ty = self.b.func.dfg.value_type(wide);
        let (low, high) = if signed {
            let high = (1u128 << (to.bits - 1)) - 1;
            ((!high), high)
        } else {
            (0, (1u128 << to.bits) - 1)
        };
        let low = self.int(ty, low);
        let high = self.int(ty, high);
        let below = self.b.ins().icmp(IntCC::SignedLessThan, wide, low);
        let wide = self.b.ins().select(below, low, wide);
        let above = self.b.ins().icmp(IntCC::SignedGreaterThan, wide, high);
        let wide = self.b.ins().select(above, high, wide);
        let cut = if ty == to.ty { wide } else { self.b.ins().ireduce(to.ty, wide) };
        self.normalize(cut, to.bits)
    }

    fn int_to_float(&mut self, value: Value, from: Leaf, to: Leaf, signed: bool) -> Value {
        let value = if signed { self.sign_extend(value, from.bits) } else { value };
        if from.ty == types::I128 {
            let name = match (to.ty, signed) {
                (types::F32, true) => "__floattisf",
                (types::F32, false) => "__floatuntisf",
                (_, true) => "__floattidf",
                (_, false) => "__floatuntidf",
            };
            return self.runtime_call(name, &[value], Some(to.ty)).expect("has a result");
        }
        let wide = match (from.ty == types::I64, signed) {
            (true, _) => value,
            (false, true) => self.b.ins().sextend(types::I64, value),
            (false, false) => self.b.ins().uextend(types::I64, value),
        };
        // Anything narrower than 64 bits is non-negative or sign-extended by now.
        if signed || from.ty != types::I64 || from.bits < 64 {
            self.b.ins().fcvt_from_sint(to.ty, wide)
        } else {
            self.b.ins().fcvt_from_uint(to.ty, wide)
        }
    }

    /// Same bits, other type.
    pub fn bitcast(&mut self, values: &[Value], from: &Llvm, to: &Llvm) -> Result<Values> {
        let (source, target) = (repr::leaves(from)?, repr::leaves(to)?);
        if source == target && repr::has_mask(from) == repr::has_mask(to) {
            return Ok(values.into());
        }
        if repr::has_mask(from) {
            let shape = repr::vector_shape(from)?.expect("mask vector");
            let int = self.mask_to_int(&shape, values)?;
            return self.bitcast(&[int], &Llvm::Int(shape.lanes), to);
        }
        if repr::has_mask(to) {
            let shape = repr::vector_shape(to)?.expect("mask vector");
            let int = self.bitcast(values, from, &Llvm::Int(shape.lanes))?;
            return self.int_to_mask(&shape, int[0]);
        }
        if let ([a], [b]) = (source.as_slice(), target.as_slice())
            && a.bits == b.bits
            && !a.is_odd()
            && !b.is_odd()
        {
            if a.ty == types::I128 || b.ty == types::I128 {
                // Through memory below: Cranelift has no such bitcast for every vector type.
            } else {
                let flags = if a.ty.is_vector() || b.ty.is_vector() { little_endian() } else { MemFlagsData::new() };
                return Ok(smallvec![self.b.ins().bitcast(b.ty, flags, values[0])]);
            }
        }
        let size = from.store_size().max(to.store_size());
        let slot = self.slot(size, 16)?;
        let address = self.slot_address(slot);
        self.store_leaves(from, values, address, 16, false)?;
        self.load_leaves(to, address, 16, false)
    }

    /// Floating constant of a type.
    pub fn float(&mut self, ty: Type, value: f64) -> Value {
        if ty == types::F32 {
            self.b.ins().f32const(Ieee32::with_float(value as f32))
        } else {
            self.b.ins().f64const(Ieee64::with_float(value))
        }
    }

    /// `fcmp uno value, value`.
    pub fn is_nan(&mut self, value: Value) -> Value {
        self.b.ins().fcmp(FloatCC::Unordered, value, value)
    }
}

/// A vector of ones.
fn lane_ones(ty: Type) -> [u8; 16] {
    let step = (ty.lane_bits() / 8) as usize;
    let mut bytes = [0; 16];
    bytes.iter_mut().step_by(step).for_each(|byte| *byte = 1);
    bytes
}
