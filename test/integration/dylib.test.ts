/** Programs with Rust dynamic libraries, of the workspace or of a registry, run as in cargo's build. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project, manifest } from "./project.js";

const DYLIB = '[lib]\ncrate-type = ["dylib"]\n';
const own = (name: string): string => `${name} = { version = "1", registry = "own" }\n`;

const FILES = {
  "Cargo.toml": '[workspace]\nmembers = ["app", "dy", "over"]\nresolver = "3"\n',
  "app/Cargo.toml": manifest(
    "app",
    `[dependencies]\ndy = { path = "../dy" }\nover = { path = "../over" }\n${own("engine")}`,
  ),
  "app/src/main.rs":
    'fn main() {\n    println!("{} {} {}", dy::f(), dy::g("x"), over::twice());\n    println!("{} {:?}", engine::name(), engine::parts());\n    println!("{:?}", std::panic::catch_unwind(|| dy::fail()).is_err());\n}\n#[test]\nfn works() {\n    assert_eq!(over::twice(), 6);\n}\n',
  "dy/Cargo.toml": manifest("dy", DYLIB),
  "dy/src/lib.rs":
    'use std::sync::atomic::{AtomicU32, Ordering};\npub static N: AtomicU32 = AtomicU32::new(3);\npub fn f() -> u32 { N.fetch_add(1, Ordering::SeqCst) }\npub fn g<T: std::fmt::Debug>(t: T) -> String { format!("{t:?} {}", f()) }\npub fn fail() { std::hint::black_box(None::<u32>).unwrap(); }\n',
  "over/Cargo.toml": manifest("over", '[dependencies]\ndy = { path = "../dy" }\n'),
  "over/src/lib.rs": "pub fn twice() -> u32 {\n    2 * dy::N.load(std::sync::atomic::Ordering::SeqCst)\n}\n",
  // As Bevy does it: a crate that links to a dynamic library with the others in it.
  "folder/engine/Cargo.toml": manifest("engine", `[dependencies]\n${own("engine_dylib")}${own("engine_internal")}`),
  "folder/engine/src/lib.rs":
    "#[allow(unused_imports, clippy::single_component_path_imports)]\nuse engine_dylib;\npub use engine_internal::*;\n",
  "folder/engine_dylib/Cargo.toml": manifest("engine_dylib", `${DYLIB}[dependencies]\n${own("engine_internal")}`),
  "folder/engine_dylib/src/lib.rs": "#[allow(unused_imports)]\nuse engine_internal;\n",
  "folder/engine_internal/Cargo.toml": manifest("engine_internal"),
  "folder/engine_internal/src/lib.rs":
    'thread_local! { static PARTS: std::cell::RefCell<Vec<u32>> = const { std::cell::RefCell::new(Vec::new()) }; }\npub fn name() -> &\'static str { "engine" }\npub fn parts() -> Vec<u32> { PARTS.with(|it| { it.borrow_mut().push(1); it.borrow().clone() }) }\n',
  ...Object.fromEntries(
    ["engine", "engine_dylib", "engine_internal"].map((name) => [
      `folder/${name}/.cargo-checksum.json`,
      '{"files":{},"package":null}',
    ]),
  ),
  ".cargo/config.toml":
    '[registries.own]\nindex = "file:///nowhere"\n[source.own]\nregistry = "file:///nowhere"\nreplace-with = "folder"\n[source.folder]\ndirectory = "folder"\n',
};

describe.skipIf(!HAS_ENGINE)("a program with Rust dynamic libraries", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("dynamic", FILES);
  });
  afterAll(() => project.remove());

  const visible = (text: string): string =>
    text.replace(/^\s*(Finished|Running) .*\n/gm, "").replace(/\(\d+\)/g, "(N)");
  const expectNative = (): string => project.expectNative({ args: ["run", "-q", "-p", "app"], errors: visible });

  it("runs", () => {
    expect(expectNative()).toBe('3 "x" 4 10\nengine [1]\ntrue\n');
    expect(expectNative()).toContain("engine [1]");
  });

  it("follows edits of the dynamic library, and of what uses it", () => {
    project.edit("dy/src/lib.rs", "new(3)", "new(30)");
    expect(expectNative()).toContain('30 "x" 31 64');
    project.edit("over/src/lib.rs", "2 * dy", "3 * dy");
    expect(expectNative()).toContain('30 "x" 31 96');
    project.edit("dy/src/lib.rs", "pub fn f() -> u32 {", "pub fn f() -> u32 { N.fetch_add(1, Ordering::SeqCst);");
    expect(expectNative()).toContain('31 "x" 33 102');
  });

  it("is run by cargo where something else that may be loaded links to one, too", () => {
    project.write(
      "over/Cargo.toml",
      manifest("over", '[lib]\ncrate-type = ["lib", "cdylib"]\n[dependencies]\ndy = { path = "../dy" }\n'),
    );
    const ours = project.cranefly(["run", "-q", "-p", "app"]);
    expect(ours.stderr).toContain("dy is a Rust dynamic library (crate-type dylib) that not only programs link to");
    expect(ours.stdout).toBe(project.cargo(["run", "-q", "-p", "app"]).stdout);
  });
});
