/**
 * Sections that crates of a registry and the workspace fill together, as `linkme` does: a slice is whole for whoever looks at it,
 * wherever it is declared, as in cargo's build.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE, Project, type Result, manifest } from "./project.js";

const usingLinkme = (name: string, dependencies: string, more = ""): string =>
  manifest(name, `${more}[dependencies]\nlinkme = "0.3.37"\n${dependencies}`);
const REGISTRY = { registry: "own" };
const own = (name: string): string => `${name} = { version = "1", registry = "${REGISTRY.registry}" }\n`;

const FILES = {
  "Cargo.toml": usingLinkme(
    "slices",
    `${own("hub")}${own("plug")}${own("reader")}part = { path = "part" }\n`,
    '[workspace]\nmembers = ["part"]\n',
  ),
  "src/main.rs": `
#[linkme::distributed_slice(hub::NUMBERS)]
static OWN: u32 = 3;
#[linkme::distributed_slice(hub::COUNTERS)]
static COUNTER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(30);
#[linkme::distributed_slice]
static LOCAL: [fn() -> String];
#[linkme::distributed_slice(LOCAL)]
fn local() -> String { plug::hello() }
// MORE
fn main() {
    let mut numbers: Vec<u32> = hub::NUMBERS.iter().copied().collect();
    numbers.sort();
    println!("{numbers:?} {} {}", hub::sum(), hub::NUMBERS.len());
    hub::count();
    println!("{} {}", COUNTER.load(std::sync::atomic::Ordering::SeqCst), plug::counter());
    println!("{:?} {:?}", LOCAL.iter().map(|it| it()).collect::<Vec<_>>(), part::names());
    plug::with_local(|n| println!("{n}"));
    println!("{}", reader::read());
}
`,
  "part/Cargo.toml": usingLinkme("part", own("hub")),
  "part/src/lib.rs": `
#[linkme::distributed_slice(hub::NUMBERS)]
static OWN: u32 = 20;
pub fn names() -> Vec<&'static str> { let mut names: Vec<_> = hub::NAMES.iter().copied().collect(); names.sort(); names }
`,
  "folder/hub/Cargo.toml": usingLinkme("hub", ""),
  "folder/hub/src/lib.rs": `
use std::sync::atomic::{AtomicU32, Ordering};
#[linkme::distributed_slice]
pub static NUMBERS: [u32];
#[linkme::distributed_slice(NUMBERS)]
static FIRST: u32 = 1;
#[linkme::distributed_slice]
pub static COUNTERS: [AtomicU32];
#[linkme::distributed_slice]
pub static NAMES: [&'static str];
pub fn sum() -> u32 { NUMBERS.iter().sum() }
pub fn count() { for counter in COUNTERS { counter.fetch_add(1, Ordering::SeqCst); } }
`,
  // Compiled natively, with a function in it that has the thread-local of a crate with bitcode.
  "folder/reader/Cargo.toml": usingLinkme("reader", own("plug")),
  "folder/reader/.cargo-checksum.json": '{"files":{},"package":null}',
  "folder/reader/src/lib.rs":
    "pub fn read() -> u32 { let out = std::cell::Cell::new(0); plug::with_local(|n| out.set(n)); out.get() }\n",
  "folder/plug/Cargo.toml": usingLinkme("plug", own("hub")),
  // Built long before it is known that the crate has to be bitcode.
  "folder/plug/build.rs": 'fn main() { println!("cargo::rustc-env=GREETING=hello"); }\n',
  "folder/plug/src/lib.rs": `
use std::{cell::Cell, sync::atomic::{AtomicU32, Ordering}};
#[linkme::distributed_slice(hub::NUMBERS)]
static OWN: u32 = 100;
#[linkme::distributed_slice(hub::COUNTERS)]
static COUNTER: AtomicU32 = AtomicU32::new(7);
#[linkme::distributed_slice(hub::NAMES)]
static NAME: &str = "plug";
pub fn counter() -> u32 { COUNTER.load(Ordering::SeqCst) }
pub fn hello() -> String { format!("{} {}", env!("GREETING"), hub::sum()) }
thread_local! { static LOCAL: Cell<u32> = const { Cell::new(5) }; }
#[inline] pub fn with_local(f: impl Fn(u32)) { LOCAL.with(|local| { local.set(local.get() + 1); f(local.get()); }) }
`,
  ".cargo/config.toml":
    '[registries.own]\nindex = "file:///nowhere"\n[source.own]\nregistry = "file:///nowhere"\nreplace-with = "folder"\n[source.folder]\ndirectory = "folder"\n',
  "folder/hub/.cargo-checksum.json": '{"files":{},"package":null}',
  "folder/plug/.cargo-checksum.json": '{"files":{},"package":null}',
};

function bitcodeBelow(folder: string): string[] {
  const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".bc")).map((file) => path.join(folder, file));
}

describe.skipIf(!HAS_ENGINE)("a section that a registry's crates and the workspace fill", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("slices", FILES);
    // Nothing of the workspace's own is in it yet.
    const main = project.read("src/main.rs");
    project.write(
      "src/main.rs",
      'fn main() { println!("{}", hub::sum() + plug::counter() + part::names().len() as u32); }\n',
    );
    project.edit("part/src/lib.rs", "#[linkme::distributed_slice(hub::NUMBERS)]\nstatic OWN: u32 = 20;\n", "// OWN\n");
    expect(project.cranefly(["run", "-q", "--release"])).toMatchObject({ code: 0, stderr: "", stdout: "109\n" });
    project.write("src/main.rs", main);
    project.edit("part/src/lib.rs", "// OWN\n", "#[linkme::distributed_slice(hub::NUMBERS)]\nstatic OWN: u32 = 20;\n");
  });
  afterAll(() => project.remove());

  /** Also in another run, and in another process's build. */
  const expectNative = (): string => project.expectNative({ runs: 2 });

  it("is whole for everybody", () => {
    expect(expectNative()).toBe('[1, 3, 20, 100] 124 4\n31 8\n["hello 124"] ["plug"]\n6\n7\n');
  });

  it("is so after edits that add something, change it, and take it away", () => {
    project.edit(
      "src/main.rs",
      "// MORE",
      "#[linkme::distributed_slice(hub::NUMBERS)]\nstatic MORE: u32 = 1000;\n// NAME",
    );
    expect(expectNative()).toContain("[1, 3, 20, 100, 1000]");
    project.edit("part/src/lib.rs", "u32 = 20", "u32 = 21");
    expect(expectNative()).toContain("[1, 3, 21, 100, 1000]");
    project.edit("src/main.rs", "// NAME", '#[linkme::distributed_slice(hub::NAMES)]\nstatic NAME: &str = "main";');
    expect(expectNative()).toContain('["main", "plug"]');
    project.edit("src/main.rs", "#[linkme::distributed_slice(hub::NUMBERS)]\nstatic MORE: u32 = 1000;\n", "");
    expect(expectNative()).toContain("[1, 3, 21, 100] ");
  });

  it("is so in a profile that was built before it was known, and after a folder was removed", () => {
    const native = project.cargo(["run", "-q", "--release"]);
    expect(project.cranefly(["run", "-q", "--release"])).toEqual(native);
    fs.rmSync(project.path("target/cranefly/.cranefly/base"), { recursive: true });
    expectNative();
  });

  it("costs cargo's build once", () => {
    const { code, stderr } = project.cranefly(["run"]);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("(crate lane, 0 of ") as string,
    });
    project.edit("src/main.rs", "u32 = 3;", "u32 = 4;");
    const edited = project.cranefly(["run"]);
    expect(edited.stderr).toContain("(crate lane, ");
    expect(edited.stdout).toContain("[1, 4, 21, 100] ");
  });

  it("is made anew where it is damaged", () => {
    const units = project.path("target/cranefly/.cranefly/units");
    const plug = fs.readdirSync(units).filter((name) => name.startsWith("reader-") || name.startsWith("plug-"));
    for (const file of plug.flatMap((unit) => bitcodeBelow(`${units}/${unit}`))) fs.writeFileSync(file, "damaged");
    project.cranefly(["stop"]);
    project.edit("src/main.rs", "u32 = 4;", "u32 = 3;");
    expectNative();
  });
});

describe.skipIf(!HAS_ENGINE)("a copy of a project with such a section", () => {
  let project: Project;
  beforeAll(() => {
    const files = Object.entries(FILES).map(([file, text]) => [`old/${file}`, text] as const);
    project = new Project("slices place", Object.fromEntries(files));
  });
  afterAll(() => project.remove());

  it("is built once where it is", () => {
    const run = (folder: string): Result =>
      project.exec(process.execPath, [path.join(ROOT, "dist/cli.cjs"), "run"], {}, folder);
    const before = run("old");
    expect(before.code).toBe(0);
    fs.cpSync(project.path("old"), project.path("copy"), { recursive: true, preserveTimestamps: true });
    expect(run("copy").stdout).toBe(before.stdout);
    const again = run("copy");
    expect(again.stderr).toContain("(crate lane, 0 of ");
    expect(again.stdout).toBe(before.stdout);
  });
});
