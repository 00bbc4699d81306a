//! A code generator that fails: whoever waits for code gets LLVM's or an answer, and everybody else notices nothing.

mod support;

use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cranefly_cache::Compiled;
use cranefly_cgu::DecodedFunction;
use cranefly_codegen::cranelift::{CodegenError, Error};
use cranefly_codegen::machine::{MachineCode, PackedCode, Relocation, RelocationKind, Target};
use cranefly_compile::{CodeGenerator, CodeOptions, Cranelift};
use serde_json::json;
use support::in_process::InProcess;
use support::{Project, same_as_native, text};

/// Cranelift, but for functions whose names say what it does to them. It can express all of them.
#[derive(Debug)]
struct Failing;

impl CodeGenerator for Failing {
    fn takes(&self, source: DecodedFunction, options: &CodeOptions) -> Result<(), Error> {
        Cranelift.takes(source, options)
    }

    fn compile(&self, source: DecodedFunction, options: &CodeOptions) -> Result<Compiled, Error> {
        assert!(!source.name().contains("panics"), "out of registers");
        if source.name().contains("refused") {
            return Err(CodegenError::Compilation { listing: "code too large".to_owned() }.into());
        }
        let compiled = Cranelift.compile(source, options)?;
        if !source.name().contains("broken") {
            return Ok(compiled);
        }
        // The image looks at the instruction that such a place is in.
        let (offset, kind) = (u32::MAX, RelocationKind::GotPcRel32 { relaxable: true });
        let nowhere = Relocation { offset, kind, target: Target::Symbol(0), addend: 0 };
        let code = PackedCode::of(&MachineCode { relocations: vec![nowhere], ..compiled.code.unpack() });
        Ok(Compiled { code: Arc::new(code), ..compiled })
    }
}

const ENGINE: &str = env!("CARGO_BIN_EXE_cranefly-engine");

/// `program`: what LLVM's workers are processes of.
fn engine(name: &str, eager: usize, ahead: bool, program: &str) -> InProcess {
    InProcess::new(name, Box::new(Failing), |options| {
        (options.eager, options.ahead, options.program) = (eager, ahead, program.into());
    })
}

/// What a program does that has to end by itself.
#[track_caller]
fn ends(project: &Project, arguments: &[&str]) -> Output {
    let mut command = Command::new(project.executable());
    let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it waits for ever");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Two functions that only LLVM tells apart: see `contain.rs`.
const REFUSED: &str = r#"
#[repr(C, align(16))] #[derive(Clone, Copy)] struct Aligned([u8; 64]);
#[repr(C)] #[derive(Clone, Copy)] struct Anywhere([u8; 64]);
mod a { #[inline(never)] pub fn refused(to: &mut super::Aligned, from: super::Aligned) { *to = from; } }
mod b { #[inline(never)] pub fn refused(to: &mut super::Anywhere, from: super::Anywhere) { *to = from; } }
#[inline(never)] fn refused_sum(x: u64) -> u64 { std::hint::black_box(x) + 3 }
fn main() {
    let mut room = [Aligned([1; 64]), Aligned([2; 64]), Aligned([3; 64]), Aligned([4; 64])];
    let from = room[1];
    a::refused(&mut room[0], from);
    unsafe { b::refused(&mut *room.as_mut_ptr().cast::<u8>().add(1).cast(), Anywhere([3; 64])) };
    println!("{:?} {}", room[0].0, refused_sum(4));
}
"#;

/// Published, run, edited and run again, whenever it is that functions are compiled.
fn goes_to_llvm(name: &str, eager: usize, ahead: bool, more: &str) {
    let mut project = Project::new(name);
    let engine = engine(name, eager, ahead, ENGINE);
    let source = format!("{REFUSED}{more}");
    for source in [source.clone(), source.replace("x) + 3", "x) + 5"), source] {
        let report = engine.publish_with(&mut project, &source, &json!({"optLevel": "2"})).unwrap();
        assert!(report["generation"].is_u64(), "{report}");
        same_as_native(&project, &[]);
        same_as_native(&project, &[]);
    }
    let report =
        engine.publish_with(&mut project, &format!("{REFUSED}{more} fn _more() {{}}"), &json!({"optLevel": "2"}));
    let fallbacks = report.unwrap()["fallbacks"].clone();
    assert_eq!(fallbacks, json!([{"construct": "Cranelift: code too large", "functions": 3}]));
    same_as_native(&project, &[]);
}

#[test]
fn a_function_that_cranelift_fails_on_is_llvms_at_once() {
    goes_to_llvm("failing-eager", 20_000, false, "");
}

#[test]
fn a_function_that_cranelift_fails_on_is_llvms_when_it_is_called() {
    goes_to_llvm("failing-called", 0, false, "");
}

#[test]
fn a_function_that_cranelift_fails_on_is_llvms_before_it_is_called() {
    goes_to_llvm("failing-ahead", 0, true, "");
}

/// Complete before they start: see `contain.rs`.
const COMPLETE: &str = "
unsafe extern \"C\" { fn prctl(option: i32, ...) -> i32; }
#[used] static PRCTL: unsafe extern \"C\" fn(i32, ...) -> i32 = prctl;
";

#[test]
fn a_function_that_cranelift_fails_on_is_llvms_in_a_program_that_must_be_complete() {
    goes_to_llvm("failing-complete", 0, false, COMPLETE);
}

#[test]
fn a_function_that_nobody_compiles_ends_the_program_that_calls_it() {
    let mut project = Project::new("failing-both");
    let engine = engine("failing-both", 0, false, "/nowhere/cranefly-engine");
    engine.publish(&mut project, REFUSED).unwrap();
    let called = ends(&project, &[]);
    assert_eq!(called.status.code(), None, "SIGABRT");
    let message = text(&called.stderr);
    assert!(
        message.contains("refused`: Cranelift does not compile it (Cranelift: code too large), and LLVM"),
        "{message}"
    );
    // Where nothing may be missing, there is no program.
    let refused = engine.publish(&mut project, &format!("{REFUSED}{COMPLETE}")).unwrap_err();
    assert!(refused.contains("code too large") && refused.contains("LLVM cannot be started"), "{refused}");
}

const PANICS: &str = r#"
#[inline(never)] fn panics(x: u64) -> u64 { std::hint::black_box(x) + 3 }
#[inline(never)] fn broken(x: u64) -> u64 { late(x) + 4 }
#[inline(never)] fn late(x: u64) -> u64 { std::hint::black_box(x) + 5 }
fn main() {
    println!("{}", late(1));
    match std::env::args().nth(1).as_deref() {
        Some("panics") => println!("{}", panics(1)),
        Some("broken") => println!("{}", broken(1)),
        _ => {}
    }
}
"#;

/// A second program of the same engine, which must not notice.
struct Bystander(Project);

impl Bystander {
    fn new(name: &str, engine: &InProcess) -> Self {
        let mut project = Project::new(&format!("{name}-bystander"));
        engine
            .publish(&mut project, "fn main() { println!(\"{:?}\", std::env::args().skip(1).collect::<Vec<_>>()) }")
            .unwrap();
        Self(project)
    }

    fn runs(&self) {
        assert_eq!(text(&ends(&self.0, &["a", "b"]).stdout), "[\"a\", \"b\"]\n");
    }
}

#[test]
fn a_panic_on_a_first_call_costs_one_function() {
    let mut project = Project::new("failing-panic");
    let engine = engine("failing-panic", 0, false, ENGINE);
    let bystander = Bystander::new("failing-panic", &engine);
    engine.publish(&mut project, PANICS).unwrap();
    for _ in 0..2 {
        let called = ends(&project, &["panics"]);
        assert_eq!((called.status.code(), text(&called.stdout)), (None, "6\n".to_owned()));
        let message = text(&called.stderr);
        assert!(message.contains("panics`: the engine failed (out of registers); please report this"), "{message}");
        same_as_native(&project, &[]);
    }
    bystander.runs();
    engine.publish(&mut project, &PANICS.replace("fn panics", "fn works").replace("panics(1)", "works(1)")).unwrap();
    same_as_native(&project, &["panics"]);
}

#[test]
fn a_panic_ahead_of_calls_costs_one_function() {
    let mut project = Project::new("failing-panic-ahead");
    let engine = engine("failing-panic-ahead", 0, true, ENGINE);
    // (What is broken would cost the image.)
    engine.publish(&mut project, &PANICS.replace("broken", "whole")).unwrap();
    same_as_native(&project, &[]);
    let message = text(&ends(&project, &["panics"]).stderr);
    assert!(message.contains("out of registers"), "{message}");
    same_as_native(&project, &[]);
}

#[test]
fn a_panic_in_the_middle_of_an_image_costs_that_image() {
    let mut project = Project::new("failing-image");
    let engine = engine("failing-image", 0, false, ENGINE);
    let bystander = Bystander::new("failing-image", &engine);
    engine.publish(&mut project, PANICS).unwrap();
    let called = ends(&project, &["broken"]);
    assert_eq!((called.status.code(), text(&called.stdout)), (None, "6\n".to_owned()));
    let message = text(&called.stderr);
    assert!(message.contains("the engine failed") && message.contains("build the program again"), "{message}");
    bystander.runs();
    // Nothing is added to that image any more; the next publication is another one.
    let waits = ends(&project, &["panics"]);
    assert!(text(&waits.stderr).contains("build the program again"), "{}", text(&waits.stderr));
    engine.publish(&mut project, &PANICS.replace("broken", "whole").replace("+ 4", "+ 6")).unwrap();
    same_as_native(&project, &["whole"]);
    bystander.runs();
}
