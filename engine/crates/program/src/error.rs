//! Why a program could not be published.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cranefly_cgu::UnitError;
use cranefly_compile::{CompileError, Panicked};
use cranefly_image::Interface;
use cranefly_select::Refusal;

use crate::image_folder::FolderError;

/// A failure of a publication. Programs that run, and the generation before, stay what they are, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The base image cannot be used.
    #[error(transparent)]
    Base(cranefly_image::Error),
    /// There is no base image, or it is not one for the program's C-level interface: it must be linked for this one.
    #[error("what the program has in common with C libraries is not what its base image was linked for")]
    Interface(Box<Interface>),
    /// Files of these crates, as `package:target`, are not what rustc wrote: they must be made anew.
    #[error("{first}")]
    Damaged {
        /// What is wrong with the first.
        first: UnitError,
        /// All of them.
        crates: BTreeSet<String>,
    },
    /// A codegen unit holds what there is no way to run.
    #[error(transparent)]
    Bitcode(UnitError),
    /// The edit cannot be taken from the body lane.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no folder for images.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The executable cannot be written.
    #[error(transparent)]
    Executable(cranefly_image::Error),
    /// A function that must have code now is one that neither code generator takes.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The image cannot be linked.
    #[error(transparent)]
    Link(#[from] cranefly_image::Error),
    /// Its control file cannot be made.
    #[error("cannot make {}, by which programs ask for functions: {source}", path.display())]
    Control {
        /// The file.
        path: PathBuf,
        /// Why.
        source: cranefly_runtime::ControlError,
    },
    /// A bug: the program has to be made anew.
    #[error(transparent)]
    Panicked(#[from] Panicked),
}
