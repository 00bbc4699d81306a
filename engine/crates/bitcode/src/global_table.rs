//! What the handles of a module's functions, variables and aliases stand for.

use std::sync::Arc;

use crate::ffi::{ValueRef, value_kind};
use crate::ir::{GlobalId, SymbolKind};
use crate::pointer_map::PointerMap;

/// What a global value stands for.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A symbol.
    Symbol(GlobalId, SymbolKind),
    /// An LLVM intrinsic, never a symbol.
    Intrinsic(Arc<str>),
    /// Of interest to the compiler only (`llvm.used`, …), or something that nothing may refer to.
    Special,
}

/// Globals by handle, and handles by number.
#[derive(Default)]
pub(crate) struct GlobalTable {
    pub(crate) entries: PointerMap<ValueRef, Entry>,
    pub(crate) handles: Vec<ValueRef>,
}

/// Whether a value is a function, variable or alias.
pub(crate) fn is_global(kind: i32) -> bool {
    matches!(kind, value_kind::FUNCTION | value_kind::VARIABLE | value_kind::ALIAS)
}
