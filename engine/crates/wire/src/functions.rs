//! `functions` and `summary`: what is known of a program's functions.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Fallback;

/// Parameters of `functions`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionsParams {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
    /// Names the program within the workspace.
    pub program: String,
    /// Only functions that are declared in these files, by absolute path.
    #[serde(default)]
    pub files: Option<Vec<String>>,
    /// Only functions that are new, or have other content than in the generation before.
    #[serde(default)]
    pub changed_only: bool,
    /// All but the first so many of them: answers have at most some thousands.
    #[serde(default)]
    pub from: usize,
}

/// Result of `functions`.
#[derive(Debug, Serialize)]
pub struct FunctionsResult {
    /// Which generation.
    pub generation: u64,
    /// In the order of the units.
    pub functions: Vec<FunctionEntry>,
    /// How many come behind these.
    pub left: usize,
}

/// One function of a program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionEntry {
    /// Linker name.
    pub symbol: String,
    /// Demangled name.
    pub name: String,
    /// For an instance of a generic function: the name that all its instances share, every list of type arguments being
    /// `<_>`. Instances have `file` and `line` in common, too.
    pub generic: Option<String>,
    /// For an instance of a generic function: the function's own name with its type arguments, when debug info has them.
    pub instance: Option<String>,
    /// Absolute path of the source file.
    pub file: Option<String>,
    /// Line of the declaration.
    pub line: u32,
    /// Last line with code of the function: its closing bracket, unless it never returns.
    pub end_line: Option<u32>,
    /// New in the last generation, or with other content than before.
    pub changed: bool,
    /// Who compiled it.
    pub tier: Tier,
    /// Why LLVM compiled it: the construct that has no Cranelift IR.
    pub construct: Option<String>,
    /// Microseconds of each stage, when last compiled.
    pub us: FunctionTimes,
    /// Size of the code.
    pub bytes: u64,
    /// What the last generation did with it.
    pub status: FunctionStatus,
    /// Its codegen unit.
    pub unit: String,
}

/// Who compiled a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tier {
    /// Cranelift.
    Cranelift,
    /// LLVM.
    Llvm,
    /// Nobody yet.
    None,
}

/// What a generation did with a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FunctionStatus {
    /// Compiled it.
    Compiled,
    /// Bound it, with code from the store.
    Hit,
    /// Left it to be compiled when it is first called.
    Deferred,
    /// Nothing.
    Untouched,
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

/// Parameters of `summary`.
#[derive(Debug, Deserialize)]
pub struct SummaryParams {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
    /// Names the program within the workspace.
    pub program: String,
    /// How many of the slowest functions, and of the largest families by each measure; at most 1,000.
    pub top: usize,
}

/// Result of `summary`.
#[derive(Debug, Serialize)]
pub struct SummaryResult {
    /// Which generation.
    pub generation: u64,
    /// Functions of the program.
    pub functions: u64,
    /// By who compiled them.
    pub tiers: TierCounts,
    /// Constructs that went to LLVM.
    pub fallbacks: Vec<Fallback>,
    /// Those that took longest, the slowest first.
    pub slowest: Vec<FunctionEntry>,
    /// Generic functions with several instances: the largest by instances, by bytes and by time.
    pub families: Vec<Family>,
}

/// Functions by who compiled them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TierCounts {
    /// Cranelift.
    pub cranelift: u64,
    /// LLVM.
    pub llvm: u64,
    /// Nobody yet.
    pub none: u64,
}

/// The instances of one generic function.
#[derive(Debug, Serialize)]
pub struct Family {
    /// What they are all called, every list of type arguments being `<_>`.
    pub name: String,
    /// Absolute path of the source file.
    pub file: Option<String>,
    /// Line of the declaration.
    pub line: u32,
    /// How many.
    pub instances: u64,
    /// Of their code.
    pub bytes: u64,
    /// Microseconds over all stages, when each was last compiled.
    pub us: f32,
}
