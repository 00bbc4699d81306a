//! How a program is made.

use cranefly_compile::CodeOptions;
use cranefly_image::Contents;
use serde::{Deserialize, Serialize};

/// How a program is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramOptions {
    /// How its functions are compiled.
    pub code: CodeOptions,
    /// Functions get debug info entries of their own, not only line tables.
    pub full_debug_info: bool,
    /// What the program's file says of its functions.
    pub contents: Contents,
}
