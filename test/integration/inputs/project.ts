/**
 * A project in which each input of a build has a fact of its own: a name and a value in the one line that the program prints.
 *
 * In the folder: `ws`, the workspace; `other`, a workspace of a package that it uses; `vendor`, in the registry's place; `elsewhere`, files that
 * are in no package; `home`, cargo's own folder.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Project, manifest } from "../project.js";

/** The facts, and the expression of each. */
const FACTS: Readonly<Record<string, string>> = {
  source: '"0"',
  text: 'include_str!("../../../elsewhere/text.txt")',
  linkedFile: "linked_file::VALUE",
  retargeted: "retargeted::VALUE",
  linkedFolder: "linked::module::VALUE",
  generated: "GENERATED",
  assets: 'env!("ASSETS")',
  metadata: 'env!("METADATA")',
  scriptOption: 'env!("SCRIPT_OPTION")',
  scriptLibrary: 'env!("SCRIPT_LIBRARY")',
  cfg: 'if cfg!(scripted) { "on" } else { "off" }',
  always: "always::VALUE",
  plain: "plain::VALUE",
  macroSource: "mac::source!()",
  macroOption: "mac::option!()",
  registryVariable: "reg::VARIABLE",
  registryOption: "reg::OPTION",
  registryFile: "reg::FILE",
  registryAlways: "reg::ALWAYS",
  version: "two::VERSION",
  patched: "three::VERSION",
  other: "dep::VERSION",
  description: 'env!("CARGO_PKG_DESCRIPTION")',
  feature: 'if cfg!(feature = "extra") { "on" } else { "off" }',
  assertions: 'if cfg!(debug_assertions) { "on" } else { "off" }',
  flagged: 'if cfg!(flagged) { "on" } else { "off" }',
  option: 'option_env!("APP_OPTION").unwrap_or("none")',
  // What configuration sets, as rustc and as the program sees it.
  ...Object.fromEntries(
    ["CONFIG", "INCLUDED", "OPTIONAL", "PARENT", "HOME", "EXTRA", "NESTED"].map((name) => [
      name.toLowerCase(),
      `both(option_env!("IN_${name}"), std::env::var("IN_${name}"))`,
    ]),
  ),
};

const MAIN = [
  'include!(concat!(env!("OUT_DIR"), "/generated.rs"));',
  "mod linked_file;",
  "mod retargeted;",
  "mod linked { pub mod module; }",
  "fn both(compiled: Option<&str>, now: Result<String, std::env::VarError>) -> String {",
  '    let now = now.unwrap_or("none".to_owned());',
  '    let compiled = compiled.unwrap_or("none");',
  '    if compiled == now { now } else { format!("{compiled}/{now}") }',
  "}",
  "fn main() {",
  "    let mut facts = Vec::new();",
  ...Object.entries(FACTS).map(([name, value]) => `    facts.push(format!("${name}={}", ${value}.trim()));`),
  '    println!("{}", facts.join(" "));',
  "}",
  "",
].join("\n");

/** What a build script does with files and variables. */
const READ = [
  "#![allow(dead_code)]",
  "fn read(file: &str) -> String {",
  '    std::fs::read_to_string(file).unwrap_or("none".into()).trim().to_owned()',
  "}",
  "fn variable(name: &str) -> String {",
  '    std::env::var(name).unwrap_or("none".into())',
  "}",
  "fn set(name: &str, value: &str) {",
  '    println!("cargo::rustc-env={name}={value}");',
  "}",
  "",
].join("\n");

/** Prints the names of everything in a folder, and what is in files. */
const WALK = [
  "fn walk(folder: &std::path::Path, found: &mut Vec<String>) {",
  "    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();",
  "    entries.sort();",
  "    for entry in entries {",
  "        found.push(entry.file_name().unwrap().to_str().unwrap().to_owned());",
  "        if entry.is_dir() { walk(&entry, found) } else { found.push(read(entry.to_str().unwrap())) }",
  "    }",
  "}",
  "",
].join("\n");

const BUILD = `${READ}${WALK}fn main() {
    println!("cargo::rustc-check-cfg=cfg(scripted, flagged)");
    for file in ["build.rs", "generated.txt", "assets", "cfg.txt"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let out = variable("OUT_DIR");
    std::fs::write(format!("{out}/generated.rs"), format!("const GENERATED: &str = {:?};", read("generated.txt"))).unwrap();
    let mut found = Vec::new();
    walk(std::path::Path::new("assets"), &mut found);
    set("ASSETS", &found.join(","));
    set("METADATA", &variable("DEP_NAT_WORD"));
    set("SCRIPT_OPTION", option_env!("SCRIPT_OPTION").unwrap_or("none"));
    set("SCRIPT_LIBRARY", util::VALUE);
    if read("cfg.txt") == "on" {
        println!("cargo::rustc-cfg=scripted");
    }
}
`;

const REG = `${READ}fn main() {
    println!("cargo::rerun-if-env-changed=REG_VARIABLE");
    println!("cargo::rerun-if-changed=../../elsewhere/registry.txt");
    set("VARIABLE", &variable("REG_VARIABLE"));
    set("FILE", &read("../../elsewhere/registry.txt"));
}
`;

/** A build script that cargo always runs. */
const ALWAYS = (file: string): string => `${READ}fn main() {
    println!("cargo::rerun-if-changed=there-is-no-such-file");
    set("VALUE", &read("${file}"));
}
`;

const VALUE = 'pub const VALUE: &str = env!("VALUE");\n';

function vendored(name: string, version: string, files: Readonly<Record<string, string>>): Record<string, string> {
  const folder = `vendor/${name}-${version}`;
  const all = {
    "Cargo.toml": `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\n`,
    ".cargo-checksum.json": '{"files":{},"package":null}',
    ...files,
  };
  return Object.fromEntries(Object.entries(all).map(([file, text]) => [`${folder}/${file}`, text]));
}

const FILES: Readonly<Record<string, string>> = {
  "ws/Cargo.toml": [
    "[workspace]",
    'members = ["app", "crates/*"]',
    'resolver = "2"',
    "[workspace.package]",
    'description = "0"',
    "[profile.dev]",
    "debug-assertions = false",
    "",
  ].join("\n"),
  "ws/.cargo/config.toml": [
    'include = ["included.toml", { path = "optional.toml", optional = true }]',
    "[env]",
    'IN_CONFIG = "0"',
    "[source.crates-io]",
    'replace-with = "vendored"',
    "[source.vendored]",
    'directory = "../vendor"',
    "",
  ].join("\n"),
  "ws/.cargo/included.toml": 'include = ["nested.toml"]\n[env]\nIN_INCLUDED = "0"\n',
  "ws/.cargo/nested.toml": '[env]\nIN_NESTED = "0"\n',
  "ws/extra.toml": '[env]\nIN_EXTRA = "0"\n',
  "home/config.toml": "",
  "ws/app/Cargo.toml": `${manifest("app", "description.workspace = true\n")}${[
    "[features]",
    "default = []",
    "extra = []",
    "[dependencies]",
    'always = { path = "../crates/always" }',
    'plain = { path = "../crates/plain" }',
    'mac = { path = "../crates/mac" }',
    'nat = { path = "../crates/nat" }',
    'dep = { path = "../../other/dep" }',
    'reg = "1"',
    'two = "1"',
    'three = "1"',
    "[build-dependencies]",
    'util = { path = "../crates/util" }',
    "",
  ].join("\n")}`,
  "ws/app/src/main.rs": MAIN,
  "ws/app/build.rs": BUILD,
  "ws/app/generated.txt": "0",
  "ws/app/cfg.txt": "off",
  "ws/app/assets/plain.txt": "0",
  "ws/app/assets/target/hidden.txt": "0",
  "ws/app/assets/node_modules/hidden.txt": "0",
  "ws/crates/util/Cargo.toml": manifest("util"),
  "ws/crates/util/src/lib.rs": 'pub const VALUE: &str = "0";\n',
  "ws/crates/nat/Cargo.toml": manifest("nat", 'links = "nat"\n'),
  "ws/crates/nat/src/lib.rs": "",
  "ws/crates/nat/build.rs": `${READ}fn main() {\n    println!("cargo::rerun-if-changed=word.txt");\n    println!("cargo::metadata=word={}", read("word.txt"));\n}\n`,
  "ws/crates/nat/word.txt": "0",
  "ws/crates/always/Cargo.toml": manifest("always"),
  "ws/crates/always/build.rs": ALWAYS("../../../elsewhere/untracked.txt"),
  "ws/crates/always/src/lib.rs": VALUE,
  "ws/crates/plain/Cargo.toml": manifest("plain"),
  "ws/crates/plain/build.rs": `${READ}fn main() {\n    set("VALUE", &format!("{}/{}", read("data/a.txt"), read("src/target/b.txt")));\n}\n`,
  "ws/crates/plain/other.rs": `${READ}fn main() {\n    set("VALUE", "other");\n}\n`,
  "ws/crates/plain/data/a.txt": "0",
  "ws/crates/plain/src/target/b.txt": "0",
  "ws/crates/plain/src/lib.rs": VALUE,
  "ws/crates/mac/Cargo.toml": manifest("mac", "[lib]\nproc-macro = true\n"),
  "ws/crates/mac/src/lib.rs": [
    "use proc_macro::TokenStream;",
    "#[proc_macro]",
    "pub fn source(_: TokenStream) -> TokenStream {",
    '    format!("{:?}", "0").parse().unwrap()',
    "}",
    "#[proc_macro]",
    "pub fn option(_: TokenStream) -> TokenStream {",
    '    format!("{:?}", option_env!("MACRO_OPTION").unwrap_or("none")).parse().unwrap()',
    "}",
    "",
  ].join("\n"),
  "other/Cargo.toml": '[workspace]\nmembers = ["dep"]\n[workspace.package]\nversion = "1.0.0"\n',
  "other/dep/Cargo.toml": '[package]\nname = "dep"\nversion.workspace = true\nedition = "2021"\n',
  "other/dep/src/lib.rs": 'pub const VERSION: &str = env!("CARGO_PKG_VERSION");\n',
  ...vendored("reg", "1.0.0", {
    "build.rs": REG,
    "src/lib.rs":
      'pub const VARIABLE: &str = env!("VARIABLE");\npub const FILE: &str = env!("FILE");\n#[cfg(feature = "always")]\npub const ALWAYS: &str = reg_always::VALUE;\n#[cfg(not(feature = "always"))]\npub const ALWAYS: &str = "off";\n' +
      'pub const OPTION: &str = match option_env!("REG_OPTION") {\n    Some(value) => value,\n    None => "none",\n};\n',
    "Cargo.toml":
      '[package]\nname = "reg"\nversion = "1.0.0"\nedition = "2021"\n[features]\nalways = ["dep:reg-always"]\n[dependencies]\nreg-always = { version = "1", optional = true }\n',
  }),
  ...vendored("reg-always", "1.0.0", {
    "build.rs": ALWAYS("../../elsewhere/registryUntracked.txt"),
    "src/lib.rs": VALUE,
  }),
  ...vendored("three", "1.0.0", { "src/lib.rs": 'pub const VERSION: &str = env!("CARGO_PKG_VERSION");\n' }),
  ...vendored("two", "1.0.0", { "src/lib.rs": 'pub const VERSION: &str = env!("CARGO_PKG_VERSION");\n' }),
  ...vendored("two", "1.1.0", { "src/lib.rs": 'pub const VERSION: &str = env!("CARGO_PKG_VERSION");\n' }),
  "elsewhere/three/Cargo.toml": '[package]\nname = "three"\nversion = "1.0.0"\nedition = "2021"\n[workspace]\n',
  "elsewhere/three/src/lib.rs": 'pub const VERSION: &str = "patched";\n',
  ...Object.fromEntries(
    ["text", "untracked", "registry", "registryUntracked", "asset", "inner/deep", "current0", "current1"].map(
      (name) => [`elsewhere/${name}.txt`, "0"],
    ),
  ),
  ...Object.fromEntries(
    ["linked_file", "retargeted0", "retargeted1", "modules/module"].map((name) => [
      `elsewhere/${name}.rs`,
      'pub const VALUE: &str = "0";\n',
    ]),
  ),
};

/** Links, by their paths. */
const LINKS: Readonly<Record<string, string>> = {
  "ws/app/src/linked_file.rs": "../../../elsewhere/linked_file.rs",
  "ws/app/src/retargeted.rs": "../../../elsewhere/retargeted0.rs",
  "ws/app/src/linked": "../../../elsewhere/modules",
  "ws/app/assets/asset.txt": "../../../elsewhere/asset.txt",
  "ws/app/assets/inner": "../../../elsewhere/inner",
  "ws/app/assets/current": "../../../elsewhere/current0.txt",
};

/** The workspace's folder, in which commands are given. */
export const FOLDER = "ws";

/** What every command gets. */
export const ARGUMENTS: readonly string[] = ["--config", "extra.toml"];

export function inputsProject(): Project {
  const project = new Project("inputs", FILES);
  for (const [link, target] of Object.entries(LINKS)) relink(project, link, target);
  return project;
}

/** Makes a link, or gives it another target. */
export function relink(project: Project, link: string, target: string): void {
  fs.mkdirSync(path.dirname(project.path(link)), { recursive: true });
  const next = project.path(`${link}.new`);
  fs.symlinkSync(target, next);
  fs.renameSync(next, project.path(link));
}
