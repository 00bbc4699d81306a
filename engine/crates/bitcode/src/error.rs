//! What can go wrong between a toolchain, a bitcode file and a decoded function.

use std::path::PathBuf;

/// Failure of opening the library or reading a unit. Cloneable text only: an error outlives the LLVM context it came from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sysroot holds no `libLLVM` (a toolchain that links LLVM statically, or not a toolchain).
    #[error("no libLLVM shared library in {}", .0.display())]
    LibraryMissing(PathBuf),
    /// The dynamic loader refused the library.
    #[error("cannot load {}: {reason}", path.display())]
    LibraryBroken {
        /// The library.
        path: PathBuf,
        /// The loader's words.
        reason: String,
    },
    /// A function that the reader depends on is not exported: an LLVM version this engine does not know.
    #[error("{} does not export {symbol}", path.display())]
    SymbolMissing {
        /// The library.
        path: PathBuf,
        /// The C name.
        symbol: &'static str,
    },
    /// The file could not be read.
    #[error("cannot read {file}: {reason}")]
    Io {
        /// File name.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// The bytes do not start as bitcode does.
    #[error("{file} is not LLVM bitcode")]
    NotBitcode {
        /// File name.
        file: String,
    },
    /// The file ends inside a block, or its block structure does not add up.
    #[error("{file} is truncated or corrupt: {what}")]
    Truncated {
        /// File name.
        file: String,
        /// Where the walk over the blocks stopped.
        what: String,
    },
    /// LLVM refused the file.
    #[error("LLVM cannot read {file}: {message}")]
    Invalid {
        /// File name.
        file: String,
        /// LLVM's diagnostic.
        message: String,
    },
    /// Bitcode for a machine that Cranefly does not generate code for.
    #[error("{file} is for target {triple:?} (data layout {layout:?}); only 64-bit x86 Linux is supported")]
    Target {
        /// File name.
        file: String,
        /// The module's triple.
        triple: String,
        /// The module's data layout.
        layout: String,
    },
    /// The caller asked for the body of something that has none.
    #[error("{file}: {name} has no body in this unit")]
    NoBody {
        /// File name.
        file: String,
        /// The global's name, or its number.
        name: String,
    },
    /// LLVM's data contradicts itself or this crate's understanding of it.
    #[error("{file}: inconsistent bitcode: {what}")]
    Inconsistent {
        /// File name.
        file: String,
        /// What was found.
        what: String,
    },
}
