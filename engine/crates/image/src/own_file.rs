//! Whether a program may look at its own file: read its symbols there, copy itself, start itself. Such a program gets an
//! executable with [everything](crate::complete) in it.
//!
//! What only libraries of the base image do is not known here, so that a program which asks through them is one of the others.

use cranefly_bitcode::ir::{Global, GlobalKind};

use crate::input::Unit;
use crate::linker_symbols::is_of_headers;
use crate::program::Program;

/// Functions that tell where a program's file is, or what the loader has loaded.
const TELLING: [&str; 3] = ["std::env::current_exe", "dl_iterate_phdr", "getauxval"];
/// Part of the first one's symbol, whichever way it is mangled.
const CURRENT_EXE: &str = "11current_exe";
/// The name by which the kernel has it.
const OWN_FILE: &[u8] = b"/proc/self/exe";
/// Texts are short.
const LONGEST_TEXT: usize = 256;

impl Program {
    /// Whether one of the program's own units may.
    pub fn finds_itself(&self) -> bool {
        self.units.values().any(|state| state.finds_itself)
    }
}

/// Whether a unit may.
pub(crate) fn finds_itself(unit: &Unit) -> bool {
    unit.module.globals.iter().any(is_telling)
}

fn is_telling(global: &Global) -> bool {
    match &global.kind {
        GlobalKind::Function { .. } => {
            let name = &*global.name;
            TELLING.contains(&name)
                || name.contains(CURRENT_EXE) && TELLING.contains(&&*format!("{:#}", rustc_demangle::demangle(name)))
        }
        GlobalKind::Variable(_) if is_of_headers(&global.name) => true,
        GlobalKind::Variable(variable) => variable.init.as_ref().is_some_and(|init| {
            variable.constant
                && init.bytes.len() <= LONGEST_TEXT
                && init.bytes.windows(OWN_FILE.len()).any(|part| part == OWN_FILE)
        }),
        GlobalKind::Alias { .. } => false,
    }
}
