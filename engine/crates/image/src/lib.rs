//! The in-place linker: a shared object on tmpfs that grows.
//!
//! **Takes** the globals of all units of a program and machine code of single functions. **Gives** an ELF file that the
//! ordinary loader loads. **Never** compiles, and never moves code that a running program may execute.
//!
//! [`Image`] is where to begin reading: what can be done to an image in each of its states. An image is a number of tables, each
//! of which keeps itself in order: [`Tables`] are those by which code is bound, `linking::Linking` has the others. Modules use
//! only what is below them, in this order: the file (`layout`, `file`, `elf`), tables, what moves between tables
//! (`outside`, `assembly`, `resolve`, `update`, `install`, `commit`), the image.

mod absent;
mod assemblies;
mod assembly;
mod base;
mod cells;
mod checkpoint;
mod code;
mod commit;
mod complete;
mod constructors;
mod contents;
mod contested;
mod data;
mod debug;
pub mod debug_info;
mod demand;
mod dynamic;
mod elf;
mod error;
mod executable;
mod exports;
mod file;
mod frames;
mod globals;
mod groups;
mod identity;
mod image;
mod install;
mod interface;
mod layout;
mod linker_symbols;
mod linking;
mod liveness;
mod mangling;
mod object_file;
mod outside;
mod own_file;
mod place_groups;
mod relocations;
mod replacement;
mod resolve;
mod running;
mod runtime_functions;
mod saved;
mod section;
mod slots;
mod small_elf;
mod start;
mod stub;
mod symbols;
mod symtab;
mod tables;
mod text;
mod units;
mod unresolved;
pub mod unwind;
mod update;

pub use absent::write_absent;
pub use base::{BaseImage, Import, Linked};
pub use code::Pending;
pub use commit::Publication;
pub use contents::Contents;
pub use demand::demand;
pub use error::{
    AdoptError, AssemblyConstruct, AssemblyError, BaseError, CodeError, EntryError, Error, LibraryError, LinkerOnly,
    RelocationProblem,
};
pub use executable::{ImageSearch, executable};
pub use file::{ImageFile, Lease};
pub use identity::{BUILD_ID_SIZE, Identity};
pub use image::{Draft, Image, ImageOptions};
pub use interface::{Interface, UnitInterface};
pub use layout::{Demand, Region};
pub use mangling::is_allocator_entry;
pub use replacement::Replacement;
pub use running::Running;
pub use saved::SavedImage;
pub use symbols::{Place, SymbolIndex};
pub use tables::{PublishedCode, Tables};
pub use text::{Bound, RelocationError};
