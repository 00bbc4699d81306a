//! Broken files must give errors, not crashes.

mod support;

use std::process::Command;

use cranefly_bitcode::{Error, Reader};

fn sample() -> Vec<u8> {
    let mut files: Vec<Vec<u8>> =
        support::compile("facts", &[]).iter().map(|file| std::fs::read(file).expect("readable")).collect();
    files.sort_by_key(Vec::len);
    files.pop().expect("at least one unit")
}

fn open(bytes: &[u8]) -> Result<Reader, Error> {
    Reader::open(support::llvm(), bytes, "sample.bc")
}

#[test]
fn files_that_are_no_bitcode() {
    assert!(matches!(open(b""), Err(Error::Truncated { .. })));
    assert!(matches!(open(b"BC"), Err(Error::Truncated { .. })));
    assert!(matches!(open(b"\x7fELF and so on"), Err(Error::NotBitcode { .. })));
    assert!(matches!(open(b"BC\xc0\xde"), Err(Error::Truncated { .. })));
    // A block that claims to be 16 GB long.
    assert!(matches!(open(b"BC\xc0\xde\x35\x14\x00\x00\xff\xff\xff\xff"), Err(Error::Truncated { .. })));
    let error = open(b"ELF?").err().expect("no bitcode").to_string();
    assert!(error.contains("sample.bc"), "{error}");
}

#[test]
fn truncated_files() {
    let bytes = sample();
    assert!(open(&bytes).is_ok());
    for len in (0..bytes.len()).step_by(37).chain([bytes.len() - 4, bytes.len() - 1]) {
        assert!(matches!(open(&bytes[..len]), Err(Error::Truncated { .. })), "cut to {len} of {} bytes", bytes.len());
    }
}

#[test]
fn missing_library() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(matches!(cranefly_bitcode::Llvm::open(folder), Err(Error::LibraryMissing(_))));
}

#[test]
fn a_missing_body() {
    let krate = support::Crate::new("facts");
    let (reader, id) = krate.find("NUMBERS");
    assert!(matches!(reader.function(id), Err(Error::NoBody { .. })));
}

/// LLVM itself may crash on a file whose middle was overwritten, so that runs in a child. What is asserted: no
/// Rust panic, and that nearly all damage is met with an error or goes unnoticed.
#[test]
fn flipped_bytes() {
    let bytes = sample();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let (mut crashes, cases) = (0, 60);
    for case in 0..cases {
        let mut broken = bytes.clone();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let position = (seed >> 20) as usize % broken.len();
        broken[position] ^= (seed >> 8) as u8 | 1;
        let file = folder.join(format!("flipped-{}-{case}.bc", std::process::id()));
        std::fs::write(&file, &broken).expect("writable");
        let output = Command::new(std::env::current_exe().expect("this test"))
            .args(["--ignored", "--exact", "child", "--nocapture"])
            .env("CRANEFLY_BROKEN_FILE", &file)
            .output()
            .expect("child runs");
        std::fs::remove_file(&file).expect("removable");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_ne!(output.status.code(), Some(101), "panicked with byte {position} changed: {errors}");
        crashes += usize::from(!output.status.success());
    }
    println!("{crashes} of {cases} damaged files crash LLVM");
    assert!(crashes * 10 < cases, "{crashes} of {cases}");
}

/// Reads one file completely; run by `flipped_bytes`.
#[test]
#[ignore = "only as a child"]
fn child() {
    let file = std::env::var_os("CRANEFLY_BROKEN_FILE").expect("set by the parent");
    if let Ok(reader) = Reader::open_file(support::llvm(), std::path::Path::new(&file)) {
        let results: Vec<_> = reader.functions().map(|id| reader.function(id).is_ok()).collect();
        println!("{} functions", results.len());
    }
}
