//! Vectors: lanes, masks, shuffles. What SSE2 does not do on whole registers goes lane by lane.

use cranefly_bitcode::ir::{Constant, Operand};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use smallvec::smallvec;

use crate::error::{Result, unsupported};
use crate::repr::{self, Packing, Shape, Values};
use crate::translator::Translator;

impl Translator<'_> {
    /// The lanes of a vector as scalars.
    pub fn split_lanes(&mut self, shape: &Shape, parts: &[Value]) -> Values {
        let (per, mask) = match shape.packing {
            Packing::Scalars => return parts.into(),
            Packing::Packed { per, .. } => (per, false),
            Packing::Mask { per, .. } => (per, true),
        };
        let mut lanes = Values::new();
        for index in 0..shape.lanes {
            let lane = self.b.ins().extractlane(parts[(index / per) as usize], (index % per) as u8);
            lanes.push(if mask { self.mask_lane(lane) } else { lane });
        }
        lanes
    }

    /// A lane of a mask as an `i1`.
    fn mask_lane(&mut self, lane: Value) -> Value {
        let ty = self.b.func.dfg.value_type(lane);
        let byte = if ty == types::I8 { lane } else { self.b.ins().ireduce(types::I8, lane) };
        self.b.ins().band_imm_u(byte, 1)
    }

    /// A vector from its lanes.
    pub fn join_lanes(&mut self, shape: &Shape, lanes: &[Value]) -> Values {
        let (ty, per, mask) = match shape.packing {
            Packing::Scalars => return lanes.into(),
            Packing::Packed { ty, per } => (ty, per, false),
            Packing::Mask { ty, per } => (ty, per, true),
        };
        // Through memory: without SSE4.1 most lane insertions are longer than a store.
        let mut parts = Values::new();
        for chunk in lanes.chunks(per as usize) {
            let slot = self.slot(16, 16).expect("small slot");
            for (index, &lane) in chunk.iter().enumerate() {
                let lane = if mask { self.widen_mask_lane(lane, ty.lane_type()) } else { lane };
                let at = index as i32 * (ty.lane_bits() / 8) as i32;
                self.b.ins().stack_store(types::I64, lane, slot, at);
            }
            parts.push(self.b.ins().stack_load(types::I64, ty, slot, 0));
        }
        parts
    }

    fn widen_mask_lane(&mut self, lane: Value, ty: cranelift_codegen::ir::Type) -> Value {
        let wide = if ty == types::I8 { lane } else { self.b.ins().uextend(ty, lane) };
        self.b.ins().ineg(wide)
    }

    /// Computes every lane of the result from the same lane of the operands.
    pub fn by_lanes(
        &mut self,
        source: &Shape,
        target: &Shape,
        operands: &[&[Value]],
        mut lane: impl FnMut(&mut Self, &[Value]) -> Result<Value>,
    ) -> Result<Values> {
        let split: Vec<Values> = operands.iter().map(|parts| self.split_lanes(source, parts)).collect();
        let mut lanes = Values::new();
        for index in 0..source.lanes as usize {
            let row: Values = split.iter().map(|lanes| lanes[index]).collect();
            lanes.push(lane(self, &row)?);
        }
        Ok(self.join_lanes(target, &lanes))
    }

    /// `<n x i1>` as an `iN`: lane 0 is bit 0.
    pub fn mask_to_int(&mut self, shape: &Shape, parts: &[Value]) -> Result<Value> {
        let leaf = repr::scalar(&Llvm::Int(shape.lanes))?;
        if let Packing::Mask { per, .. } = shape.packing {
            let mut sum = None;
            for (index, &part) in parts.iter().enumerate() {
                let narrow = if per > 8 { types::I16 } else { types::I8 };
                let bits = self.b.ins().vhigh_bits(narrow, part);
                let wide = if leaf.ty == narrow { bits } else { self.b.ins().uextend(leaf.ty, bits) };
                sum = Some(match sum {
                    None => wide,
                    Some(low) => {
                        let high = self.b.ins().ishl_imm_u(wide, index as i64 * 16);
                        self.b.ins().bor(low, high)
                    }
                });
            }
            let value = sum.expect("at least one part");
            return Ok(self.normalize(value, leaf.bits));
        }
        let mut sum = self.int(leaf.ty, 0);
        for (index, &lane) in parts.iter().enumerate() {
            let wide = if leaf.ty == types::I8 { lane } else { self.b.ins().uextend(leaf.ty, lane) };
            let bit = self.b.ins().ishl_imm_u(wide, index as i64);
            sum = self.b.ins().bor(sum, bit);
        }
        Ok(sum)
    }

    /// An `iN` as `<n x i1>`.
    pub fn int_to_mask(&mut self, shape: &Shape, value: Value) -> Result<Values> {
        let ty = self.b.func.dfg.value_type(value);
        let mut lanes = Values::new();
        for index in 0..shape.lanes {
            let bit = self.b.ins().ushr_imm_u(value, i64::from(index));
            let byte = if ty == types::I8 { bit } else { self.b.ins().ireduce(types::I8, bit) };
            lanes.push(self.b.ins().band_imm_u(byte, 1));
        }
        Ok(self.join_lanes(shape, &lanes))
    }

    /// Loads a `<n x i1>`, which memory holds as an `iN`.
    pub fn load_mask(&mut self, ty: &Llvm, address: Value, align: u64) -> Result<Values> {
        let Some(shape) = repr::vector_shape(ty)? else { unsupported!("aggregate with a vector of i1 in memory") };
        let int = self.load_leaves(&Llvm::Int(shape.lanes), address, align, false)?;
        self.int_to_mask(&shape, int[0])
    }

    /// Stores a `<n x i1>`.
    pub fn store_mask(&mut self, ty: &Llvm, values: &[Value], address: Value, align: u64) -> Result<()> {
        let Some(shape) = repr::vector_shape(ty)? else { unsupported!("aggregate with a vector of i1 in memory") };
        let int = self.mask_to_int(&shape, values)?;
        self.store_leaves(&Llvm::Int(shape.lanes), &[int], address, align, false)
    }

    pub fn extract_element(&mut self, vector: &Operand, ty: &Llvm, index: &Operand) -> Result<Values> {
        let shape = self.vector_type(ty)?;
        let parts = self.operand(vector, ty)?;
        if let Some(index) = constant_index(index) {
            if index >= u64::from(shape.lanes) {
                return Ok(smallvec![self.zero(shape.lane.ty)]);
            }
            let lane = match shape.packing {
                Packing::Scalars => parts[index as usize],
                Packing::Packed { per, .. } => {
                    self.b.ins().extractlane(parts[index as usize / per as usize], (index % u64::from(per)) as u8)
                }
                Packing::Mask { per, .. } => {
                    let at = (index % u64::from(per)) as u8;
                    let lane = self.b.ins().extractlane(parts[index as usize / per as usize], at);
                    self.mask_lane(lane)
                }
            };
            return Ok(smallvec![lane]);
        }
        let lanes = self.split_lanes(&shape, &parts);
        let address = self.spill_lanes(&shape, &lanes)?;
        let at = self.lane_address(&shape, address, index)?;
        let flags = MemFlagsData::new().with_notrap();
        Ok(smallvec![self.b.ins().load(shape.lane.ty, flags, at, 0)])
    }

    pub fn insert_element(&mut self, ty: &Llvm, vector: &Operand, value: &Operand, index: &Operand) -> Result<Values> {
        let shape = self.vector_type(ty)?;
        let Llvm::Vector(element, _) = ty else { unreachable!("checked by vector_type") };
        let parts = self.operand(vector, ty)?;
        let value = self.scalar(value, element)?;
        let mut lanes = self.split_lanes(&shape, &parts);
        match constant_index(index) {
            Some(index) if index < u64::from(shape.lanes) => lanes[index as usize] = value,
            Some(_) => {}
            None => {
                let address = self.spill_lanes(&shape, &lanes)?;
                let at = self.lane_address(&shape, address, index)?;
                let flags = MemFlagsData::new().with_notrap();
                self.b.ins().store(flags, value, at, 0);
                for (index, lane) in lanes.iter_mut().enumerate() {
                    let offset = index as i32 * shape.lane.ty.bytes() as i32;
                    *lane = self.b.ins().load(shape.lane.ty, flags, address, offset);
                }
            }
        }
        Ok(self.join_lanes(&shape, &lanes))
    }

    /// Lanes one after another in memory, each as wide as its Cranelift type.
    pub fn spill_lanes(&mut self, shape: &Shape, lanes: &[Value]) -> Result<Value> {
        let slot = self.slot(u64::from(shape.lane.ty.bytes()) * u64::from(shape.lanes), 16)?;
        for (index, &lane) in lanes.iter().enumerate() {
            let offset = index as i32 * shape.lane.ty.bytes() as i32;
            self.b.ins().stack_store(types::I64, lane, slot, offset);
        }
        Ok(self.slot_address(slot))
    }

    /// Address of a lane; an index past the end is poison and stays inside by masking or clamping.
    fn lane_address(&mut self, shape: &Shape, base: Value, index: &Operand) -> Result<Value> {
        // rustc's dynamic lane indices are 32 bits wide, LLVM's own 64.
        let values = match index {
            Operand::Value(_) => self.operand(index, &Llvm::Int(64))?,
            Operand::Constant(_) => unsupported!("lane index"),
        };
        let ty = self.b.func.dfg.value_type(values[0]);
        let index = if ty == types::I64 { values[0] } else { self.b.ins().uextend(types::I64, values[0]) };
        let last = self.b.ins().iconst(types::I64, i64::from(shape.lanes) - 1);
        let index = self.b.ins().umin(index, last);
        let offset = self.b.ins().imul_imm_u(index, i64::from(shape.lane.ty.bytes()));
        Ok(self.b.ins().iadd(base, offset))
    }

    pub fn shuffle(&mut self, a: &Operand, b: &Operand, from: &Llvm, to: &Llvm, mask: &[i32]) -> Result<Values> {
        let source = self.vector_type(from)?;
        let target = self.vector_type(to)?;
        let mut lanes = {
            let parts = self.operand(a, from)?;
            self.split_lanes(&source, &parts)
        };
        if mask.iter().any(|&lane| lane >= source.lanes as i32) {
            let parts = self.operand(b, from)?;
            lanes.extend(self.split_lanes(&source, &parts));
        }
        let undefined = self.zero(source.lane.ty);
        let picked: Values = mask.iter().map(|&lane| if lane < 0 { undefined } else { lanes[lane as usize] }).collect();
        Ok(self.join_lanes(&target, &picked))
    }

    /// Shape of a type that must be a vector.
    pub fn vector_type(&self, ty: &Llvm) -> Result<Shape> {
        match repr::vector_shape(ty)? {
            Some(shape) => Ok(shape),
            None => unsupported!("{ty:?} where a vector is needed"),
        }
    }
}

fn constant_index(index: &Operand) -> Option<u64> {
    match index {
        Operand::Constant(Constant::Bits(_, words)) => Some(words.first().copied().unwrap_or(0)),
        // An undefined number may be any.
        Operand::Constant(Constant::Zero(_) | Constant::Undef(_)) => Some(0),
        _ => None,
    }
}
