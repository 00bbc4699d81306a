//! `.ll` → CLIF: every file in `filetests/` holds functions in LLVM IR, each followed by what [`cranefly_translate`] makes of
//! it, as comments: Cranelift IR, or the words with which it is refused.
//!
//! Input and expectation are one file, as in Cranelift's `precise-output` tests, so that they are read side by side and
//! neither is ever left without the other. LLVM's own tools read the files as well, given a triple.
//!
//! `CRANEFLY_TEST_BLESS=1 cargo nextest run --release -p cranefly-translate` rewrites all expectations.

mod assemble;
mod diff;
mod document;
mod render;

use std::fs;
use std::path::{Path, PathBuf};

use assemble::Assembler;
use document::Document;

/// Set in the environment, expectations are rewritten instead of compared.
const BLESS: &str = "CRANEFLY_TEST_BLESS";

#[test]
fn filetests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("filetests");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(files.len() > 50, "{} files in {}", files.len(), root.display());
    let assembler = Assembler::new();
    let bless = std::env::var_os(BLESS).is_some_and(|value| value == "1");
    let failed: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let name = file.strip_prefix(&root).unwrap_or(file).display();
            check(&assembler, file, bless).err().map(|what| format!("filetests/{name}: {what}"))
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} files; {BLESS}=1 rewrites expectations\n\n{}",
        failed.len(),
        files.len(),
        failed.join("\n\n")
    );
}

/// All files below `folder` that hold LLVM IR.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "ll") {
            files.push(path);
        }
    }
}

/// Compares what is made of a file with what it expects, or writes it there.
fn check(assembler: &Assembler, path: &Path, bless: bool) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let document = Document::parse(&text);
    let found = render::functions(&assembler.open(&text, path)?, document.features())?;
    let updated = document.with_expectations(&found)?;
    if updated == text {
        return Ok(());
    }
    if bless {
        return fs::write(path, updated).map_err(|error| error.to_string());
    }
    Err(format!("another result than expected\n{}", diff::lines(&text, &updated)))
}
