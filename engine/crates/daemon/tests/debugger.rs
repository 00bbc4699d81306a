//! What gdb sees of a program: breakpoints by source line, in code that comes while it watches.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::{Daemon, Project, text};

const PROGRAM: &str = r#"mod work {
    pub fn scale(values: &[i32], by: i32) -> Vec<i32> {
        values
            .iter()
            .map(|value| {
                let scaled = value * by;
                scaled + 1
            })
            .collect()
    }

    pub fn first<T: Copy>(values: &[T]) -> T {
        values[0]
    }
}

fn main() {
    let values = work::scale(&[3, 9, 4], 2);
    let map: std::collections::BTreeMap<i32, String> = values.iter().map(|n| (*n, format!("<{n}>"))).collect();
    println!("{map:?} {} {}", work::first(&values), work::first(&['a', 'b']));
}
"#;

/// Runs the program under gdb, and gives what both print.
fn gdb(program: &Path, commands: &[&str]) -> String {
    let mut gdb = Command::new("gdb");
    gdb.args(["-batch", "-nx", "-ex", "set breakpoint pending on", "-ex", "set debuginfod enabled off"]);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    let output = gdb.arg(program).output().expect("gdb, which this test needs");
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn compile(daemon: &Daemon, project: &Project, line: u32) -> Value {
    let file = project.folder.canonicalize().unwrap().join("main.rs");
    let params = json!({"workspace": project.folder, "program": "debug/program", "file": file, "line": line});
    daemon.call("compile", &params).unwrap()
}

#[test]
fn breakpoints_and_first_calls_work_together() {
    let mut project = Project::new("debugger");
    let daemon = Daemon::start(&project.folder, &["--eager-functions", "0", "--compile-ahead", "false"]);
    daemon.publish_source(&mut project, PROGRAM);
    // Nothing is compiled: a debugger that loads the program finds no code at these lines, unless it is asked for first.
    assert_eq!(compile(&daemon, &project, 6)["compiled"], 1);
    assert_eq!(compile(&daemon, &project, 13)["compiled"], 2);
    // All but those functions are compiled while gdb has breakpoints in the pages before.
    let seen = gdb(
        &project.executable(),
        &[
            "break main.rs:6",
            "break main.rs:13",
            "run",
            "backtrace 1",
            "delete 1",
            "continue",
            "backtrace 1",
            "continue",
            "continue",
        ],
    );
    for part in ["main.rs:6", "main.rs:13", "exited normally", "{7: \"<7>\", 9: \"<9>\", 19: \"<19>\"} 7 a"] {
        assert!(seen.contains(part), "{part} in\n{seen}");
    }
    let stops = seen
        .lines()
        .filter(|line| line.starts_with("Thread 1 ") || line.starts_with("Breakpoint ") && line.contains(", "));
    assert_eq!(stops.count(), 3, "the closure once, and two instances of a generic function:\n{seen}");
    let status = daemon.call("status", &json!({})).unwrap();
    assert!(status["memory"]["firstCalls"].as_u64().unwrap() > 10, "{status}");
}

/// Functions of all kinds, all of which call `stop`.
const CALLS: &str = r#"mod shapes {
    pub struct Point<T>(pub T);
    pub trait Area {
        fn area(&self) -> i32;
        fn twice(&self) -> i32 {
            crate::stop(2 * self.area())
        }
    }
    impl Area for Point<i32> {
        fn area(&self) -> i32 {
            crate::stop(self.0)
        }
    }
    impl<T: Copy + Into<i32>> Point<T> {
        pub fn method(&self) -> i32 {
            crate::stop(self.0.into())
        }
    }
    pub fn scale(values: &[i32]) -> Vec<i32> {
        values.iter().map(|value| crate::stop(*value)).collect()
    }
    pub fn generic<T: Copy + Into<i32>>(value: T) -> i32 {
        fn nested(value: i32) -> i32 {
            crate::stop(value)
        }
        nested(value.into())
    }
}

struct Shown;

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}", stop(7))
    }
}

#[inline(never)]
fn stop(value: i32) -> i32 {
    value + 1
}

fn main() {
    use shapes::{Area, Point};
    let point = Point(3);
    println!("{} {} {}", point.twice(), point.method(), Point(4u8).method());
    println!("{:?} {} {}", shapes::scale(&[1]), shapes::generic(5u8), shapes::generic(6i16));
    println!("{Shown} {}", std::sync::OnceLock::new().get_or_init(|| stop(8)));
}
"#;

/// Names of the functions on the stack at each call of `stop`, innermost first, as far as they have a source position.
fn stacks(program: &Path, calls: usize) -> Vec<Vec<String>> {
    let commands: Vec<&str> =
        ["break main.rs:40", "run"].into_iter().chain([["backtrace", "continue"]; 32].into_iter().flatten()).collect();
    let seen = gdb(program, &commands[..2 + 2 * calls]);
    let mut stacks: Vec<Vec<String>> = Vec::new();
    for line in seen.lines().filter(|line| line.starts_with('#')) {
        let (number, rest) = line.split_once(char::is_whitespace).unwrap();
        if number == "#0" {
            stacks.push(Vec::new());
        }
        let (call, position) = rest.trim_start().rsplit_once(" () at ").unwrap_or((rest, ""));
        let name = call.split_once(" in ").map_or(call, |(_, name)| name);
        if position.contains(".rs:") {
            stacks.last_mut().unwrap().push(name.to_owned());
        }
    }
    assert_eq!(stacks.len(), calls, "{seen}");
    stacks
}

#[test]
fn functions_have_the_names_that_rustc_gives_them() {
    let mut project = Project::new("debugger-names");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, CALLS);
    let native = project.native(&[]);
    assert!(native.status.success());
    let expected = stacks(&project.folder.join("native"), 9);
    for name in
        ["main::stop", "main::shapes::Point::method<u8>", "main::shapes::scale::{closure#0}", "main::{impl#0}::fmt"]
    {
        assert!(expected.iter().flatten().any(|found| found == name), "{name} in {expected:#?}");
    }
    assert_eq!(stacks(&project.executable(), 9), expected);
}
