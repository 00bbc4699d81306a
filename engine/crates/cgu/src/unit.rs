//! A codegen unit without function bodies: what a program image is made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranefly_bitcode::ir::{Global, GlobalId, GlobalKind, Linkage, Module, Subprogram, SymbolRef};

use crate::positions::Positions;

/// One codegen unit of a program. Immutable: a changed unit is a new value under the same [`id`](CodegenUnit::id).
#[derive(Debug)]
pub struct CodegenUnit {
    /// Names the unit within its program, the same in every generation (crate and codegen unit).
    pub id: Arc<str>,
    /// Everything that it defines and declares.
    pub module: Module,
    /// Relocatable object of its `module asm`, if it has any.
    pub assembly: Option<Vec<u8>>,
    /// The functions that it defines, by rising number of the global. One that is the same value in another version of the unit is the same function at the same lines.
    pub functions: Vec<Arc<FunctionInfo>>,
    /// Globals that are something local to another unit, whatever else has their names.
    pub bound: BTreeMap<GlobalId, LocalOf>,
    /// Its functions are edited ones, and what these need, as the body lane compiled them: they stand in for a crate's.
    pub is_body_lane: bool,
}

impl CodegenUnit {
    /// The number of a function by its global.
    pub fn function(&self, global: GlobalId) -> Option<usize> {
        self.functions.binary_search_by_key(&global, |function| function.global).ok()
    }
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
    /// How much there is to its body: see [`weight`](crate::weight).
    pub weight: u32,
    /// What its symbol operands name, by `SymbolId`.
    pub symbols: Box<[SymbolRef]>,
    /// Its source positions, by `LocationId`.
    pub positions: Positions,
    /// Where it is declared.
    pub subprogram: Option<Arc<Subprogram>>,
}

/// The number of a global by its place among a module's.
///
/// # Panics
/// If a module has 2^32 globals.
#[inline]
pub fn global_id(place: usize) -> GlobalId {
    GlobalId(u32::try_from(place).expect("globals below 2^32"))
}

/// The definitions of a unit, by name.
pub fn definitions(module: &Module) -> impl Iterator<Item = (&Arc<str>, GlobalId)> {
    let named =
        module.globals.iter().enumerate().filter(|(_, global)| is_definition(global) && !global.name.is_empty());
    named.map(|(number, global)| (&global.name, global_id(number)))
}

/// Whether a unit defines one of its globals, for others or for itself.
#[inline]
pub fn is_definition(global: &Global) -> bool {
    if matches!(global.linkage, Linkage::AvailableExternally | Linkage::ExternWeak) {
        return false;
    }
    match &global.kind {
        GlobalKind::Function { defined } => *defined,
        GlobalKind::Variable(variable) => variable.init.is_some(),
        GlobalKind::Alias { .. } => true,
    }
}

/// Whether a global is a constant that rustc gave a name of no meaning (`alloc_…`, `vtable.3`): it is its content.
#[inline]
pub fn is_anonymous(global: &Global) -> bool {
    global.linkage == Linkage::Local
        && matches!(&global.kind, GlobalKind::Variable(variable) if variable.constant && !variable.thread_local)
        && !global.name.starts_with("_R")
        && !global.name.starts_with("_ZN")
}
