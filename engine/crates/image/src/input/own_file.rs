//! Whether a program may look at its own file: read its symbols there, copy itself, start itself. Such a program gets an
//! executable with [everything](crate::executables::complete) in it.
//!
//! What only libraries of the base image do is not known here, so that a program which asks through them is one of the others.

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{Global, GlobalKind};
use cranefly_cgu::CodegenUnit;
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSymbol};

use crate::input::linker_symbols::is_of_headers;

/// Functions that tell where a program's file is, or what the loader has loaded.
const TELLING: [&str; 3] = ["std::env::current_exe", "dl_iterate_phdr", "getauxval"];
/// Part of the first one's symbol, whichever way it is mangled.
const CURRENT_EXE: &str = "11current_exe";
/// The name by which the kernel has it.
const OWN_FILE: &[u8] = b"/proc/self/exe";

/// Whether a unit may.
pub(crate) fn finds_itself(unit: &CodegenUnit) -> bool {
    unit.module.globals.iter().any(is_telling) || unit.assembly.as_deref().is_some_and(is_telling_assembly)
}

/// The object of a unit's assembly: what it refers to is not among the unit's globals.
fn is_telling_assembly(object: &[u8]) -> bool {
    let Ok(elf) = ElfFile64::<LittleEndian>::parse(object) else { return false };
    let mut references = elf.symbols().filter(ObjectSymbol::is_undefined).filter_map(|symbol| symbol.name().ok());
    references.any(|name| is_telling_function(name) || is_of_headers(name)) || names_own_file(object)
}

fn is_telling_function(name: &str) -> bool {
    TELLING.contains(&name) || name.contains(CURRENT_EXE) && TELLING.contains(&&*demangled(name))
}

/// Whether a text with that name is in `bytes`, of which there may be many.
fn names_own_file(bytes: &[u8]) -> bool {
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == OWN_FILE[0]);
    starts.map(|(at, _)| &bytes[at..]).any(|text| text.starts_with(OWN_FILE))
}

fn is_telling(global: &Global) -> bool {
    match &global.kind {
        GlobalKind::Function { .. } => is_telling_function(&global.name),
        GlobalKind::Variable(_) if is_of_headers(&global.name) => true,
        GlobalKind::Variable(variable) => {
            variable.constant && variable.init.as_ref().is_some_and(|init| names_own_file(&init.bytes))
        }
        GlobalKind::Alias { .. } => false,
    }
}
