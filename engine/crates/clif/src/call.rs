//! Calling compiled functions with values of any type that CLIF has.

use cranelift_codegen::data_value::{DataValue, DisplayDataValues};
use cranelift_codegen::ir::Signature;
use cranelift_reader::{Comparison, RunCommand};

use crate::error::Error;
use crate::file::{ClifFile, Directive};
use crate::link::Program;
use crate::trampoline::{CELL, check};

/// Runs a directive; tells whether it holds, and what was returned.
pub fn call(program: &Program, file: &ClifFile, directive: &Directive) -> Result<(bool, String), Error> {
    let signature = &file.functions[directive.function].signature;
    let (invocation, expected) = match &directive.command {
        RunCommand::Print(invocation) => (invocation, None),
        RunCommand::Run(invocation, comparison, values) => (invocation, Some((comparison, values))),
    };
    check(signature)?;
    if invocation.args.len() != signature.params.len() {
        let (given, taken) = (invocation.args.len(), signature.params.len());
        return Err(Error::ArgumentCount { given, taken });
    }
    let trampoline = program.trampoline(directive.function).ok_or(Error::NotCallable)?;
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
