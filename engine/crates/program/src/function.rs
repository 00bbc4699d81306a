//! A function of a program, by its codegen unit and its number there.

use std::sync::Arc;

use cranefly_cgu::FunctionInfo;
use cranefly_cgu::LoadedUnit;
use cranefly_cgu::Place;

/// A function of a program.
#[derive(Clone, Copy, Debug)]
pub struct FunctionOf<'a> {
    /// Its unit.
    pub unit: &'a Arc<LoadedUnit>,
    /// Its number there.
    pub number: usize,
}

impl<'a> FunctionOf<'a> {
    /// All functions of a unit.
    pub fn all(unit: &'a Arc<LoadedUnit>) -> impl Iterator<Item = Self> + use<'a> {
        (0..unit.unit.functions.len()).map(move |number| Self { unit, number })
    }

    /// What is known of it.
    pub fn info(self) -> &'a FunctionInfo {
        &self.unit.unit.functions[self.number]
    }

    /// Linker name.
    pub fn symbol(self) -> &'a Arc<str> {
        &self.unit.unit.module.globals[self.info().global.0 as usize].name
    }

    /// Where it is written.
    pub fn place(self) -> Place<'a> {
        self.unit.sources().place(self.number)
    }
}
