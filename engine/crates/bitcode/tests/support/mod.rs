//! Compiles small Rust sources with the real rustc and opens what comes out.
#![allow(dead_code, reason = "not every test file uses everything")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cranefly_bitcode::ir::{Function, Global, GlobalId, GlobalKind, Instruction, Variable};
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

/// Compiles `tests/sources/<name>.rs` into bitcode files, one per codegen unit, in a folder of its own.
pub fn compile(name: &str, extra: &[&str]) -> Vec<PathBuf> {
    static COUNTER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sources").join(format!("{name}.rs"));
    let status = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "lib", "--emit=llvm-bc", "-Ccodegen-units=256"])
        .args(["-Cno-prepopulate-passes", "-Cdebuginfo=line-tables-only"])
        .arg(format!("-Cincremental={}", folder.join("incremental").display()))
        .args(extra)
        .arg("--out-dir")
        .arg(&folder)
        .arg(source)
        .status()
        .expect("rustc runs");
    assert!(status.success(), "rustc failed on {name}");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "bc"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "rustc wrote no bitcode for {name}");
    files
}

/// All units of one crate, open.
pub struct Crate {
    pub readers: Vec<Reader>,
}

impl Crate {
    pub fn new(name: &str) -> Self {
        let files = compile(name, &[]);
        Self { readers: files.iter().map(|file| Reader::open_file(llvm(), file).expect("opens")).collect() }
    }

    /// The unit that defines `name`, and its number there.
    pub fn find(&self, name: &str) -> (&Reader, GlobalId) {
        for reader in &self.readers {
            for (index, global) in reader.module().globals.iter().enumerate() {
                let defined = match &global.kind {
                    GlobalKind::Function { defined } => *defined,
                    GlobalKind::Variable(variable) => variable.init.is_some(),
                    GlobalKind::Alias { .. } => true,
                };
                if defined && (&*global.name == name || global.name.contains(&format!("{}{name}17h", name.len()))) {
                    return (reader, GlobalId(index as u32));
                }
            }
        }
        panic!("nobody defines {name}");
    }

    pub fn function(&self, name: &str) -> Function {
        let (reader, id) = self.find(name);
        reader.function(id).expect("decodes")
    }

    pub fn global(&self, name: &str) -> &Global {
        let (reader, id) = self.find(name);
        &reader.module().globals[id.0 as usize]
    }

    pub fn variable(&self, name: &str) -> &Variable {
        match &self.global(name).kind {
            GlobalKind::Variable(variable) => variable,
            other => panic!("{name} is {other:?}"),
        }
    }
}

/// All instructions of a body.
pub fn instructions(function: &Function) -> impl Iterator<Item = &Instruction> {
    function.blocks.iter().flat_map(|block| &block.instructions)
}
