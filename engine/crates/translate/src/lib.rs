//! LLVM IR → Cranelift IR.
//!
//! **Takes** one decoded function ([`cranefly_bitcode::ir::Function`]). **Gives** a Cranelift function that does the
//! same, or [`Unsupported`], which names the construct that has no translation; the caller then hands the function to
//! LLVM. **Never** knows what a symbol resolves to or where code will lie: calls are direct calls to
//! [`SYMBOL`]-namespaced names, addresses of symbols are loaded from the GOT.
//!
//! # Invariants
//! * **Integers are zero-extended.** An `iN` lives in the next larger Cranelift integer type (`i8`, `i16`, `i32`, `i64`,
//!   `i128`) and its unused high bits are zero, always: `i1` is an `i8` that is 0 or 1. Every operation restores this,
//!   every signed operation sign-extends its operands first.
//! * **Memory accesses have the exact width** of LLVM's store size, not a byte more.
//! * **Aggregates are flattened** into scalar *leaves* ([`repr`]); vectors are 128-bit leaves where they fill whole
//!   registers, and single lanes otherwise.
//! * Blocks are filled in reverse post-order, so that definitions are seen before uses; unreachable blocks are dropped.

mod abi;
mod arith;
mod call;
mod cast;
mod control;
mod function;
mod intrinsics;
mod memory;
mod repr;
mod value;
mod vector;

use std::borrow::Cow;
use std::fmt;

use cranefly_bitcode::ir;
use cranelift_codegen::ir as clif;
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;

pub use control::{PAD_CATCH, PAD_CLEANUP, PAD_FILTER};

/// Namespace of [`clif::UserExternalName`]: `index` is an [`ir::SymbolId`].
pub const SYMBOL: u32 = 0;
/// Namespace of [`clif::UserExternalName`]: `index` is an [`ir::SymbolId`] that is called with variable arguments.
pub const VARIADIC: u32 = 1;
/// Namespace of [`clif::UserExternalName`]: `index` is a place in [`Translated::runtime`].
pub const RUNTIME: u32 = 2;

/// A construct that has no translation; the function goes to LLVM.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unsupported(pub Cow<'static, str>);

impl Unsupported {
    /// Names the construct.
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unsupported: {}", self.0)
    }
}

impl std::error::Error for Unsupported {}

/// Shorthand of this crate.
pub(crate) type Result<T, E = Unsupported> = std::result::Result<T, E>;

/// `Err(Unsupported)` with a formatted name.
macro_rules! unsupported {
    ($($arg:tt)*) => { return Err($crate::Unsupported::new(format!($($arg)*))) };
}
pub(crate) use unsupported;

/// What [`translate`] gives besides the Cranelift function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translated {
    /// C names of the run-time functions that the code calls, by index in namespace [`RUNTIME`].
    pub runtime: Vec<&'static str>,
}

/// Translates `source` into `target`, which must be empty ([`clif::Function::new`] or cleared).
///
/// Source locations of `target` are [`ir::LocationId`]s.
///
/// # Errors
/// Names the first construct that has no translation; `target` is then half-filled and only fit for clearing.
pub fn translate(
    source: &ir::Function,
    isa: &dyn TargetIsa,
    target: &mut clif::Function,
    context: &mut FunctionBuilderContext,
) -> Result<Translated> {
    function::translate(source, isa, target, context)
}
