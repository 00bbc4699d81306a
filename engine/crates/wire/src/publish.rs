//! `publish`: everything that a program consists of, and what was made of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{BitcodeFile, BodyLaneCounts, BodyLaneParams, Verified};

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
    /// The base image; none as long as the program's C-level interface, for which it is linked, is not known.
    #[serde(default)]
    pub base: Option<PathBuf>,
    /// Compilation units (crates) in link order.
    pub units: Vec<UnitParams>,
    /// rustc's `opt-level`.
    pub opt_level: String,
    /// `line-tables-only` when the units' debug info has no more than that; anything else, or nothing, for full.
    #[serde(default)]
    pub debug_info: Option<String>,
    /// What a linker would leave out of the program.
    #[serde(default)]
    pub strip: Strip,
    /// A linker would have all visible symbols in the dynamic symbol table.
    #[serde(default)]
    pub export_dynamic: bool,
    /// Crates of the program whose edited functions the body lane compiled; `units` are the crate lane's, as before.
    #[serde(default)]
    pub body_lane: Vec<BodyLaneParams>,
    /// `units` were compiled from the sources that the body lane compiled last: the two are to be compared.
    #[serde(default)]
    pub verify: bool,
    /// Nothing but these sources is other than when the crate lane was published last: all that the program has is compared.
    #[serde(default)]
    pub verify_all: bool,
}

/// rustc's `-C strip`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strip {
    /// Nothing.
    #[default]
    None,
    /// Source positions.
    DebugInfo,
    /// And the names of functions.
    Symbols,
}

/// One crate of a program.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitParams {
    /// `package:target`.
    pub id: String,
    /// Bitcode files, one a codegen unit.
    pub bitcode: Vec<BitcodeFile>,
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
    /// Changed, with code from the store.
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
