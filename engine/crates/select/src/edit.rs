//! Where an edit is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cranefly_bitcode::ir::Subprogram;

/// All functions that were edited, in whatever crates.
#[derive(Debug)]
pub struct Edit<'a> {
    /// All functions whose bodies are others than the crate lane's.
    pub functions: Vec<&'a EditedFunction>,
    /// Whether functions of `async fn`s in a twin may have older bodies than the crate lane compiled.
    pub is_twin_behind: bool,
    /// Crates that have other tests.
    pub tests: Vec<EditedTests<'a>>,
}

/// The tests of a crate whose patch crate is a test harness: these take the place of those that stand for them, and the patch crate's others
/// are new.
#[derive(Clone, Copy, Debug)]
pub struct EditedTests<'a> {
    /// `package:target`.
    pub crate_id: &'a str,
    /// The names of those that there are no more, or that are others now.
    pub gone: &'a [String],
}

/// What was edited of a crate.
#[derive(Debug)]
pub struct EditedCrate {
    /// `package:target`.
    pub id: String,
    /// Every function whose body is another one than the crate lane compiled.
    pub edited: Vec<EditedFunction>,
    /// Functions that nothing in the sources can name. What refers to them is asked for in their place.
    pub passed: Vec<SourceLine>,
}

impl EditedCrate {
    /// Whether a unit of this id is one of the crate's.
    pub fn has(&self, unit: &str) -> bool {
        unit.strip_prefix(&*self.id).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// A line (from 1) in a source file, as an absolute path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file.
    pub file: PathBuf,
    /// The line.
    pub line: u32,
}

/// Where an edited function is written.
#[derive(Debug)]
pub struct EditedFunction {
    /// Absolute path of the source file.
    pub file: PathBuf,
    /// First and last line (from 1) of the function in the text that the crate lane compiled; the last is before the first where
    /// it is a new one.
    pub old: [u32; 2],
    /// The same in the text that the body lane compiled; of one that is gone, the last is before the first.
    pub new: [u32; 2],
    /// Only its callers can instantiate it; there may be no instance at all.
    pub generic: bool,
    /// What it is called, without types; empty where that is not known.
    pub name: Arc<str>,
    /// Others are said to be at these lines as well: only what has the name is meant.
    pub is_named: bool,
}

impl EditedFunction {
    /// Whether the crate lane has not seen it yet.
    pub fn is_new(&self) -> bool {
        self.old[1] < self.old[0]
    }

    /// Whether there is none of it any more.
    pub fn is_gone(&self) -> bool {
        self.new[1] < self.new[0]
    }
}

/// Absolute path of the file that a function is written in.
pub(crate) fn source_file(subprogram: &Subprogram) -> PathBuf {
    Path::new(&*subprogram.file.directory).join(&*subprogram.file.name)
}

/// The edited function in whose range of lines a function is declared.
pub(crate) fn range_of<'a>(
    subprogram: Option<&Arc<Subprogram>>,
    edited: &[&'a EditedFunction],
    lines: fn(&EditedFunction) -> [u32; 2],
) -> Option<&'a EditedFunction> {
    let subprogram = subprogram?;
    edited.iter().copied().find(|function| {
        let [first, last] = lines(function);
        let is_meant = || !function.is_named || subprogram.name.split('<').next() == Some(&*function.name);
        (first..=last).contains(&subprogram.line) && is_meant() && source_file(subprogram) == function.file
    })
}
