/** What a program's link arguments and its profile ask of the linker, in the image as in a native build. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

const FILES = {
  // The library's other kinds have no hash in their names.
  "Cargo.toml":
    '[package]\nname = "linked"\nversion = "0.1.0"\nedition = "2024"\n[lib]\ncrate-type = ["rlib", "dylib", "staticlib"]\n' +
    "[profile.dev]\nstrip = false\nlto = 'fat'\n",
  "src/lib.rs": "pub fn number() -> u32 {\n    1\n}\n",
  ".cargo/config.toml": '[build]\nrustflags = ["-Clink-arg=-Wl,--as-needed,--export-dynamic"]\n',
  "src/main.rs": `use std::ffi::{CStr, c_char, c_void};
unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}
#[unsafe(no_mangle)]
pub extern "C" fn host_add(a: i32, b: i32) -> i32 {
    a + b
}
#[unsafe(no_mangle)]
pub static HOST_VERSION: i32 = 7;
fn find(name: &CStr) -> *mut c_void {
    unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) }
}
fn main() {
    if std::env::args().count() > 1 {
        panic!("with names?");
    }
    for name in [c"host_add", c"HOST_VERSION", c"host_new", c"main", c"find"] {
        println!("{name:?} {}", !find(name).is_null());
    }
    let version = find(c"HOST_VERSION").cast::<i32>();
    println!("{}", linked::number());
    println!("{}", if version.is_null() { 0 } else { unsafe { *version } });
}
`,
};

describe.runIf(HAS_ENGINE)("a program is linked as its project wants", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("linked", FILES);
  });
  afterAll(() => session.remove());

  it("with its symbols exported, also those that an edit brings or takes", async () => {
    expect(session.output()).toContain('"host_add" true\n"HOST_VERSION" true\n"host_new" false\n');
    expect(session.output()).toBe(session.native());
    await session.save(
      ["src/lib.rs", "    1", "    2"],
      ["src/main.rs", "fn host_add", "fn host_new"],
      ["src/main.rs", "i32 = 7", "i32 = 8"],
    );
    expect(session.output()).toContain('"host_add" false\n"HOST_VERSION" true\n"host_new" true\n');
    expect(session.output()).toBe(session.native());
  });

  it.each(["'debuginfo'", "'symbols'"])("with strip = %s, as backtraces show", async (strip) => {
    const [before] = /strip = .*/.exec(session.project.read("Cargo.toml")) ?? [""];
    session.project.write(".cargo/config.toml", "");
    await session.save(["Cargo.toml", before, `strip = ${strip}`]);
    session.native();
    const native = session.project.path("native-target/debug/linked");
    const [ours, theirs] = [session.executable, native].map((program) => backtrace(session, program));
    expect(ours).toBe(theirs);
    expect(ours).toContain("with names?");
  });
});

/** From a panic in `main` to the C library. (What is below that is another program's start.) */
function backtrace(session: Session, program: string): string {
  const env = { ...session.project.env, RUST_BACKTRACE: "full" };
  const { stderr } = spawnSync(program, ["x"], { cwd: session.project.dir, env, encoding: "utf8" });
  // (A profile's lto is in the hashes of names.)
  return (stderr.split("__libc_start_call_main")[0] ?? "").replaceAll(/\(\d+\)|0x[0-9a-f]+|::h[0-9a-f]{16}/g, "");
}
