//! Crates of a few lines, compiled by the real rustc and read as units: no daemon, no image, no code.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use cranefly_bitcode::Llvm;
use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{GlobalId, GlobalKind};
use cranefly_cache::Key;
use cranefly_cgu::{
    BitcodeFile, BitcodeForm, DecodeHandler, DecodedFunction, Digest, FunctionIdentity, HandlerError, LoadedUnit,
    ReadContext, UnitCache,
};
use cranefly_select::{BodyUnit, Edit, EditedFunction, Origin, Refusal, Selection, SelectionCache, select};

/// What the crate is called.
pub const CRATE: &str = "app:app";

/// Functions keep the keys of their decoded forms, and are compiled by nobody.
struct KeysOnly;

impl DecodeHandler for KeysOnly {
    fn decoded(&self, key: Key, _: DecodedFunction<'_>) -> Result<FunctionIdentity, HandlerError> {
        Ok(FunctionIdentity { key, is_llvm: false, is_compiled: false })
    }

    fn assemble(&self, _: &[u8], file: &str) -> Result<Option<Vec<u8>>, HandlerError> {
        panic!("{file} has no assembly")
    }
}

fn llvm() -> &'static Llvm {
    static LLVM: OnceLock<Llvm> = OnceLock::new();
    LLVM.get_or_init(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
        Llvm::open(Path::new(String::from_utf8(output.stdout).expect("UTF-8").trim())).expect("libLLVM opens")
    })
}

/// A crate whose source is always the same file, with a folder for each compilation of it.
pub struct Crate {
    folder: PathBuf,
    compilations: usize,
}

impl Crate {
    /// In a new folder of this name.
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("select-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self { folder: folder.canonicalize().expect("a folder"), compilations: 0 }
    }

    /// The source file.
    pub fn file(&self) -> PathBuf {
        self.folder.join("lib.rs")
    }

    /// A folder for what the next compilation writes.
    pub fn next_out(&mut self) -> PathBuf {
        self.compilations += 1;
        self.folder.join(format!("out-{}", self.compilations))
    }

    /// Units of `source`, compiled with `options`.
    #[track_caller]
    pub fn units(&mut self, source: &str, options: &[&str]) -> Vec<Arc<LoadedUnit>> {
        let out = self.next_out();
        std::fs::write(self.file(), source).expect("writable");
        let output = Command::new("rustc")
            .args(["lib.rs", "--crate-name=app", "--edition=2024", "-Awarnings"])
            .args((!options.iter().any(|it| it.starts_with("--crate-type"))).then_some("--crate-type=lib"))
            .args(["--emit=llvm-bc,metadata", "-Ccodegen-units=1", "-Cno-prepopulate-passes", "-Cdebuginfo=2"])
            .arg("-Clink-dead-code")
            .arg("--out-dir")
            .arg(&out)
            .args(options)
            .current_dir(&self.folder)
            .output()
            .expect("rustc runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let files = std::fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|it| it == "bc")).collect();
        files.sort();
        files.iter().enumerate().map(|(number, path)| read(path, &format!("{CRATE}/{number}"))).collect()
    }

    /// The function that begins at the line of `source` that contains `text`, as edited: it has one line.
    #[track_caller]
    pub fn edited(&self, source: &str, text: &str) -> EditedFunction {
        let (number, line) =
            source.lines().enumerate().find(|(_, line)| line.contains(text)).expect("there is such a function");
        let number = u32::try_from(number).expect("few lines") + 1;
        let header = line.split('(').next().unwrap_or_default();
        let name = header.split('<').next().and_then(|it| it.split_whitespace().last()).unwrap_or_default().into();
        let generic = header.contains('<');
        EditedFunction {
            file: self.file(),
            old: [number, number],
            new: [number, number],
            generic,
            name,
            is_named: false,
        }
    }

    /// Compiles `after`, in which bodies but those of functions that `keep` names are blank, and selects what is needed of the functions
    /// `edited`.
    #[track_caller]
    pub fn overlay(
        &mut self,
        before: &[Arc<LoadedUnit>],
        after: &str,
        edited: &[&str],
        keep: &[&str],
    ) -> Result<Selection, Refusal> {
        let mut cache = SelectionCache::default();
        let body = self.overlay_units(after, edited, keep);
        let functions: Vec<EditedFunction> = edited.iter().map(|name| self.edited(after, name)).collect();
        select(before, &body, &edit(&functions), &|_| true, &mut cache)
    }

    /// The units of an overlay.
    #[track_caller]
    pub fn overlay_units(&mut self, after: &str, edited: &[&str], keep: &[&str]) -> Vec<BodyUnit> {
        let whole: Vec<&str> = edited.iter().chain(keep).copied().collect();
        body_units(&self.units(&blank(after, &whole), &[]), Origin::Overlay)
    }
}

impl Drop for Crate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// An edit of these functions.
pub fn edit(functions: &[EditedFunction]) -> Edit<'_> {
    Edit { functions: functions.iter().collect(), is_twin_behind: false, tests: Vec::new() }
}

/// Units of the crate, as the body lane's.
pub fn body_units(units: &[Arc<LoadedUnit>], origin: Origin) -> Vec<BodyUnit> {
    units
        .iter()
        .map(|unit| BodyUnit {
            unit: unit.clone(),
            origin,
            crate_id: CRATE.into(),
            crate_name: "app".into(),
            distinct_types: None,
        })
        .collect()
}

fn read(path: &Path, id: &str) -> Arc<LoadedUnit> {
    let digest = Digest::of(&std::fs::read(path).expect("readable"));
    let context = ReadContext { llvm: llvm(), configuration: "test".into(), handler: &KeysOnly };
    let file = BitcodeFile { path: path.to_owned(), digest, form: BitcodeForm::Plain };
    UnitCache::default().load(&file, &id.into(), &context).expect("a unit").0
}

/// `source`, whose functions have a line each, with `loop {}` for every body but those of lines that contain one of `keep`.
pub fn blank(source: &str, keep: &[&str]) -> String {
    let blank = |line: &str| match line.split_once(" { ") {
        Some((signature, _)) if signature.contains("fn ") && !keep.iter().any(|name| line.contains(name)) => {
            format!("{signature} {{ loop {{}} }}\n")
        }
        _ => format!("{line}\n"),
    };
    source.lines().map(blank).collect()
}

/// Demangled names of the functions that a unit defines.
pub fn functions(unit: &LoadedUnit) -> Vec<String> {
    let mut names: Vec<String> =
        unit.unit.functions.iter().map(|function| demangled(&unit.global(function.global).name)).collect();
    names.sort();
    names
}

/// The demangled names of functions that a unit refers to, and does not define.
pub fn references(unit: &LoadedUnit) -> Vec<String> {
    let globals = unit.unit.module.globals.iter();
    let declared =
        globals.filter(|it| matches!(it.kind, GlobalKind::Function { defined: false }) && !it.name.is_empty());
    let mut names: Vec<String> = declared.map(|global| demangled(&global.name)).collect();
    names.sort();
    names
}

/// The global of this demangled name.
#[track_caller]
pub fn global(unit: &LoadedUnit, name: &str) -> GlobalId {
    let found = unit.at_path(name);
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}
