//! Programs that look at their own file find there what a linker would have put into it, and have a copy that stays what it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use support::{Daemon, Project, text};

mod support;

/// Uses what a loader has to set up, and does with its own file what its first argument says.
const PROGRAM: &str = r#"
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};

thread_local! { static LOCAL: Cell<u32> = const { Cell::new(7) }; }
static mut ZEROS: [u8; 100_000] = [0; 100_000];
static TABLE: [fn(u32) -> u32; 2] = [double, triple];
static mut EARLY: u32 = 0;
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = { extern "C" fn early() { unsafe { EARLY = 3 } } early };
fn double(number: u32) -> u32 { number * 2 }
fn triple(number: u32) -> u32 { number * 3 }

#[repr(C)]
struct Object { address: usize, name: *const c_char, headers: *const u8, count: u16 }
unsafe extern "C" {
    fn dl_iterate_phdr(call: extern "C" fn(*const Object, usize, *mut c_void) -> c_int, data: *mut c_void) -> c_int;
}
extern "C" fn first(object: *const Object, _: usize, data: *mut c_void) -> c_int {
    unsafe { *data.cast::<usize>() = (*object).address };
    1
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn own_function() -> usize {
    let here: usize;
    unsafe { std::arch::asm!("lea {}, [rip]", out(reg) here) };
    here
}

fn main() {
    let own = std::env::current_exe().unwrap();
    let argument = std::env::args().nth(2);
    match std::env::args().nth(1).as_deref() {
        Some("copy") => drop(std::fs::copy(&own, argument.unwrap()).unwrap()),
        Some("where") => {
            let mut base = 0usize;
            unsafe { dl_iterate_phdr(first, (&raw mut base).cast()) };
            println!("{:#x}", own_function() - base);
        }
        Some("fail") => panic!("failed"),
        _ => {
            let local = std::thread::spawn(|| LOCAL.with(|local| { local.set(local.get() + 1); local.get() })).join().unwrap();
            let caught = std::panic::catch_unwind(|| panic!("caught")).is_err();
            let zeros = unsafe { let all = &mut *&raw mut ZEROS; all[99_999] = 1; all.iter().map(|&byte| u32::from(byte)).sum::<u32>() };
            println!("build 1: {} {} {local} {zeros} {caught} {}", TABLE[0](5), TABLE[1](5), unsafe { EARLY });
        }
    }
}
"#;
const SAYS: &str = "build 1: 10 15 8 1 true 3\n";

struct Fixture {
    project: Project,
    daemon: Daemon,
}

impl Fixture {
    fn new(name: &str) -> Self {
        let mut project = Project::new(name);
        let daemon = Daemon::start(&project.folder, &[]);
        daemon.publish_source(&mut project, PROGRAM);
        Self { project, daemon }
    }

    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.project.folder.join(name);
        let status = Command::new(self.project.executable()).arg("copy").arg(&copy).status().unwrap();
        assert!(status.success());
        copy
    }
}

#[track_caller]
fn runs(program: &Path, expected: &str) {
    let output = Command::new(program).output().unwrap();
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), expected.to_owned()),
        "{}",
        text(&output.stderr)
    );
}

/// What a tool says of a program.
fn tool(name: &str, arguments: &[&str], program: &Path) -> String {
    let output: Output = Command::new(name).args(arguments).arg(program).output().unwrap();
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "{name}");
    text(&output.stdout)
}

#[test]
fn its_copy_stays_what_it_is() {
    let mut fixture = Fixture::new("own-copy");
    let copy = fixture.copy("copy");
    let stripped = fixture.project.folder.join("stripped");
    tool("strip", &["-o", stripped.to_str().unwrap()], &copy);
    for program in [&copy, &stripped, &fixture.project.executable()] {
        runs(program, SAYS);
    }
    let images = fixture.project.images();
    fixture.daemon.publish_source(&mut fixture.project, &PROGRAM.replace("build 1", "build 2"));
    runs(&fixture.project.executable(), &SAYS.replace("build 1", "build 2"));
    // Whatever becomes of images and engine.
    fixture.daemon.kill();
    fs::remove_dir_all(images).unwrap();
    for program in [&copy, &stripped] {
        runs(program, SAYS);
    }
    runs(&fixture.project.executable(), &SAYS.replace("build 1", "build 2"));
}

#[test]
fn tools_find_its_functions_and_lines() {
    let fixture = Fixture::new("own-names");
    let executable = fixture.project.executable();
    let symbols = tool("nm", &[], &executable);
    assert!(symbols.lines().any(|line| line.ends_with(" own_function")), "{symbols}");
    let place = Command::new(&executable).arg("where").output().unwrap();
    let place = text(&place.stdout);
    let found = tool("addr2line", &["-f", place.trim(), "-e"], &executable);
    let line = PROGRAM.lines().position(|line| line.contains("asm!")).unwrap() + 1;
    let (function, file) = found.trim().split_once('\n').unwrap();
    assert_eq!(function, "own_function");
    assert!(file.contains(&format!("main.rs:{line}")), "{found}");
    let sections = tool("readelf", &["-SW"], &executable);
    for section in [".symtab", ".debug_info", ".debug_line", ".note.gnu.build-id", ".interp"] {
        assert!(sections.contains(section), "{section}: {sections}");
    }
    // Nothing that a checker of such files would complain about.
    tool("readelf", &["-aW"], &executable);
    let failed = Command::new(&executable).arg("fail").env("RUST_BACKTRACE", "1").output().unwrap();
    assert_eq!(failed.status.code(), Some(101));
    assert!(
        text(&failed.stderr).contains("program::main") || text(&failed.stderr).contains("main::main"),
        "{}",
        text(&failed.stderr)
    );
}

#[test]
fn a_stripped_program_has_no_names() {
    let mut project = Project::new("own-stripped");
    let daemon = Daemon::start(&project.folder, &[]);
    let files = project.bitcode(PROGRAM);
    daemon.publish_with(&project, &files, &json!({"strip": "symbols"})).unwrap();
    runs(&project.executable(), SAYS);
    let bytes = fs::read(project.executable()).unwrap();
    assert!(!bytes.windows(12).any(|part| part == b"own_function"));
}

#[test]
fn what_is_not_compiled_yet_is_in_no_file() {
    let mut project = Project::new("own-later");
    let daemon = Daemon::start(&project.folder, &["--eager-functions", "0", "--compile-ahead", "false"]);
    daemon.publish_source(&mut project, PROGRAM);
    runs(&project.executable(), SAYS);
    let copy = project.folder.join("copy");
    fs::copy(project.executable(), &copy).unwrap();
    runs(&copy, SAYS);
    daemon.publish_source(&mut project, &PROGRAM.replace("build 1", "build 2"));
    assert_eq!(Command::new(&copy).output().unwrap().status.code(), Some(126));
}

#[test]
fn a_program_finds_its_headers() {
    let source = r#"
        unsafe extern "C" { static __ehdr_start: u8; static __executable_start: u8; static _DYNAMIC: [u64; 2]; }
        fn main() {
            let start = &raw const __ehdr_start;
            let byte = |at: usize| unsafe { *start.add(at) };
            let half = |at: usize| u16::from(byte(at)) | u16::from(byte(at + 1)) << 8;
            let kinds: Vec<u8> = (0..half(56)).map(|number| byte(64 + 56 * usize::from(number))).collect();
            println!("{:?} {} {}", [byte(1), byte(2), byte(3)], byte(16), start == &raw const __executable_start);
            // PT_PHDR, PT_INTERP, PT_DYNAMIC, PT_NOTE
            println!("{:?}", [6, 3, 2, 4].map(|kind| kinds.contains(&kind)));
            let mut at = &raw const _DYNAMIC;
            // DT_DEBUG, which the loader has filled in
            while unsafe { (*at)[0] } != 21 { at = unsafe { at.add(1) } }
            println!("{}", unsafe { (*at)[1] } != 0);
        }
    "#;
    let mut project = Project::new("own-headers");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, source);
    let native = project.native(&[]);
    assert_eq!(text(&native.stdout), "[69, 76, 70] 3 true\n[true, true, true, true]\ntrue\n");
    runs(&project.executable(), &text(&native.stdout));
    drop(daemon);
    let mut project = Project::new("own-headers-later");
    let daemon = Daemon::start(&project.folder, &["--eager-functions", "0", "--compile-ahead", "false"]);
    let files = project.bitcode(source);
    let error = daemon.publish(&project, &files).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("the linker defines `__ehdr_start`"), "{error}");
}
