//! What a unit's globals are to a linker: definitions, and the sections and regions that they ask for.

use cranefly_bitcode::ir::{Global, GlobalId, GlobalKind, Variable};
use cranefly_cgu::{CodegenUnit, is_definition};

use crate::file::region::Region;
use crate::input::section::{self, Reserved, SectionKind};

/// Zero-initialised variables of at least this many bytes take no room in the file.
const BSS_THRESHOLD: u64 = 4096;

/// The crate that a unit is of.
pub(crate) fn crate_of(unit: &str) -> &str {
    unit.rsplit_once('/').map_or(unit, |(name, _)| name)
}

/// The variable that a global of `unit` is, if it is one.
pub(crate) fn variable_of(unit: &CodegenUnit, global: GlobalId) -> Option<&Variable> {
    match &unit.module.globals[global.0 as usize].kind {
        GlobalKind::Variable(variable) => Some(variable),
        _ => None,
    }
}

/// Whether a global is a variable that lies in a section of a name that the sources chose.
pub(crate) fn is_named(global: &Global) -> bool {
    let GlobalKind::Variable(variable) = &global.kind else { return false };
    let is_chosen = variable.section.as_deref().is_some_and(section::is_chosen);
    is_chosen && !variable.thread_local && is_definition(global)
}

/// How a variable's section places it.
pub(crate) fn kind_of(variable: &Variable) -> Result<SectionKind, Reserved> {
    let Some(name) = &variable.section else { return Ok(SectionKind::Ordinary) };
    let kind = SectionKind::of(name)?;
    let possible = match kind {
        // What the code's segment holds can be neither written to nor relocated.
        SectionKind::Text => is_plain(variable) && !variable.thread_local,
        SectionKind::Ordinary => true,
        // Bounds of, and entries in, every thread's copy.
        _ => !variable.thread_local,
    };
    if possible { Ok(kind) } else { Err(Reserved) }
}

/// Whether a variable begins as zeros.
pub(crate) fn is_zero(variable: &Variable) -> bool {
    variable.init.as_ref().is_none_or(|init| init.pointers.is_empty() && init.bytes.iter().all(|&byte| byte == 0))
}

/// The region for a variable outside of groups. `far_from`: the size from which they lie where only the GOT reaches, so that they take
/// nothing of the 2 GB that code spans.
pub(crate) fn region_of(variable: &Variable, far_from: u64) -> Region {
    let zero = is_zero(variable);
    let far = variable.size >= far_from;
    if variable.thread_local {
        Region::Tdata
    } else if kind_of(variable) == Ok(SectionKind::Text) {
        Region::Text
    } else if zero && far {
        // Constants, too: a gigabyte of memory is worth more than their protection.
        Region::FarBss
    } else if variable.constant {
        match (has_pointers(variable), far) {
            (false, false) => Region::Rodata,
            (false, true) => Region::FarRodata,
            (true, false) => Region::DataRelRo,
            (true, true) => Region::FarData,
        }
    } else if zero && variable.size >= BSS_THRESHOLD {
        Region::Bss
    } else if far {
        Region::FarData
    } else {
        Region::Data
    }
}

/// Whether nobody writes to a variable, the loader included.
pub(crate) fn is_plain(variable: &Variable) -> bool {
    variable.constant && !has_pointers(variable)
}

fn has_pointers(variable: &Variable) -> bool {
    variable.init.as_ref().is_some_and(|init| !init.pointers.is_empty())
}

/// A variable's initial contents, pointers being zero.
pub(crate) fn contents(variable: &Variable) -> Vec<u8> {
    let mut bytes = variable.init.as_ref().map_or_else(Vec::new, |init| init.bytes.clone());
    bytes.resize(usize::try_from(variable.size).expect("a size in the file"), 0);
    bytes
}
