//! What gdb sees of a program: breakpoints by source line, in code that comes while it watches.

mod support;

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
fn gdb(project: &Project, commands: &[&str]) -> String {
    let mut gdb = Command::new("gdb");
    gdb.args(["-batch", "-nx", "-ex", "set breakpoint pending on", "-ex", "set debuginfod enabled off"]);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    let output = gdb.arg(project.executable()).output().expect("gdb, which this test needs");
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
        &project,
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
