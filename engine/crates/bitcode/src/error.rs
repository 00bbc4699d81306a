//! What can go wrong between a toolchain, a bitcode file and a decoded function.

use std::path::PathBuf;
use std::sync::Arc;

/// Failure of opening the library or reading a unit. What LLVM said is kept as text: an error outlives the context that it came
/// from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sysroot holds no `libLLVM` (a toolchain that links LLVM statically, or not a toolchain).
    #[error("no libLLVM shared library in {}; use a toolchain that rustup has installed", .0.display())]
    LibraryMissing(PathBuf),
    /// The dynamic loader refused the library.
    #[error("cannot load {}: {source}; install the toolchain anew", path.display())]
    LibraryBroken {
        /// The library.
        path: PathBuf,
        /// The loader's error.
        source: libloading::Error,
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
    #[error("cannot read {file}: {source}")]
    Io {
        /// File name.
        file: String,
        /// The system's error.
        source: std::io::Error,
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

/// Why a constant is not a number, nor a symbol plus bytes, nor made of these. Where it is part of a function, LLVM compiles the
/// function; where it is a variable's initial value, the unit cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConstantError {
    /// An intrinsic has no address.
    #[error("address of {name}")]
    IntrinsicAddress {
        /// The intrinsic's full name.
        name: Arc<str>,
    },
    /// The address of `llvm.used` or its like.
    #[error("address of a compiler-internal global")]
    InternalAddress,
    /// `undef` or `poison` inside of an expression.
    #[error("undefined address")]
    UndefinedAddress,
    /// The address of a basic block.
    #[error("blockaddress")]
    BlockAddress,
    /// An address whose bits are not all kept.
    #[error("address in an i{bits}")]
    NarrowAddress {
        /// Width of the integer that it is converted to.
        bits: u32,
    },
    /// Arithmetic whose result is no address.
    #[error("{operation}")]
    AddressArithmetic {
        /// What is done, such as `sum of two addresses`.
        operation: &'static str,
    },
    /// A way through a type that has no such way.
    #[error("getelementptr {what}")]
    ElementAddress {
        /// What is in the way.
        what: &'static str,
    },
    /// An expression of vectors.
    #[error("constant expression on vectors")]
    VectorExpression,
    /// An expression of integers wider than 64 bits.
    #[error("constant expression on i{bits}")]
    WideExpression {
        /// Width of the integer.
        bits: u32,
    },
    /// An instruction that is not evaluated here.
    #[error("constant expression with opcode {opcode}")]
    Expression {
        /// `LLVMOpcode`.
        opcode: i32,
    },
    /// A kind of constant that is not known here.
    #[error("constant of kind {kind}")]
    Kind {
        /// `LLVMValueKind`.
        kind: i32,
    },
    /// A floating point format without a decoded form.
    #[error("floating format of an initializer")]
    FloatFormat,
    /// Several elements in a type that has none.
    #[error("aggregate constant of a scalar type")]
    ScalarAggregate,
}
