//! Daemons that are killed while programs still wait for functions to be compiled.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Daemon, Project, poll, text};

/// Every function is compiled on its first call, and a daemon that a program started ends by itself if the test fails.
const LAZY: [&str; 6] = ["--eager-functions", "0", "--compile-ahead", "false", "--idle-seconds", "120"];
/// As many phases as [`program`] has: it stops before each but the first until it gets a line.
const PHASES: usize = 4;

/// Needs what only code has that was bound, described and published as any other: unwinding, thread-locals, addresses, names.
const PROGRAM: &str = r#"
use std::{backtrace::Backtrace, cell::{Cell, RefCell}, collections::BTreeMap, io::Write, panic, thread};
thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(100) };
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}
unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn printf(format: *const u8, ...) -> i32;
    fn fflush(stream: *mut u8) -> i32;
}
struct Loud(u32);
impl Drop for Loud { fn drop(&mut self) { println!("drop {}", self.0); COUNT.set(COUNT.get() + 1) } }
#[inline(never)] fn fails(n: usize, list: &[u32]) -> u32 { let _loud = Loud(7); list[n] }
#[inline(never)] fn through(n: usize) -> u32 { let _outer = Loud(8); fails(n, &[1, 2, 3]) + 1 }
#[inline(never)] fn through_more(n: u64) -> u64 { let _outer = Loud(9); if n == 0 { panic!("deep") } through_more(n - 1) }
#[inline(never)] fn square(n: u64) -> u64 { n * n }
#[inline(never)] fn cube(n: u64) -> u64 { n * n * n }
#[inline(never)] fn named(depth: u32) -> String { if depth == 0 { Backtrace::force_capture().to_string() } else { named(depth - 1) + "" } }
trait Shape { fn area(&self) -> f64; fn name(&self) -> String { "shape".to_owned() } }
struct Disk(f64);
struct Box2(f64, f64);
impl Shape for Disk { fn area(&self) -> f64 { 3.0 * self.0.powi(2) } }
impl Shape for Box2 { fn area(&self) -> f64 { self.0 * self.1 } fn name(&self) -> String { format!("{}x{}", self.0, self.1) } }
fn pause(phase: u32) {
    println!("-- {phase}");
    std::io::stdout().flush().unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
fn main() {
    panic::set_hook(Box::new(|info| println!("panicked at {}", info.location().unwrap().line())));
    let pointers: [fn(u64) -> u64; 2] = [square, cube];
    let shapes: [Box<dyn Shape>; 2] = [Box::new(Disk(2.0)), Box::new(Box2(2.0, 5.0))];
    println!("{:?} {}", panic::catch_unwind(|| through(1)).is_ok(), MANY_0);
    pause(1);
    println!("{:?} {}", panic::catch_unwind(|| through(std::env::args().count() + 4)).is_err(), MANY_1);
    println!("{} {}", pointers[0] == square as fn(u64) -> u64, pointers[0](COUNT.get()));
    SEEN.with_borrow_mut(|seen| seen.push(format!("{:>8.3}", 2.0f64.sqrt())));
    unsafe { printf(c"%d %.3f\n".as_ptr().cast(), 7, 2.5f64); fflush(std::ptr::null_mut()); }
    pause(2);
    println!("{:?} {}", panic::catch_unwind(|| through_more(3)).is_err(), MANY_2);
    let sum: u64 = (0..4u64).map(|n| thread::spawn(move || { COUNT.set(n); cube(n) + COUNT.get() })).map(|t| t.join().unwrap()).sum();
    println!("{sum} {} {}", pointers[1] == cube as fn(u64) -> u64, COUNT.get());
    for shape in &shapes { println!("{} {}", shape.name(), shape.area()) }
    let map: BTreeMap<_, _> = "one two three".split(' ').map(|word| (word.len(), word)).collect();
    println!("{map:?} {:?} {}", SEEN.take(), i128::MAX / 3);
    pause(3);
    let child = unsafe { fork() };
    if child == 0 { std::process::exit((MANY_3 % 100) as i32 + 1) }
    let mut status = 0;
    unsafe { waitpid(child, &mut status, 0) };
    println!("child {status} {}", MANY_3);
    let trace = named(2);
    println!("{} {}", trace.matches("main::named").count(), trace.contains("main.rs:LINE"));
    std::process::exit(5);
}
"#;

/// The program with `many` functions of its own for every phase, and the line in it that a backtrace must name.
fn program(many: usize) -> String {
    let mut source = PROGRAM.to_owned();
    for phase in 0..PHASES {
        for n in 0..many {
            let body = match n % 3 {
                0 => format!("x.wrapping_mul({n}) ^ {phase}"),
                1 => format!("format!(\"{{x}}{n}\").len() as u64 ^ x"),
                _ => format!("[x, {n}, {phase}].iter().map(|y| y ^ (x >> 2)).max().unwrap()"),
            };
            source += &format!("#[inline(never)] fn f{phase}_{n}(x: u64) -> u64 {{ {body} }}\n");
        }
        let calls: String = (0..many).map(|n| format!("s = f{phase}_{n}(s);")).collect();
        source = source.replace(&format!("MANY_{phase}"), &format!("{{ let mut s = 1u64; {calls} s }}"));
    }
    let line = source.lines().position(|line| line.contains("fn named")).unwrap() + 1;
    source.replace("LINE", &line.to_string())
}

/// A program that runs, and stops where [`PROGRAM`] does.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    output: String,
}

impl Running {
    fn start(project: &Project) -> Self {
        let mut child = Command::new(project.executable())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout, output: String::new() }
    }

    /// Waits until the program has done its phase `number`.
    #[track_caller]
    fn reach(&mut self, number: usize) {
        let marker = format!("-- {number}\n");
        while !self.output.ends_with(&marker) {
            if self.stdout.read_line(&mut self.output).unwrap() == 0 {
                let mut error = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
                panic!("the program ended before phase {number}: {}\n{error}", self.output);
            }
        }
    }

    /// Lets it do the next phase.
    fn go_on(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Lets it do the rest. What it wrote to both streams, and how it ended.
    fn finish(mut self) -> (String, String, ExitStatus) {
        drop(self.child.stdin.take());
        let mut error = String::new();
        self.stdout.read_to_string(&mut self.output).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        (self.output, error, self.child.wait().unwrap())
    }

    #[track_caller]
    fn finish_as_native(self, project: &Project) {
        let native = project.native(&[]);
        assert_eq!(native.status.code(), Some(5), "{native:?}");
        let (output, error, status) = self.finish();
        assert_eq!(output, text(&native.stdout), "{error}");
        assert_eq!(status, native.status, "{error}");
    }
}

/// Kills the daemon that a program started.
fn kill_successor(daemon: &Daemon, before: u64) -> u64 {
    let pid = pid(daemon);
    assert_ne!(pid, before, "another daemon");
    // SAFETY: sends a signal to a process of the test's own.
    assert_eq!(unsafe { libc::kill(i32::try_from(pid).unwrap(), libc::SIGKILL) }, 0);
    // Its socket is open until its last thread ends; then it may still wait for whoever inherited it to notice.
    poll("the daemon is gone", || {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        threads <= 1 && stat.map_or(true, |stat| stat.rsplit(')').next().unwrap().trim_start().starts_with('Z'))
    });
    pid
}

fn pid(daemon: &Daemon) -> u64 {
    daemon.call("initialize", &json!({"protocol": 2})).unwrap()["pid"].as_u64().unwrap()
}

fn first_calls(daemon: &Daemon) -> u64 {
    daemon.call("status", &json!({})).unwrap()["memory"]["firstCalls"].as_u64().unwrap()
}

/// The folders in which states of images are kept.
fn kept(project: &Project) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(project.images()).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "resume")).collect()
}

/// A name, and what it does to a folder of [`kept`].
type Damage<'a> = (&'a str, &'a dyn Fn(&Path));

fn deferred(report: &Value) -> u64 {
    report["functions"]["deferred"].as_u64().unwrap()
}

#[test]
fn a_program_goes_on_when_its_daemon_is_killed() {
    let mut project = Project::new("resume-once");
    let mut daemon = Daemon::start(&project.folder, &LAZY);
    let report = daemon.publish_source(&mut project, &program(60));
    assert!(deferred(&report) > 300, "{report}");
    let mut running = Running::start(&project);
    running.reach(1);
    assert!(first_calls(&daemon) > 60);
    let first = pid(&daemon);
    daemon.kill();
    // The next build removes what the units were read from.
    for entry in std::fs::read_dir(&project.folder).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("out-") {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    running.go_on();
    running.reach(2);
    assert!(first_calls(&daemon) > 60, "the new daemon compiles");
    running.finish_as_native(&project);
    // It can be started again, too.
    Running::start(&project).finish_as_native(&project);
    kill_successor(&daemon, first);
}

#[test]
fn a_program_goes_on_when_daemon_after_daemon_is_killed() {
    let mut project = Project::new("resume-again");
    let mut daemon = Daemon::start(&project.folder, &LAZY);
    daemon.publish_source(&mut project, &program(15));
    // In place: what was kept of the generation before must not be gone on from.
    daemon.publish_source(&mut project, &program(20));
    assert_eq!(kept(&project).len(), 1, "the same image");
    let mut running = Running::start(&project);
    running.reach(1);
    let mut last = pid(&daemon);
    daemon.kill();
    for phase in 2..PHASES {
        running.go_on();
        running.reach(phase);
        last = kill_successor(&daemon, last);
    }
    running.finish_as_native(&project);
    kill_successor(&daemon, last);
}

#[test]
fn a_program_goes_on_when_its_daemon_is_killed_while_it_compiles() {
    let mut project = Project::new("resume-busy");
    let mut daemon = Daemon::start(&project.folder, &LAZY);
    daemon.publish_source(&mut project, &program(120));
    let mut running = Running::start(&project);
    running.reach(1);
    let mut last = pid(&daemon);
    daemon.kill();
    // Each in the middle of a phase: after some of its first calls, wherever that is.
    for calls in [1, 40, 90] {
        running.go_on();
        poll("the next daemon compiles", || first_calls(&daemon) >= calls);
        last = kill_successor(&daemon, last);
    }
    running.finish_as_native(&project);
    kill_successor(&daemon, last);
}

#[test]
fn a_daemon_whose_socket_was_removed_serves_programs_that_wait_for_functions() {
    let mut project = Project::new("resume-unreachable");
    let mut daemon = Daemon::start(&project.folder, &LAZY);
    daemon.publish_source(&mut project, &program(4));
    let mut running = Running::start(&project);
    running.reach(1);
    std::fs::remove_file(project.folder.join("engine.sock")).unwrap();
    // It looks every ten seconds whether it is needed.
    std::thread::sleep(Duration::from_secs(15));
    running.finish_as_native(&project);
    assert!(daemon.ends());
}

#[test]
fn compiling_ahead_goes_on_when_the_daemon_is_killed() {
    let options = ["--eager-functions", "0", "--idle-seconds", "120"];
    let mut project = Project::new("resume-ahead");
    let mut daemon = Daemon::start(&project.folder, &options);
    daemon.publish_source(&mut project, &program(400));
    let mut running = Running::start(&project);
    let first = pid(&daemon);
    daemon.kill();
    let folders = kept(&project);
    assert_eq!(folders.len(), 1, "killed before all was compiled");
    running.reach(1);
    poll("what is kept is removed when all is compiled", || !folders[0].exists());
    kill_successor(&daemon, first);
    // Nobody is needed any more.
    running.finish_as_native(&project);
}

#[test]
fn an_image_that_was_replaced_goes_on_too() {
    let mut project = Project::new("resume-replaced");
    let mut daemon = Daemon::start(&project.folder, &LAZY);
    let source = program(20);
    daemon.publish_source(&mut project, &source);
    let mut running = Running::start(&project);
    running.reach(1);
    let first = pid(&daemon);
    daemon.kill();
    running.go_on();
    running.reach(2);
    let edited = source.replace("\"shape\"", "\"other shape\"");
    daemon.publish_source(&mut project, &edited);
    Running::start(&project).finish_as_native(&project);
    let second = kill_successor(&daemon, first);
    assert_eq!(kept(&project).len(), 2, "both generations are incomplete");
    // Still the first generation.
    let (output, error, status) = running.finish();
    assert_eq!(status.code(), Some(5), "{error}");
    assert!(output.contains("\nshape 12\n"), "{output}");
    Running::start(&project).finish_as_native(&project);
    poll("what nobody runs from is removed", || kept(&project).len() == 1);
    kill_successor(&daemon, second);
}

#[test]
fn what_cannot_be_gone_on_from_is_said() {
    let source = program(5);
    let change = |path: &Path, at: usize| {
        let mut bytes = std::fs::read(path).unwrap();
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 0x55;
        std::fs::write(path, bytes).unwrap();
    };
    let bitcode = |folder: &Path| {
        let mut paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|extension| extension == "lz4")).unwrap()
    };
    let damages: [Damage; 7] = [
        ("missing", &|folder| std::fs::remove_dir_all(folder).unwrap()),
        ("version", &|folder| change(&folder.join("state"), 20)),
        ("state", &|folder| change(&folder.join("state"), 3000)),
        ("cut", &|folder| {
            let state = std::fs::OpenOptions::new().write(true).open(folder.join("state")).unwrap();
            state.set_len(30).unwrap();
        }),
        ("bitcode", &|folder| change(&bitcode(folder), 3000)),
        ("no bitcode", &|folder| std::fs::remove_file(bitcode(folder)).unwrap()),
        ("hopeless", &|folder| std::fs::write(folder.join("attempts"), [b'+'; 16]).unwrap()),
    ];
    let mut project = Project::new("resume-damaged");
    let mut daemon = Daemon::start(&project.folder, &LAZY);
    let files = project.bitcode(&source);
    for (name, damage) in damages {
        daemon.publish(&project, &files).unwrap();
        let mut running = Running::start(&project);
        running.reach(1);
        let first = pid(&daemon);
        poll("the image before is given up", || kept(&project).len() == 1);
        daemon.kill();
        let folders = kept(&project);
        assert_eq!(folders.len(), 1, "{name}");
        damage(&folders[0]);
        running.go_on();
        let (_, error, status) = running.finish();
        assert!(error.contains("ended before it was done; run it again"), "{name}: {error}");
        assert!(!status.success(), "{name}: {status}");
        poll("nothing is left of what could not be used", || kept(&project).is_empty());
        // The image is not complete, so the next publication makes it anew.
        daemon.publish(&project, &files).unwrap();
        let (output, error, status) = Running::start(&project).finish();
        assert_eq!(status.code(), Some(5), "{name}: {output}\n{error}");
        kill_successor(&daemon, first);
        daemon.restart();
    }
}

#[test]
fn an_image_that_was_being_changed_is_not_run() {
    let mut project = Project::new("resume-changing");
    let mut daemon = Daemon::start(&project.folder, &LAZY);
    let report = daemon.publish_source(&mut project, &program(1));
    let image = PathBuf::from(report["image"].as_str().unwrap());
    daemon.kill();
    // As an update leaves it that was cut short.
    let mut bytes = std::fs::read(&image).unwrap();
    assert_eq!(bytes[..4], *b"\x7fELF");
    bytes[..4].fill(0);
    std::fs::write(&image, bytes).unwrap();
    assert!(!project.run(&[]).status.success());
    daemon.restart();
    pid(&daemon);
    assert!(!image.exists());
    daemon.publish_source(&mut project, &program(1));
    Running::start(&project).finish_as_native(&project);
}
