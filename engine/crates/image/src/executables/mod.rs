//! The files that are written as a whole: programs' executables, and what stands in for an image that is gone.

pub(crate) mod absent;
pub(crate) mod complete;
pub(crate) mod small_elf;
pub(crate) mod small_executable;
