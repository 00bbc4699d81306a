//! Why a function has no code.

use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_codegen::{cranelift, llvm};

use crate::contain::Panicked;
use crate::llvm_worker::WorkerError;

/// A function that neither code generator could take.
#[derive(Debug, thiserror::Error)]
#[error("cannot compile `{}`: {reason}", demangled(.symbol))]
pub struct CompileError {
    /// Its symbol.
    pub symbol: String,
    /// Why.
    #[source]
    pub reason: Failure,
}

/// Why a function could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The unit's bitcode cannot be read any more.
    #[error(transparent)]
    Read(#[from] cranefly_bitcode::Error),
    /// Cranelift made code before, and does not now.
    #[error(transparent)]
    Cranelift(#[from] cranelift::Error),
    /// It is LLVM's to compile.
    #[error("Cranelift does not compile it ({construct}), and LLVM failed: {source}")]
    Llvm {
        /// Why it is LLVM's.
        construct: Arc<str>,
        /// Why LLVM failed.
        source: LlvmError,
    },
    /// What was compiled now is not what the store has under the same key: there is a hole in the key. Looked for in paranoid
    /// mode alone.
    #[error("the function store has other code under its key; please report this")]
    OtherCode,
    /// A code generator panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

/// Why LLVM made no code.
#[derive(Debug, thiserror::Error)]
pub enum LlvmError {
    /// The toolchain's library has no code generator that can be used.
    #[error(transparent)]
    Unavailable(Arc<llvm::Error>),
    /// The function cannot be taken out of its unit, or the object holds something that has no place in an image.
    #[error(transparent)]
    Code(#[from] llvm::Error),
    /// The worker made no object.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// LLVM's code refers to a symbol that the function's unit does not have.
    #[error("a relocation to an unknown symbol")]
    UnknownSymbol,
}
