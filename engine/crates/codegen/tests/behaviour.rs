//! The same Rust source through LLVM (as part of this test) and through Cranelift must behave the same.

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

use arith::log::Log;
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
fn same(native: &[Entry], cranelift: &[Entry]) {
    let mut wrong = Vec::new();
    for (index, (expected, found)) in native.iter().zip(cranelift).enumerate() {
        if expected != found {
            wrong.push(format!(
                "{index}: {} native {:02x?} cranelift {} {:02x?}",
                expected.0, expected.1, found.0, found.1
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert_eq!(native.len(), cranelift.len());
    assert!(!native.is_empty());
}

/// Compares the driver `name` of source `source`.
#[track_caller]
fn compare<L>(source: &str, name: &str, native: fn(&mut L)) {
    let linked = Linked::new(&support::units(source));
    assert!(linked.missing.is_empty(), "{:?}", linked.missing);
    // SAFETY: the function of that name, compiled from the same source.
    let translated: fn(*mut Log) = unsafe { std::mem::transmute(linked.address(name)) };
    // SAFETY: `record` passes a valid log; each source has its own copy of the type.
    let expected = record(|log| native(unsafe { &mut *log.cast() }));
    same(&expected, &record(translated));
}

#[test]
fn arithmetic() {
    compare("arith", "drive_arith", arith::drive_arith);
}

#[test]
fn control_flow_memory_and_the_rest() {
    compare("misc", "drive_misc", misc::drive_misc);
}

#[test]
fn vectors() {
    compare("simd", "drive_simd", simd::drive_simd);
}

/// Every combination of native and translated callers and callees.
#[test]
fn calling_conventions() {
    let linked = Linked::new(&support::units("abi"));
    assert!(linked.missing.is_empty(), "{:?}", linked.missing);
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

/// Panics that start in native and in translated code, through frames of both, caught in both.
#[test]
fn unwinding() {
    fn calm(x: u64) -> u64 {
        x + 1
    }
    fn wild(x: u64) -> u64 {
        if x.is_multiple_of(3) { std::panic::resume_unwind(Box::new(x)) } else { x + 2 }
    }
    type Driver = fn(*mut unwinding::log::Log, fn(u64) -> u64, fn(u64) -> u64);
    let linked = Linked::new(&support::units("unwinding"));
    assert!(linked.missing.is_empty(), "{:?}", linked.missing);
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
