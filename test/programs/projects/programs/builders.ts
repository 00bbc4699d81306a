/** Programs that run other programs. */
import { published } from "../../support/projects.js";
import { files } from "../material.js";
import type { Project } from "../project.js";

const JUSTFILE = `set positional-arguments
name := "world"
path := justfile_directory() / "out.txt"

# The default.
default: (greet name) build

# Greets somebody.
[group('talk')]
greet who *rest:
    @echo "Hello {{uppercase(who)}} {{rest}}"

build: clean
    echo built > {{path}}
    @cat out.txt

clean:
    rm -f out.txt

script arg="x":
    #!/bin/sh
    echo "in a script: $1"

fails:
    @exit 7
`;

export const just: Project = {
  name: "just",
  version: "1.59.0",
  sources: () => published({ name: "just", version: "1.59.0" }),
  selection: ["--bin", "just"],
  program: "just",
  work: {
    prepare: (play) => files(play, { justfile: JUSTFILE, "bad/justfile": "a: b\nb: a\n" }),
    steps: [
      { args: [] },
      { args: ["--list"] },
      { args: ["--list", "--color", "always"] },
      { args: ["greet", "you", "and", "me"] },
      { args: ["script", "one"] },
      { args: ["--evaluate"] },
      { args: ["--dump", "--dump-format", "json"] },
      { args: ["--show", "build"] },
      { args: ["--summary"] },
      { args: ["fails"], fails: true },
      { args: ["--justfile", "bad/justfile", "a"], fails: true },
      { args: ["nonsense"], fails: true },
    ],
  },
  edit: {
    file: "src/subcommand.rs",
    behind: "fn summary(config: &Config, justfile: &Justfile) -> RunResult<'static> {",
    step: { args: ["--summary"] },
  },
};

export const cargo: Project = {
  name: "cargo",
  version: "0.98.0",
  sources: () => published({ name: "cargo", version: "0.98.0" }),
  selection: ["--bin", "cargo"],
  program: "cargo",
  work: {
    prepare: (play) =>
      files(play, {
        "w/Cargo.toml": '[workspace]\nmembers = ["a", "b"]\nresolver = "3"\n',
        "w/a/Cargo.toml":
          '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\nb = { path = "../b" }\n',
        "w/a/src/main.rs": 'fn main() { println!("{}", b::answer()); }\n#[test]\nfn passes() {}\n',
        "w/b/Cargo.toml": '[package]\nname = "b"\nversion = "0.2.0"\nedition = "2024"\n[features]\nx = []\n',
        "w/b/build.rs": 'fn main() { println!("cargo::rustc-env=ANSWER=42"); }\n',
        "w/b/src/lib.rs": 'pub fn answer() -> &\'static str { env!("ANSWER") }\n',
        "broken/Cargo.toml": "[package]\nname = 1\n",
      }),
    steps: [
      { args: ["new", "fresh", "--vcs", "none", "--name", "fresh"] },
      { args: ["metadata", "--format-version", "1", "--offline"], cwd: "w" },
      { args: ["tree", "--offline", "-e", "all"], cwd: "w" },
      { args: ["build", "--offline", "--color", "always", "-j", "1"], cwd: "w" },
      { args: ["run", "--offline", "-q", "-p", "a"], cwd: "w" },
      { args: ["test", "--offline", "-p", "a"], cwd: "w" },
      { args: ["add", "b", "--path", "../b", "--rename", "c", "-F", "x", "--offline"], cwd: "w/a" },
      { args: ["package", "--offline", "--list", "--allow-dirty", "-p", "b"], cwd: "w" },
      { args: ["pkgid", "-p", "b"], cwd: "w" },
      { args: ["build", "--offline"], cwd: "broken", fails: true },
      { args: ["biuld"], fails: true },
      { args: ["help", "build"] },
      { args: ["--list"] },
    ],
    env: (play) => ({ CARGO_HOME: `${play}/cargo-home`, CARGO_TERM_PROGRESS_WHEN: "never" }),
    normalise: (text) => text.replace(/\d+\.\d+s\b/g, "Ts").replace(/-[0-9a-f]{16}\b/g, "-HASH"),
    changing: /^(w\/target|cargo-home)/,
  },
  edit: {
    file: "src/bin/cargo/commands/tree.rs",
    behind: "pub fn exec(gctx: &mut GlobalContext, args: &ArgMatches) -> CliResult {",
    step: { args: ["tree", "--offline"], cwd: "w" },
  },
};

const compile = (source: string, ...args: string[]) => ({ args: ["gcc", "-c", source, ...args] });

export const sccache: Project = {
  name: "sccache",
  version: "0.19.0",
  sources: () => published({ name: "sccache", version: "0.19.0" }),
  selection: ["--bin", "sccache"],
  program: "sccache",
  work: {
    prepare: (play) =>
      files(play, {
        "a.c": '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
        "bad.c": "int main( { }\n",
        "lib.rs": "pub fn answer() -> u32 { 42 }\n",
      }),
    steps: [
      { args: ["--start-server"] },
      compile("a.c", "-O2", "-o", "a.o"),
      compile("a.c", "-O2", "-o", "again.o"),
      { ...compile("bad.c", "-o", "bad.o"), fails: true },
      {
        args: [
          "rustc",
          "--crate-name",
          "a",
          "--crate-type",
          "rlib",
          "lib.rs",
          "--emit",
          "link,metadata",
          "--out-dir",
          ".",
        ],
      },
      { args: ["--show-stats"] },
      { args: ["--stop-server"] },
      { args: ["--dist-status"] },
      { args: ["--help"] },
    ],
    env: (play) => ({ SCCACHE_DIR: `${play}/cache`, SCCACHE_SERVER_UDS: `${play}/socket`, SCCACHE_IDLE_TIMEOUT: "60" }),
    normalise: (text) =>
      text
        .replace(/\d+\.\d+ s\b/g, "T s")
        .replace(/ {2,}/g, " ")
        .replace(/\d+ (KiB|MiB|bytes)/gi, "SIZE"),
    changing: /^cache|^socket/,
  },
  edit: {
    file: "src/commands.rs",
    behind: "pub fn run_command(cmd: Command) -> Result<i32> {",
    step: { args: ["--stop-server"], fails: true },
  },
};
