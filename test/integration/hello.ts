/** A small project in the folder `ws`. */

/** What most tests of the language server start from. */
export const MAIN = [
  "fn greeting() -> &'static str {",
  '    "hello"',
  "}",
  "",
  "fn main() {",
  '    println!("{}", greeting());',
  "}",
  "",
].join("\n");

export const HELLO: Readonly<Record<string, string>> = {
  "ws/Cargo.toml": '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n',
  "ws/src/main.rs": MAIN,
};

/** A build script that runs until a file is there: a build as long as a test wants it. */
export const GATE = [
  "fn main() {",
  '    println!("cargo:rerun-if-changed=build.rs");',
  '    std::fs::write("../started", "").unwrap();',
  '    while !std::path::Path::new("../gate").exists() {',
  "        std::thread::sleep(std::time::Duration::from_millis(10));",
  "    }",
  "}",
  "",
].join("\n");
