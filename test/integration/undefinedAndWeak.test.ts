/** What nothing defines, and what is defined weakly, is dealt with as a linker does in cargo's build. */
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

const BUILD = `
use std::{env, process::Command};
fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let run = |program: &str, args: &[&str]| assert!(Command::new(program).args(args).status().unwrap().success());
    let library = format!("{out}/libevents.a");
    let _ = std::fs::remove_file(&library);
    for name in ["fire", "strong", "spare"] {
        let object = format!("{out}/{name}.o");
        run("cc", &["-c", "-fPIC", "-o", &object, &format!("{name}.c")]);
        run("ar", &["crs", &library, &object]);
    }
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static=events");
}
`;

const MAIN = `
use std::arch::global_asm;
global_asm!(".weak on_event", ".type on_event, @function", "on_event: mov eax, 1", "ret", ".weak on_other", ".type on_other, @function", "on_other: mov eax, 10", "ret", ".weak on_spare", ".type on_spare, @function", "on_spare: mov eax, 100", "ret");
unsafe extern "C" { safe fn fire() -> i32; safe fn strong() -> i32; safe fn on_event() -> i32; safe fn on_other() -> i32; safe fn on_spare() -> i32; }
fn main() {
    println!("{} {} {} {} {}", fire(), strong(), on_event(), on_other(), on_spare());
    println!("{}", sys::used());
    // CALL
}
`;

const FILES = {
  "Cargo.toml":
    '[package]\nname = "loose"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n[dependencies]\nsys = { version = "1", registry = "own" }\n',
  "build.rs": BUILD,
  "src/main.rs": MAIN,
  "fire.c":
    "int on_event(void), on_other(void), on_spare(void);\nint fire(void) { return on_event() + on_other() + on_spare(); }\n",
  "strong.c": "int on_event(void) { return 2; }\nint strong(void) { return 5; }\n",
  // Nothing needs it: the program has the name.
  "spare.c": "int on_spare(void) { return 200; }\n",
  ".cargo/config.toml":
    '[registries.own]\nindex = "file:///nowhere"\n[source.own]\nregistry = "file:///nowhere"\nreplace-with = "folder"\n[source.folder]\ndirectory = "folder"\n',
  "folder/sys/Cargo.toml": '[package]\nname = "sys"\nversion = "1.0.0"\nedition = "2024"\n',
  "folder/sys/.cargo-checksum.json": '{"files":{},"package":null}',
  "folder/sys/src/lib.rs":
    'unsafe extern "C" { safe fn of_no_library(n: i32) -> i32; }\npub fn used() -> i32 { 3 }\npub fn unused() -> i32 { deep() }\nfn deep() -> i32 { of_no_library(1) }\n',
};

describe.skipIf(!HAS_ENGINE)("a name without a definition, or with a weak one", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("loose names", FILES);
  });
  afterAll(() => project.remove());

  it("is of no account where only what is never called refers to it; a weak one gives way to a strong one that is linked", () => {
    expect(project.expectNative()).toBe("112 5 2 10 100\n3\n");
  });

  it("is as it is after an edit", () => {
    project.edit(
      "src/main.rs",
      "// CALL",
      'println!("{}", [1, 2].iter().map(|n| n * sys::used()).sum::<i32>());\n// CALL',
    );
    expect(project.expectNative()).toContain("3\n9\n");
  });

  it("takes one link where the program defines it otherwise, and none to go back", () => {
    const bases = project.path("target/cranefly/.cranefly/base");
    const images = (): number =>
      fs.readdirSync(bases, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith("libbase.so")).length;
    const before = images();
    project.edit("src/main.rs", ".weak on_other", ".globl on_other");
    expect(project.expectNative()).toContain("112 5 2 10 100");
    expect(images()).toBe(before + 1);
    project.edit("src/main.rs", ".globl on_other", ".weak on_other");
    expect(project.expectNative()).toContain("112 5 2 10 100");
    expect(images()).toBe(before + 1);
  });

  it("is a reason to let cargo complain once it is called", () => {
    project.edit("src/main.rs", "// CALL", 'println!("{}", sys::unused());');
    const ours = project.cranefly(["run", "-q"]);
    const native = project.cargo(["run", "-q"]);
    expect(ours.stderr).toContain("of_no_library");
    expect(ours.code).toBe(native.code);
  });
});
