//! What tools look for in the file of a program: a build id, and the sections that its sources name.

use std::collections::BTreeMap;

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
