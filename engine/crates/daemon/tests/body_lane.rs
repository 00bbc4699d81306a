//! The body lane's functions in a program that the crate lane made.

mod support;

use serde_json::{Value, json};
use support::{Daemon, Project, text, with_digests};

/// Functions at the left margin, their bodies on lines of their own, so that they are easy to blank.
const PROGRAM: &str = r#"
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU32, Ordering};
static RUNS: AtomicU32 = AtomicU32::new(40);
thread_local! { static DEPTH: Cell<u32> = const { Cell::new(7) }; }
struct Loud(u32);
impl Drop for Loud {
fn drop(&mut self) {
    println!("drop {}", self.0)
}
}
trait Shape { fn area(&self) -> f64; fn name(&self) -> String { format!("{:.1}", self.area()) } }
struct Square(f64);
impl Shape for Square {
fn area(&self) -> f64 {
    self.0 * self.0
}
}
fn show<T: Debug>(value: T) -> String {
    format!("<{value:?}>")
}
fn private(n: u32) -> u32 {
    RUNS.fetch_add(n, Ordering::Relaxed)
}
fn fails(n: usize) -> u32 {
    let _loud = Loud(9);
    [1, 2, 3][n]
}
#[derive(Clone, Copy)]
struct Small(u8, u8, u8);
fn shapes(a: [u8; 3], b: Small, c: &str, d: Option<u32>, e: [u64; 4], f: &dyn Fn() -> u8, g: (f32, i128), h: Box<[u8]>) -> String {
    format!("{a:?} {} {c} {d:?} {e:?} {} {g:?} {h:?}", b.0 + b.1 + b.2, f())
}
fn held(guard: Loud, future: impl Future<Output = u8>) -> usize {
    std::mem::size_of_val(&future) + std::mem::size_of_val(&guard)
}
fn edited(n: u32) -> String {
    format!("one {}", private(n))
}
fn other(n: u32) -> String {
    let shape: Box<dyn Shape> = Box::new(Square(f64::from(n)));
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    format!("{} {} {}", shape.name(), show(n), DEPTH.get())
}
fn calls() -> String {
    let held = held(Loud(3), std::future::ready(1u8));
    shapes([1, 2, 3], Small(4, 5, 6), "seven", Some(8), [9; 4], &|| 10, (1.5, -12), Box::new([13, 14])) + &held.to_string()
}
fn main() {
    println!("{} {} {}", edited(1), other(2), edited(3));
    println!("{}", calls());
    let caught = std::panic::catch_unwind(|| fails(5)).is_err();
    println!("{caught} {} {}", RUNS.load(Ordering::Relaxed), show(BTreeMap::from([(1, 'a')])).len());
}
"#;

/// `source` with every body blanked but those of `keep`; no line moves.
fn blank(source: &str, keep: &[&str]) -> String {
    let mut blanked = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        blanked += line;
        blanked.push('\n');
        let name = line.strip_prefix("fn ").and_then(|rest| rest.split(['(', '<']).next());
        if name.is_none_or(|name| keep.contains(&name)) || !line.ends_with('{') {
            continue;
        }
        let mut body = "loop {}\n";
        for line in lines.by_ref().take_while(|line| *line != "}") {
            assert!(!line.is_empty());
            blanked += body;
            body = "\n";
        }
        blanked += "}\n";
    }
    blanked
}

/// First and last line of a function.
fn range(source: &str, name: &str) -> [usize; 2] {
    let lines: Vec<&str> = source.lines().collect();
    let starts = |line: &&str| line.strip_prefix("fn ").is_some_and(|rest| rest.starts_with(name));
    let first = lines.iter().position(starts).unwrap();
    let length = lines[first..].iter().position(|line| *line == "}").unwrap();
    [first + 1, first + length + 1]
}

struct Fixture {
    project: Project,
    daemon: Daemon,
    crate_lane: Vec<std::path::PathBuf>,
    source: String,
}

impl Fixture {
    fn new(name: &str) -> Self {
        let mut project = Project::new(&format!("body-{name}"));
        let daemon = Daemon::start(&project.folder, &[]);
        let crate_lane = project.bitcode(PROGRAM);
        let fixture = Self { project, daemon, crate_lane, source: PROGRAM.to_owned() };
        fixture.daemon.publish(&fixture.project, &fixture.crate_lane).unwrap();
        fixture
    }

    /// What comes of publishing `text`, in which only `edited` are other than in the program.
    fn body_lane(&mut self, text: &str, edited: &[&str], keep: &[&str]) -> Result<Value, Value> {
        let whole: Vec<&str> = edited.iter().chain(keep).copied().collect();
        let bitcode = self.project.body_lane(&blank(text, &whole));
        let file = self.project.folder.join("main.rs");
        let edited: Vec<Value> = edited
            .iter()
            .map(|name| json!({"file": file, "old": range(&self.source, name), "new": range(text, name)}))
            .collect();
        let lane = json!([{"unit": "program:program", "crateName": "program", "bitcode": with_digests(&bitcode), "edited": edited}]);
        std::fs::write(file, text).unwrap();
        self.daemon.publish_with(&self.project, &self.crate_lane, &json!({"bodyLane": lane}))
    }

    /// Publishes the body lane, compares the program with a native build, and the lanes with each other.
    #[track_caller]
    fn takes(&mut self, text: &str, edited: &[&str], keep: &[&str]) -> Value {
        let report = self.body_lane(text, edited, keep).unwrap();
        self.same_as_native();
        let crate_lane = self.project.bitcode(text);
        let verified =
            self.daemon.publish_with(&self.project, &crate_lane, &json!({"verify": true, "verifyAll": true})).unwrap();
        assert_eq!(verified["verified"]["diverged"], json!([]), "{verified}");
        assert!(verified["verified"]["equal"].as_u64() > Some(0), "{verified}");
        let (compiled, unmatched) = (&verified["functions"]["compiled"], &verified["verified"]["unmatched"]);
        assert!(compiled.as_u64() <= unmatched.as_u64(), "what the body lane compiled is found again: {verified}");
        self.crate_lane = crate_lane;
        text.clone_into(&mut self.source);
        self.same_as_native();
        report
    }

    #[track_caller]
    fn same_as_native(&self) {
        let (native, ours) = (self.project.native(&[]), self.project.run(&[]));
        assert_eq!(text(&ours.stdout), text(&native.stdout));
        assert_eq!(ours.status, native.status);
        assert!(native.status.success());
    }
}

#[track_caller]
fn edit(source: &str, from: &str, to: &str) -> String {
    assert_eq!(source.matches(from).count(), 1, "{from}");
    source.replace(from, to)
}

#[test]
fn a_literal_is_one_function() {
    let mut fixture = Fixture::new("literal");
    let report = fixture.takes(&edit(PROGRAM, "\"one {}\"", "\"two {}\""), &["edited"], &[]);
    assert_eq!(report["bodyLane"]["taken"], 1, "{report}");
    assert_eq!(report["functions"]["changed"], 1, "{report}");
    // Edits on top of edits.
    let text = edit(&fixture.source, "\"two {}\"", "\"three {}\"");
    fixture.takes(&text, &["edited"], &["other"]);
}

#[test]
fn edits_pile_up_until_the_crate_lane_has_followed() {
    let mut fixture = Fixture::new("pile");
    let first = edit(PROGRAM, "\"one {}\"", "\"two {}\"");
    fixture.body_lane(&first, &["edited"], &[]).unwrap();
    fixture.same_as_native();
    let second = edit(&first, "\"{} {} {}\", shape", "\"{}-{}-{}\", shape");
    fixture.body_lane(&second, &["edited", "other"], &[]).unwrap();
    fixture.same_as_native();
    // One of them is taken back.
    let third = edit(&second, "\"two {}\"", "\"one {}\"");
    let report = fixture.takes(&third, &["edited", "other"], &[]);
    assert!(report["functions"]["compiled"].as_u64() < Some(2), "{report}");
}

#[test]
fn what_an_edit_left_behind_is_told() {
    let mut fixture = Fixture::new("behind");
    let text = edit(PROGRAM, "\"one {}\"", "\"two {}\"");
    fixture.body_lane(&text, &["edited"], &[]).unwrap();
    // Of what else is different nobody has told the body lane.
    let more =
        edit(&edit(&text, "\"{} {} {}\", shape", "\"{}-{}-{}\", shape"), "RUNS.fetch_add(n,", "RUNS.fetch_add(n + 1,");
    let crate_lane = fixture.project.bitcode(&more);
    let params = json!({"verify": true, "verifyAll": true});
    let verified = fixture.daemon.publish_with(&fixture.project, &crate_lane, &params).unwrap();
    assert_eq!(verified["verified"]["diverged"], json!(["main::other", "main::private"]), "{verified}");
    // From then on the program has them.
    fixture.same_as_native();
    let verified = fixture.daemon.publish_with(&fixture.project, &crate_lane, &params).unwrap();
    assert_eq!(verified["verified"]["diverged"], json!([]), "{verified}");
}

#[test]
fn what_an_edit_newly_needs_comes_with_it() {
    let mut fixture = Fixture::new("new");
    let body = "    let mut names: Vec<(String, i8)> = (0..3).map(|n| (format!(\"{n}{}\", private(n)), n as i8)).collect();\n\
                \x20   names.sort_by(|a, b| b.cmp(a));\n\
                \x20   let shape: &dyn Shape = &Square(2.0);\n\
                \x20   let _loud = Loud(n);\n\
                \x20   let caught = std::panic::catch_unwind(|| fails(8)).is_err();\n\
                \x20   DEPTH.with(|depth| depth.set(depth.get() * 2));\n\
                \x20   format!(\"{names:?} {} {caught}\", shape.name())";
    let text = edit(PROGRAM, "    format!(\"one {}\", private(n))", body);
    let report = fixture.takes(&text, &["edited"], &[]);
    assert!(report["bodyLane"]["new"].as_u64() > Some(5), "{report}");
}

#[test]
fn a_closure_with_other_captures_takes_its_instances_along() {
    let mut fixture = Fixture::new("closure");
    let with = |captures: &str| {
        edit(
            PROGRAM,
            "    format!(\"one {}\", private(n))",
            &format!(
                "    let a = [n; 5]; let b = private(1);\n    let all = (0..2).map(move |i| {captures}).collect::<Vec<_>>();\n    format!(\"{{all:?}} {{a:?}} {{b}}\")"
            ),
        )
    };
    fixture.takes(&with("i + b"), &["edited"], &[]);
    fixture.takes(&with("i + b + a[3]"), &["edited"], &[]);
}

#[test]
fn no_shape_of_parameters_hides_a_blanked_body() {
    let mut fixture = Fixture::new("shapes");
    let report = fixture.takes(&edit(PROGRAM, "\"seven\"", "\"VII\""), &["calls"], &[]);
    // With the closure in it.
    assert_eq!(report["bodyLane"]["taken"], 2, "{report}");
}

#[test]
fn needing_a_blanked_body_is_refused() {
    let mut fixture = Fixture::new("refused");
    // An instance of `show` that nobody has made yet; its body is blanked.
    let text = edit(PROGRAM, "private(n))", "show(private(n) as u8))");
    let error = fixture.body_lane(&text, &["edited"], &[]).unwrap_err();
    assert_eq!(error["data"]["kind"], "bodyLane", "{error}");
    let needs = &error["data"]["details"][0];
    assert!(needs["name"].as_str().unwrap().starts_with("main::show"), "{error}");
    assert_eq!(needs["line"], range(&text, "show")[0], "{error}");
    // With it, it works; and what was published stayed as it was in between.
    fixture.takes(&text, &["edited"], &["show"]);
}

#[test]
fn an_instance_for_a_changed_closure_is_never_the_old_one() {
    let mut fixture = Fixture::new("instances");
    let with = |captures: &str| {
        let text =
            edit(PROGRAM, "fn main() {", "fn apply(f: impl Fn(u32) -> u32) -> u32 {\n    f(1) + f(2)\n}\nfn main() {");
        edit(
            &text,
            "    format!(\"one {}\", private(n))",
            &format!(
                "    let a = [n; 9];\n    let sum = apply(move |i| {captures});\n    format!(\"{{sum}} {{a:?}}\")"
            ),
        )
    };
    let first = with("i");
    fixture.crate_lane = fixture.project.bitcode(&first);
    fixture.daemon.publish(&fixture.project, &fixture.crate_lane).unwrap();
    fixture.source.clone_from(&first);
    let error = fixture.body_lane(&with("i + a[7]"), &["edited"], &[]).unwrap_err();
    assert!(error["data"]["details"][0]["name"].as_str().unwrap().contains("apply"), "{error}");
    fixture.takes(&with("i + a[7]"), &["edited"], &["apply"]);
}

#[test]
fn what_drops_a_changed_closure_is_never_the_old_one() {
    let mut fixture = Fixture::new("drops");
    // What drops the `Option` is the same function for both, but what it calls is not.
    let with = |captured: &str| {
        let hush = "struct Hush(u32);\nimpl Drop for Hush {\nfn drop(&mut self) { println!(\"hush {}\", self.0) }\n}\nfn main() {";
        let body = format!(
            "    let held = {captured};\n    let closure = Some(move || held.0 + 1);\n    format!(\"one {{:?}}\", closure.as_ref().map(|it| it()))"
        );
        edit(&edit(PROGRAM, "fn main() {", hush), "    format!(\"one {}\", private(n))", &body)
    };
    let first = with("Loud(n)");
    fixture.crate_lane = fixture.project.bitcode(&first);
    fixture.daemon.publish(&fixture.project, &fixture.crate_lane).unwrap();
    fixture.source.clone_from(&first);
    fixture.takes(&with("Hush(n)"), &["edited"], &[]);
}

#[test]
fn an_edited_generic_function_needs_all_its_instances() {
    let mut fixture = Fixture::new("generic");
    let text = edit(PROGRAM, "\"<{value:?}>\"", "\"[{value:?}]\"");
    // Only `other` makes an instance in the body lane, not `main`.
    let error = fixture.body_lane(&text, &["show"], &["other"]).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("instance"), "{error}");
    fixture.takes(&text, &["show"], &["other", "main"]);
}

#[test]
fn what_makes_the_instances_of_a_generic_function_is_found() {
    let fixture = Fixture::new("callers");
    let ask = |name: &str, unit: &str, passed: &[usize]| {
        let file = fixture.project.folder.join("main.rs");
        let lines = range(PROGRAM, name);
        let passed: Vec<Value> = passed.iter().map(|line| json!({"file": file, "line": line})).collect();
        let edited = [json!({"file": file, "old": lines, "new": lines, "generic": true})];
        let lane = json!([{"unit": unit, "crateName": "program", "bitcode": [], "edited": edited, "passed": passed}]);
        let lanes = json!({"bodyLane": lane});
        fixture.daemon.ask("instantiators", &fixture.project, &fixture.crate_lane, &lanes)
    };
    let roots = |answer: &Value| -> Vec<usize> {
        let functions = answer["functions"].as_array().unwrap();
        let is_own = |it: &&Value| it["isRoot"] == true && it["file"].as_str().unwrap().ends_with("/main.rs");
        functions.iter().filter(is_own).map(|it| usize::try_from(it["line"].as_u64().unwrap()).unwrap()).collect()
    };
    let [other, main] = ["other", "main"].map(|name| range(PROGRAM, name)[0]);
    assert_eq!(roots(&ask("show", "program:main", &[]).unwrap()), [other, main]);
    // Nothing can name `other`: what calls it takes its place.
    assert_eq!(roots(&ask("show", "program:main", &[other]).unwrap()), [other, main]);
    let [calls, held] = ["calls", "held"].map(|name| range(PROGRAM, name)[0]);
    assert_eq!(roots(&ask("held", "program:main", &[]).unwrap()), [calls]);
    assert_eq!(roots(&ask("held", "program:main", &[calls]).unwrap()), [calls, main]);
    assert!(held < calls);
    // They are the instances of another crate than the edited one.
    let error = ask("show", "program:other", &[]).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("in other crates"), "{error}");
}

#[test]
fn an_instance_that_nothing_needs_any_more_is_not_missed() {
    let mut fixture = Fixture::new("gone");
    let text = edit(PROGRAM, "\"<{value:?}>\"", "\"[{value:?}]\"");
    let text = edit(&text, "shape.name(), show(n), DEPTH", "shape.name(), n, DEPTH");
    fixture.takes(&text, &["show", "other"], &["main"]);
}

#[test]
fn moved_lines_are_right_in_what_was_taken() {
    let mut fixture = Fixture::new("moved");
    let text = edit(PROGRAM, "    [1, 2, 3][n]", "    let n = n + 1;\n\n    [1, 2, 3][n]");
    // (No empty lines inside of functions that are blanked.)
    fixture.body_lane(&text, &["fails"], &[]).unwrap();
    let stderr = String::from_utf8(fixture.project.run(&[]).stderr).unwrap();
    let line = text.lines().position(|line| line.contains("[1, 2, 3]")).unwrap() + 1;
    assert!(stderr.contains(&format!("main.rs:{line}:")), "{stderr}");
    fixture.same_as_native();
}
