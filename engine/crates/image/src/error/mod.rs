//! What can go wrong while an image is made.

mod adopt;
mod assembly;
mod base;
mod code;
mod linker;

use std::io;
use std::path::PathBuf;

use crate::debug_info::DebugInfoError;
use crate::file::layout::TooLarge;
use crate::file::room::Shortage;
use crate::unwind::UnwindError;

pub use self::adopt::AdoptError;
pub use self::assembly::AssemblyError;
pub use self::base::{BaseError, EntryError, LibraryError};
pub use self::code::CodeError;
pub use self::linker::{AssemblyConstruct, LinkerOnly, RelocationProblem};

/// A failure of the image stage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image's file, or one that goes with it, could not be made or written.
    #[error("cannot write the program image {path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A region has no room left: the image must be made anew with more.
    #[error("the program image has no room left for {}: the next build makes another one", .0.region.contents())]
    Full(Shortage),
    /// A function that is compiled on its first call needs something that only the loader could give: the program must be
    /// started again.
    #[error("it refers to something that was not known when the program started")]
    Sealed,
    /// An image that another process left cannot be completed: the program must be published anew.
    #[error("the program image {path} cannot be taken over: {source}", path = .path.display())]
    Adopt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: AdoptError,
    },
    /// An image that another process left was to be updated, for which most of what is needed is gone: it must be made anew.
    #[error("the program image {path} was made by another process: it can be completed, but not updated", path = .path.display())]
    Adopted {
        /// The file.
        path: PathBuf,
    },
    /// The program is too large for one image.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The base image is not what it should be: it must be linked anew.
    #[error("the base image {path} is unusable: {source}", path = .path.display())]
    Base {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: BaseError,
    },
    /// Machine code cannot be placed.
    #[error("cannot place `{function}`: {source}")]
    Code {
        /// Its symbol.
        function: String,
        /// Why.
        source: CodeError,
    },
    /// The assembly of a unit is not what an assembler writes.
    #[error("cannot place the assembly of {unit}: {source}")]
    Assembly {
        /// The unit's id.
        unit: String,
        /// Why.
        source: AssemblyError,
    },
    /// Code cannot be described to the unwinder.
    #[error("cannot describe `{function}` to the unwinder: {source}")]
    Frames {
        /// A symbol, or what else the code is.
        function: String,
        /// Why.
        source: UnwindError,
    },
    /// Code cannot be described to debuggers.
    #[error("cannot write debug info of {unit}: {source}")]
    DebugInfo {
        /// The unit's id.
        unit: String,
        /// Why.
        source: DebugInfoError,
    },
    /// The code by which functions are asked for cannot be placed.
    #[error("cannot place the first-call stub: {source}")]
    Stub {
        /// Why.
        source: cranefly_runtime::BindError,
    },
    /// Only a linker knows what to do with it: the program is the linker's.
    #[error("{0} needs a linker")]
    LinkerOnly(LinkerOnly),
    /// Only a linker knows what it is: the program is the linker's.
    #[error("the linker defines `{name}`, for an executable that is all in one file")]
    LinkerDefined {
        /// The symbol.
        name: String,
    },
    /// The same symbol has two strong definitions.
    #[error("symbol `{name}` is defined twice: in {first} and in {second}")]
    Duplicate {
        /// The symbol.
        name: String,
        /// One unit.
        first: String,
        /// The other unit.
        second: String,
    },
    /// Nothing defines what the program refers to.
    #[error("nothing that the program is linked with defines {}", .names.join(", "))]
    Unresolved {
        /// The symbols, for people.
        names: Vec<String>,
    },
}
