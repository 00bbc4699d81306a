//! Operands and constants inside function bodies.

use std::sync::Arc;

use smallvec::smallvec;

use crate::address::{self, Address};
use crate::context::{Context, borrow_bytes};
use crate::ffi::{ValueRef, value_kind};
use crate::function::Decoder;
use crate::global_table::{Entry, is_global};
use crate::ir::{Constant, Operand};
use crate::scalars;
use crate::types::{Type, TypeRef};

impl Decoder<'_> {
    /// Operand `index` of an instruction.
    #[inline]
    pub(crate) fn operand_at(&mut self, instruction: ValueRef, index: u32) -> Operand {
        self.operand(self.cx.api().LLVMGetOperand(instruction, index))
    }

    /// A value or constant.
    #[inline]
    pub(crate) fn operand(&mut self, value: ValueRef) -> Operand {
        match self.value(value) {
            Some(id) => Operand::Value(id),
            None => Operand::Constant(self.constant(value)),
        }
    }

    fn constant(&mut self, value: ValueRef) -> Constant {
        let api = self.cx.api();
        let kind = api.LLVMGetValueKind(value);
        if is_global(kind) {
            return self.symbol_constant(value);
        }
        let ty = self.type_of(value);
        match kind {
            value_kind::INT => match &*ty {
                &Type::Int(bits) => Constant::Bits(ty, scalars::int_words(self.cx, value, bits)),
                _ => self.elements(value, ty),
            },
            value_kind::FLOAT => match &*ty {
                Type::Vector(..) => self.elements(value, ty),
                _ => match scalars::float_words(self.cx, value) {
                    Some(words) => Constant::Bits(ty, words),
                    None => Constant::Unsupported(ty, "floating format".to_owned()),
                },
            },
            value_kind::NULL | value_kind::AGGREGATE_ZERO => Constant::Zero(ty),
            value_kind::UNDEF | value_kind::POISON => Constant::Undef(ty),
            value_kind::STRUCT | value_kind::ARRAY | value_kind::VECTOR => {
                let count = api.LLVMGetNumOperands(value) as u32;
                let parts = (0..count).map(|index| self.constant(api.LLVMGetOperand(value, index))).collect();
                Constant::Aggregate(ty, parts)
            }
            value_kind::DATA_ARRAY | value_kind::DATA_VECTOR => data(self.cx, value, ty),
            value_kind::EXPRESSION => self.expression(value, ty),
            value_kind::BLOCK_ADDRESS => Constant::Unsupported(ty, "blockaddress".to_owned()),
            value_kind::METADATA => Constant::Unsupported(ty, "metadata".to_owned()),
            value_kind::TOKEN_NONE => Constant::Unsupported(ty, "token".to_owned()),
            value_kind::ASSEMBLY => Constant::Unsupported(ty, "asm".to_owned()),
            value_kind::IFUNC => Constant::Unsupported(ty, "ifunc".to_owned()),
            kind => Constant::Unsupported(ty, format!("constant of kind {kind}")),
        }
    }

    fn symbol_constant(&mut self, value: ValueRef) -> Constant {
        let ty = self.type_of(value);
        match self.globals.entries.get(&value) {
            Some(&Entry::Symbol(global, kind)) => Constant::Symbol(ty, self.symbol(global, kind), 0),
            Some(Entry::Intrinsic(name)) => Constant::Unsupported(ty, format!("address of {name}")),
            _ => Constant::Unsupported(ty, "address of a compiler-internal global".to_owned()),
        }
    }

    fn expression(&mut self, value: ValueRef, ty: TypeRef) -> Constant {
        match address::fold(self.cx, &mut self.tables.types, self.globals, value) {
            Ok(Address { base: Some((global, kind)), addend }) => {
                Constant::Symbol(ty, self.symbol(global, kind), addend)
            }
            Ok(Address { base: None, addend: 0 }) => Constant::Zero(ty),
            Ok(Address { base: None, addend }) => {
                let unused = 64u64.saturating_sub(ty.bits());
                Constant::Bits(ty, smallvec![(addend as u64) << unused >> unused])
            }
            Err(error) => Constant::Unsupported(ty, error.to_string()),
        }
    }

    /// A vector constant that LLVM keeps as one splatted scalar.
    fn elements(&mut self, value: ValueRef, ty: TypeRef) -> Constant {
        let api = self.cx.api();
        let Type::Vector(_, lanes) = *ty else {
            return Constant::Unsupported(ty, "scalar constant of an aggregate type".to_owned());
        };
        let parts = (0..lanes).map(|lane| self.constant(api.LLVMGetAggregateElement(value, lane))).collect();
        Constant::Aggregate(ty, parts)
    }
}

/// A packed array or vector of simple numbers, each of whose bytes LLVM keeps as memory would.
fn data(cx: &Context, value: ValueRef, ty: TypeRef) -> Constant {
    let api = cx.api();
    let (Type::Array(element, _) | Type::Vector(element, _)) = &*ty else {
        return Constant::Unsupported(ty, "packed constant of a scalar type".to_owned());
    };
    let size = element.store_size() as usize;
    if !(1..=8).contains(&size) {
        return Constant::Unsupported(ty, "packed constant of a wide type".to_owned());
    }
    let bytes = borrow_bytes(api, |len| api.LLVMGetRawDataValues(value, len));
    let parts = bytes.chunks_exact(size).map(|chunk| {
        let mut word = [0; 8];
        word[..size].copy_from_slice(chunk);
        Constant::Bits(Arc::clone(element), smallvec![u64::from_le_bytes(word)])
    });
    let parts = parts.collect();
    Constant::Aggregate(ty, parts)
}
