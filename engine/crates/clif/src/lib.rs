//! Runs the `; run:` and `; print:` directives of `.clif` files, as `clif-util test` does.
//!
//! **Takes** a file's text. **Gives** what is wrong with it, and whether its directives hold. Functions are compiled with the
//! settings of the engine's own compiler. **Never** runs anything in the process that it is asked in: each directive has a
//! process of its own ([`supervise`]), with limits, and memory that is writable or executable but never both.

mod call;
mod file;
mod libcalls;
mod link;
mod memory;
pub mod supervise;

use serde::{Deserialize, Serialize};

pub use file::{ClifFile, Directive};

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

/// Compiles the file's functions and runs the directive at `line`, here and now. For a process that may be lost.
pub fn run(file: &ClifFile, line: u32) -> Verdict {
    let Some(directive) = file.directives.iter().find(|directive| directive.line == line) else {
        return Verdict { line, ok: false, message: "there is no directive at this line".to_owned() };
    };
    match link::link(file).and_then(|program| call::call(&program, file, directive)) {
        Ok((ok, message)) => Verdict { line, ok, message },
        Err(message) => Verdict { line, ok: false, message },
    }
}
