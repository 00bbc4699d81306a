//! What can go wrong while an image is made.

use std::io;
use std::path::PathBuf;

/// A failure of the image stage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image's file could not be made or written.
    #[error("cannot write the program image {path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A region has no room left: the image must be made anew with more.
    #[error("the program image has no room left in {region}")]
    Full {
        /// Section name.
        region: &'static str,
    },
    /// A function that is compiled on its first call needs something that only the loader could give.
    #[error("it refers to something that was not known when the program started")]
    Sealed,
    /// An image that another process left cannot be completed.
    #[error("the program image {path} cannot be taken over: {reason}", path = .path.display())]
    TakeOver {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The program is too large for one image.
    #[error("the program needs more than 2 GB of code and data, which PC-relative addressing cannot span")]
    TooLarge,
    /// The base image is not what it should be.
    #[error("the base image {path} is unusable: {reason}", path = .path.display())]
    Base {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Machine code cannot be placed.
    #[error("cannot place `{function}`: {reason}")]
    Relocation {
        /// Its symbol.
        function: String,
        /// Why.
        reason: String,
    },
    /// Only a linker knows what to do with it.
    #[error("{what} needs a linker")]
    Unplaceable {
        /// What and where it is.
        what: String,
    },
    /// Only a linker knows what it is.
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
    #[error("undefined: {}", .names.join(", "))]
    Unresolved {
        /// The symbols, for people.
        names: Vec<String>,
    },
}
