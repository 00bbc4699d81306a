//! What functions are compiled with.

use cranefly_bitcode::Llvm;
use cranefly_cache::Store;

use crate::generator::CodeGenerator;
use crate::llvm_tier::LlvmTier;

/// What functions are compiled with, and where their code goes.
#[derive(Debug)]
pub struct CompileContext {
    /// The toolchain's LLVM.
    pub llvm: Llvm,
    /// What functions are compiled with, but for those that it does not take.
    pub generator: Box<dyn CodeGenerator>,
    /// LLVM's code generator, for these.
    pub llvm_tier: LlvmTier,
    /// The function store.
    pub store: Store,
    /// Recompile what the store has, and compare.
    pub paranoid: bool,
}
