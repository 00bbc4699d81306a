/** Symbols of shared libraries that a program asks for by their version, as the crate `libc` does. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

// The older `realpath` wants room for its result; the default version allocates it.
const MAIN = `
use std::ffi::{CStr, c_char, c_int};
unsafe extern "C" {
    #[link_name = "realpath@GLIBC_2.2.5"]
    fn older_realpath(path: *const c_char, room: *mut c_char) -> *mut c_char;
    fn realpath(path: *const c_char, room: *mut c_char) -> *mut c_char;
    #[link_name = "cfgetispeed@GLIBC_2.2.5"]
    fn input_speed(settings: *const [u8; 60]) -> c_int;
}
type Resolve = unsafe extern "C" fn(*const c_char, *mut c_char) -> *mut c_char;
fn show(name: &str, resolve: Resolve) {
    let found = unsafe { resolve(c"/tmp/..".as_ptr(), std::ptr::null_mut()) };
    println!("{name}: {:?}", (!found.is_null()).then(|| unsafe { CStr::from_ptr(found) }));
}
fn main() {
    show("default", realpath);
    // EDIT
    println!("speed {}", unsafe { input_speed(&[0; 60]) });
}
`;

describe.skipIf(!HAS_ENGINE)("a symbol with a version", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("versions", {
      "Cargo.toml": '[package]\nname = "versions"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
      "src/main.rs": MAIN,
    });
  });
  afterAll(() => project.remove());

  it("is the library's of that version, beside the default one", () => {
    expect(project.expectNative()).toBe('default: Some("/")\nspeed 0\n');
    project.edit("src/main.rs", "// EDIT", 'show("older", older_realpath);');
    expect(project.expectNative()).toBe('default: Some("/")\nolder: None\nspeed 0\n');
  });
});
