/** What a linker decides by names is decided as in cargo's build: weak and strong, members of archives, exports, order. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

const BUILD = `
use std::{env, process::Command};
fn run(program: &str, args: &[String]) { assert!(Command::new(program).args(args).status().unwrap().success()); }
fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let path = |name: &str| format!("{out}/{name}");
    let strings = |args: &[&str]| args.iter().map(|arg| arg.to_string()).collect::<Vec<_>>();
    for name in ["weak", "hooked", "hook", "twice", "left", "right", "chosen", "unused"] {
        run("cc", &[strings(&["-c", "-fPIC", "-O1", "-o"]), vec![path(&format!("{name}.o")), format!("c/{name}.c")]].concat());
    }
    for (library, members) in [("hooks", &["weak", "hooked", "hook", "chosen", "unused"][..]), ("left", &["left", "twice"]), ("right", &["right", "twice"])] {
        let file = path(&format!("lib{library}.a"));
        let _ = std::fs::remove_file(&file);
        run("ar", &[strings(&["crs"]), vec![file], members.iter().map(|name| path(&format!("{name}.o"))).collect()].concat());
        println!("cargo::rustc-link-lib=static={library}");
    }
    let shared = path("libshared.so");
    run("cc", &[strings(&["-shared", "-fPIC", "-o"]), vec![shared, "c/shared.c".to_string()]].concat());
    println!("cargo::rustc-link-lib=dylib=shared");
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rerun-if-changed=c");
}
`;

const MAIN = `
unsafe extern "C" {
    safe fn fire_weak() -> i32;
    safe fn fire_hooked() -> i32;
    safe fn left(n: i32) -> i32;
    safe fn right(n: i32) -> i32;
    safe fn chosen(n: i32) -> i32;
    safe fn ask_program() -> i32;
    static shared_data: i32;
    safe fn nowhere() -> i32;
    fn dlsym(handle: *mut u8, name: *const i8) -> *mut u8;
    fn strdup(text: *const i8) -> *mut i8;
}
#[unsafe(no_mangle)] pub extern "C" fn on_weak() -> i32 { 42 }
// EDIT
#[unsafe(no_mangle)] pub extern "C" fn program_answer() -> i32 { 7 }
#[unsafe(no_mangle)] pub extern "C" fn strtok(_: *mut i8, _: *const i8) -> *mut i8 { std::ptr::null_mut() }
pub fn never_called() -> i32 { nowhere() }
fn main() {
    println!("weak {} hooked {}", fire_weak(), fire_hooked());
    println!("left {} right {}", left(1), right(1));
    println!("ifunc {} {}", chosen(4), std::hint::black_box(chosen as extern "C" fn(i32) -> i32)(5));
    println!("shared {} {}", ask_program(), unsafe { shared_data });
    let sees = |name: &std::ffi::CStr| unsafe { !dlsym(std::ptr::null_mut(), name.as_ptr()).is_null() };
    println!("sees fire_weak {} program_answer {}", sees(c"fire_weak"), sees(c"program_answer"));
    println!("sees on_weak {} main {}", sees(c"on_weak"), sees(c"main"));
    unsafe { println!("libc {:?}", std::ffi::CStr::from_ptr(strdup(c"text".as_ptr()))); }
    // CALL
}
`;

const FILES = {
  "Cargo.toml": '[package]\nname = "linked"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
  "build.rs": BUILD,
  "src/main.rs": MAIN,
  "c/weak.c": "__attribute__((weak)) int on_weak(void) { return 1; }\nint fire_weak(void) { return on_weak(); }\n",
  "c/hooked.c": "int on_hooked(void);\nint fire_hooked(void) { return on_hooked(); }\n",
  // Left out by a linker where the program defines it.
  "c/hook.c": "int on_hooked(void) { return 1; }\n",
  "c/twice.c": "int twice(int n) { return 2 * n; }\n",
  "c/left.c": "int twice(int);\nint left(int n) { return twice(n) + 1; }\n",
  "c/right.c": "int twice(int);\nint right(int n) { return twice(n) + 2; }\n",
  "c/chosen.c":
    '__attribute__((target_clones("avx2", "default"))) int chosen(int n) { int s = 0; for (int i = 0; i <= n; i++) s += i; return s; }\n',
  // Taken only when something needs it.
  "c/unused.c":
    '#include <stdio.h>\n__attribute__((constructor)) static void start(void) { puts("unused starts"); fflush(stdout); }\nint unused(void) { return 9; }\n',
  "c/shared.c": "int program_answer(void);\nint shared_data = 5;\nint ask_program(void) { return program_answer(); }\n",
};

describe.skipIf(!HAS_ENGINE)("a program with C libraries", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("links", FILES);
  });
  afterAll(() => project.remove());

  const compare = (): string => {
    const native = project.cargo(["run", "-q"]);
    const ours = project.cranefly(["run", "-q"]);
    expect(ours.stderr).not.toMatch(/^cranefly: /m);
    expect({ stdout: ours.stdout, code: ours.code }).toEqual({ stdout: native.stdout, code: native.code });
    return ours.stdout;
  };

  it("has its own functions called by them, and theirs as a linker selects them", () => {
    const stdout = compare();
    expect(stdout).toContain(
      "weak 42 hooked 1\nleft 3 right 4\nifunc 10 15\nshared 7 5\nsees fire_weak false program_answer true",
    );
    expect(stdout).not.toContain("unused");
  });

  it("has its base image linked anew when an edit changes what it defines for them, or needs of them", () => {
    project.edit("src/main.rs", "// EDIT", '#[unsafe(no_mangle)] pub extern "C" fn on_hooked() -> i32 { 43 }');
    expect(compare()).toContain("weak 42 hooked 43");
    project.edit("src/main.rs", "// CALL", 'unsafe extern "C" { safe fn unused() -> i32; } println!("{}", unused());');
    expect(compare()).toContain("unused starts");
    project.edit("src/main.rs", 'println!("{}", unused());', "");
    expect(compare()).not.toContain("unused starts");
  });

  it("is run by cargo when it calls what nothing defines", () => {
    project.edit("src/main.rs", 'println!("weak', 'println!("{}", never_called()); println!("weak');
    const ours = project.cranefly(["run", "-q"]);
    expect(ours.stderr).toContain("defines `nowhere`");
    expect(ours.code).toBe(project.cargo(["run", "-q"]).code);
  });
});
