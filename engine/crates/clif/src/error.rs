//! Why a file's functions cannot be compiled, or a directive cannot be run.

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{ArgumentPurpose, Type, UserFuncName};

/// Why a file's functions cannot be compiled, or a directive cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is for other processors.
    #[error("the file names targets, and x86_64, the one that code is run on here, is not among them")]
    OtherTarget,
    /// The file's settings are not Cranelift's.
    #[error(transparent)]
    Target(#[from] cranefly_codegen::cranelift::Error),
    /// Cranelift does not take a function, in its own words.
    #[error("{listing}")]
    Compilation {
        /// The words, and the function with them.
        listing: String,
    },
    /// A function calls one that the file does not define.
    #[error("{function} refers to {callee}, which is not in this file")]
    Undefined {
        /// The function.
        function: UserFuncName,
        /// What it refers to.
        callee: UserFuncName,
    },
    /// A function refers to something that is no function of the file or of the library.
    #[error("{function}: no way to run code that refers to {referent}")]
    Referent {
        /// The function.
        function: UserFuncName,
        /// What it refers to.
        referent: String,
    },
    /// A function needs a library function that is not provided.
    #[error("{function} needs `{name}`")]
    LibraryFunction {
        /// The function.
        function: UserFuncName,
        /// The C name.
        name: &'static str,
    },
    /// Cranelift wants a library function that has no name.
    #[error("{function}: {source}")]
    LibraryCall {
        /// The function.
        function: UserFuncName,
        /// What it wants.
        source: cranefly_codegen::cranelift::Error,
    },
    /// A relocation of a kind that is not known here.
    #[error("{function}: no way to run code with relocation {kind}")]
    Relocation {
        /// The function.
        function: UserFuncName,
        /// Its kind.
        kind: Reloc,
    },
    /// Two functions that are too far apart for a call.
    #[error("code is too large")]
    CodeTooLarge,
    /// No memory.
    #[error("no memory for {length} bytes of code: {source}")]
    Memory {
        /// How much was asked for.
        length: usize,
        /// The system's error.
        source: rustix::io::Errno,
    },
    /// The system does not let code be executed.
    #[error("memory cannot be made executable: {source}")]
    NotExecutable {
        /// The system's error.
        source: rustix::io::Errno,
    },
    /// A parameter that a directive has no way to write.
    #[error("a directive cannot give a function `{purpose}` parameters")]
    Parameter {
        /// What the parameter is for.
        purpose: ArgumentPurpose,
    },
    /// A value that a directive has no way to write.
    #[error("a directive cannot give or take values of type {ty}")]
    Value {
        /// The type.
        ty: Type,
    },
    /// More values than memory offsets have room for.
    #[error("too many values")]
    TooManyValues,
    /// A call with another number of arguments than the function has parameters.
    #[error("{given} arguments are given, the function takes {taken}")]
    ArgumentCount {
        /// Arguments of the directive.
        given: usize,
        /// Parameters of the function.
        taken: usize,
    },
    /// A function whose signature no directive can call.
    #[error("the function cannot be called")]
    NotCallable,
}
