//! Line rows: the function's own debug info is replaced by one in which line `n + 1` stands for location `n` of the
//! decoded body, and read back from `.debug_line`.

use std::ptr;

use cranefly_bitcode::ir::{Function, GlobalId};
use cranefly_bitcode::raw::{MetadataRef, Unit};
use gimli::{DebugLine, DebugLineOffset, LittleEndian};

use super::ffi::Api;

/// No location.
const NONE: u32 = u32::MAX;

/// Gives every instruction of `function` its number as a line, instead of any other place in the sources. Decoded instructions
/// are one to one with LLVM's.
pub(super) fn number(api: &Api, unit: &Unit, function: GlobalId, body: &Function) {
    const LANGUAGE_RUST: i32 = 27;
    const LINE_TABLES_ONLY: i32 = 2;
    let Some(handle) = unit.global(function) else { return };
    let (empty, name) = (c"".as_ptr(), c"f");
    let no_node = MetadataRef(ptr::null_mut());
    let builder = api.LLVMCreateDIBuilder(unit.module());
    let file = api.LLVMDIBuilderCreateFile(builder, name.as_ptr(), 1, empty, 0);
    #[rustfmt::skip]
    api.LLVMDIBuilderCreateCompileUnit(
        builder, LANGUAGE_RUST, file, empty, 0, 0, empty, 0, 0, empty, 0, LINE_TABLES_ONLY, 0, 0, 0, empty, 0, empty, 0,
    );
    let ty = api.LLVMDIBuilderCreateSubroutineType(builder, file, ptr::null_mut(), 0, 0);
    let (text, len) = (name.as_ptr(), 1);
    let scope = api.LLVMDIBuilderCreateFunction(builder, file, text, len, text, len, file, 0, ty, 0, 1, 0, 0, 0);
    api.LLVMSetSubprogram(handle, scope);
    // Where inline assembly was written.
    let srcloc = api.LLVMGetMDKindIDInContext(unit.context(), c"srcloc".as_ptr(), 6);
    let mut block = api.LLVMGetFirstBasicBlock(handle);
    for decoded in &body.blocks {
        if block.0.is_null() {
            break;
        }
        let mut instruction = api.LLVMGetFirstInstruction(block);
        for item in &decoded.instructions {
            if instruction.is_null() {
                break;
            }
            let line = item.location.map_or(0, |location| location.0 + 1);
            let location = api.LLVMDIBuilderCreateDebugLocation(unit.context(), line, 0, scope, no_node);
            api.LLVMInstructionSetDebugLoc(instruction, location);
            api.LLVMSetMetadata(instruction, srcloc, Unit::null());
            instruction = api.LLVMGetNextInstruction(instruction);
        }
        block = api.LLVMGetNextBasicBlock(block);
    }
    api.LLVMDIBuilderFinalize(builder);
    api.LLVMDisposeDIBuilder(builder);
}

/// Rows of the line table in `section`, whose only sequence starts at the function.
pub(super) fn read(section: &[u8], text_len: u32) -> Result<Vec<(u32, u32)>, gimli::Error> {
    let mut rows: Vec<(u32, u32)> = Vec::new();
    if section.is_empty() {
        return Ok(rows);
    }
    let program = DebugLine::new(section, LittleEndian).program(DebugLineOffset(0), 8, None, None)?;
    let mut program = program.rows();
    while let Some((_, row)) = program.next_row()? {
        let offset = u32::try_from(row.address()).unwrap_or(u32::MAX);
        if row.end_sequence() || offset >= text_len {
            continue;
        }
        let location = row.line().map_or(NONE, |line| u32::try_from(line.get() - 1).unwrap_or(NONE));
        match rows.last_mut() {
            Some(last) if last.1 == location => {}
            Some(last) if last.0 == offset => last.1 = location,
            _ => rows.push((offset, location)),
        }
    }
    Ok(rows)
}
