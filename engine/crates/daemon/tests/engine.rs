//! The daemon as its clients see it, with real rustc output and real programs.

mod support;

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::{Daemon, Project, poll, text};

/// Enough of std to need unwinding, threads, thread-locals and formatting.
const PROGRAM: &str = r#"
use std::{cell::RefCell, collections::BTreeMap, panic, thread};
thread_local! { static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) }; }
struct Loud(u32);
impl Drop for Loud { fn drop(&mut self) { println!("drop {}", self.0) } }
fn fails(n: usize) -> u32 { let _loud = Loud(7); [1, 2, 3][n] }
fn main() {
    let count = std::env::args().count();
    let caught = panic::catch_unwind(|| fails(count + 5)).is_err();
    let sum: u64 = (0..4u64).map(|n| thread::spawn(move || n * n)).map(|t| t.join().unwrap()).sum();
    SEEN.with_borrow_mut(|seen| seen.push(format!("{:>8.3}", 2.0f64.sqrt())));
    let map: BTreeMap<_, _> = "one two three".split(' ').map(|word| (word.len(), word)).collect();
    println!("{caught} {sum} {:?} {map:?} {}", SEEN.take(), i128::MAX / 3);
    std::process::exit(if count > 1 { 3 } else { 0 });
}
"#;

fn count(report: &Value, what: &str) -> u64 {
    report["functions"][what].as_u64().unwrap_or_else(|| panic!("{what} in {report}"))
}

#[track_caller]
fn same_as_native(project: &Project, arguments: &[&str]) {
    let (native, ours) = (project.native(arguments), project.run(arguments));
    assert_eq!(text(&ours.stdout), text(&native.stdout));
    assert_eq!(ours.status, native.status);
}

#[test]
fn functions_are_compiled_when_they_are_first_called() {
    let mut project = Project::new("first-call");
    let daemon = Daemon::start(&project.folder, &["--eager-functions", "0", "--compile-ahead", "false"]);
    let report = daemon.publish_source(&mut project, PROGRAM);
    assert_eq!(count(&report, "compiled"), 0, "{report}");
    assert_eq!(count(&report, "deferred"), count(&report, "total"), "{report}");
    same_as_native(&project, &[]);
    let status = daemon.call("status", &json!({})).unwrap();
    assert!(status["memory"]["firstCalls"].as_u64().unwrap() > 0, "{status}");
    same_as_native(&project, &["argument"]);
}

#[test]
fn small_programs_are_complete_before_they_start() {
    let mut project = Project::new("complete");
    let daemon = Daemon::start(&project.folder, &[]);
    let report = daemon.publish_source(&mut project, PROGRAM);
    assert_eq!(count(&report, "deferred"), 0, "{report}");
    assert_eq!(count(&report, "llvm"), 0, "{report}");
    same_as_native(&project, &[]);
    let again = daemon.publish_source(&mut project, PROGRAM);
    assert_eq!((count(&again, "compiled"), count(&again, "changed")), (0, 0), "{again}");
    assert_eq!(again["units"]["read"], 0, "{again}");
}

#[test]
fn an_edit_compiles_what_changed() {
    let mut project = Project::new("edit");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, PROGRAM);
    let edited = PROGRAM.replace("count + 5", "count + 6").replace("\"drop {}\"", "\"dropped {}\"");
    let report = daemon.publish_source(&mut project, &edited);
    assert!((1..=4).contains(&count(&report, "changed")), "{report}");
    assert!((1..=3).contains(&count(&report, "compiled")), "{report}");
    same_as_native(&project, &[]);
}

#[test]
fn moved_lines_cost_no_compilation_and_are_told_right() {
    let mut project = Project::new("moved-lines");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, PROGRAM);
    let report = daemon.publish_source(&mut project, &format!("\n\n// moved\n{PROGRAM}"));
    assert_eq!((count(&report, "compiled"), count(&report, "changed")), (0, 0), "{report}");
    let run = |program: &str| {
        let output = Command::new(project.folder.join(program)).env("RUST_BACKTRACE", "1").output().unwrap();
        let lines = text(&output.stderr);
        // Thread ids differ by run.
        lines
            .lines()
            .filter(|line| line.contains("main.rs"))
            .map(|line| line.replace('(', " "))
            .map(|line| line.split_whitespace().filter(|word| !word.ends_with(')')).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    project.native(&[]);
    let (ours, native) = (run("program"), run("native"));
    assert!(native.len() >= 3, "a message and frames: {native:?}");
    assert_eq!(ours, native);
}

#[test]
fn a_running_program_keeps_its_generation() {
    let source = |answer: u32| {
        format!(
            "fn answer() -> u32 {{ {answer} }}\n\
             fn main() {{ println!(\"{{}}\", answer()); std::io::stdin().read_line(&mut String::new()).unwrap(); \
             println!(\"{{}}\", answer()); }}"
        )
    };
    let mut project = Project::new("generations");
    let daemon = Daemon::start(&project.folder, &[]);
    let first = daemon.publish_source(&mut project, &source(1));
    let inode = |report: &Value| std::fs::metadata(report["image"].as_str().unwrap()).unwrap().ino();
    let first_inode = inode(&first);
    let mut old = Command::new(project.executable()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It has started when it has printed; only then may the image change.
    let mut line = [0; 2];
    std::io::Read::read_exact(old.stdout.as_mut().unwrap(), &mut line).unwrap();
    let second = daemon.publish_source(&mut project, &source(2));
    assert_ne!(inode(&second), first_inode, "a running program's image is not touched");
    assert!(text(&project.run(&[]).stdout).starts_with("2\n"));
    old.stdin.take().unwrap().write_all(b"\n").unwrap();
    let rest = old.wait_with_output().unwrap();
    assert_eq!((text(&line), text(&rest.stdout)), ("1\n".to_owned(), "1\n".to_owned()));
    let third = daemon.publish_source(&mut project, &source(3));
    assert_eq!(inode(&third), inode(&second), "an image that nobody runs from is updated in place");
    assert!(text(&project.run(&[]).stdout).starts_with("3\n"));
}

#[test]
fn data_of_every_kind_follows_edits() {
    let source = |edit: &str| {
        let declarations = r#"
            use std::cell::Cell;
            use std::sync::atomic::{AtomicU32, Ordering};
            static TABLE: [&str; 2] = ["one", "two"];
            static mut BUFFER: [u8; 9000] = [0; 9000];
            static RUNS: AtomicU32 = AtomicU32::new(40);
            thread_local! { static LOCAL: Cell<u64> = const { Cell::new(5) }; }
            extern "C" fn early() { RUNS.fetch_add(1, Ordering::Relaxed); }
            #[used] #[unsafe(link_section = ".init_array")] static EARLY: extern "C" fn() = early;
            fn main() {
                unsafe { (&raw mut BUFFER).cast::<u8>().add(8999).write(9) };
                let last = unsafe { (&raw const BUFFER).cast::<u8>().add(8999).read() };
                println!("{TABLE:?} {last} {} {}", RUNS.load(Ordering::Relaxed), LOCAL.get());
            }"#;
        match edit {
            "longer table" => declarations.replace("&str; 2] = [", "&str; 3] = [\"zero\", "),
            "more thread-locals" => declarations
                .replace(
                    "const { Cell::new(5) };",
                    "const { Cell::new(6) }; static MORE: Cell<[u64; 9]> = const { Cell::new([1; 9]) };",
                )
                .replace("LOCAL.get())", "LOCAL.get() + MORE.get()[8])"),
            "second constructor" => declarations.replace(
                "#[used]",
                "#[used] #[unsafe(link_section = \".init_array\")] static SECOND: extern \"C\" fn() = early;\n#[used]",
            ),
            "no constructor" => {
                declarations.replace("#[used] #[unsafe(link_section = \".init_array\")] static EARLY", "static EARLY")
            }
            _ => declarations.to_owned(),
        }
    };
    let mut project = Project::new("data");
    // Every function that is found in the store is compiled again and compared.
    let daemon = Daemon::start(&project.folder, &["--paranoid", "true"]);
    for edit in ["", "longer table", "more thread-locals", "second constructor", "no constructor", ""] {
        daemon.publish_source(&mut project, &source(edit));
        same_as_native(&project, &[]);
    }
}

#[test]
fn a_program_outgrows_its_image() {
    let many: String = (0..9000).map(|n| format!("#[inline(never)] fn f{n}(x: u64) -> u64 {{ x ^ {n} }}\n")).collect();
    let sum: String = (0..9000).map(|n| format!("s ^= f{n}(s);")).collect();
    let mut project = Project::new("outgrown");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, "fn main() { println!(\"small\"); }");
    same_as_native(&project, &[]);
    daemon
        .publish_source(&mut project, &format!("{many} fn main() {{ let mut s = 1u64; {sum} println!(\"{{s}}\"); }}"));
    same_as_native(&project, &[]);
}

#[test]
fn an_image_that_is_taken_away_is_made_anew() {
    let mut project = Project::new("taken-away");
    let daemon = Daemon::start(&project.folder, &[]);
    let mut report = daemon.publish_source(&mut project, "fn main() { println!(\"0\"); }");
    // The image, this daemon's folder, the folder of all daemons; with and without an edit.
    for level in 0..3 {
        for edit in [level, level + 1] {
            let image = PathBuf::from(report["image"].as_str().unwrap());
            let gone = image.ancestors().nth(level).unwrap();
            if gone.is_dir() { std::fs::remove_dir_all(gone) } else { std::fs::remove_file(gone) }.unwrap();
            report = daemon.publish_source(&mut project, &format!("fn main() {{ println!(\"{edit}\"); }}"));
            same_as_native(&project, &[]);
        }
    }
    // Somebody else's file in its place is not taken for it.
    let image = report["image"].as_str().unwrap();
    std::fs::remove_file(image).unwrap();
    std::fs::write(image, "not an image").unwrap();
    daemon.publish_source(&mut project, "fn main() { println!(\"other\"); }");
    same_as_native(&project, &[]);
}

#[test]
fn a_killed_daemon_costs_nothing_but_time() {
    let mut project = Project::new("killed");
    let mut daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, PROGRAM);
    daemon.kill();
    same_as_native(&project, &[]);
    daemon.restart();
    same_as_native(&project, &[]);
    let edited = PROGRAM.replace("count + 5", "count + 9");
    daemon.publish_source(&mut project, &edited);
    same_as_native(&project, &["argument"]);
}

#[test]
fn broken_bitcode_is_an_error_and_leaves_the_last_generation() {
    let mut project = Project::new("broken");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, PROGRAM);
    let mut files = project.bitcode(&PROGRAM.replace("drop {}", "dropped {}"));
    for (name, bytes) in [("truncated", None), ("empty", Some(Vec::new())), ("text", Some(b"not bitcode".to_vec()))] {
        let original = std::fs::read(&files[0]).unwrap();
        let broken = project.folder.join(format!("{name}.x.y.rcgu.bc"));
        std::fs::write(&broken, bytes.unwrap_or_else(|| original[..original.len() / 2].to_vec())).unwrap();
        let good = std::mem::replace(&mut files[0], broken);
        let error = daemon.publish(&project, &files).unwrap_err();
        assert_eq!(error["data"]["kind"], "damaged", "{error}");
        assert_eq!(error["data"]["details"], json!({"units": ["program:main"]}));
        assert!(error["message"].as_str().unwrap().contains(&format!("{name}.x.y.rcgu.bc")), "{error}");
        files[0] = good;
    }
    let missing = daemon.publish(&project, &[project.folder.join("gone.bc")]).unwrap_err();
    assert!(missing["message"].as_str().unwrap().contains("gone.bc"), "{missing}");
    assert!(text(&project.run(&[]).stdout).contains("drop 7"));
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let project = Project::new("refused");
    let daemon = Daemon::start(&project.folder, &[]);
    let code = |method: &str, params: Value| daemon.call(method, &params).unwrap_err()["code"].as_i64().unwrap();
    assert_eq!(code("fly", json!({})), -32601);
    assert_eq!(code("publish", json!({"workspace": 1})), -32602);
    assert_eq!(code("initialize", json!({"protocol": 999})), -32000);
    let error = daemon.call("functions", &json!({"workspace": "/nowhere", "program": "none"})).unwrap_err();
    assert_eq!(error["data"]["kind"], "unknownProgram", "{error}");
    assert_eq!(daemon.call("initialize", &json!({"protocol": 2})).unwrap()["protocol"], 2);
}

#[test]
fn a_name_that_is_defined_twice_is_refused_as_by_a_linker() {
    let mut project = Project::new("duplicate");
    let daemon = Daemon::start(&project.folder, &[]);
    let twice = "mod a { #[unsafe(no_mangle)] extern \"C\" fn chosen() {} } fn main() {}";
    let first = project.bitcode(twice);
    daemon.publish(&project, &first).unwrap();
    let mut other = Project::new("duplicate-other");
    let files: Vec<_> = first.iter().cloned().chain(other.bitcode(&twice.replace("mod a", "mod b"))).collect();
    let error = daemon.publish(&project, &files).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("is defined twice"), "{error}");
}

#[test]
fn a_symbol_that_a_linker_makes_up_is_refused_unless_the_program_defines_it() {
    let mut project = Project::new("linker-symbol");
    let daemon = Daemon::start(&project.folder, &[]);
    let main = "fn main() { println!(\"{}\", unsafe { end } > 0) }";
    let theirs = project.bitcode(&format!("unsafe extern \"C\" {{ static end: u8; }} {main}"));
    let error = daemon.publish(&project, &theirs).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("the linker defines `end`"), "{error}");
    let own = format!(
        "mod own {{ #[unsafe(no_mangle)] static end: u8 = 1; }} unsafe extern \"C\" {{ static end: u8; }} {main}"
    );
    daemon.publish_source(&mut project, &own);
    assert_eq!(text(&project.run(&[]).stdout), "true\n");
}

#[test]
fn every_function_is_reported() {
    let mut project = Project::new("reported");
    let daemon = Daemon::start(&project.folder, &[]);
    let report = daemon.publish_source(&mut project, PROGRAM);
    let params = json!({"workspace": project.folder, "program": "debug/program"});
    let functions = daemon.call("functions", &params).unwrap();
    let functions = functions["functions"].as_array().unwrap();
    assert_eq!(functions.len() as u64, count(&report, "total"));
    let fails = functions.iter().find(|function| function["name"] == "main::fails").unwrap();
    assert_eq!((&fails["tier"], &fails["line"]), (&json!("cranelift"), &json!(6)), "{fails}");
    assert!(fails["file"].as_str().unwrap().ends_with("main.rs"), "{fails}");
    assert!(fails["bytes"].as_u64().unwrap() > 0 && fails["us"]["compile"].as_f64().unwrap() > 0.0, "{fails}");
}

#[test]
fn functions_are_reported_in_parts() {
    let mut project = Project::new("parts");
    let daemon = Daemon::start(&project.folder, &[]);
    let many: String = (0..5000).map(|n| format!("pub fn f{n}() {{}} ")).collect();
    let report =
        daemon.publish_source(&mut project, &format!("#![allow(dead_code)] pub mod many {{ {many} }} fn main() {{}}"));
    let part = |from: usize| {
        let params = json!({"workspace": project.folder, "program": "debug/program", "from": from});
        let answer = daemon.call("functions", &params).unwrap();
        let functions: Vec<Value> = answer["functions"].as_array().unwrap().clone();
        (functions, answer["left"].as_u64().unwrap())
    };
    let (mut all, left) = part(0);
    assert_eq!((all.len() as u64 + left, all.len() < 5000), (count(&report, "total"), true));
    let (rest, none) = part(all.len());
    assert_eq!((rest.len() as u64, none), (left, 0));
    all.extend(rest);
    let symbols: std::collections::HashSet<&str> = all.iter().map(|one| one["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols.len(), all.len());
    assert_eq!(part(usize::MAX >> 1), (vec![], 0));
}

#[test]
fn old_images_make_room_for_new_ones() {
    let mut first = Project::new("room-first");
    let mut second = Project::new("room-second");
    let daemon = Daemon::start(&first.folder, &["--image-bytes", "1000000"]);
    let old = daemon.publish_source(&mut first, PROGRAM);
    daemon.publish_source(&mut second, PROGRAM);
    let old = std::path::Path::new(old["image"].as_str().unwrap());
    poll("the older image is given up", || !old.exists());
    same_as_native(&second, &[]);
    daemon.publish_source(&mut first, PROGRAM);
    same_as_native(&first, &[]);
}

#[test]
fn a_daemon_that_nobody_can_reach_ends_all_the_same() {
    let project = Project::new("unreachable");
    let mut daemon = Daemon::start(&project.folder, &["--idle-seconds", "2"]);
    daemon.call("status", &json!({})).unwrap();
    std::fs::remove_file(project.folder.join("engine.sock")).unwrap();
    assert!(daemon.ends());
}

#[test]
fn a_daemon_whose_socket_was_removed_ends() {
    let project = Project::new("removed-socket");
    let mut daemon = Daemon::start(&project.folder, &[]);
    daemon.call("status", &json!({})).unwrap();
    std::fs::remove_file(project.folder.join("engine.sock")).unwrap();
    assert!(daemon.ends());
}

#[test]
fn what_nothing_defines_is_refused_where_it_can_be_reached() {
    let mut project = Project::new("unresolved");
    let daemon = Daemon::start(&project.folder, &[]);
    let source = |called: &str| {
        format!(
            "unsafe extern \"C\" {{ safe fn nowhere() -> i32; }}
            struct Quiet; trait Speak {{ fn speak(&self) -> i32; }}
            impl Speak for Quiet {{ fn speak(&self) -> i32 {{ nowhere() }} }}
            pub fn unused() -> i32 {{ nowhere() }}
            fn main() {{ {called} println!(\"ran\"); }}"
        )
    };
    daemon.publish_source(&mut project, &source(""));
    same_as_native(&project, &[]);
    // Through a vtable.
    let files = project
        .bitcode(&source("let speaks: &dyn Speak = &Quiet; if std::env::args().count() > 9 { speaks.speak(); }"));
    let error = daemon.publish(&project, &files).unwrap_err();
    assert_eq!(error["data"]["kind"], "unresolved", "{error}");
    assert!(error["message"].as_str().unwrap().contains("`nowhere`"), "{error}");
    daemon.publish_source(&mut project, &source("let _ = 1;"));
    same_as_native(&project, &[]);
}
