//! `cranefly-engine clif` on files as people write them.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What becomes of a file.
fn clif(text: &str, arguments: &[&str]) -> Value {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cranefly-engine"))
        .args(["clif", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Line, whether it holds, and message of each directive.
fn directives(report: &Value) -> Vec<(u64, bool, &str)> {
    assert_eq!(report["errors"], Value::Array(Vec::new()), "{report}");
    let all = report["directives"].as_array().unwrap().iter();
    all.map(|one| (one["line"].as_u64().unwrap(), one["ok"] == true, one["message"].as_str().unwrap())).collect()
}

#[test]
fn directives_hold_or_say_what_was_returned() {
    let report = clif(
        r"test run
target x86_64

function %add(i32, i32) -> i32 {
block0(v0: i32, v1: i32):
    v2 = iadd v0, v1
    return v2
}
; run: %add(1, 2) == 3
; run: %add(1, 2) == 4
; run: %add(1, 2) != 4
; print: %add(-1, 0x10)

function %calls(i64) -> i64 {
    fn0 = %twice(i64) -> i64
block0(v0: i64):
    v1 = call fn0(v0)
    v2 = iconst.i64 1
    v3 = iadd v1, v2
    return v3
}

function %twice(i64) -> i64 {
block0(v0: i64):
    v1 = iadd v0, v0
    return v1
}
; run: %calls(20) == 41

function %yes() -> i8 {
block0:
    v0 = iconst.i8 1
    return v0
}
; run
",
        &[],
    );
    assert_eq!(
        directives(&report),
        [
            (9, true, "%add(1, 2) -> 3"),
            (10, false, "%add(1, 2) -> 3, expected 4"),
            (11, true, "%add(1, 2) -> 3"),
            (12, true, "%add(-1, 16) -> 15"),
            (28, true, "%calls(20) -> 41"),
            (35, true, "%default() -> 1"),
        ]
    );
}

#[test]
fn values_of_every_scalar_and_vector_type_pass() {
    let types = [
        ("i8", "-5"),
        ("i16", "-300"),
        ("i32", "70000"),
        ("i64", "-5000000000"),
        ("i128", "-170141183460469231731687303715884105728"),
        ("f32", "0x1.8p1"),
        ("f64", "-0x1.0p-3"),
        ("i8x16", "0x0f0e0d0c0b0a09080706050403020100"),
        ("i32x4", "[1 2 3 4]"),
        ("f64x2", "[0x1.0 0x1.8p1]"),
    ];
    let text: String = types
        .iter()
        .map(|(ty, value)| {
            format!(
                "function %same_{ty}({ty}, {ty}) -> {ty}, i8 {{\nblock0(v0: {ty}, v1: {ty}):\n    v2 = iconst.i8 7\n    return v1, v2\n}}\n; run: %same_{ty}({value}, {value}) == [{value}, 7]\n"
            )
        })
        .collect();
    let report = clif(&text, &[]);
    let all = directives(&report);
    assert_eq!(all.len(), types.len());
    for (line, ok, message) in all {
        assert!(ok, "{line}: {message}");
    }
}

#[test]
fn what_a_directive_does_it_does_to_its_own_process() {
    let report = clif(
        r"function %null() -> i32 {
block0:
    v0 = iconst.i64 0
    v1 = load.i32 v0
    return v1
}
; run: %null() == 0

function %trap() -> i32 {
block0:
    trap user1
}
; run: %trap() == 0

function %divide(i32, i32) -> i32 {
block0(v0: i32, v1: i32):
    v2 = sdiv v0, v1
    return v2
}
; run: %divide(7, 2) == 3
; run: %divide(7, 0) == 3

function %forever() -> i32 {
block0:
    jump block1

block1:
    jump block1
}
; run: %forever() == 0

function %writes_code(i64) -> i64 {
    fn0 = %forever() -> i32
block0(v0: i64):
    v1 = func_addr.i64 fn0
    store v0, v1
    return v0
}
; run: %writes_code(1) == 1
; run: %divide(9, 3) == 3
",
        &["--timeout-ms", "2000"],
    );
    let all = directives(&report);
    let message = |line: u64| all.iter().find(|one| one.0 == line).unwrap();
    for (line, part) in
        [(7, "SIGSEGV"), (13, "SIGILL"), (21, "SIG"), (30, "did not return within 2 s"), (39, "SIGSEGV")]
    {
        assert!(!message(line).1 && message(line).2.contains(part), "{:?}", message(line));
    }
    assert!(message(20).1 && message(40).1, "{all:?}");
}

#[test]
fn what_is_wrong_with_a_file_is_told_by_line() {
    let faults = |text: &str| {
        let report = clif(text, &[]);
        assert_eq!(report["directives"], Value::Array(Vec::new()), "{report}");
        let all = report["errors"].as_array().unwrap().iter();
        all.map(|one| (one["line"].as_u64().unwrap(), one["message"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let parse =
        faults("function %f() -> i32 {\nblock0:\n    v0 = iconst.i32 one\n    return v0\n}\n; run: %f() == 1\n");
    assert_eq!(parse.len(), 1);
    assert_eq!(parse[0].0, 3, "{parse:?}");
    let verify = faults("function %f(i64) -> i32 {\nblock0(v0: i64):\n    v1 = iadd v0, v0\n    return v1\n}\n");
    assert!(verify.iter().any(|(line, _)| *line == 4), "{verify:?}");
    let directive = faults("function %f(i32) {\nblock0(v0: i32):\n    return\n}\n; run: %f(1, 2\n");
    assert_eq!(directive[0].0, 5, "{directive:?}");
}

#[test]
fn what_cannot_be_run_says_why() {
    let report = clif(
        r"function %outside() -> i32 {
    fn0 = %elsewhere() -> i32
block0:
    v0 = call fn0()
    return v0
}
; run: %outside() == 1

function %by_memory(i64 sret) {
block0(v0: i64):
    return
}
; print: %by_memory(1)
",
        &["--line", "7"],
    );
    let all = directives(&report);
    assert_eq!(all.len(), 1, "only the line that was asked for");
    assert_eq!(all[0], (7, false, "%outside refers to %elsewhere, which is not in this file"));
}
