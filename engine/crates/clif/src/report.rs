//! What is told of a file: plain data, which crosses a process border as JSON.

use serde::{Deserialize, Serialize};

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Line, from 1.
    pub line: u32,
    /// What.
    pub message: String,
}

/// What became of a directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Its line, from 1.
    pub line: u32,
    /// It holds; for `print`, it returned.
    pub ok: bool,
    /// The call and what it returned, or why it did not.
    pub message: String,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What is wrong with it: where the text is no CLIF, where Cranelift's verifier objects, and directives that make no
    /// sense. With one of the first two, nothing is run.
    pub errors: Vec<Fault>,
    /// The directives, in the file's order.
    pub directives: Vec<Verdict>,
}
