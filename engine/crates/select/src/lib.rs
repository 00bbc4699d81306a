//! The body lane: which functions of its bitcode go into a program, next to what the crate lane made.
//!
//! The front end compiled the crate with every body blanked (`loop {}`) but those that were edited and some others. What
//! comes out of bodies that were there is right by itself; what comes out of a blanked one must never run. So, starting at
//! the edited functions, everything that they reach is compared with what the program has under the same name: equal
//! content stays where it is, other content is taken from the body lane and stands in for the crate lane's, and a blanked
//! function is the crate lane's or the whole edit is refused.
//!
//! What comes as a patch crate has other symbols than the crate lane; [`names`] finds out what they stand for.
//!
//! **Never** guesses: whatever cannot be matched is a [`Refusal`], and the crate lane does it.

mod content;
mod copies;
mod derive;
mod edited;
mod futures;
mod names;
mod references;
mod selector;
mod symbol_table;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cranefly_bitcode::ir::Subprogram;

pub use content::same_version;
pub use copies::copies;
pub use names::{BodyUnit, Origin};
pub use references::instantiators;
pub use selector::{Edit, SelectionCache, select};
pub use verify::{Patch, Verified};

/// What was edited of a crate.
#[derive(Debug)]
pub struct EditedCrate {
    /// `package:target`.
    pub id: String,
    /// Every function whose body is another one than the crate lane compiled.
    pub edited: Vec<EditedFunction>,
    /// Functions that nothing in the sources can name. What refers to them is asked for in their place.
    pub passed: Vec<Place>,
}

/// A line (from 1) in a source file, as an absolute path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
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
    /// First and last line (from 1) of the function in the text that the crate lane compiled.
    pub old: [u32; 2],
    /// The same in the text that the body lane compiled.
    pub new: [u32; 2],
    /// Only its callers can instantiate it; there may be no instance at all.
    pub generic: bool,
}

/// What a body lane brought.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodyLaneCounts {
    /// Functions that were looked at.
    pub reached: u64,
    /// Taken from the body lane's bitcode.
    pub taken: u64,
    /// Of those, the ones that the program did not have under their names.
    pub new: u64,
}

/// Why an edit cannot take the body lane.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// For the user, and to be counted by.
    pub reason: String,
    /// Functions whose bodies would have to be there for it to work.
    pub needs: Vec<Needed>,
    /// It is the edit: compiled in another way, it would be refused as well.
    pub is_final: bool,
}

impl Refusal {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), needs: Vec::new(), is_final: false }
    }

    fn of_edit(reason: impl Into<String>) -> Self {
        Self { is_final: true, ..Self::new(reason) }
    }
}

/// A function whose body was blanked but is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needed {
    /// Its demangled name.
    pub name: String,
    /// Where it is written, if debug info tells.
    pub file: Option<PathBuf>,
    /// Line (from 1) of its declaration.
    pub line: u32,
}

/// Absolute path of the file that a function is written in.
fn source_file(subprogram: &Subprogram) -> PathBuf {
    Path::new(&*subprogram.file.directory).join(&*subprogram.file.name)
}

/// The edited function in whose range of lines a function is declared.
fn range_of<'a>(
    subprogram: Option<&Arc<Subprogram>>,
    edited: &[&'a EditedFunction],
    lines: fn(&EditedFunction) -> [u32; 2],
) -> Option<&'a EditedFunction> {
    let subprogram = subprogram?;
    edited.iter().copied().find(|function| {
        let [first, last] = lines(function);
        (first..=last).contains(&subprogram.line) && source_file(subprogram) == function.file
    })
}
