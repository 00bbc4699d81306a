//! `compile`: code now, for a debugger that sets a breakpoint.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Parameters of `compile`: a source line, or symbols.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompileParams {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
    /// Names the program within the workspace.
    pub program: String,
    /// Absolute path of a source file.
    #[serde(default)]
    pub file: Option<String>,
    /// Line there, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// Linker names.
    #[serde(default)]
    pub symbols: Option<Vec<String>>,
}

/// Result of `compile`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CompileResult {
    /// Which generation.
    pub generation: u64,
    /// The functions that were asked for.
    pub symbols: Vec<FunctionAt>,
    /// How many of them had no code and have it now.
    pub compiled: u64,
}

/// A function at a source line.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionAt {
    /// Linker name.
    pub symbol: String,
    /// Demangled name.
    pub name: String,
    /// Its codegen unit.
    pub unit: String,
    /// Absolute path of the source.
    pub file: Option<String>,
    /// Line of the declaration.
    pub line: u32,
    /// Last line with code of it.
    pub end_line: u32,
}
