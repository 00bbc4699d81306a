//! Cranelift IR as text, with the source position and the symbol of every line that has one.

use std::cell::Cell;
use std::fmt::{self, Write};

use cranefly_translate::Translated;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::entities::AnyEntity;
use cranelift_codegen::ir::{
    Block, FuncRef, Function, GlobalValue, GlobalValueData, Inst, InstructionData, SourceLoc, UserFuncName, Value,
};
use cranelift_codegen::write::{FuncWriter, PlainWriter, decorate_function};

use super::error::{CodegenError, Error};
use super::finish;
use crate::machine::Target;

/// Columns that instructions are indented by.
const INDENT: usize = 4;

/// Cranelift IR of one function.
#[derive(Clone, Debug, Default)]
pub struct IrText {
    /// The text, in the syntax of `.clif` files.
    pub text: String,
    /// Lines with a source position: index of the line from 0, and the function's `LocationId`.
    pub locations: Vec<(u32, u32)>,
    /// Lines that name something outside of the function: index of the line from 0, and what.
    pub mentions: Vec<(u32, Target)>,
}

/// Prints `function`, called `name`, whose source locations and name are lost.
pub(super) fn print(function: &mut Function, translated: &Translated, name: &str) -> Result<IrText, Error> {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    function.name = if plain { UserFuncName::testcase(name) } else { UserFuncName::default() };
    let instructions: Vec<Inst> =
        function.layout.blocks().flat_map(|block| function.layout.block_insts(block)).collect();
    let mut sources = SecondaryMap::with_default(SourceLoc::default());
    for inst in instructions {
        // Printed, they would push the code far to the right, and number what only this process knows.
        sources[inst] = function.srcloc(inst);
        function.set_srcloc(inst, SourceLoc::default());
    }
    let line = Cell::new(0);
    let mut output = Lines { text: String::new(), line: &line };
    let mut writer = Writer { line: &line, sources: &sources, translated, out: IrText::default() };
    decorate_function(&mut writer, &mut output, function).map_err(|source| CodegenError::Text { source })?;
    let mut out = writer.out;
    out.text = output.text;
    Ok(out)
}

/// Text that counts its lines.
struct Lines<'a> {
    text: String,
    line: &'a Cell<u32>,
}

impl Write for Lines<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let new = text.bytes().filter(|&byte| byte == b'\n').count();
        self.line.set(self.line.get() + u32::try_from(new).map_err(|_| fmt::Error)?);
        self.text.push_str(text);
        Ok(())
    }
}

/// Prints as Cranelift does, and notes what the lines are about.
struct Writer<'a> {
    line: &'a Cell<u32>,
    sources: &'a SecondaryMap<Inst, SourceLoc>,
    translated: &'a Translated,
    out: IrText,
}

impl Writer<'_> {
    fn mention_function(&mut self, function: &Function, callee: FuncRef) {
        self.mention(function, &function.dfg.ext_funcs[callee].name);
    }

    fn mention_global(&mut self, function: &Function, value: GlobalValue) {
        if let GlobalValueData::Symbol { name, .. } = &function.global_values[value] {
            self.mention(function, name);
        }
    }

    fn mention(&mut self, function: &Function, name: &cranelift_codegen::ir::ExternalName) {
        // A name without a meaning would have been an error when it was translated.
        if let Ok(target) = finish::external(function, self.translated, name) {
            self.out.mentions.push((self.line.get(), target));
        }
    }
}

impl FuncWriter for Writer<'_> {
    fn write_block_header(&mut self, w: &mut dyn Write, func: &Function, block: Block, _: usize) -> fmt::Result {
        PlainWriter.write_block_header(w, func, block, INDENT)
    }

    fn write_instruction(
        &mut self,
        w: &mut dyn Write,
        func: &Function,
        aliases: &SecondaryMap<Value, Vec<Value>>,
        inst: Inst,
        _: usize,
    ) -> fmt::Result {
        let source = self.sources[inst];
        if !source.is_default() {
            self.out.locations.push((self.line.get(), source.bits()));
        }
        match func.dfg.insts[inst] {
            InstructionData::Call { func_ref, .. }
            | InstructionData::TryCall { func_ref, .. }
            | InstructionData::FuncAddr { func_ref, .. } => self.mention_function(func, func_ref),
            InstructionData::UnaryGlobalValue { global_value, .. } => self.mention_global(func, global_value),
            _ => {}
        }
        PlainWriter.write_instruction(w, func, aliases, inst, INDENT)
    }

    fn write_entity_definition(
        &mut self,
        w: &mut dyn Write,
        func: &Function,
        entity: AnyEntity,
        value: &dyn fmt::Display,
    ) -> fmt::Result {
        match entity {
            AnyEntity::FuncRef(callee) => self.mention_function(func, callee),
            AnyEntity::GlobalValue(global) => self.mention_global(func, global),
            _ => {}
        }
        self.super_entity_definition(w, func, entity, value)
    }
}
