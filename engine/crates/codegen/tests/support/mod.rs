//! Compiles Rust sources with the real rustc, takes every function through one of the code generators and links them into
//! memory.
#![allow(dead_code, reason = "not every test file uses everything")]

pub mod generate;
pub mod linker;
pub mod unwind;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cranefly_bitcode::{Llvm, Reader};
use cranefly_codegen::llvm::OptLevel;

/// The toolchain that `rustc` on the path belongs to.
pub fn llvm() -> &'static Llvm {
    static LLVM: OnceLock<Llvm> = OnceLock::new();
    LLVM.get_or_init(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
        let sysroot = String::from_utf8(output.stdout).expect("UTF-8");
        Llvm::open(Path::new(sysroot.trim())).expect("libLLVM opens")
    })
}

/// One codegen unit.
pub struct Unit {
    pub bitcode: Vec<u8>,
    pub reader: Reader,
}

impl Unit {
    pub fn open(bitcode: Vec<u8>) -> Self {
        let reader = Reader::open(llvm(), bitcode.clone(), "a unit under test").expect("opens");
        Self { bitcode, reader }
    }
}

/// Compiles `tests/sources/<name>.rs` at an `opt-level`, as the engine has it compiled, and opens its codegen units.
pub fn units(name: &str, opt_level: OptLevel) -> Vec<Unit> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("codegen-{}", fingerprint(name, opt_level)));
    if !folder.is_dir() {
        // Tests of the same source may want it at the same time: whoever is first is as good as whoever is last.
        let made = folder.with_extension(std::process::id().to_string());
        compile(name, opt_level, &made);
        if std::fs::rename(&made, &folder).is_err() {
            std::fs::remove_dir_all(&made).expect("folder goes away");
        }
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "bc"))
        .collect();
    files.sort();
    files.iter().map(|file| Unit::open(std::fs::read(file).expect("readable"))).collect()
}

/// Names what the units of a source depend on.
fn fingerprint(name: &str, opt_level: OptLevel) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for file in [name, "log"] {
        std::fs::read(source(file)).expect("readable").hash(&mut hasher);
    }
    llvm().path().hash(&mut hasher);
    include_str!("mod.rs").hash(&mut hasher);
    format!("{name}-{}-{:016x}", opt_level as i32, hasher.finish())
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sources").join(format!("{name}.rs"))
}

fn compile(name: &str, opt_level: OptLevel, folder: &Path) {
    std::fs::create_dir_all(folder).expect("folder");
    let incremental = folder.join("incremental");
    let output = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "lib", "--emit=llvm-bc", "-Ccodegen-units=16"])
        .args(["-Cno-prepopulate-passes", "-Cdebuginfo=line-tables-only", "-Cdebug-assertions=on", "-Awarnings"])
        .arg(format!("-Copt-level={}", opt_level as i32))
        .arg(format!("-Cincremental={}", incremental.display()))
        .arg("--out-dir")
        .arg(folder)
        .arg(source(name))
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "rustc failed: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_dir_all(incremental).expect("folder goes away");
}
