//! Calling compiled functions with values of any type that CLIF has.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::data_value::{DataValue, DisplayDataValues};
use cranelift_codegen::ir::{
    AbiParam, ArgumentPurpose, Function, InstBuilder, MemFlagsData, Signature, UserFuncName, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_reader::{Comparison, RunCommand};

use crate::file::{ClifFile, Directive};
use crate::link::Program;

/// Bytes of a value in memory: the widest is 128 bits.
const CELL: usize = 16;

/// Runs a directive; tells whether it holds, and what was returned.
pub fn call(program: &Program, file: &ClifFile, directive: &Directive) -> Result<(bool, String), String> {
    let signature = &file.functions[directive.function].signature;
    let (invocation, expected) = match &directive.command {
        RunCommand::Print(invocation) => (invocation, None),
        RunCommand::Run(invocation, comparison, values) => (invocation, Some((comparison, values))),
    };
    check(signature)?;
    if invocation.args.len() != signature.params.len() {
        let (given, taken) = (invocation.args.len(), signature.params.len());
        return Err(format!("{given} arguments are given, the function takes {taken}"));
    }
    let trampoline = program.trampoline(directive.function).ok_or("the function cannot be called")?;
    let actual = invoke(program.function(directive.function), trampoline, &invocation.args, signature);
    let shown = DisplayDataValues(&actual);
    let Some((comparison, expected)) = expected else { return Ok((true, format!("{invocation} -> {shown}"))) };
    // The short form, `run`, asks for a result that is not zero, of whatever type it is.
    let same = if invocation.func == "default" && matches!(comparison, Comparison::NotEquals) {
        actual.iter().all(is_zero)
    } else {
        actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, b)| a.bitwise_eq(b))
    };
    let ok = same == matches!(comparison, Comparison::Equals);
    let wanted = match comparison {
        Comparison::Equals => format!("expected {}", DisplayDataValues(expected)),
        Comparison::NotEquals => format!("expected anything but {}", DisplayDataValues(expected)),
    };
    Ok((ok, if ok { format!("{invocation} -> {shown}") } else { format!("{invocation} -> {shown}, {wanted}") }))
}

fn is_zero(value: &DataValue) -> bool {
    let mut bytes = [0; CELL];
    value.write_to_slice_ne(&mut bytes);
    bytes == [0; CELL]
}

/// Refuses signatures with more than values in them.
fn check(signature: &Signature) -> Result<(), String> {
    let all = signature.params.iter().chain(&signature.returns);
    for param in all {
        if param.purpose != ArgumentPurpose::Normal {
            return Err(format!("a directive cannot give a function `{}` parameters", param.purpose));
        }
        if param.value_type.bytes() as usize > CELL || param.value_type.is_dynamic_vector() {
            return Err(format!("a directive cannot give or take values of type {}", param.value_type));
        }
    }
    Ok(())
}

/// A function `(code, cells)` that calls `code`, of the given signature, with arguments from the cells, and puts what it
/// returns into them.
pub fn trampoline(signature: &Signature) -> Result<Function, String> {
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
    let offset = |index: usize| i32::try_from(index * CELL).map_err(|_| "too many values".to_owned());
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

fn invoke(code: *const u8, trampoline: *const u8, arguments: &[DataValue], signature: &Signature) -> Vec<DataValue> {
    let count = signature.params.len().max(signature.returns.len()).max(1);
    let mut cells = vec![0u128; count];
    for (cell, value) in cells.iter_mut().zip(arguments) {
        let mut bytes = [0; CELL];
        value.write_to_slice_ne(&mut bytes);
        *cell = u128::from_ne_bytes(bytes);
    }
    // SAFETY: the trampoline was compiled with this signature, and `code` with the one that the trampoline was made for;
    // there is a cell for each argument and each result. What the function itself does is the file's affair, and the reason
    // why this process is one that may be lost.
    unsafe {
        let trampoline: extern "C" fn(*const u8, *mut u128) = std::mem::transmute(trampoline);
        trampoline(code, cells.as_mut_ptr());
    }
    let results = signature.returns.iter().zip(&cells);
    results.map(|(param, cell)| DataValue::read_from_slice_ne(&cell.to_ne_bytes(), param.value_type)).collect()
}
