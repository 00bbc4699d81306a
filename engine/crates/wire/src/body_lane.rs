//! An edit as the body lane compiled it, what came of it, and `instantiators`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::BitcodeFile;

/// A crate of the program as the body lane compiled it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BodyLaneParams {
    /// `package:target`.
    pub unit: String,
    /// Bitcode files, one a codegen unit.
    pub bitcode: Vec<BitcodeFile>,
    /// Those of the crate's public twin, if `bitcode` is a patch crate that was compiled against it.
    #[serde(default)]
    pub twin: Vec<BitcodeFile>,
    /// The crate's name, which paths of what is declared in it begin with.
    pub crate_name: String,
    /// The names of types that it alone declares, of all crates of a program that have its name; none where it is the only one.
    #[serde(default)]
    pub distinct_types: Option<Vec<String>>,
    /// Whether functions of `async fn`s in the twin may have older bodies than the crate lane compiled.
    #[serde(default)]
    pub is_twin_behind: bool,
    /// Every function whose body is another one than the crate lane compiled. Without any the bitcode is only read, to be known
    /// next time.
    pub edited: Vec<EditedFunction>,
    /// The names of tests that are gone, if the bitcode is that of a test harness: its list of tests, in which some stand for the program's, is to
    /// take the place of the program's.
    #[serde(default)]
    pub gone_tests: Option<Vec<String>>,
    /// For `instantiators`: functions that nothing in the sources can name. What refers to them is asked for in their place.
    #[serde(default)]
    pub passed: Vec<SourceLine>,
}

/// A line (from 1) in a source file, as an absolute path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SourceLine {
    /// The file.
    pub file: PathBuf,
    /// The line.
    pub line: u32,
}

/// Where an edited function is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EditedFunction {
    /// Absolute path of the source file.
    pub file: PathBuf,
    /// First and last line (from 1) of the function in the text that the crate lane compiled.
    pub old: [u32; 2],
    /// The same in the text that the body lane compiled.
    pub new: [u32; 2],
    /// Only its callers can instantiate it; there may be no instance at all.
    #[serde(default)]
    pub generic: bool,
    /// What it is called; empty where that is not told.
    #[serde(default)]
    pub name: String,
    /// Others are said to be at these lines as well: only what has the name is meant.
    #[serde(default, rename = "isNamed")]
    pub is_named: bool,
}

/// What a body lane brought.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct BodyLaneCounts {
    /// Functions that were looked at.
    pub reached: u64,
    /// Taken from the body lane's bitcode.
    pub taken: u64,
    /// Of those, the ones that the program did not have under their names.
    pub new: u64,
}

/// `details` of an error of kind `bodyLane`: a function whose body was blanked but is needed.
#[derive(Clone, Debug, Serialize)]
pub struct Needed {
    /// Its demangled name.
    pub name: String,
    /// Where it is written, if debug info tells.
    pub file: Option<PathBuf>,
    /// Line (from 1) of its declaration; 0 for none.
    pub line: u32,
}

/// How the body lane's functions compare with the crate lane's.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verified {
    /// With equal content.
    pub equal: u64,
    /// Under a path that the crate lane does not use, or uses for instances with other content only: it may have taken the
    /// instance from another crate.
    pub unmatched: u64,
    /// Demangled names of those with other content. Each is a bug of Cranefly's.
    pub diverged: Vec<String>,
}

/// Result of `instances`, which is asked with the parameters of `publish`.
#[derive(Debug, Serialize)]
pub struct InstancesResult {
    /// In the order of their places.
    pub instances: Vec<Instance>,
}

/// An instance that the program has of an edited generic function, in whatever crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Instance {
    /// Where the function is written.
    pub file: PathBuf,
    /// Line (from 1) of its declaration in the text that the crate lane compiled.
    pub line: u32,
    /// Its name with its types, as rustc writes both into debug info.
    pub name: String,
}

/// Result of `tests`, which is asked with the parameters of `publish`.
#[derive(Debug, Serialize)]
pub struct TestsResult {
    /// The names of the tests of the crates in `body_lane`, in the order of the harness.
    pub tests: Vec<String>,
}

/// Result of `instantiators`, which is asked with the parameters of `publish`.
#[derive(Debug, Serialize)]
pub struct InstantiatorsResult {
    /// In the order of their places.
    pub functions: Vec<Instantiator>,
}

/// A function without whose body some instance of an edited generic function is not made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Instantiator {
    /// Where it is written.
    pub file: PathBuf,
    /// Line (from 1) of its declaration.
    pub line: u32,
    /// It is no instance: what leads to it is not looked at, so something has to name it.
    pub is_root: bool,
}
