//! From one decoded function to its machine code.
//!
//! **Takes** functions of [codegen units](cranefly_cgu), by number or as a unit is read, and how to compile them. **Gives** code, which
//! it keeps in the function store by the functions' keys: Cranelift's, or LLVM's for what Cranelift cannot express. **Never** places
//! code, resolves a symbol or asks which program a function belongs to; and neither a fatal error of LLVM's nor a panic costs more
//! than the function that it happened in.

mod contain;
mod context;
mod eager;
mod error;
mod functions;
mod generator;
mod llvm_tier;
pub mod llvm_worker;
mod options;

pub use contain::{Panicked, contained};
pub use context::CompileContext;
pub use eager::EagerCompiler;
pub use error::{CompileError, Failure, LlvmError};
pub use functions::{Made, OwnCode, UNNAMED, UnitCompiler, compile_all};
pub use generator::{CodeGenerator, Cranelift};
pub use llvm_tier::LlvmTier;
pub use options::CodeOptions;
