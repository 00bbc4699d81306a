//! What tools look for in the file of a program: a build id, and the sections that its sources name.

use std::collections::BTreeMap;

use cranefly_bitcode::ir::{Global, GlobalKind};

use crate::data;
use crate::image::{Image, defines};
use crate::section;

/// Bytes of a build id, as linkers make it by default.
pub const BUILD_ID_SIZE: usize = cranefly_runtime::BUILD_ID;

/// What a program's executable says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Another one for every program that is not the same.
    pub build_id: [u8; BUILD_ID_SIZE],
    /// The file names its functions, of which there is one.
    pub has_names: bool,
    /// Sections of names that the sources chose, with their contents as they are in a file: pointers are zero there.
    pub sections: BTreeMap<String, Vec<u8>>,
}

impl Identity {
    /// The note that holds the build id.
    pub(crate) fn note(&self) -> Vec<u8> {
        const NT_GNU_BUILD_ID: u32 = 3;
        const NAME: &[u8; 4] = b"GNU\0";
        let size = u32::try_from(BUILD_ID_SIZE).expect("a few bytes");
        let mut note: Vec<u8> = [4, size, NT_GNU_BUILD_ID].into_iter().flat_map(u32::to_le_bytes).collect();
        note.extend(NAME);
        note.extend(self.build_id);
        note
    }
}

/// Whether a global is a variable that lies in a section of a name that the sources chose.
pub(crate) fn is_named(global: &Global) -> bool {
    let GlobalKind::Variable(variable) = &global.kind else { return false };
    let is_chosen = variable.section.as_deref().is_some_and(section::is_chosen);
    is_chosen && !variable.thread_local && defines(global)
}

impl Image {
    /// The sections of names that the program's sources chose.
    pub fn named_sections(&self) -> BTreeMap<String, Vec<u8>> {
        let mut members = Vec::new();
        for (id, state) in &self.units {
            for &global in &state.named {
                let Some(variable) = data::variable_of(&state.unit, global) else { continue };
                let Some(name) = variable.section.as_deref() else { continue };
                members.push((name, self.rank(id), global, variable));
            }
        }
        members.sort_unstable_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2)));
        let mut sections: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (name, _, _, variable) in members {
            let bytes = sections.entry(name.to_owned()).or_default();
            bytes.resize(bytes.len().next_multiple_of(usize::try_from(variable.align).unwrap_or(1)), 0);
            bytes.extend(data::contents(variable));
        }
        sections
    }
}
