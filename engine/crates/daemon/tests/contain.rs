//! What goes wrong costs what it happened in: the daemon lives, and every program gets an answer or its native behaviour.

mod support;

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};
use support::{Daemon, Project, same_as_native, text, with_digests};

/// rustc, too, ends when it compiles this: LLVM has no such instruction without SHA extensions.
const FATAL: &str = r#"
#![feature(link_llvm_intrinsics, repr_simd, abi_unadjusted, simd_ffi)]
#[repr(simd)] #[derive(Clone, Copy)] struct Lanes([i32; 4]);
unsafe extern "unadjusted" { #[link_name = "llvm.x86.sha1msg1"] fn sha1msg1(a: Lanes, b: Lanes) -> Lanes; }
#[inline(never)] fn bad(x: i32) -> i32 {
    let lanes = Lanes([x; 4]);
    let lanes: [i32; 4] = unsafe { std::mem::transmute(sha1msg1(lanes, lanes)) };
    lanes[0]
}
fn main() {
    println!("fine");
    if std::env::args().count() > 1 { println!("{}", bad(1)); }
}
"#;

#[test]
fn a_fatal_error_of_llvm_costs_one_function() {
    let mut project = Project::new("fatal");
    let daemon = Daemon::start(&project.folder, &[]);
    let pid = |daemon: &Daemon| daemon.call("status", &json!({})).unwrap()["pid"].clone();
    let before = pid(&daemon);
    let report = daemon.publish_source(&mut project, FATAL);
    assert_eq!(report["functions"]["deferred"], 1, "{report}");
    assert_eq!(text(&project.run(&[]).stdout), "fine\n");
    let called = project.run(&["call"]);
    assert_eq!(called.status.code(), None, "SIGABRT");
    let message = text(&called.stderr);
    assert!(message.contains("bad") && message.contains("fatal error: Cannot select"), "{message}");
    assert_eq!(pid(&daemon), before);
}

/// A byte that a disk or another program has changed.
fn alter(path: &Path, seed: u64) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % bytes.len() as u64) as usize;
    bytes[at] ^= 1 << (seed % 8);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn llvm_reads_nothing_but_what_rustc_wrote() {
    let mut project = Project::new("altered");
    let daemon = Daemon::start(&project.folder, &[]);
    let before = daemon.call("status", &json!({})).unwrap()["pid"].clone();
    let files = project.bitcode("fn main() { println!(\"{:?}\", std::env::args().count()) }");
    let known = with_digests(&files);
    let publish = |bitcode: &[Value]| {
        daemon.publish_with(&project, &[], &json!({"units": [{"id": "program:main", "bitcode": bitcode}]}))
    };
    for seed in 0..50 {
        // All of them, so that the engine has read none before.
        let originals: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        files.iter().for_each(|file| alter(file, seed));
        let error = publish(&known).unwrap_err();
        assert_eq!(error["data"], json!({"kind": "damaged", "details": {"units": ["program:main"]}}), "{error}");
        files.iter().zip(originals).for_each(|(file, original)| std::fs::write(file, original).unwrap());
    }
    publish(&known).unwrap();
    same_as_native(&project, &[]);
    // Without a digest nothing is known of it.
    let bare: Vec<Value> = files.iter().map(|path| json!({"path": path})).collect();
    assert_eq!(publish(&bare).unwrap_err()["data"]["kind"], "invalid");
    assert_eq!(daemon.call("status", &json!({})).unwrap()["pid"], before);
}

#[test]
fn what_is_read_late_is_what_was_read_first() {
    let mut project = Project::new("late");
    let daemon = Daemon::start(&project.folder, &["--eager-functions", "0", "--compile-ahead", "false"]);
    let files = project.bitcode("fn main() { println!(\"{:?}\", std::env::args().count()) }");
    let report = daemon.publish(&project, &files).unwrap();
    assert_ne!(report["functions"]["deferred"], 0, "{report}");
    // In place: whoever had mapped a file would see it.
    for file in &files {
        std::fs::OpenOptions::new().write(true).open(file).unwrap().set_len(100).unwrap();
    }
    same_as_native(&project, &[]);
}

const ASSEMBLY: &str = r#"
fn five() -> u64 { let x: u64; unsafe { std::arch::asm!("mov {}, 5", out(reg) x) }; x }
fn main() { println!("{}", five()) }
"#;

#[test]
fn a_worker_that_was_killed_is_replaced() {
    let mut project = Project::new("worker");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, ASSEMBLY);
    same_as_native(&project, &[]);
    let children: Vec<String> = std::fs::read_dir(format!("/proc/{}/task", daemon.id()))
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok())
        .flat_map(|children| children.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert_eq!(children.len(), 1, "one worker is kept");
    // SAFETY: a child of the test's own daemon.
    assert_eq!(unsafe { libc::kill(children[0].parse().unwrap(), libc::SIGKILL) }, 0);
    let report = daemon.publish_source(&mut project, &ASSEMBLY.replace(", 5", ", 6"));
    assert_eq!(report["functions"]["llvm"], 1, "{report}");
    same_as_native(&project, &[]);
}

/// Two functions that differ only in what the decoded form leaves out.
const ALIGNMENTS: &str = r#"
#[repr(C, align(16))] #[derive(Clone, Copy)] struct Aligned([u8; 64]);
#[repr(C)] #[derive(Clone, Copy)] struct Anywhere([u8; 64]);
mod a { pub fn copy(to: &mut super::Aligned, from: super::Aligned) { unsafe { std::arch::asm!("nop") }; *to = from; } }
mod b { pub fn copy(to: &mut super::Anywhere, from: super::Anywhere) { unsafe { std::arch::asm!("nop") }; *to = from; } }
fn main() {
    let mut room = [Aligned([1; 64]), Aligned([2; 64]), Aligned([3; 64]), Aligned([4; 64])];
    let from = room[1];
    a::copy(&mut room[0], from);
    unsafe { b::copy(&mut *room.as_mut_ptr().cast::<u8>().add(1).cast(), Anywhere([3; 64])) };
    println!("{:?}", room[0].0);
}
"#;

#[test]
fn code_of_llvm_is_not_shared_by_functions_that_only_llvm_tells_apart() {
    let mut project = Project::new("alignments");
    let daemon = Daemon::start(&project.folder, &[]);
    let files = project.bitcode(ALIGNMENTS);
    let report = daemon.publish_with(&project, &files, &json!({"optLevel": "2"})).unwrap();
    assert_eq!(report["functions"]["llvm"], 2, "{report}");
    same_as_native(&project, &[]);
}

const SINE: &str = r#"
mod own { #[unsafe(no_mangle)] pub extern "C" fn sin(_: f64) -> f64 { 42.0 } }
mod user { #[inline(never)] pub fn wave(x: f64) -> f64 { x.sin() } }
fn main() { println!("{:.3}", user::wave(1.0)) }
"#;

#[test]
fn what_code_calls_by_itself_follows_edits() {
    let mut project = Project::new("sine");
    let daemon = Daemon::start(&project.folder, &[]);
    let without = SINE.replace("sin(_", "cranefly_other(_");
    for source in [SINE, &without, SINE] {
        daemon.publish_source(&mut project, source);
        same_as_native(&project, &[]);
    }
}

/// As fault injection does it: twelve bytes where a function begins.
const PATCHED: &str = r#"
unsafe extern "C" { fn mprotect(at: *mut u8, bytes: usize, protection: i32) -> i32; }
#[inline(never)] fn price(x: u64) -> u64 { std::hint::black_box(x) * 2 }
#[inline(never)] fn neighbour(x: u64) -> u64 { std::hint::black_box(x) + 1000 }
#[inline(never)] fn third(x: u64) -> u64 { std::hint::black_box(x) + 2000 }
#[inline(never)] fn fake(x: u64) -> u64 { std::hint::black_box(x) * 0 + 7 }
fn main() {
    let at = price as fn(u64) -> u64 as usize;
    let mut code = [0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0];
    code[2..10].copy_from_slice(&(fake as fn(u64) -> u64 as u64).to_le_bytes());
    assert_eq!(unsafe { mprotect((at & !4095) as *mut u8, 8192, 7) }, 0);
    unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), at as *mut u8, code.len()) };
    println!("{} {} {} {}", price(5), neighbour(5), third(5), fake(5));
}
"#;

/// Without `std`'s own system calls between the two.
const RESTRICTED: &str = r#"
unsafe extern "C" {
    fn prctl(option: i32, mode: u64, ...) -> i32;
    fn write(file: i32, bytes: *const u8, count: usize) -> isize;
    fn syscall(number: i64, ...) -> i64;
}
#[inline(never)] fn late(x: u8) -> u8 { std::hint::black_box(x) + 1 }
fn main() {
    unsafe {
        assert_eq!(prctl(22, 1), 0);
        let text = [late(b'N'), late(b'J'), b'\n'];
        write(1, text.as_ptr(), text.len());
        syscall(60, 3);
    }
}
"#;

/// The same without a library, as rustix does it: the number is an argument.
const RESTRICTED_BY_ITSELF: &str = r#"
fn call(number: u64, a: u64, b: u64, c: u64) -> u64 {
    let result;
    unsafe {
        std::arch::asm!(
            "syscall", inlateout("rax") number => result, in("rdi") a, in("rsi") b, in("rdx") c,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    result
}
#[inline(never)] fn late(x: u8) -> u8 { std::hint::black_box(x) + 1 }
fn main() {
    assert_eq!(call(157, 22, 1, 0), 0);
    let text = [late(b'N'), late(b'J'), b'\n'];
    call(1, 1, text.as_ptr() as u64, text.len() as u64);
    call(60, 3, 0, 0);
}
"#;

#[test]
fn programs_that_make_first_calls_impossible_have_none() {
    let assembled = RESTRICTED_BY_ITSELF
        .replace("std::arch::asm!(\n            \"syscall\"", "std::arch::asm!(\n            \".byte 15, 5\"");
    for (name, source) in [
        ("patched", PATCHED),
        ("restricted", RESTRICTED),
        ("restricted-itself", RESTRICTED_BY_ITSELF),
        ("restricted-bytes", &assembled),
    ] {
        let mut project = Project::new(name);
        let daemon = Daemon::start(&project.folder, &["--eager-functions", "0", "--compile-ahead", "false"]);
        let report = daemon.publish_source(&mut project, source);
        assert_eq!(report["functions"]["deferred"], 0, "{name}: {report}");
        same_as_native(&project, &[]);
    }
}

#[test]
fn a_large_environment_is_no_obstacle() {
    let mut project = Project::new("environment");
    let daemon = Daemon::start_with(&project.folder, &[], |command| {
        command.env("LARGE", "x".repeat(100_000)).env("PATH", "/x:".repeat(30_000));
    });
    daemon.publish_source(&mut project, "fn main() { println!(\"here\") }");
    same_as_native(&project, &[]);
}

/// Connections that nobody speaks on.
fn idle(daemon: &Daemon, count: usize) -> Vec<UnixStream> {
    (0..count).map(|_| daemon.connect()).collect()
}

#[test]
fn a_full_table_of_descriptors_passes() {
    let project = Project::new("descriptors");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.call("status", &json!({})).unwrap();
    let few = libc::rlimit { rlim_cur: 32, rlim_max: 32 };
    // SAFETY: a child of the test's own; the structure outlives the call.
    let done = unsafe {
        libc::prlimit(daemon.id().try_into().unwrap(), libc::RLIMIT_NOFILE, &raw const few, std::ptr::null_mut())
    };
    assert_eq!(done, 0);
    let connections = idle(&daemon, 40);
    std::thread::sleep(std::time::Duration::from_millis(300));
    drop(connections);
    daemon.call("status", &json!({})).unwrap();
}

#[test]
fn connections_are_served_up_to_the_limit() {
    const MOST: usize = 256;
    let project = Project::new("connections");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.call("status", &json!({})).unwrap();
    let mut connections = idle(&daemon, MOST + 1);
    let mut refused = connections.pop().unwrap();
    assert_eq!(refused.read(&mut [0]).unwrap(), 0, "closed at once");
    drop(connections);
    // Their threads may still be ending.
    while std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| daemon.call("status", &json!({})))).is_err() {}
}
