//! Bitcode, as requests name it.

use std::path::PathBuf;

use serde::Deserialize;

/// A file with bitcode.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BitcodeFile {
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of what rustc wrote, in hexadecimal digits.
    pub digest: String,
}
