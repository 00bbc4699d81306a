//! `initialize` and `evict`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Parameters of `initialize`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InitializeParams {
    /// The client's protocol version.
    pub protocol: u32,
}

/// Result of `initialize`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitializeResult {
    /// The engine's protocol version.
    pub protocol: u32,
    /// The engine's version.
    pub version: &'static str,
    /// The engine's process.
    pub pid: u32,
    /// Toolchain that it serves.
    pub toolchain: PathBuf,
}

/// Names a workspace.
#[derive(Debug, Deserialize)]
pub struct WorkspaceParams {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
}
