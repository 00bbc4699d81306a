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
//! * **Aggregates are flattened** into scalar *leaves* (`repr`); vectors are 128-bit leaves where they fill whole
//!   registers, and single lanes otherwise.
//! * Blocks are filled in reverse post-order, so that definitions are seen before uses; unreachable blocks are dropped.

mod abi;
mod arith;
mod call;
mod cast;
mod control;
mod error;
mod function;
mod intrinsics;
mod memory;
mod names;
mod repr;
mod translator;
mod value;
mod vector;

use cranefly_bitcode::ir;
use cranelift_codegen::ir as clif;
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;

pub use control::{PAD_CATCH, PAD_CLEANUP, PAD_FILTER};
pub use error::Unsupported;
pub use names::{RUNTIME, SYMBOL, Translated, VARIADIC};

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
) -> Result<Translated, Unsupported> {
    function::translate(source, isa, target, context)
}
