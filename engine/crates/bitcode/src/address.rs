//! Folding of constant expressions to "symbol plus bytes" or a number.

use crate::context::Context;
use crate::error::ConstantError;
use crate::ffi::{LlvmType, ValueRef, opcode, type_kind, value_kind};
use crate::global_table::{Entry, GlobalTable, is_global};
use crate::ir::{GlobalId, SymbolKind};
use crate::type_table::{Shape, TypeTable};

/// A link-time constant of at most 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The symbol, if any.
    pub(crate) base: Option<(GlobalId, SymbolKind)>,
    /// Bytes past it; without a symbol, the number.
    pub(crate) addend: i64,
}

/// Folds `value`.
pub(crate) fn fold(
    cx: &Context,
    types: &mut TypeTable,
    globals: &GlobalTable,
    value: ValueRef,
) -> Result<Address, ConstantError> {
    let api = cx.api();
    let number = |addend| Ok(Address { base: None, addend });
    match api.LLVMGetValueKind(value) {
        kind if is_global(kind) => match globals.entries.get(&value) {
            Some(Entry::Symbol(id, kind)) => Ok(Address { base: Some((*id, *kind)), addend: 0 }),
            Some(Entry::Intrinsic(name)) => Err(ConstantError::IntrinsicAddress { name: name.clone() }),
            Some(Entry::Special) | None => Err(ConstantError::InternalAddress),
        },
        value_kind::NULL => number(0),
        value_kind::INT => {
            let width = int_width(cx, api.LLVMTypeOf(value))?;
            number(sign_extend(api.LLVMConstIntGetZExtValue(value), width))
        }
        value_kind::EXPRESSION => fold_expression(cx, types, globals, value),
        value_kind::UNDEF | value_kind::POISON => Err(ConstantError::UndefinedAddress),
        value_kind::BLOCK_ADDRESS => Err(ConstantError::BlockAddress),
        kind => Err(ConstantError::Kind { kind }),
    }
}

fn fold_expression(
    cx: &Context,
    types: &mut TypeTable,
    globals: &GlobalTable,
    value: ValueRef,
) -> Result<Address, ConstantError> {
    let api = cx.api();
    let operation = api.LLVMGetConstOpcode(value);
    let mut operand = |index| fold(cx, types, globals, api.LLVMGetOperand(value, index));
    match operation {
        opcode::ADD => {
            let (a, b) = (operand(0)?, operand(1)?);
            let base = match (a.base, b.base) {
                (base, None) | (None, base) => base,
                (Some(_), Some(_)) => return Err(arithmetic("sum of two addresses")),
            };
            narrow(cx, value, Address { base, addend: a.addend.wrapping_add(b.addend) })
        }
        opcode::SUB => {
            let (a, b) = (operand(0)?, operand(1)?);
            let base = match (a.base, b.base) {
                (base, None) => base,
                (Some(a), Some(b)) if a == b => None,
                _ => return Err(arithmetic("difference of two addresses")),
            };
            narrow(cx, value, Address { base, addend: a.addend.wrapping_sub(b.addend) })
        }
        opcode::XOR => {
            let (a, b) = (operand(0)?, operand(1)?);
            if a.base.or(b.base).is_some() {
                return Err(arithmetic("xor of an address"));
            }
            Ok(Address { base: None, addend: a.addend ^ b.addend })
        }
        opcode::BIT_CAST => operand(0),
        opcode::TRUNC | opcode::PTR_TO_INT | opcode::PTR_TO_ADDR => {
            let address = operand(0)?;
            narrow(cx, value, address)
        }
        opcode::INT_TO_PTR => {
            let mut address = operand(0)?;
            let width = int_width(cx, api.LLVMTypeOf(api.LLVMGetOperand(value, 0)))?;
            if address.base.is_none() && width < 64 {
                // A narrow integer is zero-extended, not sign-extended, to a pointer.
                address.addend &= (1 << width) - 1;
            }
            Ok(address)
        }
        opcode::GET_ELEMENT_PTR => {
            let base = operand(0)?;
            let (offset, rest) = walk(cx, types, value)?;
            if !rest.is_empty() {
                return Err(ConstantError::ElementAddress { what: "with a symbolic index" });
            }
            Ok(Address { base: base.base, addend: base.addend.wrapping_add(offset) })
        }
        opcode => Err(ConstantError::Expression { opcode }),
    }
}

fn arithmetic(operation: &'static str) -> ConstantError {
    ConstantError::AddressArithmetic { operation }
}

/// Fits an integer result into its type: a number wraps, an address must keep all its bits.
fn narrow(cx: &Context, value: ValueRef, address: Address) -> Result<Address, ConstantError> {
    let width = int_width(cx, cx.api().LLVMTypeOf(value))?;
    match address.base {
        None => Ok(Address { base: None, addend: sign_extend(address.addend as u64, width) }),
        Some(_) if width == 64 => Ok(address),
        Some(_) => Err(ConstantError::NarrowAddress { bits: width }),
    }
}

fn int_width(cx: &Context, ty: LlvmType) -> Result<u32, ConstantError> {
    let api = cx.api();
    if api.LLVMGetTypeKind(ty) != type_kind::INTEGER {
        return Err(ConstantError::VectorExpression);
    }
    match api.LLVMGetIntTypeWidth(ty) {
        width @ 1..=64 => Ok(width),
        bits => Err(ConstantError::WideExpression { bits }),
    }
}

fn sign_extend(bits: u64, width: u32) -> i64 {
    let unused = 64 - width;
    ((bits << unused) as i64) >> unused
}

/// Variable indices, each with the bytes that one step takes.
pub(crate) type Steps = smallvec::SmallVec<[(ValueRef, i64); 1]>;

/// Splits the indices of a `getelementptr` (instruction or expression) into constant bytes and the variable rest.
pub(crate) fn walk(cx: &Context, types: &mut TypeTable, gep: ValueRef) -> Result<(i64, Steps), ConstantError> {
    let api = cx.api();
    let mut ty = api.LLVMGetGEPSourceElementType(gep);
    let mut offset = 0i64;
    let mut rest = Steps::new();
    let count = api.LLVMGetNumOperands(gep) as u32;
    for index in 1..count {
        let operand = api.LLVMGetOperand(gep, index);
        let constant = (api.LLVMGetValueKind(operand) == value_kind::INT)
            .then(|| int_width(cx, api.LLVMTypeOf(operand)))
            .transpose()?
            .map(|width| sign_extend(api.LLVMConstIntGetZExtValue(operand), width));
        let stride = if index == 1 {
            types.stride(api, ty).ok_or(ConstantError::ElementAddress { what: "over an unusual type" })?
        } else {
            let shape = types.shape(api, ty);
            match (&*shape, constant) {
                (Shape::Struct { offsets, fields }, Some(field)) => {
                    let field = usize::try_from(field).ok().filter(|&field| field < fields.len());
                    let field = field.ok_or(ConstantError::ElementAddress { what: "past a struct's fields" })?;
                    offset = offset.wrapping_add(offsets[field] as i64);
                    ty = fields[field];
                    continue;
                }
                (Shape::Sequence { element, stride }, _) => {
                    ty = *element;
                    *stride
                }
                _ => return Err(ConstantError::ElementAddress { what: "into an unusual type" }),
            }
        } as i64;
        match constant {
            Some(index) => offset = offset.wrapping_add(index.wrapping_mul(stride)),
            None => rest.push((operand, stride)),
        }
    }
    Ok((offset, rest))
}
