//! What the image is made of: decoded units without function bodies.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Location, Module, Subprogram, SymbolRef};

/// One codegen unit of a program. Immutable: a changed unit is a new value under the same [`id`](Unit::id).
#[derive(Debug)]
pub struct Unit {
    /// Names the unit within its program, the same in every generation (crate and codegen unit).
    pub id: Arc<str>,
    /// Everything that it defines and declares.
    pub module: Module,
    /// Relocatable object of its `module asm`, if it has any.
    pub assembly: Option<Vec<u8>>,
    /// The functions that it defines. One that is the same value in another version of the unit is the same function at the same lines.
    pub functions: Vec<Arc<FunctionInfo>>,
    /// Globals that are something local to another unit, whatever else has their names.
    pub bound: BTreeMap<GlobalId, LocalOf>,
}

/// Something that only its unit sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalOf {
    /// The unit's id.
    pub unit: Arc<str>,
    /// The global there.
    pub global: GlobalId,
}

/// What must be known of a defined function without its body.
#[derive(Clone, Debug)]
pub struct FunctionInfo {
    /// Which global of the unit it is.
    pub global: GlobalId,
    /// Content key: functions with equal keys have equal machine code up to binding.
    pub key: u128,
    /// LLVM compiles it: the key says what only LLVM reads, too.
    pub is_llvm: bool,
    /// What its symbol operands name, by `SymbolId`.
    pub symbols: Vec<SymbolRef>,
    /// Its source positions, by `LocationId`.
    pub locations: Vec<Location>,
    /// Where it is declared.
    pub subprogram: Option<Arc<Subprogram>>,
}
