//! What is asked for: everything that a program is to consist of.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use cranefly_cgu::BitcodeFile;
use cranefly_select::EditedFunction;

use crate::options::ProgramOptions;

/// A program as it is to be published.
#[derive(Debug)]
pub struct Request {
    /// Where the executable belongs.
    pub executable: PathBuf,
    /// Where the program stands in for another one while tests run: a copy that is to be the current program for as long.
    pub stand_in: Option<PathBuf>,
    /// The base image; none as long as the program's C-level interface, for which it is linked, is not known.
    pub base: Option<PathBuf>,
    /// Its crates as the crate lane compiled them, in link order.
    pub crates: Vec<CrateBitcode>,
    /// How it is compiled.
    pub options: ProgramOptions,
    /// Crates as the body lane compiled them.
    pub body_lane: Vec<BodyLaneCrate>,
    /// `crates` were compiled from the sources that the body lane compiled last: the two are to be compared.
    pub verify: bool,
    /// Nothing but these sources is other than when the crate lane was published last: all that the program has is compared.
    pub verify_all: bool,
}

/// A crate's bitcode.
#[derive(Debug)]
pub struct CrateBitcode {
    /// `package:target`.
    pub id: Arc<str>,
    /// One file a codegen unit.
    pub bitcode: Vec<BitcodeFile>,
}

/// A crate as the body lane compiled it.
#[derive(Debug)]
pub struct BodyLaneCrate {
    /// Its bitcode: the crate's with most bodies blanked, or a patch crate's.
    pub own: CrateBitcode,
    /// That of the crate's public twin, if `own` is a patch crate that was compiled against it.
    pub twin: CrateBitcode,
    /// The crate's name, which paths of what is declared in it begin with.
    pub crate_name: Arc<str>,
    /// The names of types that it alone declares, of all crates of a program that have its name; none where it is the only one.
    pub distinct_types: Option<Arc<BTreeSet<String>>>,
    /// Whether functions of `async fn`s in the twin may have older bodies than the crate lane compiled.
    pub is_twin_behind: bool,
    /// Every function whose body is another one than the crate lane compiled. Without any the bitcode is only read, to be known
    /// next time.
    pub edited: Vec<EditedFunction>,
    /// The names of tests that are gone, if `own` is a test harness, whose list is to take the place of the program's.
    pub gone_tests: Option<Vec<String>>,
}

impl BodyLaneCrate {
    /// Whether it is a patch crate.
    pub fn is_patch(&self) -> bool {
        !self.twin.bitcode.is_empty()
    }
}
