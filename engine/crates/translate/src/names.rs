//! What the external names in a translated function stand for: namespaces of
//! [`UserExternalName`](cranelift_codegen::ir::UserExternalName), and what an index in each of them is.

/// Symbols: the index is a [`SymbolId`](cranefly_bitcode::ir::SymbolId).
pub const SYMBOL: u32 = 0;
/// Symbols that are called with variable arguments: the index is a [`SymbolId`](cranefly_bitcode::ir::SymbolId).
pub const VARIADIC: u32 = 1;
/// Run-time functions: the index is a place in [`Translated::runtime`].
pub const RUNTIME: u32 = 2;

/// What [`translate`](crate::translate) gives besides the Cranelift function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translated {
    /// C names of the run-time functions that the code calls, by index in namespace [`RUNTIME`].
    pub runtime: Vec<&'static str>,
}
