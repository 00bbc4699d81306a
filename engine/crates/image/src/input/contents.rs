//! What of a program's names and source positions is in its file: what a linker would have left there.

use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Debug info.
    pub debug_info: bool,
    /// Names of functions.
    pub names: bool,
    /// All visible symbols are in the dynamic symbol table (`--export-dynamic`).
    pub all_exported: bool,
}

impl Default for Contents {
    fn default() -> Self {
        Self { debug_info: true, names: true, all_exported: false }
    }
}
