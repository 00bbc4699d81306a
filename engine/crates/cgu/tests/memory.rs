//! What units keep in memory: bounded by function, and no more for a function of a large program than for one of a small one.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cranefly_bitcode::Llvm;
use cranefly_cache::Key;
use cranefly_cgu::{
    BitcodeFile, BitcodeForm, DecodeHandler, DecodedFunction, Digest, FunctionIdentity, HandlerError, LoadedUnit,
    ReadContext, UnitCache,
};

/// Counts what Rust code has in memory. (LLVM's memory is given back with each reader.)
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does all of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Finds nothing out.
struct Plain;

impl DecodeHandler for Plain {
    fn decoded(&self, key: Key, _: DecodedFunction<'_>) -> Result<FunctionIdentity, HandlerError> {
        Ok(FunctionIdentity { key, is_llvm: false, is_compiled: false })
    }

    fn assemble(&self, _: &[u8], _: &str) -> Result<Option<Vec<u8>>, HandlerError> {
        Ok(None)
    }
}

/// Functions that call each other and what they inline, with constants.
fn source(functions: usize) -> String {
    let mut text = String::new();
    for number in 0..functions {
        write!(
            text,
            "pub fn f{number}(values: &[u64], n: u64) -> u64 {{
                let text = [\"text {number}\", \"other {number}\"][(n % 2) as usize];
                if n % 7 == {} {{ return text.len() as u64; }}
                values.first().copied().unwrap_or(n).wrapping_mul({number} | 1) ^ f{}(values, n / 2)
            }}\n",
            number % 7,
            (number + 1) % functions,
        )
        .expect("a string takes everything");
    }
    text
}

/// The bitcode of a crate with so many functions.
fn bitcode(folder: &Path, name: &str, functions: usize) -> BitcodeFile {
    let (source_file, path) = (folder.join(format!("{name}.rs")), folder.join(format!("{name}.bc")));
    std::fs::write(&source_file, source(functions)).expect("writable");
    let output = Command::new("rustc")
        .args(["--crate-type=lib", "--edition=2024", "-Awarnings", "--emit=llvm-bc", "-Ccodegen-units=1"])
        .args(["-Cno-prepopulate-passes", "-Cdebuginfo=2", "-Clink-dead-code"])
        .args([&*format!("--crate-name={name}"), "-o"])
        .args([&path, &source_file])
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let digest = Digest::of(&std::fs::read(&path).expect("readable"));
    BitcodeFile { path, digest, form: BitcodeForm::Plain }
}

/// Bytes that stay, for each of the unit's functions, when `file` was read.
fn kept(file: &BitcodeFile, cache: &UnitCache, llvm: &Llvm) -> (usize, Arc<LoadedUnit>) {
    let context = ReadContext { llvm, configuration: "test".into(), handler: &Plain };
    let before = LIVE.load(Ordering::Relaxed);
    let (unit, _) = cache.load(file, &"unit".into(), &context).expect("a unit");
    // What editors ask for, and what the body lane does.
    unit.sources();
    unit.definitions();
    let bytes = LIVE.load(Ordering::Relaxed) - before;
    (bytes / unit.unit.functions.len(), unit)
}

/// About a tenth more than was measured, which a unit's bitcode as it is would be above.
const MOST_BYTES_A_FUNCTION: usize = 2450;

// One test: it counts what the whole process has.
#[test]
fn memory_is_bounded_by_function_whatever_the_size() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cgu-memory-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
    let sysroot = String::from_utf8(sysroot.stdout).expect("UTF-8");
    let llvm = Llvm::open(Path::new(sysroot.trim())).expect("libLLVM opens");
    let small = bitcode(&folder, "small", 200);
    let large = bitcode(&folder, "large", 2000);
    let length = |file: &BitcodeFile| std::fs::metadata(&file.path).expect("a file").len() as usize;
    let cache = UnitCache::default();
    let (small_bytes, small_unit) = kept(&small, &cache, &llvm);
    let (large_bytes, large_unit) = kept(&large, &cache, &llvm);
    println!("{small_bytes} and {large_bytes} bytes a function, {} of bitcode", length(&large) / 2000);
    assert!(large_bytes <= MOST_BYTES_A_FUNCTION, "{large_bytes}");
    assert!(
        large_bytes <= small_bytes * 11 / 10,
        "{large_bytes} bytes a function of a large unit, {small_bytes} of a small one"
    );
    for (file, unit) in [(&small, &small_unit), (&large, &large_unit)] {
        assert!(unit.bitcode.compressed().len() * 2 < length(file), "bitcode is packed");
        assert_eq!(Digest::of(&unit.bitcode.unpack()), file.digest, "and comes back");
    }
    // A unit with other contents and the same names: what they have in common is there once.
    let again = kept(&bitcode(&folder, "small", 201), &cache, &llvm);
    assert!(again.0 < small_bytes, "{} bytes, {small_bytes} the first time", again.0);
    std::fs::remove_dir_all(folder).expect("removable");
}
