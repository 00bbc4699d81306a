//! Source positions, as debug info gives them. None of this is part of a function's key.

use std::sync::Arc;

use smallvec::SmallVec;

/// A source position: innermost first, then the positions that it was inlined at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// At least one frame.
    pub frames: SmallVec<[SourceFrame; 1]>,
}

/// One position in one (possibly inlined) function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceFrame {
    /// The function that the position is in.
    pub subprogram: Arc<Subprogram>,
    /// File of the position (differs from the subprogram's for lexical-block files and macros).
    pub file: Arc<SourceFile>,
    /// 1-based line, 0 for none.
    pub line: u32,
    /// 1-based column, 0 for none.
    pub column: u32,
}

/// A function as debug info describes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subprogram {
    /// Short name, as `DW_AT_name`.
    pub name: Arc<str>,
    /// Mangled name, as `DW_AT_linkage_name`; empty when there is none.
    pub linkage_name: Arc<str>,
    /// Enclosing namespaces, outermost first (`["core", "ptr"]`).
    pub namespace: Vec<Arc<str>>,
    /// Where it is written.
    pub file: Arc<SourceFile>,
    /// Line of the declaration.
    pub line: u32,
}

/// A source file as debug info names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceFile {
    /// Compilation directory or explicit directory, may be empty.
    pub directory: Arc<str>,
    /// File name, possibly with folders, relative to `directory` unless absolute.
    pub name: Arc<str>,
}
