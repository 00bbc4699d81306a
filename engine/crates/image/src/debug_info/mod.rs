//! DWARF for the image: line tables and inlined frames, appended in *contributions*.
//!
//! Takes placed functions with their source positions, gives bytes to append to `.debug_info`, `.debug_line` and
//! `.debug_ranges`; touches no file. One contribution is one DWARF 4 compile unit with one line program, and all
//! contributions share the abbreviations of [`abbreviations`], which are written once. When its functions are
//! superseded, the unit is switched off in place with [`neutralise`].
//!
//! What is described, and under which names, mirrors LLVM's output for rustc, since std's backtraces print it: at
//! [`Detail::LineTables`] a function has an entry only when something was inlined into it, and no entry has a linkage
//! name, so that the printer takes the names of all others from the symbol table.
//!
//! Source: DWARF Debugging Information Format, version 4.

mod abbrev;
mod bytes;
mod info;
mod line;
mod scopes;

use std::sync::Arc;

use cranefly_bitcode::ir::{Location, Subprogram};

pub use abbrev::abbreviations;

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

/// Encodes a contribution that will lie at `bases`.
pub fn contribution(unit: &Unit<'_>, bases: Bases) -> Result<Contribution, DebugInfoError> {
    let mut lines = line::LineProgram::new(unit.directory);
    let mut info = info::InfoUnit::new(unit, bases)?;
    let mut scopes = scopes::Scopes::default();
    for function in unit.functions {
        let Some(subprogram) = function.subprogram else { continue };
        check(function)?;
        lines.function(function, subprogram);
        scopes.collect(function);
        info.function(function, subprogram, &scopes, &mut lines)?;
    }
    let Some(mut contribution) = info.finish()? else { return Ok(Contribution::default()) };
    contribution.line = lines.finish();
    offset(".debug_info", bases.info + contribution.info.len() as u64)?;
    offset(".debug_line", bases.line + contribution.line.len() as u64)?;
    Ok(contribution)
}

/// Fails unless every row is usable.
fn check(function: &FunctionInfo<'_>) -> Result<(), DebugInfoError> {
    let mut last = 0;
    for (row, &(offset, location)) in function.lines.iter().enumerate() {
        let located = location == NOWHERE
            || function.locations.get(location as usize).is_some_and(|location| !location.frames.is_empty());
        if offset < last || offset > function.length || !located {
            return Err(DebugInfoError::BadRow { address: function.address, row });
        }
        last = offset;
    }
    Ok(())
}

/// The location of code that belongs to no source position.
const NOWHERE: u32 = u32::MAX;

/// A section offset.
fn offset(section: &'static str, value: u64) -> Result<u32, DebugInfoError> {
    u32::try_from(value).map_err(|_| DebugInfoError::TooLarge(section))
}

/// What to overwrite a contribution's `.debug_info` bytes with so that every reader skips it: a unit of the same length
/// that says nothing. Its part of the other sections is then referred to by nobody.
pub fn neutralise(info: &[u8]) -> Result<Vec<u8>, DebugInfoError> {
    let not_a_unit = DebugInfoError::NotAUnit(info.len());
    let Some((length, rest)) = info.split_first_chunk::<4>() else { return Err(not_a_unit) };
    // The root entry: its abbreviation, and a block of 4 bytes of length and all that is left.
    const BLOCK: usize = info::HEADER + 5;
    if u32::from_le_bytes(*length) as usize != rest.len() || info.len() < BLOCK {
        return Err(not_a_unit);
    }
    let mut out = vec![0; info.len()];
    out[..info::HEADER].copy_from_slice(&info[..info::HEADER]);
    out[info::HEADER] = abbrev::PADDING;
    out[info::HEADER + 1..BLOCK].copy_from_slice(&((info.len() - BLOCK) as u32).to_le_bytes());
    Ok(out)
}
