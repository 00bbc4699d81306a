//! Programs that are published, looked at and given up by several clients at the same time.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cranefly_cache::Compiled;
use cranefly_cgu::DecodedFunction;
use cranefly_codegen::cranelift::Error;
use cranefly_compile::{CodeGenerator, CodeOptions, Cranelift};
use cranefly_wire::{PublishResult, RpcError};
use serde_json::json;
use support::in_process::InProcess;
use support::{Project, poll, same_as_native};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Cranelift, but a function with `gated` in its name is begun, told of, and not compiled before the gate is opened.
#[derive(Debug)]
struct Gated {
    begun: Mutex<Sender<()>>,
    gate: Mutex<Receiver<()>>,
}

impl CodeGenerator for Gated {
    fn takes(&self, source: DecodedFunction, options: &CodeOptions) -> Result<(), Error> {
        Cranelift.takes(source, options)
    }

    fn compile(&self, source: DecodedFunction, options: &CodeOptions) -> Result<Compiled, Error> {
        if source.name().contains("gated") {
            let _ = self.begun.lock().unwrap().send(());
            // It is opened by dropping the other end.
            let _ = self.gate.lock().unwrap().recv();
        }
        Cranelift.compile(source, options)
    }
}

/// A publication that stands still in the middle.
struct Halted {
    gate: Sender<()>,
    published: std::thread::JoinHandle<Result<PublishResult, RpcError>>,
}

impl Halted {
    /// Opens the gate.
    fn finish(self) -> PublishResult {
        drop(self.gate);
        self.published.join().unwrap().unwrap()
    }
}

/// An engine where functions that are compiled eagerly are so as they are read; without any they are compiled for the image.
struct Setup {
    in_process: Arc<InProcess>,
    project: Project,
    begun: Receiver<()>,
    gate: Sender<()>,
}

impl Setup {
    fn new(name: &str, eager: usize) -> Self {
        let (tell, begun) = channel();
        let (gate, opened) = channel();
        let generator = Gated { begun: Mutex::new(tell), gate: Mutex::new(opened) };
        let in_process = InProcess::new(name, Box::new(generator), |options| options.eager = eager);
        Self { in_process: Arc::new(in_process), project: Project::new(name), begun, gate }
    }

    /// Publishes `source`, which has a gated function, up to there. Gives what else is needed, too.
    fn halt(self, source: &str) -> (Arc<InProcess>, Project, Halted) {
        let Self { in_process, mut project, begun, gate } = self;
        let files = project.bitcode(source);
        let (engine, folder) = (in_process.clone(), project.folder.clone());
        let project_there = Project::at(folder);
        let published = std::thread::spawn(move || engine.publish_files(&project_there, &files, &json!({})));
        begun.recv_timeout(PATIENCE).unwrap();
        (in_process, project, Halted { gate, published })
    }
}

const PLAIN: &str =
    "#[inline(never)] fn plain() -> u64 { std::hint::black_box(3) } fn main() { println!(\"{}\", plain()) }";
const GATED: &str =
    "#[inline(never)] fn gated() -> u64 { std::hint::black_box(4) } fn main() { println!(\"{}\", gated()) }";

/// Complete before they start: see `contain.rs`.
const COMPLETE: &str = "
unsafe extern \"C\" { fn prctl(option: i32, ...) -> i32; }
#[used] static PRCTL: unsafe extern \"C\" fn(i32, ...) -> i32 = prctl;
";

#[test]
fn a_program_that_is_given_up_while_it_is_read_is_published_all_the_same() {
    let mut setup = Setup::new("programs-read", 20_000);
    let first = setup.in_process.publish(&mut setup.project, PLAIN).unwrap();
    let (in_process, project, halted) = setup.halt(GATED);
    let programs = in_process.engine.programs();
    programs.evict(&project.folder);
    assert!(programs.status().is_empty() && programs.views().is_empty());
    assert!(!std::path::Path::new(first["image"].as_str().unwrap()).exists());
    assert_eq!(halted.finish().generation, 1, "it is a new program");
    assert_eq!(programs.views().len(), 1, "whoever asks finds it");
    same_as_native(&project, &[]);
    poll("the image before is given up", || in_process.images_with("control").len() == 1);
    programs.evict(&project.folder);
    poll("everything is given up", || in_process.images_with("control").is_empty());
    assert!(in_process.images_with("so").is_empty());
}

#[test]
fn a_program_that_cannot_be_read_is_none() {
    let Setup { in_process, mut project, .. } = Setup::new("programs-damaged", 20_000);
    let files = project.bitcode(PLAIN);
    let damaged = project.folder.join("damaged.bc");
    std::fs::write(&damaged, "no bitcode").unwrap();
    let error = in_process.publish_files(&project, &[files, vec![damaged]].concat(), &json!({})).unwrap_err();
    assert_eq!(error.kind, "damaged");
    assert!(in_process.engine.programs().status().is_empty());
}

#[test]
fn nobody_waits_for_a_program_that_is_to_be_given_up() {
    let mut setup = Setup::new("programs-eviction", 0);
    setup.in_process.publish(&mut setup.project, &format!("{PLAIN}{COMPLETE}")).unwrap();
    let (in_process, project, halted) = setup.halt(&format!("{GATED}{COMPLETE}"));
    let there = (in_process.clone(), project.folder.clone());
    let evicting = std::thread::spawn(move || there.0.engine.programs().evict(&there.1));
    // Long enough for it to come to where it waits.
    std::thread::sleep(Duration::from_millis(300));
    assert!(!evicting.is_finished(), "it waits for the publication");
    let (tell, told) = channel();
    let there = in_process.clone();
    std::thread::spawn(move || {
        let programs = there.engine.programs();
        tell.send((programs.views().len(), programs.status().len())).unwrap();
    });
    assert_eq!(
        told.recv_timeout(PATIENCE),
        Ok((1, 0)),
        "as last published, and without the one that is being published"
    );
    assert_eq!(halted.finish().generation, 2);
    evicting.join().unwrap();
    assert!(in_process.engine.programs().views().is_empty());
    assert!(in_process.images_with("so").is_empty());
}

#[test]
fn an_image_goes_with_its_program_although_the_next_one_failed() {
    let Setup { in_process, mut project, .. } = Setup::new("programs-failed", 20_000);
    let source = "fn main() { println!(\"begun\"); let _ = std::io::stdin().read_line(&mut String::new()); }";
    in_process.publish(&mut project, source).unwrap();
    let mut running = Command::new(project.executable()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    BufReader::new(running.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
    // It cannot be updated in place then, and there is no other one.
    let unresolved = "unsafe extern \"C\" { safe fn nowhere(); } fn main() { nowhere() }";
    let error = in_process.publish(&mut project, unresolved).unwrap_err();
    assert!(error.contains("nowhere"), "{error}");
    assert_eq!(in_process.images_with("so").len(), 1, "the program's");
    in_process.engine.programs().evict(&project.folder);
    assert!(in_process.images_with("so").is_empty());
    drop(running.stdin.take());
    assert!(running.wait().unwrap().success());
}

#[test]
fn what_a_generation_replaced_is_freed_without_another_publication() {
    let Setup { in_process, mut project, .. } = Setup::new("programs-freed", 20_000);
    // A unit of its own, which no later version of a function keeps in the history.
    let more = "mod gone { #[inline(never)] pub fn gone() -> u64 { std::hint::black_box(5) } }";
    let source = "fn main() { println!(\"{}\", gone::gone()) }";
    in_process.publish(&mut project, &format!("{more}{source}")).unwrap();
    let programs = in_process.engine.programs();
    let view = programs.views().remove(0);
    let unit = view.functions().find(|function| function.symbol().contains("gone4gone")).unwrap().unit;
    let unit = Arc::downgrade(unit);
    drop(view);
    in_process.publish(&mut project, &source.replace("gone::gone()", "6")).unwrap();
    poll("nobody needs the unit", || unit.strong_count() == 0);
}
