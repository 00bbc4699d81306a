//! Functions as text, for people: LLVM IR, Cranelift IR, machine code.
//!
//! **Takes** a unit's bitcode and the number of a function in it, or a function's code as it lies in an image. **Gives**
//! [`Text`]: lines, the source position of each, and the symbols that they name. **Never** compiles for an image, changes
//! one, or gives more than [`MAX_BYTES`].

mod asm;
mod clif;
mod listing;
mod llvm;
pub mod names;
mod text;

use cranefly_bitcode::ir::{Function, GlobalId, Module};
use cranefly_machine::Target;

pub use asm::{Code, asm};
pub use clif::clif;
pub use llvm::llvm;
pub use text::{MAX_BYTES, Reference, SourceLine, Text};

/// A function in its unit, as far as texts need it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The unit.
    pub module: &'a Module,
    /// The function.
    pub global: GlobalId,
    /// What its symbol operands name, by `SymbolId`.
    pub symbols: &'a [cranefly_bitcode::ir::SymbolRef],
    /// Its source positions, by `LocationId`.
    pub locations: &'a [cranefly_bitcode::ir::Location],
}

impl<'a> Subject<'a> {
    /// A decoded function.
    pub fn new(module: &'a Module, global: GlobalId, body: &'a Function) -> Self {
        Self { module, global, symbols: &body.symbols, locations: &body.locations }
    }

    /// Linker name of the function.
    fn symbol(&self) -> &'a str {
        self.module.globals.get(self.global.0 as usize).map_or("", |global| &global.name)
    }

    /// Linker name of what machine code refers to; `None` for itself and for what has no name.
    fn name(&self, target: &'a Target) -> Option<&'a str> {
        let global = match target {
            Target::Symbol(number) | Target::Variadic(number) => self.symbols.get(*number as usize)?.global.0,
            Target::Global(number) => *number,
            Target::Runtime(name) => return Some(name),
            Target::Local(_) => return None,
        };
        let name = &*self.module.globals.get(global as usize)?.name;
        (!name.is_empty()).then_some(name)
    }
}

/// Why a function has no text of the wanted kind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its unit could not be read.
    #[error(transparent)]
    Read(#[from] cranefly_bitcode::Error),
    /// Cranelift cannot express it: there is no Cranelift IR.
    #[error(transparent)]
    Translate(#[from] cranefly_codegen::cranelift::Error),
}
