//! `status`: what the daemon holds.

use std::path::PathBuf;

use serde::Serialize;

use crate::TierCounts;

/// Result of `status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusResult {
    /// The engine's version.
    pub version: &'static str,
    /// The engine's process.
    pub pid: u32,
    /// Since its start, in milliseconds.
    pub uptime_ms: u64,
    /// Toolchain that it serves.
    pub toolchain: PathBuf,
    /// Memory in use.
    pub memory: MemoryStatus,
    /// The function store since the daemon's start.
    pub cache: CacheStatus,
    /// Functions of all programs, by who compiled them.
    pub tiers: TierCounts,
    /// Programs that it knows.
    pub programs: Vec<ProgramStatus>,
}

/// Memory in use.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryStatus {
    /// Of the daemon.
    pub rss_bytes: u64,
    /// Functions in the store.
    pub cache_functions: u64,
    /// Bytes of the store.
    pub cache_bytes: u64,
    /// Functions that programs had to wait for since the daemon's start.
    pub first_calls: u64,
    /// Bytes of all images.
    pub image_bytes: u64,
    /// Bound of `cache_bytes`: what was not used for the longest time goes when a publication finds it passed.
    pub cache_limit_bytes: u64,
    /// Bound of `image_bytes`: the programs that were not published for the longest time are given up.
    pub image_limit_bytes: u64,
    /// Bound of `rss_bytes`, as far as giving up programs helps.
    pub memory_limit_bytes: u64,
}

/// What the function store was good for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheStatus {
    /// Functions that publications wanted and found in it.
    pub hits: u64,
    /// Functions that had to be compiled: for a publication, ahead of a call, or on a first call.
    pub misses: u64,
    /// Functions that were dropped to make room.
    pub evictions: u64,
}

/// One program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgramStatus {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
    /// Names the program within the workspace.
    pub program: String,
    /// Its newest generation.
    pub generation: u64,
    /// Functions in it.
    pub functions: u64,
    /// Its image.
    pub image: PathBuf,
    /// Bytes that the image takes.
    pub image_bytes: u64,
}
