//! The wire protocol: JSON-RPC 2.0 with `Content-Length` headers over a Unix stream socket.
//!
//! The same types are in `shared/src` for TypeScript; both sides refuse a peer with another [`PROTOCOL`] number.

use std::path::PathBuf;

use cranefly_cgu::Digest;
use serde::{Deserialize, Serialize};

use crate::body_lane::{BodyLaneCounts, BodyLaneParams, Instantiator, Verified};

/// Version of the protocol; raised with every incompatible change.
pub const PROTOCOL: u32 = 2;

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

/// A file with bitcode.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BitcodeFile {
    /// Where it is.
    pub path: PathBuf,
    /// Of what rustc wrote.
    pub digest: Digest,
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

impl PublishResult {
    /// Counts what was read and compiled for an earlier attempt at the same publication as well.
    pub fn add(&mut self, before: &Self) {
        self.us.parse += before.us.parse;
        self.us.hash += before.us.hash;
        self.us.translate += before.us.translate;
        self.us.compile += before.us.compile;
        self.functions.compiled += before.functions.compiled;
        self.functions.llvm += before.functions.llvm;
        self.units.read += before.units.read;
        self.units.reused = self.units.reused.saturating_sub(before.units.read);
    }
}

/// Result of `instantiators`.
#[derive(Debug, Serialize)]
pub struct InstantiatorsResult {
    /// In the order of their places.
    pub functions: Vec<Instantiator>,
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

/// Parameters of `inspect`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectParams {
    /// Cranefly's folder in the target directory.
    pub workspace: PathBuf,
    /// Names the program within the workspace.
    pub program: String,
    /// Linker name of the function.
    pub symbol: String,
    /// Its codegen unit, where several have one of this name.
    #[serde(default)]
    pub unit: Option<String>,
    /// Which text.
    pub what: TextKind,
    /// As it was before its last change.
    #[serde(default)]
    pub previous: bool,
}

/// What a function can be shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TextKind {
    /// LLVM IR, as rustc made it.
    Llvm,
    /// Cranelift IR, before compilation.
    Clif,
    /// Machine code in the image, disassembled.
    Asm,
}

/// Result of `inspect`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectResult {
    /// Linker name.
    pub symbol: String,
    /// Demangled name.
    pub name: String,
    /// The generation that the text is of: with `previous`, the last one that had it.
    pub generation: u64,
    /// The text is cut; its last line says so.
    pub truncated: bool,
    /// The text.
    pub text: String,
    /// Source positions of the text's lines, by rising line; lines without one are left out.
    pub lines: Vec<TextLine>,
    /// Symbols in the text, in its order.
    pub refs: Vec<TextReference>,
}

/// Source position of a line of text. All numbers count from 1.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TextLine {
    /// The line.
    pub line: u32,
    /// Absolute path of the source, of the innermost of inlined functions.
    pub file: String,
    /// Line there.
    pub source_line: u32,
    /// Column there; 0 for none.
    pub source_column: u32,
    /// Line in the function itself: for what was inlined into it, that of the call.
    pub function_line: u32,
}

/// A symbol in a text. Numbers count from 1, columns and lengths in UTF-16 code units.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TextReference {
    /// Line of the text.
    pub line: u32,
    /// Column there.
    pub column: u32,
    /// Length.
    pub length: u32,
    /// Linker name.
    pub symbol: String,
    /// Demangled name.
    pub name: String,
    /// Absolute path of the source, when the symbol is a function of the program's own crates.
    pub file: Option<String>,
    /// Line of its declaration; 0 for none.
    pub source_line: u32,
}

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
    /// In the order of the units.
    pub functions: Vec<FunctionEntry>,
    /// How many come behind these.
    pub left: usize,
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
    /// `cranelift`, `llvm`, or `none` while it has no code.
    pub tier: &'static str,
    /// Why LLVM compiled it: the construct that has no Cranelift IR.
    pub construct: Option<String>,
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
