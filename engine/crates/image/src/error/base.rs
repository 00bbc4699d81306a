//! What is wrong with a base image, or with a library that it needs.

use std::io;
use std::path::PathBuf;

/// Why a base image cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The file, or one beside it, cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no shared object, or a broken one.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// What it was linked for cannot be understood.
    #[error("{path}: {source}", path = .path.display())]
    Linked {
        /// The file that says it.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It lacks a symbol that every base image has.
    #[error("it does not define `{name}`")]
    Undefined {
        /// The symbol.
        name: String,
    },
    /// Its array of constructors or of destructors cannot be read.
    #[error(transparent)]
    Entries(#[from] EntryError),
    /// A library that it needs cannot be read.
    #[error("{library}: {source}")]
    Library {
        /// The name by which it is needed.
        library: String,
        /// Why.
        source: LibraryError,
    },
}

/// Why an array of constructors or of destructors cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Its section or relocations are broken.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// An entry is neither an address nor a function.
    #[error("a constructor or destructor has a relocation of type {kind}")]
    Relocation {
        /// As the psABI numbers them.
        kind: u32,
    },
    /// A relocation that names no symbol.
    #[error("an entry without a symbol")]
    NoSymbol,
    /// A symbol's name is no text.
    #[error("a constructor or destructor has no name: {0}")]
    Name(#[from] std::str::Utf8Error),
}

/// Why a shared library cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The file cannot.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is no shared object, or a broken one.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// A version's name is no text.
    #[error("a version has no name: {0}")]
    Version(#[from] std::str::Utf8Error),
}
