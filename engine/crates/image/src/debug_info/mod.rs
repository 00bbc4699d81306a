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
mod description;
mod info;
mod line;
mod scopes;

use self::description::{NOWHERE, offset};

pub use self::abbrev::abbreviations;
pub use self::description::{Bases, Contribution, DebugInfoError, Detail, FunctionInfo, Unit};

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
