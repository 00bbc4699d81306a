//! What is to be described, and what comes of it.

use std::sync::Arc;

use cranefly_bitcode::ir::{Location, Subprogram};

/// How much a contribution tells: rustc's `debuginfo=line-tables-only` or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// `line-tables-only`: see the module's description.
    #[default]
    LineTables,
    /// Every function has an entry in its namespaces, with linkage name and declaration.
    Full,
}

/// A function at its place.
#[derive(Clone, Copy, Debug)]
pub struct FunctionInfo<'a> {
    /// Vaddr of its first byte.
    pub address: u64,
    /// Bytes of its instructions.
    pub length: u32,
    /// [`MachineCode::lines`](cranefly_machine::MachineCode::lines).
    pub lines: &'a [(u32, u32)],
    /// What the rows of `lines` refer to.
    pub locations: &'a [Location],
    /// The function itself. Without it there is nothing to say, and the function is left out.
    pub subprogram: Option<&'a Arc<Subprogram>>,
}

/// What one contribution describes.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    /// Name of the unit, as rustc's `src/main.rs/@/…`.
    pub name: &'a str,
    /// Directory that the compiler ran in: file names of this directory are printed relative to it.
    pub directory: &'a str,
    /// How much to tell.
    pub detail: Detail,
    /// The functions, in any order.
    pub functions: &'a [FunctionInfo<'a>],
}

/// Where a contribution will lie: the length of each section before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bases {
    /// Of `.debug_info`.
    pub info: u64,
    /// Of `.debug_line`.
    pub line: u64,
    /// Of `.debug_ranges`.
    pub ranges: u64,
}

/// Bytes to append to each section. All empty when there was nothing to describe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contribution {
    /// For `.debug_info`: append it last, since it refers to the others.
    pub info: Vec<u8>,
    /// For `.debug_line`.
    pub line: Vec<u8>,
    /// For `.debug_ranges`.
    pub ranges: Vec<u8>,
}

/// Why a contribution could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DebugInfoError {
    /// A section would pass 4 GB, the limit of 32-bit DWARF.
    #[error("{0} is full: 32-bit DWARF ends at 4 GB")]
    TooLarge(&'static str),
    /// A row of a line table lies behind the function's end or before the row ahead of it, or names no location.
    #[error("row {row} of the line table of the function at {address:#x} is out of order or names no location")]
    BadRow {
        /// Vaddr of the function.
        address: u64,
        /// Index in its `lines`.
        row: usize,
    },
    /// Bytes to be switched off are not a compile unit of a contribution.
    #[error("not a compile unit of {0} bytes")]
    NotAUnit(usize),
}

/// The location of code that belongs to no source position.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A section offset.
pub(super) fn offset(section: &'static str, value: u64) -> Result<u32, DebugInfoError> {
    u32::try_from(value).map_err(|_| DebugInfoError::TooLarge(section))
}
