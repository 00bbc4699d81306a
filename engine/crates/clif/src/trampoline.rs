//! Functions that call another one with values from memory, whatever its signature.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{
    AbiParam, ArgumentPurpose, Function, InstBuilder, MemFlagsData, Signature, UserFuncName, types,
};
use cranelift_codegen::isa::CallConv;

use crate::error::Error;

/// Bytes of a value in memory: the widest is 128 bits.
pub const CELL: usize = 16;

/// Refuses signatures with more than values in them.
pub fn check(signature: &Signature) -> Result<(), Error> {
    let all = signature.params.iter().chain(&signature.returns);
    for param in all {
        if param.purpose != ArgumentPurpose::Normal {
            return Err(Error::Parameter { purpose: param.purpose });
        }
        if param.value_type.bytes() as usize > CELL || param.value_type.is_dynamic_vector() {
            return Err(Error::Value { ty: param.value_type });
        }
    }
    Ok(())
}

/// A function `(code, cells)` that calls `code`, of the given signature, with arguments from the cells, and puts what it
/// returns into them.
pub fn trampoline(signature: &Signature) -> Result<Function, Error> {
    check(signature)?;
    let mut own = Signature::new(CallConv::SystemV);
    own.params.extend([AbiParam::new(types::I64); 2]);
    let mut function = Function::with_name_signature(UserFuncName::testcase("call from memory"), own);
    let callee = function.import_signature(signature.clone());
    let block = function.dfg.make_block();
    let code = function.dfg.append_block_param(block, types::I64);
    let cells = function.dfg.append_block_param(block, types::I64);
    let mut cursor = FuncCursor::new(&mut function);
    cursor.insert_block(block);
    let flags = MemFlagsData::trusted();
    let offset = |index: usize| i32::try_from(index * CELL).map_err(|_| Error::TooManyValues);
    let mut arguments = Vec::new();
    for (index, param) in signature.params.iter().enumerate() {
        arguments.push(cursor.ins().load(param.value_type, flags, cells, offset(index)?));
    }
    let call = cursor.ins().call_indirect(callee, code, &arguments);
    for (index, value) in cursor.func.dfg.inst_results(call).to_vec().into_iter().enumerate() {
        cursor.ins().store(flags, value, cells, offset(index)?);
    }
    cursor.ins().return_(&[]);
    Ok(function)
}
