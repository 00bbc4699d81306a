//! The in-place linker: a shared object on tmpfs that grows.
//!
//! **Takes** the globals of all units of a program and machine code of single functions. **Gives** an ELF file that the
//! ordinary loader loads. **Never** compiles, and never moves code that a running program may execute.

mod base;
mod error;
mod file;
mod layout;

pub use base::{BaseImage, Import};
pub use error::Error;
pub use layout::{Demand, Region};
