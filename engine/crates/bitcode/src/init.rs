//! Initializers of variables, flattened into bytes and pointers; and LLVM's own lists (`llvm.used`, constructors).

use crate::address::{Address, fold};
use crate::context::{Context, borrow_bytes};
use crate::error::{ConstantError, Error};
use crate::ffi::{LlvmType, ValueRef, type_kind, value_kind};
use crate::global_table::GlobalTable;
use crate::ir::{GlobalId, GlobalKind, Init, InitPointer, Module};
use crate::scalars;
use crate::type_table::{Shape, TypeTable};

/// Fills in the initial contents of every variable that the unit defines.
pub(crate) fn read_all(cx: &Context, types: &mut TypeTable, globals: &GlobalTable, module: &mut Module) {
    let api = cx.api();
    for (index, global) in module.globals.iter_mut().enumerate() {
        let GlobalKind::Variable(variable) = &mut global.kind else { continue };
        let handle = globals.handles[index];
        if api.LLVMIsDeclaration(handle) != 0 {
            continue;
        }
        let mut writer = Writer { cx, types, globals, init: Init::default() };
        let written = writer.write(api.LLVMGetInitializer(handle), api.LLVMGlobalGetValueType(handle), 0);
        variable.init = Some(writer.init);
        if let Err(what) = written {
            module.unsupported.push((GlobalId(index as u32), what));
        }
    }
}

/// Reads one of LLVM's own appending variables.
pub(crate) fn read_special(
    cx: &Context,
    types: &mut TypeTable,
    globals: &GlobalTable,
    module: &mut Module,
    name: &str,
    variable: ValueRef,
) -> Result<(), Error> {
    let api = cx.api();
    let list = match name {
        "llvm.used" | "llvm.compiler.used" | "llvm.global_ctors" | "llvm.global_dtors" => {
            api.LLVMGetInitializer(variable)
        }
        _ => return Ok(()),
    };
    // An empty list is a zero aggregate, not an array.
    if list.is_null() || api.LLVMGetValueKind(list) != value_kind::ARRAY {
        return Ok(());
    }
    let mut resolve = |value| match fold(cx, types, globals, value) {
        Ok(Address { base, addend: 0 }) => Ok(base.map(|(id, _)| id)),
        other => Err(cx.inconsistent(format!("{name} lists {other:?}"))),
    };
    for index in 0..api.LLVMGetNumOperands(list) as u32 {
        let entry = api.LLVMGetOperand(list, index);
        if name == "llvm.used" || name == "llvm.compiler.used" {
            module.used.extend(resolve(entry)?);
            continue;
        }
        // `{ i32 priority, ptr function, ptr associated data }`; a null function ends the list in old producers.
        let priority = api.LLVMConstIntGetZExtValue(api.LLVMGetAggregateElement(entry, 0)) as u32;
        let Some(function) = resolve(api.LLVMGetAggregateElement(entry, 1))? else { continue };
        match name {
            "llvm.global_ctors" => module.constructors.push((priority, function)),
            _ => module.destructors.push((priority, function)),
        }
    }
    Ok(())
}

struct Writer<'a> {
    cx: &'a Context,
    types: &'a mut TypeTable,
    globals: &'a GlobalTable,
    init: Init,
}

impl Writer<'_> {
    /// Writes `value` of type `ty` at byte `offset`.
    fn write(&mut self, value: ValueRef, ty: LlvmType, offset: u64) -> Result<(), ConstantError> {
        let api = self.cx.api();
        match api.LLVMGetValueKind(value) {
            value_kind::AGGREGATE_ZERO | value_kind::NULL | value_kind::UNDEF | value_kind::POISON => Ok(()),
            value_kind::DATA_ARRAY | value_kind::DATA_VECTOR => {
                let bytes = borrow_bytes(api, |len| api.LLVMGetRawDataValues(value, len));
                self.put(offset, bytes);
                Ok(())
            }
            value_kind::STRUCT | value_kind::ARRAY | value_kind::VECTOR => self.write_elements(value, ty, offset),
            value_kind::INT if api.LLVMGetTypeKind(ty) == type_kind::INTEGER => {
                let bits = api.LLVMGetIntTypeWidth(ty);
                let words = scalars::int_words(self.cx, value, bits);
                self.put_words(offset, &words, bits.div_ceil(8));
                Ok(())
            }
            value_kind::FLOAT if api.LLVMGetTypeKind(ty) != type_kind::VECTOR => {
                let words = scalars::float_words(self.cx, value).ok_or(ConstantError::FloatFormat)?;
                let size = self.types.get(api, ty).store_size();
                self.put_words(offset, &words, size as u32);
                Ok(())
            }
            _ => self.write_address(value, ty, offset),
        }
    }

    fn write_elements(&mut self, value: ValueRef, ty: LlvmType, offset: u64) -> Result<(), ConstantError> {
        let api = self.cx.api();
        let shape = self.types.shape(api, ty);
        for index in 0..api.LLVMGetNumOperands(value) as u32 {
            let element = api.LLVMGetOperand(value, index);
            match &*shape {
                Shape::Struct { offsets, fields } => {
                    self.write(element, fields[index as usize], offset + offsets[index as usize])?;
                }
                Shape::Sequence { element: ty, stride } => {
                    self.write(element, *ty, offset + u64::from(index) * stride)?
                }
                Shape::Scalar => return Err(ConstantError::ScalarAggregate),
            }
        }
        Ok(())
    }

    fn write_address(&mut self, value: ValueRef, ty: LlvmType, offset: u64) -> Result<(), ConstantError> {
        let api = self.cx.api();
        let address = fold(self.cx, self.types, self.globals, value)?;
        match address.base {
            Some((target, _)) => {
                // `put` keeps `bytes` long enough to cover the pointer, which reads as zero.
                self.put(offset, &[0; 8]);
                self.init.pointers.push(InitPointer { offset, target, addend: address.addend });
            }
            None => {
                if api.LLVMGetTypeKind(ty) == type_kind::POINTER {
                    self.init.identities.push(address.addend as u64);
                }
                let size = self.types.get(api, ty).store_size();
                self.put_words(offset, &[address.addend as u64], size as u32);
            }
        }
        Ok(())
    }

    fn put_words(&mut self, offset: u64, words: &[u64], size: u32) {
        let mut left = size as usize;
        for (index, word) in words.iter().enumerate() {
            let count = left.min(8);
            self.put(offset + 8 * index as u64, &word.to_le_bytes()[..count]);
            left -= count;
        }
    }

    fn put(&mut self, offset: u64, bytes: &[u8]) {
        let start = offset as usize;
        let end = start + bytes.len();
        if self.init.bytes.len() < end {
            self.init.bytes.resize(end, 0);
        }
        self.init.bytes[start..end].copy_from_slice(bytes);
    }
}
