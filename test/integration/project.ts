/** Small cargo projects in temporary folders, and the commands to run in them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "vitest";
import { BUNDLES, ROOT } from "../support/repository.js";
import { endAll, processesWith } from "../../scripts/lib/processes.mjs";

const CLI = path.join(BUNDLES, "cli.cjs");

/** Whether the engine has been built; tests that run programs need it. */
export const HAS_ENGINE =
  process.env["CRANEFLY_ENGINE"] !== undefined ||
  fs.existsSync(path.join(ROOT, "engine", "target", "release", "cranefly-engine"));

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is compared with cargo's. */
export interface NativeRun {
  /** For both; `run -q` by default. */
  readonly args?: readonly string[];
  readonly runs?: number;
  readonly errors?: (stderr: string) => string;
}

/** The files of a project in test/fixtures, without what was built in it. */
export function fixtureFiles(name: string): Record<string, string> {
  const folder = path.join(ROOT, "test/fixtures", name);
  const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  const isSource = (file: string): boolean =>
    !/(^|\/)target(\/|$)/.test(file) && fs.statSync(path.join(folder, file)).isFile();
  return Object.fromEntries(
    files.filter(isSource).map((file) => [file, fs.readFileSync(path.join(folder, file), "utf8")]),
  );
}

/** The manifest of a package; `more`: its other tables. */
export function manifest(name: string, more = ""): string {
  return `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2024"\n${more}`;
}

export class Project {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;

  /** `name` becomes part of the path. */
  constructor(name: string, files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}) {
    this.dir = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), `cranefly ${name} `));
    const clean = Object.entries(process.env).filter(([key]) => !/^(CARGO_|RUST_BACKTRACE|npm_|VITEST)/.test(key));
    this.env = {
      ...Object.fromEntries(clean),
      ...(process.env["CARGO_HOME"] === undefined ? {} : { CARGO_HOME: process.env["CARGO_HOME"] }),
      XDG_CACHE_HOME: path.join(this.dir, ".cache"),
      // An engine of its own, so that tests may stop it.
      XDG_RUNTIME_DIR: path.join(this.dir, ".run"),
      ...env,
    };
    // Images are there as well if others may pass through it.
    fs.mkdirSync(path.join(this.dir, ".run"), { mode: 0o711 });
    for (const [file, text] of Object.entries(files)) this.write(file, text);
  }

  /** The bundle of the command line. */
  readonly cli = CLI;

  path(file: string): string {
    return path.join(this.dir, file);
  }

  write(file: string, text: string): void {
    fs.mkdirSync(path.dirname(this.path(file)), { recursive: true });
    fs.writeFileSync(this.path(file), text);
  }

  read(file: string): string {
    return fs.readFileSync(this.path(file), "utf8");
  }

  edit(file: string, from: string, to: string): void {
    const text = fs.readFileSync(this.path(file), "utf8");
    if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
    fs.writeFileSync(this.path(file), text.replace(from, to));
  }

  cranefly(args: readonly string[], env: NodeJS.ProcessEnv = {}): Result {
    return this.exec(process.execPath, [CLI, ...args], env);
  }

  cargo(args: readonly string[]): Result {
    return this.exec("cargo", args, { CARGO_TARGET_DIR: this.path("native-target") });
  }

  /**
   * Runs cargo and then Cranefly, which has to print what cargo did and end with the same exit code; gives what they print to standard
   * output. `runs`: how often Cranefly does so. `errors`: the part of standard error that has to be the same.
   */
  expectNative({ args = ["run", "-q"], runs = 1, errors = (stderr) => stderr }: NativeRun = {}): string {
    const native = this.cargo(args);
    expect(native.code).toBe(0);
    for (let run = 0; run < runs; run++) {
      const ours = this.cranefly(args);
      expect(ours.stderr).not.toMatch(/^cranefly: /m);
      expect({ ...ours, stderr: errors(ours.stderr) }).toEqual({ ...native, stderr: errors(native.stderr) });
    }
    return native.stdout;
  }

  /** Starts the command line and leaves it running. `folder`: the working directory, in the project's. */
  start(args: readonly string[], folder = ""): ChildProcess {
    return spawn(process.execPath, [CLI, ...args], {
      cwd: this.path(folder),
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Ends what was started in it and runs still, such as its engines, one a toolchain, and removes it. */
  remove(): void {
    // An engine that a program has started has nothing but the second of these.
    const own = ["XDG_CACHE_HOME", "XDG_RUNTIME_DIR"].map((name) => `${name}=${this.env[name] ?? ""}`);
    endAll(() => processesWith(...own));
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  /** `folder`: the working directory, in the project's. */
  exec(program: string, args: readonly string[], env: NodeJS.ProcessEnv, folder = ""): Result {
    const done = spawnSync(program, args, { cwd: this.path(folder), env: { ...this.env, ...env }, encoding: "utf8" });
    if (done.error !== undefined) throw done.error;
    return { code: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr };
  }
}

/** Several crates with a procedural macro, a build script, and a library that all of them share. */
export const WORKSPACE: Readonly<Record<string, string>> = {
  "Cargo.toml": '[workspace]\nmembers = ["app", "crates/*"]\nresolver = "2"\n',
  "crates/util/Cargo.toml": '[package]\nname = "util"\nversion = "0.1.0"\nedition = "2021"\n',
  "crates/util/src/lib.rs": "pub fn shout(s: &str) -> String {\n    s.to_uppercase()\n}\n",
  "crates/mac/Cargo.toml":
    '[package]\nname = "mac"\nversion = "0.1.0"\nedition = "2021"\n[lib]\nproc-macro = true\n[dependencies]\nutil = { path = "../util" }\n',
  "crates/mac/src/lib.rs":
    'use proc_macro::TokenStream;\n#[proc_macro]\npub fn loud(_: TokenStream) -> TokenStream {\n    format!("{:?}", util::shout("macro")).parse().unwrap()\n}\n',
  "crates/core-lib/Cargo.toml":
    '[package]\nname = "core-lib"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nitoa = "1"\n',
  "crates/core-lib/src/lib.rs":
    'pub fn number(n: u64) -> String {\n    itoa::Buffer::new().format(n).to_owned()\n}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn number_works() {\n        assert_eq!(super::number(3), "3");\n    }\n}\n',
  "app/Cargo.toml":
    '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[features]\nextra = []\n[dependencies]\ncore-lib = { path = "../crates/core-lib" }\nmac = { path = "../crates/mac" }\n[build-dependencies]\nutil = { path = "../crates/util" }\n',
  "app/build.rs":
    'fn main() {\n    println!("cargo:rerun-if-changed=build.rs");\n    println!("cargo:rustc-env=BUILT={}", util::shout("built"));\n    std::fs::write(format!("{}/gen.rs", std::env::var("OUT_DIR").unwrap()), "pub const GEN: u32 = 7;").unwrap();\n}\n',
  "app/src/main.rs": [
    'include!(concat!(env!("OUT_DIR"), "/gen.rs"));',
    "fn greeting() -> &'static str {",
    '    "hello"',
    "}",
    "fn main() {",
    '    println!("{} {} {} {} {}", greeting(), core_lib::number(42), mac::loud!(), env!("BUILT"), GEN);',
    '    println!("{:?} {}", std::env::var("CARGO_PKG_NAME"), cfg!(feature = "extra"));',
    "    let args: Vec<String> = std::env::args().skip(1).collect();",
    '    println!("{args:?}");',
    '    if args.iter().any(|arg| arg == "abort") {',
    "        std::process::abort();",
    "    }",
    "    std::process::exit(args.len() as i32);",
    "}",
    "",
  ].join("\n"),
  "app/tests/it.rs":
    '#[test]\nfn runs_the_program() {\n    let out = std::process::Command::new(env!("CARGO_BIN_EXE_app")).output().unwrap();\n    assert!(String::from_utf8_lossy(&out.stdout).contains("42 MACRO BUILT 7"));\n}\n#[test]\nfn is_in_its_package() {\n    assert!(std::path::Path::new("tests/it.rs").exists());\n}\n',
};
