//! The same Rust source, compiled by rustc as part of this test and by each of the engine's code generators, must behave the
//! same: at opt-levels 0, 1 and 3, since rustc hands over other LLVM IR at each of them, and Cranelift optimises above 0.

mod support;

#[allow(clippy::all, clippy::undocumented_unsafe_blocks, reason = "program under test")]
#[path = "sources/abi.rs"]
mod abi;
#[allow(clippy::all, clippy::undocumented_unsafe_blocks, reason = "program under test")]
#[path = "sources/arith.rs"]
mod arith;
#[allow(clippy::all, clippy::undocumented_unsafe_blocks, reason = "program under test")]
#[path = "sources/misc.rs"]
mod misc;
#[allow(clippy::all, clippy::undocumented_unsafe_blocks, reason = "program under test")]
#[path = "sources/simd.rs"]
mod simd;
#[allow(clippy::all, clippy::undocumented_unsafe_blocks, reason = "program under test")]
#[path = "sources/unwinding.rs"]
mod unwinding;
#[allow(clippy::all, clippy::undocumented_unsafe_blocks, reason = "program under test")]
#[path = "sources/x86.rs"]
mod x86;

use arith::log::Log;
use cranefly_codegen::llvm::OptLevel;
use support::generate::Tier;
use support::linker::Linked;

/// One logged value.
type Entry = (String, Vec<u8>);

extern "C" fn sink(data: *mut u8, tag: *const u8, tag_len: usize, bytes: *const u8, len: usize) {
    // SAFETY: `data` is the vector of `record`, the rest are slices that live through the call.
    let (entries, tag, bytes) = unsafe {
        let entries = &mut *data.cast::<Vec<Entry>>();
        (entries, std::slice::from_raw_parts(tag, tag_len), std::slice::from_raw_parts(bytes, len))
    };
    entries.push((String::from_utf8_lossy(tag).into_owned(), bytes.to_vec()));
}

/// Runs a driver and gives what it logged.
fn record(driver: impl FnOnce(*mut Log)) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut log = Log { sink, data: (&raw mut entries).cast() };
    driver(&raw mut log);
    entries
}

#[track_caller]
fn same(native: &[Entry], ours: &[Entry]) {
    let mut wrong = Vec::new();
    for (index, (expected, found)) in native.iter().zip(ours).enumerate() {
        if expected != found {
            wrong.push(format!("{index}: {} native {:02x?} ours {} {:02x?}", expected.0, expected.1, found.0, found.1));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert_eq!(native.len(), ours.len());
    assert!(!native.is_empty());
}

/// All of a source's functions.
#[track_caller]
fn link(source: &str, tier: Tier, opt_level: OptLevel) -> Linked {
    let linked = Linked::new(source, tier, opt_level);
    assert!(linked.missing.is_empty(), "{:?}", linked.missing);
    linked
}

/// Compares the driver `name` of source `source`.
#[track_caller]
fn compare<L>(source: &str, name: &str, native: fn(&mut L), tier: Tier, opt_level: OptLevel) {
    let linked = link(source, tier, opt_level);
    // SAFETY: the function of that name, compiled from the same source.
    let translated: fn(*mut Log) = unsafe { std::mem::transmute(linked.address(name)) };
    // SAFETY: `record` passes a valid log; each source has its own copy of the type.
    let expected = record(|log| native(unsafe { &mut *log.cast() }));
    same(&expected, &record(translated));
}

fn arithmetic(tier: Tier, opt_level: OptLevel) {
    compare("arith", "drive_arith", arith::drive_arith, tier, opt_level);
}

fn control_flow_memory_and_the_rest(tier: Tier, opt_level: OptLevel) {
    compare("misc", "drive_misc", misc::drive_misc, tier, opt_level);
}

fn vectors(tier: Tier, opt_level: OptLevel) {
    compare("simd", "drive_simd", simd::drive_simd, tier, opt_level);
}

fn instructions_by_name(tier: Tier, opt_level: OptLevel) {
    compare("x86", "drive_x86", x86::drive_x86, tier, opt_level);
}

/// Every combination of native callers and callees and ours.
fn calling_conventions(tier: Tier, opt_level: OptLevel) {
    let linked = link("abi", tier, opt_level);
    // SAFETY: functions of these names, compiled from the same source.
    let table: fn() -> abi::Table = unsafe { std::mem::transmute(linked.address("abi_table")) };
    // SAFETY: as above.
    let driver: fn(*mut abi::log::Log, &abi::Table) = unsafe { std::mem::transmute(linked.address("drive_abi")) };
    // SAFETY: `record` passes a valid log; each source has its own copy of the type.
    let native = |log: *mut Log, table: &abi::Table| abi::drive_abi(unsafe { &mut *log.cast() }, table);
    let expected = record(|log| native(log, &abi::abi_table()));
    same(&expected, &record(|log| native(log, &table())));
    same(&expected, &record(|log| driver(log.cast(), &abi::abi_table())));
    same(&expected, &record(|log| driver(log.cast(), &table())));
}

/// Panics that start in native code and in ours, through frames of both, caught in both.
fn unwinding(tier: Tier, opt_level: OptLevel) {
    fn calm(x: u64) -> u64 {
        x + 1
    }
    fn wild(x: u64) -> u64 {
        if x.is_multiple_of(3) { std::panic::resume_unwind(Box::new(x)) } else { x + 2 }
    }
    type Driver = fn(*mut unwinding::log::Log, fn(u64) -> u64, fn(u64) -> u64);
    let linked = link("unwinding", tier, opt_level);
    support::unwind::register(&linked);
    // SAFETY: the function of that name, compiled from the same source.
    let driver: Driver = unsafe { std::mem::transmute(linked.address("drive_unwinding")) };
    std::panic::set_hook(Box::new(|_| {}));
    // SAFETY: `record` passes a valid log; each source has its own copy of the type.
    let expected = record(|log| unwinding::drive_unwinding(unsafe { &mut *log.cast() }, calm, wild));
    let found = record(|log| driver(log.cast(), calm, wild));
    let _ = std::panic::take_hook();
    same(&expected, &found);
    assert!(expected.iter().any(|(tag, _)| tag == "caught"));
}

/// A module of tests: each of the above, through one code generator at one `opt-level`.
macro_rules! tests {
    ($($module:ident: $tier:ident, $opt_level:ident;)*) => {$(
        mod $module {
            use super::*;

            tests! {
                in $tier, $opt_level:
                arithmetic control_flow_memory_and_the_rest vectors instructions_by_name calling_conventions unwinding
            }
        }
    )*};
    (in $tier:ident, $opt_level:ident: $($name:ident)*) => {$(
        #[test]
        fn $name() {
            super::$name(Tier::$tier, OptLevel::$opt_level);
        }
    )*};
}

tests! {
    cranelift_at_0: Cranelift, None;
    cranelift_at_1: Cranelift, Less;
    cranelift_at_3: Cranelift, Aggressive;
    llvm_at_0: Llvm, None;
    llvm_at_3: Llvm, Aggressive;
}
