//! What an editor asks of the engine: functions as text, functions at a line, what changed.

mod support;

use serde_json::{Value, json};
use support::{Daemon, Project, text};

const PROGRAM: &str = r#"use std::fmt::Display;

#[inline(never)]
fn largest<T: PartialOrd + Copy>(values: &[T]) -> T {
    let mut best = values[0];
    for &value in values {
        if value > best {
            best = value;
        }
    }
    best
}

#[inline(never)]
fn show(value: impl Display) -> String {
    format!("<{value}>")
}

fn scale(values: &[i32], by: i32) -> Vec<i32> {
    values
        .iter()
        .map(|value| {
            let scaled = value * by;
            scaled + 1
        })
        .collect()
}

fn main() {
    let values = scale(&[3, 9, 4], 2);
    println!("{} {} {}", show(largest(&values)), largest(&[0.5, 1.5]), largest(&['a', 'z']));
}
"#;

const LAZY: &[&str] = &["--eager-functions", "0", "--compile-ahead", "false"];

/// A daemon with [`PROGRAM`].
fn published(name: &str, options: &[&str]) -> (Project, Daemon) {
    let mut project = Project::new(name);
    let daemon = Daemon::start(&project.folder, options);
    daemon.publish_source(&mut project, PROGRAM);
    (project, daemon)
}

fn ask(daemon: &Daemon, project: &Project, method: &str, more: Value) -> Result<Value, Value> {
    let mut params = json!({"workspace": project.folder, "program": "debug/program"});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    daemon.call(method, &params)
}

fn functions(daemon: &Daemon, project: &Project, more: Value) -> Vec<Value> {
    let answer = ask(daemon, project, "functions", more).unwrap();
    answer["functions"].as_array().unwrap().clone()
}

fn source(project: &Project) -> String {
    project.folder.canonicalize().unwrap().join("main.rs").to_str().unwrap().to_owned()
}

/// The symbol of the first function with this demangled name.
fn symbol(daemon: &Daemon, project: &Project, name: &str) -> String {
    let all = functions(daemon, project, json!({}));
    let found = all.iter().find(|function| function["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}"))["symbol"].as_str().unwrap().to_owned()
}

fn inspect(daemon: &Daemon, project: &Project, name: &str, what: &str) -> Value {
    let symbol = symbol(daemon, project, name);
    let answer = ask(daemon, project, "inspect", json!({"symbol": symbol, "what": what})).unwrap();
    assert_eq!(answer["name"], name);
    answer
}

/// The text's lines whose source line is `line` of the program.
fn lines_from<'a>(answer: &'a Value, source: &str, line: u64) -> Vec<&'a str> {
    let text: Vec<&str> = answer["text"].as_str().unwrap().lines().collect();
    let rows = answer["lines"].as_array().unwrap().iter();
    rows.filter(|row| row["file"] == source && row["sourceLine"] == line)
        .map(|row| text[row["line"].as_u64().unwrap() as usize - 1])
        .collect()
}

/// What the references point at must be in the text.
#[track_caller]
fn check_refs(answer: &Value) {
    let text: Vec<Vec<u16>> =
        answer["text"].as_str().unwrap().lines().map(|line| line.encode_utf16().collect()).collect();
    let refs = answer["refs"].as_array().unwrap();
    assert!(!refs.is_empty(), "{answer}");
    for reference in refs {
        let number = |key: &str| reference[key].as_u64().unwrap() as usize;
        let line = &text[number("line") - 1];
        let start = number("column") - 1;
        let part = String::from_utf16(&line[start..start + number("length")]).unwrap();
        let (symbol, name) = (reference["symbol"].as_str().unwrap(), reference["name"].as_str().unwrap());
        assert!(part.contains(symbol) || part.contains(name), "{part} is not {symbol}, {name}");
    }
}

#[test]
fn llvm_ir_is_shown_with_its_source() {
    let (project, daemon) = published("inspect-llvm", LAZY);
    let answer = inspect(&daemon, &project, "main::scale", "llvm");
    let text = answer["text"].as_str().unwrap();
    assert!(text.contains("define ") && text.contains("ret void") && text.ends_with("}\n"), "{text}");
    assert!(!text.contains("!dbg"), "{text}");
    let file = source(&project);
    let calls = lines_from(&answer, &file, 21);
    assert!(calls.iter().any(|line| line.contains("call") || line.contains("invoke")), "{calls:?}\n{text}");
    check_refs(&answer);
    let main = inspect(&daemon, &project, "main::main", "llvm");
    let refs = main["refs"].as_array().unwrap();
    let scale = refs.iter().find(|reference| reference["name"] == "main::scale").unwrap();
    assert_eq!((&scale["file"], &scale["sourceLine"]), (&json!(file), &json!(19)), "{scale}");
}

#[test]
fn cranelift_ir_is_shown_as_its_parser_reads_it() {
    let (project, daemon) = published("inspect-clif", LAZY);
    for name in ["main::scale", "main::main", "main::show"] {
        let answer = inspect(&daemon, &project, name, "clif");
        let text = answer["text"].as_str().unwrap();
        let parsed = cranelift_reader::parse_functions(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(parsed.len(), 1);
        check_refs(&answer);
    }
    let answer = inspect(&daemon, &project, "main::main", "clif");
    let calls = lines_from(&answer, &source(&project), 30);
    assert!(calls.iter().any(|line| line.contains("call") && line.ends_with("; main::scale")), "{calls:?}");
}

#[test]
fn machine_code_is_shown_as_it_is_in_the_image() {
    let (project, daemon) = published("inspect-asm", LAZY);
    // Nothing is compiled yet: looking compiles.
    let answer = inspect(&daemon, &project, "main::main", "asm");
    let text = answer["text"].as_str().unwrap();
    assert!(text.contains("push    rbp") && text.contains("call    main::scale"), "{text}");
    let calls = lines_from(&answer, &source(&project), 30);
    assert!(calls.iter().any(|line| line.contains("call    main::scale")), "{calls:?}\n{text}");
    check_refs(&answer);
    assert_eq!(text_of_run(&project), "<19> 1.5 z\n");
}

fn text_of_run(project: &Project) -> String {
    text(&project.run(&[]).stdout)
}

#[test]
fn jump_tables_are_not_taken_for_instructions() {
    let mut project = Project::new("inspect-tables");
    let daemon = Daemon::start(&project.folder, &[]);
    let arms: String = (0..40).map(|n| format!("{n} => {}, ", n * n + 7)).collect();
    daemon.publish_source(
        &mut project,
        &format!(
            "#[inline(never)] fn pick(n: u32) -> u32 {{ match n {{ {arms} _ => 0 }} }}\n\
             fn main() {{ println!(\"{{}}\", pick(std::env::args().count() as u32)); }}"
        ),
    );
    let answer = inspect(&daemon, &project, "main::pick", "asm");
    let text = answer["text"].as_str().unwrap();
    assert!(!text.contains("(bad)"), "{text}");
    let entries = text.lines().filter(|line| line.contains(".long")).count();
    assert!(entries == 41 || entries == 40, "{entries} entries in\n{text}");
}

#[test]
fn constants_are_not_taken_for_instructions() {
    let mut project = Project::new("inspect-constants");
    let daemon = Daemon::start(&project.folder, &[]);
    let source_text = r#"#[inline(never)] fn flip(x: f64) -> f64 { if x > 0.0 { -x } else { x.abs() } }
        fn main() { println!("{}", flip(std::env::args().count() as f64)); }"#;
    daemon.publish_source(&mut project, source_text);
    let answer = inspect(&daemon, &project, "main::flip", "asm");
    let text = answer["text"].as_str().unwrap();
    let rows: Vec<&str> = text.lines().skip_while(|line| !line.contains(".byte")).collect();
    assert!(rows.iter().all(|row| row.contains(".byte")), "instructions behind constants in\n{text}");
    assert!(!text.contains("(bad)"), "{text}");
    // Where an instruction reads, a row begins: here with the bits that negate or mask a number.
    let starts = rows.iter().filter_map(|row| row.split_whitespace().next());
    let read = starts.filter(|start| text.contains(&format!("[{:#x}]", u64::from_str_radix(&start[2..], 16).unwrap())));
    assert!(read.count() >= 1, "{text}");
    assert_eq!(text_of_run(&project), "-1\n");
}

#[test]
fn what_llvm_compiled_is_shown_too() {
    let mut project = Project::new("inspect-fallback");
    let daemon = Daemon::start(&project.folder, LAZY);
    let source_text = r#"use std::arch::asm;
        #[inline(never)] fn helper() -> u64 { 7 }
        #[inline(never)] fn odd() -> u64 { let x: u64; unsafe { asm!("mov {}, 41", out(reg) x) }; x + helper() }
        fn main() { println!("{}", odd()); }"#;
    daemon.publish_source(&mut project, source_text);
    let answer = inspect(&daemon, &project, "main::odd", "asm");
    let text = answer["text"].as_str().unwrap();
    assert!(text.contains("0x29") || text.contains("41"), "{text}");
    assert!(text.contains("main::helper"), "{text}");
    check_refs(&answer);
    assert!(!lines_from(&answer, &source(&project), 3).is_empty(), "{answer}");
    let symbol = symbol(&daemon, &project, "main::odd");
    let error = ask(&daemon, &project, "inspect", json!({"symbol": symbol, "what": "clif"})).unwrap_err();
    assert_eq!(error["data"]["kind"], "notExpressible", "{error}");
    assert!(error["message"].as_str().unwrap().contains("inline assembly"), "{error}");
}

#[test]
fn what_llvm_will_compile_is_reported_before_anybody_calls_it() {
    let mut project = Project::new("inspect-waiting");
    let daemon = Daemon::start(&project.folder, LAZY);
    let report = daemon.publish_source(
        &mut project,
        r#"use std::arch::asm;
        #[inline(never)] fn never_called() -> u64 { let x: u64; unsafe { asm!("mov {}, 41", out(reg) x) }; x }
        fn main() { if std::env::args().count() > 3 { println!("{}", never_called()); } }"#,
    );
    assert_eq!(report["fallbacks"], json!([{"construct": "unsupported: inline assembly", "functions": 1}]));
}

#[test]
fn the_former_text_of_a_changed_function_is_kept() {
    let (mut project, daemon) = published("inspect-previous", &[]);
    let show = symbol(&daemon, &project, "main::scale");
    let previous =
        |what: &str| ask(&daemon, &project, "inspect", json!({"symbol": show, "what": what, "previous": true}));
    assert_eq!(previous("llvm").unwrap_err()["data"]["kind"], "notKept");
    let before: Vec<Value> = ["llvm", "clif", "asm"].map(|what| inspect(&daemon, &project, "main::scale", what)).into();
    let edited = PROGRAM.replace(".collect()", ".rev()\n        .collect()");
    let files = project.bitcode(&edited);
    daemon.publish(&project, &files).unwrap();
    let previous =
        |what: &str| ask(&daemon, &project, "inspect", json!({"symbol": show, "what": what, "previous": true}));
    for (what, before) in ["llvm", "clif", "asm"].iter().zip(&before) {
        let former = previous(what).unwrap();
        assert_eq!(former["text"], before["text"], "{what}");
        assert_eq!(former["generation"], 1, "{what}");
        let now = inspect(&daemon, &project, "main::scale", what);
        assert_ne!(now["text"], before["text"], "{what}");
        assert_eq!(now["generation"], 2, "{what}");
    }
    // Another edit, of something else, does not make it older.
    let files = project.bitcode(&edited.replace("<{value}>", "[{value}]"));
    daemon.publish(&project, &files).unwrap();
    let former = ask(&daemon, &project, "inspect", json!({"symbol": show, "what": "llvm", "previous": true})).unwrap();
    assert_eq!(former["text"], before[0]["text"]);
}

#[test]
fn functions_at_a_line_are_compiled_when_asked_for() {
    let (project, daemon) = published("inspect-compile", LAZY);
    let file = source(&project);
    let compile = |line: u32| ask(&daemon, &project, "compile", json!({"file": file, "line": line})).unwrap();
    let names = |answer: &Value| {
        let symbols = answer["symbols"].as_array().unwrap().iter();
        let mut names: Vec<String> = symbols.map(|symbol| symbol["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let closure = compile(23);
    assert_eq!((names(&closure), &closure["compiled"]), (vec!["main::scale::{{closure}}".to_owned()], &json!(1)));
    let again = compile(23);
    assert_eq!((&again["symbols"], &again["compiled"]), (&closure["symbols"], &json!(0)));
    let generic = compile(8);
    assert_eq!((names(&generic), &generic["compiled"]), (vec!["main::largest".to_owned(); 3], &json!(3)));
    // No code is from the line of an attribute, or of a bracket in the middle of a function.
    assert_eq!(names(&compile(13)), Vec::<String>::new());
    assert_eq!(names(&compile(9)), vec!["main::largest".to_owned(); 3]);
    let by_symbol = symbol(&daemon, &project, "main::scale");
    let answer = ask(&daemon, &project, "compile", json!({"symbols": [by_symbol]})).unwrap();
    assert_eq!(answer["compiled"], 1, "{answer}");
    let error = ask(&daemon, &project, "compile", json!({"file": file})).unwrap_err();
    assert_eq!(error["data"]["kind"], "invalid", "{error}");
    assert_eq!(text_of_run(&project), "<19> 1.5 z\n");
}

#[test]
fn functions_are_told_by_file_and_by_change() {
    let (mut project, daemon) = published("inspect-functions", &[]);
    let file = source(&project);
    let all = functions(&daemon, &project, json!({}));
    let ours = functions(&daemon, &project, json!({"files": [file]}));
    let expected: Vec<&Value> = all.iter().filter(|function| function["file"] == file.as_str()).collect();
    assert_eq!(ours.iter().collect::<Vec<_>>(), expected);
    assert!(ours.len() >= 7 && ours.len() < all.len(), "{} of {}", ours.len(), all.len());
    let largest: Vec<&Value> = ours.iter().filter(|function| function["generic"] == "main::largest").collect();
    assert_eq!(largest.len(), 3, "{ours:#?}");
    for instance in &largest {
        assert_eq!((&instance["line"], &instance["endLine"]), (&json!(4), &json!(12)), "{instance}");
    }
    let mut instances: Vec<&str> = largest.iter().map(|function| function["instance"].as_str().unwrap()).collect();
    instances.sort_unstable();
    assert_eq!(instances, ["largest<char>", "largest<f64>", "largest<i32>"]);
    let main = ours.iter().find(|function| function["name"] == "main::main").unwrap();
    assert_eq!((&main["generic"], &main["endLine"]), (&Value::Null, &json!(32)), "{main}");
    assert!(ours.iter().all(|function| function["changed"] == true), "all are new");
    let files = project.bitcode(&PROGRAM.replace("by: i32", "by: i32 /* same */").replace("scaled + 1", "scaled + 2"));
    daemon.publish(&project, &files).unwrap();
    let changed = functions(&daemon, &project, json!({"changedOnly": true}));
    let names: Vec<&str> = changed.iter().map(|function| function["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["main::scale::{{closure}}"], "{changed:#?}");
}

#[test]
fn status_tells_what_the_cache_does() {
    let (project, daemon) = published("inspect-status", &[]);
    let status = daemon.call("status", &json!({})).unwrap();
    let number = |pointer: &str| status.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer}"));
    let functions = functions(&daemon, &project, json!({}));
    let with_tier = |tier: &str| functions.iter().filter(|function| function["tier"] == tier).count() as u64;
    for tier in ["cranelift", "llvm", "none"] {
        assert_eq!(number(&format!("/tiers/{tier}")), with_tier(tier), "{status}");
    }
    assert!(number("/cache/misses") >= number("/memory/cacheFunctions"), "{status}");
    assert_eq!(number("/cache/evictions"), 0);
    assert!(number("/memory/cacheBytes") < number("/memory/cacheLimitBytes"), "{status}");
    assert!(number("/memory/imageBytes") < number("/memory/imageLimitBytes"), "{status}");
}

#[test]
fn what_cannot_be_shown_is_an_error_that_says_why() {
    let (project, daemon) = published("inspect-errors", &[]);
    let kind =
        |method: &str, params: Value| ask(&daemon, &project, method, params).unwrap_err()["data"]["kind"].clone();
    assert_eq!(kind("inspect", json!({"symbol": "nothing", "what": "asm"})), "unknownFunction");
    assert_eq!(kind("inspect", json!({"symbol": "nothing", "what": "mir"})), "invalid");
    assert_eq!(kind("inspect", json!({"program": "other", "symbol": "main", "what": "asm"})), "unknownProgram");
    assert_eq!(kind("compile", json!({"program": "other", "symbols": []})), "unknownProgram");
}
