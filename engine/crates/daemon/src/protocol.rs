//! The wire protocol: JSON-RPC 2.0 with `Content-Length` headers over a Unix stream socket.
//!
//! The same types are in `shared/src` for TypeScript; both sides refuse a peer with another [`PROTOCOL`] number.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::body_lane::{BodyLaneCounts, BodyLaneParams, Verified};

/// Version of the protocol; raised with every incompatible change.
pub const PROTOCOL: u32 = 1;

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

/// Parameters of `publish`: everything that a program consists of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishParams {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
    /// Names the program within the workspace.
    pub program: String,
    /// Where the executable belongs.
    pub executable: PathBuf,
    /// The base image.
    pub base: PathBuf,
    /// Compilation units (crates) in link order.
    pub units: Vec<UnitParams>,
    /// rustc's `opt-level`.
    pub opt_level: String,
    /// `line-tables-only` when the units' debug info has no more than that; anything else, or nothing, for full.
    #[serde(default)]
    pub debug_info: Option<String>,
    /// Crates of the program whose edited functions the body lane compiled; `units` are the crate lane's, as before.
    #[serde(default)]
    pub body_lane: Vec<BodyLaneParams>,
    /// `units` were compiled from the sources that the body lane compiled last: the two are to be compared.
    #[serde(default)]
    pub verify: bool,
}

/// One crate of a program.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitParams {
    /// `package:target`.
    pub id: String,
    /// Bitcode files, one a codegen unit.
    pub bitcode: Vec<PathBuf>,
}

/// Result of `publish`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishResult {
    /// Counts up with every publication of the program.
    pub generation: u64,
    /// The image.
    pub image: PathBuf,
    /// Where the time went.
    pub us: StageTimes,
    /// What happened to the functions.
    pub functions: FunctionCounts,
    /// Constructs that Cranelift could not take, with the number of functions that LLVM compiled for it.
    pub fallbacks: Vec<Fallback>,
    /// Codegen units.
    pub units: UnitCounts,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// What the body lane brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_lane: Option<BodyLaneCounts>,
    /// How the body lane's functions compare with the crate lane's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

/// Microseconds by stage. Stages that run on several threads are summed over them, but for `wall`.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageTimes {
    /// Reading bitcode and decoding functions.
    pub parse: f64,
    /// Keys.
    pub hash: f64,
    /// LLVM IR to Cranelift IR.
    pub translate: f64,
    /// Code generation.
    pub compile: f64,
    /// Linking in place and publishing.
    pub publish: f64,
    /// Waiting for translation and code generation, on all cores.
    pub wait: f64,
    /// From request to answer.
    pub wall: f64,
}

/// Functions of a generation.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionCounts {
    /// In the program.
    pub total: u64,
    /// New, or other content than in the generation before.
    pub changed: u64,
    /// Changed or bound again, with code from the store.
    pub hit: u64,
    /// Compiled now.
    pub compiled: u64,
    /// Of those compiled, by LLVM.
    pub llvm: u64,
    /// Left to be compiled when first called.
    pub deferred: u64,
}

/// A construct that goes to LLVM.
#[derive(Clone, Debug, Serialize)]
pub struct Fallback {
    /// Its name.
    pub construct: String,
    /// Functions with it in the program.
    pub functions: u64,
}

/// Codegen units of a generation.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct UnitCounts {
    /// Read now.
    pub read: u64,
    /// Known from before.
    pub reused: u64,
}

/// Names a program.
#[derive(Debug, Deserialize)]
pub struct ProgramParams {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
    /// Names the program within the workspace.
    pub program: String,
}

/// Names a workspace.
#[derive(Debug, Deserialize)]
pub struct WorkspaceParams {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
}

/// Result of `functions`.
#[derive(Debug, Serialize)]
pub struct FunctionsResult {
    /// Which generation.
    pub generation: u64,
    /// Every function of the program.
    pub functions: Vec<FunctionEntry>,
}

/// One function of a program.
#[derive(Debug, Serialize)]
pub struct FunctionEntry {
    /// Linker name.
    pub symbol: String,
    /// Demangled name.
    pub name: String,
    /// Source file.
    pub file: Option<String>,
    /// Line of the declaration.
    pub line: u32,
    /// `cranelift`, `llvm`, or `none` while it has no code.
    pub tier: &'static str,
    /// Microseconds of each stage, when last compiled.
    pub us: FunctionTimes,
    /// Size of the code.
    pub bytes: u64,
    /// `compiled`, `hit`, `untouched` (in the last generation), or `deferred`.
    pub status: &'static str,
    /// Its codegen unit.
    pub unit: String,
}

/// Microseconds that one function took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct FunctionTimes {
    /// Decoding.
    pub parse: f32,
    /// Key.
    pub hash: f32,
    /// LLVM IR to Cranelift IR.
    pub translate: f32,
    /// Code generation.
    pub compile: f32,
}

/// Result of `status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusResult {
    /// The engine's version.
    pub version: &'static str,
    /// The engine's process.
    pub pid: u32,
    /// Since its start.
    pub uptime_ms: u64,
    /// Toolchain that it serves.
    pub toolchain: PathBuf,
    /// Memory in use.
    pub memory: MemoryStatus,
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
