//! Why a function has no machine code.

use cranefly_translate::Unsupported;
use cranelift_codegen::isa::LookupError;
use cranelift_codegen::settings::SetError;

/// Why a function has no machine code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The function holds something that Cranelift cannot express: LLVM's turn.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// Cranelift refused or failed: LLVM's turn too, but worth a bug report.
    #[error("Cranelift: {0}")]
    Codegen(#[from] CodegenError),
}

/// How Cranelift failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodegenError {
    /// It does not take the function.
    #[error("{listing}")]
    Compilation {
        /// Cranelift's words, and where the verifier objects the function as text with them.
        listing: String,
    },
    /// It panicked.
    #[error("panicked: {message}")]
    Panicked {
        /// The panic's words.
        message: String,
    },
    /// It made something that [`MachineCode`](crate::machine::MachineCode) has no place for.
    #[error("made {what}, which an image has no place for")]
    Unrepresentable {
        /// What it made.
        what: String,
    },
    /// A setting is unknown, or has another kind of value.
    #[error("setting {name}: {source}")]
    Setting {
        /// Its name.
        name: String,
        /// What is wrong with it.
        source: SetError,
    },
    /// It was built without the target.
    #[error("no code generator for x86-64: {source}")]
    TargetMissing {
        /// Cranelift's error.
        source: LookupError,
    },
    /// The settings contradict each other.
    #[error("settings that do not fit together: {source}")]
    Settings {
        /// Cranelift's error.
        source: Box<cranelift_codegen::CodegenError>,
    },
    /// The function cannot be printed.
    #[error("cannot be printed: {source}")]
    Text {
        /// The writer's error.
        source: std::fmt::Error,
    },
}

/// Says that Cranelift made something that machine code has no place for.
pub(super) fn unrepresentable(what: impl Into<String>) -> Error {
    Error::Codegen(CodegenError::Unrepresentable { what: what.into() })
}
