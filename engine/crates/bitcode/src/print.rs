//! A function in LLVM's own words.

use crate::context::{Context, take_message};
use crate::debug::DebugTable;
use crate::ffi::ValueRef;
use crate::ir::Location;

/// LLVM IR of one function, as LLVM prints it.
#[derive(Clone, Debug)]
pub struct PrintedFunction {
    /// The text. It names metadata and attribute groups by number without defining them.
    pub text: String,
    /// Source position of each instruction, in the text's order.
    pub locations: Vec<Option<Location>>,
}

/// Prints `function`, whose body has been read.
pub(crate) fn print(cx: &Context, debug: &mut DebugTable, function: ValueRef) -> PrintedFunction {
    let api = cx.api();
    let text = take_message(api, api.LLVMPrintValueToString(function));
    let mut locations = Vec::new();
    let mut block = api.LLVMGetFirstBasicBlock(function);
    while !block.is_null() {
        let mut instruction = api.LLVMGetFirstInstruction(block);
        while !instruction.is_null() {
            let node = api.LLVMInstructionGetDebugLoc(instruction).some();
            let index = node.and_then(|node| debug.location(cx, node));
            locations.push(index.map(|index| debug.locations[index as usize].clone()));
            instruction = api.LLVMGetNextInstruction(instruction);
        }
        block = api.LLVMGetNextBasicBlock(block);
    }
    PrintedFunction { text, locations }
}
