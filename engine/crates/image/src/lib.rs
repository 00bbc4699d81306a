//! The in-place linker: a shared object on tmpfs that grows.
//!
//! **Takes** the globals of all units of a program and machine code of single functions. **Gives** an ELF file that the
//! ordinary loader loads. **Never** compiles, and never moves code that a running program may execute.

mod absent;
mod assembly;
mod base;
mod checkpoint;
mod code;
mod commit;
mod complete;
mod contents;
mod data;
mod debug;
pub mod debug_info;
mod deferred;
mod dynamic;
mod elf;
mod error;
mod executable;
mod file;
mod frames;
mod groups;
mod identity;
mod image;
/// What an image is made of.
mod input {
    pub use cranefly_cgu::{CodegenUnit as Unit, FunctionInfo, LocalOf};
}
mod interface;
mod layout;
mod linker_symbols;
mod liveness;
mod own_file;
mod published;
mod replacement;
mod resolve;
mod runtime_functions;
mod saved;
mod section;
mod small_elf;
mod start;
mod symbols;
mod text;
mod unresolved;
pub mod unwind;

pub use absent::write_absent;
pub use base::{BaseImage, Import};
pub use commit::{Publication, is_allocator_entry};
pub use contents::Contents;
pub use error::Error;
pub use executable::{ImageSearch, executable};
pub use file::{ImageFile, Lease};
pub use identity::{BUILD_ID_SIZE, Identity};
pub use image::{Image, Pending, demand};
pub use interface::{Interface, Linked, UnitInterface};
pub use layout::{Demand, Region};
pub use published::PublishedCode;
pub use replacement::Replacement;
pub use saved::SavedImage;
pub use symbols::SymbolIndex;
