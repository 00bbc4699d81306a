//! `inspect`: a function as text.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
