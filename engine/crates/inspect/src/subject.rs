//! What a text is about.

use cranefly_bitcode::ir::{Function, GlobalId, Location, Module, SymbolRef};
use cranefly_machine::Target;

/// A function in its unit, as far as texts need it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The unit.
    pub module: &'a Module,
    /// The function.
    pub global: GlobalId,
    /// What its symbol operands name, by `SymbolId`.
    pub symbols: &'a [SymbolRef],
    /// Its source positions, by `LocationId`.
    pub locations: &'a [Location],
}

impl<'a> Subject<'a> {
    /// A decoded function.
    pub fn new(module: &'a Module, global: GlobalId, body: &'a Function) -> Self {
        Self { module, global, symbols: &body.symbols, locations: &body.locations }
    }

    /// Linker name of the function.
    pub(crate) fn symbol(&self) -> &'a str {
        self.module.globals.get(self.global.0 as usize).map_or("", |global| &global.name)
    }

    /// Linker name of what machine code refers to; `None` for itself and for what has no name.
    pub(crate) fn name(&self, target: &'a Target) -> Option<&'a str> {
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
