//! Why a unit cannot be had.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// The failure of a [`DecodeHandler`](crate::DecodeHandler), whose type only its crate knows.
pub type HandlerError = Box<dyn Error + Send + Sync>;

/// Why a unit cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody has written to the file since rustc has.
    #[error("{} is not what rustc wrote", file.display())]
    Altered {
        /// The file.
        file: PathBuf,
    },
    /// It is no bitcode that this engine understands. The message names the file.
    #[error(transparent)]
    Bitcode(#[from] cranefly_bitcode::Error),
    /// A variable is initialised with something that has no flat form.
    #[error("{}: the initial value of `{variable}` has no supported form: {construct}", file.display())]
    Initializer {
        /// The file.
        file: PathBuf,
        /// The variable's symbol.
        variable: String,
        /// What it is initialised with.
        construct: String,
    },
    /// It has constructors that are not in a section, which rustc does not make today.
    #[error(
        "{}: it lists functions in llvm.global_ctors or llvm.global_dtors, which is not supported",
        file.display()
    )]
    ListedConstructors {
        /// The file.
        file: PathBuf,
    },
    /// Whoever was shown a function does not accept it.
    #[error("{}: `{function}`: {source}", file.display())]
    Function {
        /// The file.
        file: PathBuf,
        /// The function's symbol.
        function: String,
        /// Why.
        source: HandlerError,
    },
    /// Its `module asm` has no object.
    #[error("{}: its assembly: {source}", file.display())]
    Assembly {
        /// The file.
        file: PathBuf,
        /// Why.
        source: HandlerError,
    },
}

impl UnitError {
    /// Whether rustc would make another file of it: whoever asked for the unit should compile it again.
    pub fn is_damage(&self) -> bool {
        use cranefly_bitcode::Error;
        match self {
            Self::Io { .. } | Self::Altered { .. } => true,
            Self::Bitcode(error) => {
                matches!(error, Error::Io { .. } | Error::NotBitcode { .. } | Error::Truncated { .. })
            }
            Self::Initializer { .. }
            | Self::ListedConstructors { .. }
            | Self::Function { .. }
            | Self::Assembly { .. } => false,
        }
    }
}
