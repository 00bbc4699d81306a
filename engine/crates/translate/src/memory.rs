//! Stack slots, address arithmetic, loads, stores and atomics.

use cranefly_bitcode::ir::{Constant, GepTerm, Instruction, Operand, Ordering, RmwOp};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::entity::packed_option::ReservedValue;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AtomicRmwOp, InstBuilder, MemFlagsData, StackSlot, StackSlotData, StackSlotKind, Type, Value, types,
};
use smallvec::smallvec;

use crate::error::{Result, unsupported};
use crate::repr::{self, Leaf, Values};
use crate::translator::{Def, Translator};

/// Largest alignment that Cranelift's frames give a slot.
const SLOT_ALIGN: u64 = 16;
/// Frames above this are left to LLVM: Cranelift addresses them with 32-bit offsets.
const MAX_FRAME: u64 = 1 << 30;

impl Translator<'_> {
    /// A new stack slot of `size` bytes, aligned to at most 16.
    pub fn slot(&mut self, size: u64, align: u64) -> Result<StackSlot> {
        self.frame = self.frame.saturating_add(size.next_multiple_of(SLOT_ALIGN));
        if self.frame > MAX_FRAME {
            unsupported!("stack frame of {} bytes", self.frame);
        }
        let shift = align.clamp(1, SLOT_ALIGN).trailing_zeros() as u8;
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size.max(1) as u32, shift);
        Ok(self.b.create_sized_stack_slot(data))
    }

    /// Address of a slot.
    pub fn slot_address(&mut self, slot: StackSlot) -> Value {
        self.b.ins().stack_addr(types::I64, slot, 0)
    }

    pub fn alloca(&mut self, instruction: &Instruction, size: u64, align: u64, count: Option<&Operand>) -> Result<()> {
        let count = match count {
            None => 1,
            Some(Operand::Constant(Constant::Bits(_, words))) => words.first().copied().unwrap_or(0),
            Some(Operand::Constant(Constant::Zero(_))) => 0,
            Some(_) => unsupported!("stack variable of dynamic size"),
        };
        if self.current.0 != 0 {
            unsupported!("stack variable outside the entry block");
        }
        let Some(size) = size.checked_mul(count) else { unsupported!("stack variable beyond 64 bits") };
        let result = instruction.result.expect("alloca has a result");
        if align <= SLOT_ALIGN {
            let slot = self.slot(size, align)?;
            self.defs[result.0 as usize] = Def::Slot(slot, 0);
        } else {
            let slot = self.slot(size.saturating_add(align), SLOT_ALIGN)?;
            let address = self.slot_address(slot);
            let up = self.b.ins().iadd_imm_s(address, align as i64 - 1);
            let value = self.b.ins().band_imm_s(up, -(align as i64));
            self.define(result, &[value]);
        }
        Ok(())
    }

    pub fn gep(&mut self, instruction: &Instruction, base: &Operand, offset: i64, terms: &[GepTerm]) -> Result<()> {
        let result = instruction.result.expect("getelementptr has a result");
        if !matches!(*instruction.ty, Llvm::Pointer) {
            unsupported!("getelementptr of a vector of pointers");
        }
        if terms.is_empty()
            && let Operand::Value(id) = base
            && let Def::Slot(slot, at) = self.defs[id.0 as usize]
            && let Some(sum) = i64::from(at).checked_add(offset).and_then(|sum| i32::try_from(sum).ok())
            && sum >= 0
        {
            self.defs[result.0 as usize] = Def::Slot(slot, sum);
            return Ok(());
        }
        let mut address = self.pointer(base)?;
        for term in terms {
            let index = self.scalar(&term.index, &Llvm::Int(term.bits))?;
            let index = self.resize(index, term.bits, Leaf { ty: types::I64, bits: 64, offset: 0 }, true);
            let step = match term.scale {
                1 => index,
                scale if scale > 0 && (scale as u64).is_power_of_two() => {
                    self.b.ins().ishl_imm_u(index, i64::from(scale.trailing_zeros()))
                }
                scale => self.b.ins().imul_imm_s(index, scale),
            };
            address = self.b.ins().iadd(address, step);
        }
        if offset != 0 {
            address = self.b.ins().iadd_imm_s(address, offset);
        }
        self.define(result, &[address]);
        Ok(())
    }

    pub fn load_op(
        &mut self,
        ty: &Llvm,
        pointer: &Operand,
        align: u64,
        volatile: bool,
        ordering: Option<Ordering>,
    ) -> Result<Values> {
        let address = self.pointer(pointer)?;
        if ordering.is_some() {
            let leaf = atomic_leaf(ty)?;
            require_alignment(leaf, align)?;
            let int = int_of(leaf.ty);
            let raw = self.b.ins().atomic_load(int, MemFlagsData::new(), address);
            return Ok(smallvec![self.with_bits(raw, leaf)]);
        }
        if repr::has_mask(ty) {
            return self.load_mask(ty, address, align);
        }
        self.load_leaves(ty, address, align, volatile)
    }

    /// Loads every leaf of `ty` from `address`.
    pub fn load_leaves(&mut self, ty: &Llvm, address: Value, align: u64, volatile: bool) -> Result<Values> {
        let mut values = Values::new();
        for leaf in repr::leaves(ty)? {
            let value = self.load_leaf(leaf, address, align, volatile)?;
            values.push(value);
        }
        Ok(values)
    }

    fn load_leaf(&mut self, leaf: Leaf, address: Value, align: u64, volatile: bool) -> Result<Value> {
        let offset = offset32(leaf.offset)?;
        let size = leaf.store_size();
        let here = align_at(align, leaf.offset);
        if size == leaf.ty.bytes() {
            let flags = self.access(here, u64::from(size), volatile);
            let value = self.b.ins().load(leaf.ty, flags, address, offset);
            return Ok(if leaf.is_odd() { self.normalize(value, leaf.bits) } else { value });
        }
        let mut done = 0;
        let mut sum = None;
        while done < size {
            let piece = 1 << (size - done).ilog2();
            let flags = self.access(align_at(here, u64::from(done)), u64::from(piece), volatile);
            let part = Type::int_with_byte_size(piece as u16).expect("power of two");
            let value = self.b.ins().load(part, flags, address, offset + done as i32);
            let wide = self.b.ins().uextend(leaf.ty, value);
            sum = Some(match sum {
                None => wide,
                Some(low) => {
                    let high = self.b.ins().ishl_imm_u(wide, i64::from(done * 8));
                    self.b.ins().bor(low, high)
                }
            });
            done += piece;
        }
        let value = sum.expect("at least one byte");
        Ok(if leaf.bits.is_multiple_of(8) { value } else { self.normalize(value, leaf.bits) })
    }

    pub fn store_op(
        &mut self,
        ty: &Llvm,
        value: &Operand,
        pointer: &Operand,
        align: u64,
        volatile: bool,
        ordering: Option<Ordering>,
    ) -> Result<()> {
        let address = self.pointer(pointer)?;
        if ordering.is_some() {
            require_alignment(atomic_leaf(ty)?, align)?;
            let value = self.scalar(value, ty)?;
            let raw = self.int_bits(value);
            self.b.ins().atomic_store(MemFlagsData::new(), raw, address);
            return Ok(());
        }
        let values = self.operand_lazy(value, ty)?;
        if repr::has_mask(ty) {
            let values = self.operand(value, ty)?;
            return self.store_mask(ty, &values, address, align);
        }
        self.store_leaves(ty, &values, address, align, volatile)
    }

    /// Stores every leaf of `ty` to `address`; undefined leaves are skipped.
    pub fn store_leaves(
        &mut self,
        ty: &Llvm,
        values: &[Value],
        address: Value,
        align: u64,
        volatile: bool,
    ) -> Result<()> {
        for (leaf, &value) in repr::leaves(ty)?.into_iter().zip(values) {
            if !value.is_reserved_value() {
                self.store_leaf(leaf, value, address, align, volatile)?;
            }
        }
        Ok(())
    }

    fn store_leaf(&mut self, leaf: Leaf, value: Value, address: Value, align: u64, volatile: bool) -> Result<()> {
        let offset = offset32(leaf.offset)?;
        let size = leaf.store_size();
        let here = align_at(align, leaf.offset);
        if size == leaf.ty.bytes() {
            let flags = self.access(here, u64::from(size), volatile);
            self.b.ins().store(flags, value, address, offset);
            return Ok(());
        }
        let mut done = 0;
        while done < size {
            let piece = 1 << (size - done).ilog2();
            let flags = self.access(align_at(here, u64::from(done)), u64::from(piece), volatile);
            let part = Type::int_with_byte_size(piece as u16).expect("power of two");
            let shifted = if done == 0 { value } else { self.b.ins().ushr_imm_u(value, i64::from(done * 8)) };
            let value = self.b.ins().ireduce(part, shifted);
            self.b.ins().store(flags, value, address, offset + done as i32);
            done += piece;
        }
        Ok(())
    }

    fn access(&self, align: u64, size: u64, volatile: bool) -> MemFlagsData {
        // A load that may trap is never removed as dead.
        if volatile { MemFlagsData::new() } else { self.flags(align, size) }
    }

    /// The bits of a scalar as an integer of the same width.
    pub fn int_bits(&mut self, value: Value) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        if ty.is_int() { value } else { self.b.ins().bitcast(int_of(ty), MemFlagsData::new(), value) }
    }

    /// The scalar of type `leaf` with the given bits.
    pub fn with_bits(&mut self, raw: Value, leaf: Leaf) -> Value {
        if !leaf.ty.is_int() {
            self.b.ins().bitcast(leaf.ty, MemFlagsData::new(), raw)
        } else if leaf.is_odd() {
            self.normalize(raw, leaf.bits)
        } else {
            raw
        }
    }

    pub fn atomic_rmw(&mut self, op: RmwOp, ty: &Llvm, pointer: &Operand, value: &Operand) -> Result<Values> {
        let leaf = atomic_leaf(ty)?;
        let op = match op {
            RmwOp::Xchg => AtomicRmwOp::Xchg,
            RmwOp::Add => AtomicRmwOp::Add,
            RmwOp::Sub => AtomicRmwOp::Sub,
            RmwOp::And => AtomicRmwOp::And,
            RmwOp::Nand => AtomicRmwOp::Nand,
            RmwOp::Or => AtomicRmwOp::Or,
            RmwOp::Xor => AtomicRmwOp::Xor,
            RmwOp::Max => AtomicRmwOp::Smax,
            RmwOp::Min => AtomicRmwOp::Smin,
            RmwOp::UMax => AtomicRmwOp::Umax,
            RmwOp::UMin => AtomicRmwOp::Umin,
            RmwOp::Other => unsupported!("atomicrmw of an unknown kind"),
        };
        if !leaf.ty.is_int() && op != AtomicRmwOp::Xchg {
            unsupported!("atomicrmw on floats");
        }
        let address = self.pointer(pointer)?;
        let value = self.scalar(value, ty)?;
        let raw = self.int_bits(value);
        let old = self.b.ins().atomic_rmw(int_of(leaf.ty), MemFlagsData::new(), op, address, raw);
        Ok(smallvec![self.with_bits(old, leaf)])
    }

    pub fn cmpxchg(&mut self, pointer: &Operand, expected: &Operand, new: &Operand, value_ty: &Llvm) -> Result<Values> {
        let leaf = atomic_leaf(value_ty)?;
        let address = self.pointer(pointer)?;
        let expected = self.scalar(expected, value_ty)?;
        let expected = self.int_bits(expected);
        let new = self.scalar(new, value_ty)?;
        let new = self.int_bits(new);
        let old = self.b.ins().atomic_cas(MemFlagsData::new(), address, expected, new);
        let success = self.b.ins().icmp(IntCC::Equal, old, expected);
        Ok(smallvec![self.with_bits(old, leaf), success])
    }
}

/// The integer type as wide as a scalar type.
fn int_of(ty: Type) -> Type {
    match ty {
        types::F32 => types::I32,
        types::F64 => types::I64,
        other => other,
    }
}

fn atomic_leaf(ty: &Llvm) -> Result<Leaf> {
    let leaf = repr::scalar(ty)?;
    if leaf.ty == types::I128 {
        unsupported!("128-bit atomic access");
    }
    if leaf.is_odd() && leaf.bits != 1 {
        unsupported!("atomic access of {} bits", leaf.bits);
    }
    Ok(leaf)
}

/// An access across cache lines is no single one; LLVM calls a function that takes a lock.
fn require_alignment(leaf: Leaf, align: u64) -> Result<()> {
    if align < u64::from(leaf.store_size()) {
        unsupported!("atomic access of {} bytes aligned to {align}", leaf.store_size());
    }
    Ok(())
}

fn offset32(offset: u64) -> Result<i32> {
    match i32::try_from(offset) {
        Ok(offset) if offset < i32::MAX - 16 => Ok(offset),
        _ => unsupported!("field beyond 2 GB"),
    }
}

/// Alignment of an address `offset` bytes past one aligned to `align`.
fn align_at(align: u64, offset: u64) -> u64 {
    if offset == 0 { align } else { align.min(1 << offset.trailing_zeros()) }
}
