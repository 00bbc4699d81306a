//! Compiles Rust sources with the real rustc, takes every function through Cranelift and links them into memory.
#![allow(dead_code, reason = "not every test file uses everything")]

pub mod linker;
pub mod unwind;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cranefly_bitcode::{Llvm, Reader};

/// The toolchain that `rustc` on the path belongs to.
pub fn llvm() -> &'static Llvm {
    static LLVM: OnceLock<Llvm> = OnceLock::new();
    LLVM.get_or_init(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
        let sysroot = String::from_utf8(output.stdout).expect("UTF-8");
        Llvm::open(Path::new(sysroot.trim())).expect("libLLVM opens")
    })
}

/// Compiles `tests/sources/<name>.rs` and opens its codegen units.
pub fn units(name: &str) -> Vec<Reader> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("codegen-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sources").join(format!("{name}.rs"));
    let output = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "lib", "--emit=llvm-bc", "-Ccodegen-units=16"])
        .args(["-Cno-prepopulate-passes", "-Cdebuginfo=line-tables-only", "-Cdebug-assertions=on", "-Awarnings"])
        .arg(format!("-Cincremental={}", folder.join("incremental").display()))
        .arg("--out-dir")
        .arg(&folder)
        .arg(source)
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "rustc failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "bc"))
        .collect();
    files.sort();
    let readers = files.iter().map(|file| Reader::open_file(llvm(), file).expect("opens")).collect();
    std::fs::remove_dir_all(&folder).expect("folder goes away");
    readers
}
