//! The in-place linker: a shared object on tmpfs that grows.
//!
//! **Takes** the globals of all units of a program and machine code of single functions. **Gives** an ELF file that the
//! ordinary loader loads. **Never** compiles, and never moves code that a running program may execute.
//!
//! [`Image`] is where to begin reading: what can be done to an image in each of its states. An image is a number of tables, each
//! of which keeps itself in order: [`Tables`] are those by which code is bound, `linking::Linking` has the others. Folders use
//! only what is below them, in this order: the file, the input, the base image, the tables, those of linking, what moves between
//! them (`passes`), executables, the image.

mod base;
mod checkpoint;
pub mod debug_info;
mod error;
mod executables;
mod file;
mod image;
mod input;
mod linking;
mod passes;
mod running;
mod saved;
mod tables;
pub mod unwind;

pub use base::{BaseImage, Import, Linked};
pub use error::{
    AdoptError, AssemblyConstruct, AssemblyError, BaseError, CodeError, EntryError, Error, LibraryError, LinkerOnly,
    RelocationProblem,
};
pub use executables::absent::write_absent;
pub use executables::small_executable::{ImageSearch, executable};
pub use file::demand::Demand;
pub use file::identity::{BUILD_ID_SIZE, Identity};
pub use file::layout::{Layout, TooLarge};
pub use file::region::Region;
pub use file::replacement::Replacement;
pub use file::room::{Room, Shortage};
pub use file::{ImageFile, Lease};
pub use image::{Draft, Image, ImageOptions};
pub use input::contents::Contents;
pub use input::demand::{UnitDemand, demand};
pub use input::interface::{Interface, UnitInterface};
pub use input::mangling::is_allocator_entry;
pub use passes::commit::Publication;
pub use passes::text::{Bound, RelocationError};
pub use running::Running;
pub use saved::SavedImage;
pub use tables::code::Pending;
pub use tables::symbols::{Place, SymbolIndex};
pub use tables::{PublishedCode, Tables};
