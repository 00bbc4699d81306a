/**
 * What runs before `main`, or is put together by the linker, through the real `ctor`, `inventory`, `linkme` and `typetag`: from a crate of a
 * registry, a library of the workspace and the program, in every run and after edits, as in cargo's build.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

const DEPENDENCIES =
  'ctor = "1.0"\ninventory = "0.3.25"\nlinkme = "0.3.37"\nserde = { version = "1", features = ["derive"] }\n';

/** Collects, and adds something itself. */
const REGISTRY = `
pub struct Word(pub &'static str);
inventory::collect!(Word);
inventory::submit! { Word("registry") }
pub fn words() -> Vec<&'static str> {
    let mut words: Vec<_> = inventory::iter::<Word>.into_iter().map(|word| word.0).collect();
    words.sort();
    words
}
pub static STARTS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
#[ctor::ctor(unsafe)]
fn start() { STARTS.fetch_add(1, std::sync::atomic::Ordering::SeqCst); }
`;

const LIBRARY = `
use std::sync::Mutex;
pub static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
#[ctor::ctor(unsafe)]
fn library() { ORDER.lock().unwrap().push("library"); }
inventory::submit! { words::Word("library") }
#[linkme::distributed_slice]
pub static STEPS: [fn(u32) -> u32];
#[linkme::distributed_slice(STEPS)]
fn double(n: u32) -> u32 { n * 2 }
#[typetag::serde(tag = "type")]
pub trait Shape { fn area(&self) -> u32; }
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Square { pub side: u32 }
#[typetag::serde]
impl Shape for Square { fn area(&self) -> u32 { self.side * self.side } }
`;

const MAIN = `
use parts::{ORDER, STEPS, Shape};
#[ctor::ctor(unsafe)]
fn program() { ORDER.lock().unwrap().push("program"); }
inventory::submit! { words::Word("program") }
#[linkme::distributed_slice(STEPS)]
fn add(n: u32) -> u32 { n + 3 }
#[derive(serde::Serialize, serde::Deserialize)]
struct Strip { length: u32 }
#[typetag::serde]
impl Shape for Strip { fn area(&self) -> u32 { self.length } }
// MORE
fn main() {
    println!("{:?} {}", ORDER.lock().unwrap(), words::STARTS.load(std::sync::atomic::Ordering::SeqCst));
    println!("{:?}", words::words());
    let mut results: Vec<u32> = STEPS.iter().map(|step| step(20)).collect();
    results.sort();
    println!("{results:?}");
    for text in [r#"{"type":"Square","side":4}"#, r#"{"type":"Strip","length":5}"#, r#"{"type":"Ring","radius":6}"#] {
        match serde_json::from_str::<Box<dyn Shape>>(text) {
            Ok(shape) => println!("{} {}", shape.area(), serde_json::to_string(&shape).unwrap()),
            Err(error) => println!("{error}"),
        }
    }
}
`;

const MORE = `
#[ctor::ctor(unsafe)]
fn later() { ORDER.lock().unwrap().push("later"); }
inventory::submit! { words::Word("added") }
#[linkme::distributed_slice(STEPS)]
fn square(n: u32) -> u32 { n * n }
#[derive(serde::Serialize, serde::Deserialize)]
struct Ring { radius: u32 }
#[typetag::serde]
impl Shape for Ring { fn area(&self) -> u32 { self.radius * 3 } }
`;

const FILES = {
  "Cargo.toml": `[workspace]\nmembers = ["parts"]\n[package]\nname = "before"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\n${DEPENDENCIES}typetag = "0.2"\nserde_json = "1"\nwords = { version = "1", registry = "own" }\nparts = { path = "parts" }\n`,
  "parts/Cargo.toml": `[package]\nname = "parts"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\n${DEPENDENCIES}typetag = "0.2"\nwords = { version = "1", registry = "own" }\n`,
  "parts/src/lib.rs": LIBRARY,
  "src/main.rs": MAIN,
  // A registry that is a folder.
  ".cargo/config.toml":
    '[registries.own]\nindex = "file:///nowhere"\n[source.own]\nregistry = "file:///nowhere"\nreplace-with = "folder"\n[source.folder]\ndirectory = "folder"\n',
  "folder/words/Cargo.toml":
    '[package]\nname = "words"\nversion = "1.0.0"\nedition = "2024"\n[dependencies]\nctor = "1.0"\ninventory = "0.3.25"\n',
  "folder/words/.cargo-checksum.json": '{"files":{},"package":null}',
  "folder/words/src/lib.rs": REGISTRY,
};

describe.skipIf(!HAS_ENGINE)("what is there before main", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("before main", FILES);
  });
  afterAll(() => project.remove());

  /** What registers itself does so once in each process. */
  const expectNative = (): string => project.expectNative({ runs: 2 });

  it("comes from every crate, and is there again in another run", () => {
    const output = expectNative();
    expect(output).toContain('["library", "program", "registry"]');
    expect(output).toContain("[23, 40]");
    expect(output).toContain('16 {"type":"Square","side":4}');
  });

  it("is more after an edit that adds some, and other after an edit of a body", () => {
    project.edit("src/main.rs", "// MORE", MORE);
    expect(expectNative()).toContain('["added", "library", "program", "registry"]');
    project.edit("src/main.rs", "{ n + 3 }", "{ n + 4 }");
    expect(expectNative()).toContain("[24, 40, 400]");
    project.edit("parts/src/lib.rs", "{ n * 2 }", "{ n * 5 }");
    expect(expectNative()).toContain("[24, 100, 400]");
  });

  it("is less after an edit that takes some away", () => {
    project.edit("src/main.rs", MORE, "");
    const output = expectNative();
    expect(output).toContain('["library", "program", "registry"]');
    expect(output).toContain("unknown variant `Ring`");
  });

  it("is without the program once that adds nothing any more", () => {
    project.edit("src/main.rs", '#[ctor::ctor(unsafe)]\nfn program() { ORDER.lock().unwrap().push("program"); }\n', "");
    project.edit("src/main.rs", 'inventory::submit! { words::Word("program") }\n', "");
    project.edit("src/main.rs", "#[linkme::distributed_slice(STEPS)]\nfn add(n: u32) -> u32 { n + 4 }\n", "");
    const output = expectNative();
    expect(output).toContain('["library"] 1\n["library", "registry"]\n[100]');
  });
});
