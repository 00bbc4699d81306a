//! The program that is measured: its bitcode files in memory, and their functions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cranefly_bitcode::ir::{Function, GlobalId, Module};
use cranefly_bitcode::{Error, Llvm, Reader};

/// Environment variable that names the corpus file.
const VARIABLE: &str = "CRANEFLY_BENCH_CORPUS";

/// Why there is nothing to measure.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// Not started by the script that prepares the corpus.
    #[error("{VARIABLE} is not set: `npm run bench:engine` prepares the corpus and runs the benchmarks")]
    Missing,
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The corpus file lacks a line.
    #[error("{} has no line that starts with `{what}`", path.display())]
    Incomplete {
        /// The corpus file.
        path: PathBuf,
        /// The word.
        what: &'static str,
    },
    /// The bitcode or the toolchain's library.
    #[error(transparent)]
    Bitcode(#[from] Error),
}

/// One codegen unit's file.
#[derive(Debug)]
pub struct UnitFile {
    /// Names it within the program.
    pub id: Arc<str>,
    /// The bitcode.
    pub bytes: Box<[u8]>,
}

/// A unit with all its bodies.
#[derive(Debug)]
pub struct Decoded {
    /// Its symbol table.
    pub module: Module,
    /// Every function that it defines.
    pub functions: Vec<(GlobalId, Function)>,
}

/// A program as the front end hands it to the engine.
#[derive(Debug)]
pub struct Corpus {
    /// The toolchain's LLVM.
    pub llvm: Llvm,
    /// The base image of the program's dependencies.
    pub base: PathBuf,
    /// The program's own bitcode.
    pub units: Vec<UnitFile>,
}

impl Corpus {
    /// Reads the corpus that the environment names: a text file with a line each for `sysroot PATH`, `base PATH` and every
    /// `unit PATH`.
    pub fn from_environment() -> Result<Self, CorpusError> {
        let path = PathBuf::from(std::env::var_os(VARIABLE).ok_or(CorpusError::Missing)?);
        let list = String::from_utf8_lossy(&read(&path)?).into_owned();
        let of = |word: &'static str| list.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '));
        let one = |what| of(what).next().ok_or_else(|| CorpusError::Incomplete { path: path.clone(), what });
        let units: Vec<UnitFile> = of("unit")
            .map(|file| Ok(UnitFile { id: file.into(), bytes: read(Path::new(file))?.into() }))
            .collect::<Result<_, CorpusError>>()?;
        if units.is_empty() {
            return Err(CorpusError::Incomplete { path: path.clone(), what: "unit" });
        }
        Ok(Self { llvm: Llvm::open(Path::new(one("sysroot")?))?, base: one("base")?.into(), units })
    }

    /// Opens a unit.
    pub fn open(&self, unit: &UnitFile) -> Result<Reader, Error> {
        Reader::open(&self.llvm, &*unit.bytes, &unit.id)
    }

    /// Decodes every function of every unit.
    pub fn decode(&self) -> Result<Vec<Decoded>, Error> {
        self.units
            .iter()
            .map(|unit| {
                let reader = self.open(unit)?;
                let functions =
                    reader.functions().map(|id| Ok((id, reader.function(id)?))).collect::<Result<_, Error>>()?;
                Ok(Decoded { module: reader.module().clone(), functions })
            })
            .collect()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CorpusError> {
    std::fs::read(path).map_err(|source| CorpusError::Io { path: path.to_owned(), source })
}
