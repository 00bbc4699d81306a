//! What can be in the way of a text.

/// Why a function has no text of the wanted kind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its unit could not be read.
    #[error(transparent)]
    Read(#[from] cranefly_bitcode::Error),
    /// Cranelift cannot express it: there is no Cranelift IR.
    #[error(transparent)]
    Translate(#[from] cranefly_codegen::cranelift::Error),
}
