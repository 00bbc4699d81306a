//! Runs one directive in this process.

use crate::file::ClifFile;
use crate::report::Verdict;
use crate::{call, link};

/// Compiles the file's functions and runs the directive at `line`, here and now. For a process that may be lost.
pub fn run(file: &ClifFile, line: u32) -> Verdict {
    let Some(directive) = file.directives.iter().find(|directive| directive.line == line) else {
        return Verdict { line, ok: false, message: "there is no directive at this line".to_owned() };
    };
    match link::link(file).and_then(|program| call::call(&program, file, directive)) {
        Ok((ok, message)) => Verdict { line, ok, message },
        Err(error) => Verdict { line, ok: false, message: error.to_string() },
    }
}
