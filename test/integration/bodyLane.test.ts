/** The body lane with the real rustc: overlays, remapped paths, lints, learning. */
import { fileStamp } from "../../server/src/core/support/stamps.js";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SourceCache } from "../../server/src/core/source/sourceCache.js";
import { OverlayLane, type OverlayResult } from "../../server/src/core/lanes/overlay/overlayLane.js";
import { AllUnitSources } from "../../server/src/core/lanes/mirror/unitSources.js";
import { classify } from "../../server/src/core/edits/classify.js";
import { compileUnit } from "../../server/src/core/units/compile.js";
import { parseDepInfo } from "../../server/src/core/units/depInfo.js";
import { isWithin } from "../../server/src/core/support/files.js";
import { Layout } from "../../server/src/core/support/layout.js";
import type { UnitRecord } from "../../server/src/core/units/record.js";
import type { BitcodeFile } from "../../shared/src/protocol.js";
import { openSources } from "../support/repository.js";

let directory: string;
let layout: Layout;
let lane: OverlayLane;
const env = process.env;

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-body-"));
  layout = new Layout(path.join(directory, "target/cranefly"));
  lane = laneOf(await openSources());
});

afterEach(() => {
  lane.sources.dispose();
  fs.rmSync(directory, { recursive: true, force: true });
});

function laneOf(sources: SourceCache): OverlayLane {
  return new OverlayLane(layout, sources, new AllUnitSources(layout, sources, env));
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    fs.writeFileSync(path.join(directory, name), text);
  }
}

/** Compiles a crate as the crate lane does. `source`: as on rustc's command line. */
async function crateLane(source: string, args: readonly string[] = ["--crate-type", "bin"]): Promise<UnitRecord> {
  const rustc = execFileSync("rustc", ["--print", "sysroot"], { encoding: "utf8" }).trim() + "/bin/rustc";
  const invocation = {
    key: "sample-1",
    id: "sample:sample",
    command: [rustc],
    args: [
      ...["--crate-name", "sample", source, "--error-format=json", "--emit=dep-info,link"],
      ...["--json=diagnostic-rendered-ansi,artifacts,future-incompat", "-C", "debuginfo=1", "-C", "metadata=1"],
      ...(args.includes("--edition") ? [] : ["--edition=2021"]),
      ...["-C", "extra-filename=-1", "--out-dir", path.join(directory, "target/out"), ...args],
    ],
    cwd: directory,
    env: { OUT_DIR: path.join(directory, "target/generated"), SAMPLE: "sample" },
    needsRlib: false,
  };
  const result = await compileUnit(layout, invocation, { env });
  expect(result.diagnostics.filter((item) => item.level === "error").map((item) => item.message)).toEqual([]);
  if (result.record === undefined) throw new Error("does not compile");
  return result.record;
}

/** Saves an edit of one file and compiles it in the body lane. */
async function edit(
  record: UnitRecord,
  name: string,
  from: string,
  to: string,
  callers: readonly string[] = [],
): Promise<OverlayResult> {
  const file = path.join(directory, name);
  const before = fs.readFileSync(file, "utf8");
  expect(before.split(from)).toHaveLength(2);
  const text = before.replace(from, () => to);
  const result = classify(lane.sources, file, before, text);
  if (result.kind !== "bodies") throw new Error(JSON.stringify(result));
  fs.writeFileSync(file, text);
  const whole = callers.map((caller) => ({ file, path: caller }));
  const stamp = fileStamp(fs.statSync(file));
  return lane.compile(record, [{ file, text, stamp, functions: result.functions }], { env }, whole);
}

function succeeded(result: OverlayResult): Extract<OverlayResult, { ok: true }> {
  if (!result.ok) throw new Error(result.refused.text);
  return result;
}

/** Whether the symbol table of any file has a function of this name. */
function defines(files: readonly BitcodeFile[], name: string): boolean {
  return files.some((file) => fs.readFileSync(file.path).includes(`${name.length}${name}17h`));
}

/** The files that an earlier run did not have. */
function changedSince(before: readonly BitcodeFile[], files: readonly BitcodeFile[]): BitcodeFile[] {
  const known = new Set(before.map(({ digest }) => digest));
  return files.filter(({ digest }) => !known.has(digest));
}

const mentions = (files: readonly BitcodeFile[], text: string): boolean =>
  files.some((file) => fs.readFileSync(file.path).includes(text));

const overlay = (name: string): string => path.join(layout.bodyLane("sample-1"), "overlay", name);

/** The originals of the files that the last run of rustc on the overlay has read. */
function inputs(): Set<string> {
  const depInfo = fs.readFileSync(path.join(layout.bodyLane("sample-1"), "unit.d"), "utf8");
  const original = (file: string): string =>
    isWithin(file, overlay("")) ? path.join(directory, path.relative(overlay(""), file)) : file;
  return new Set(parseDepInfo(depInfo).files.map((file) => original(path.resolve(overlay(""), file))));
}

/** The functions that are blanked in a file of the overlay, by name. */
function blanked(name: string): string[] {
  return [...fs.readFileSync(overlay(name), "utf8").matchAll(/fn (\w+)[^{]*\{loop\{\}/g)].map(([, fn = ""]) => fn);
}

/** An expression of type bool for constants. */
const SAME = `const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] { i += 1; }
    i == a.len() && i == b.len()
}
`;

describe("the body lane", () => {
  it("compiles edited functions and blanks the others", async () => {
    write({
      "src/main.rs": `mod other;\nfn edited() -> usize { 41 + std::env::args().count() }\nfn main() { println!("{}", edited() + other::idle()); }\n`,
      "src/other.rs": `pub fn idle() -> usize { String::from("never compiled again").len() }\n`,
    });
    const record = await crateLane("src/main.rs");
    const first = succeeded(await lane.compile(record, [], { env }));
    const second = succeeded(await edit(record, "src/main.rs", "41 +", "42 +"));
    const changed = changedSince(first.bitcode, second.bitcode);
    expect(defines(changed, "edited")).toBe(true);
    expect(changed.length).toBeLessThan(second.bitcode.length);
    expect(second.times.rounds).toBe(1);
    expect(fs.readFileSync(overlay("src/main.rs"), "utf8")).toContain("{ 42 + std::env::args().count() }");
    expect(fs.readFileSync(overlay("src/main.rs"), "utf8")).toContain("fn main() {loop{}");
    expect(fs.readFileSync(overlay("src/other.rs"), "utf8")).toContain("pub fn idle() -> usize {loop{}");
    expect(inputs()).toEqual(new Set(record.inputs.map((input) => input.path)));
    // A function that was edited once stays, so that editing it again changes nothing else.
    const third = succeeded(await edit(record, "src/other.rs", "never", "hardly ever"));
    expect(defines(changedSince(second.bitcode, third.bitcode), "idle")).toBe(true);
    expect(fs.readFileSync(overlay("src/main.rs"), "utf8")).toContain("42 +");
    expect(mentions(third.bitcode, layout.root)).toBe(false);
  });

  it("gives macros the originals' paths, positions and files", async () => {
    write({
      "README.md": "read me",
      "data/shared.rs":
        'pub fn shared() -> &\'static str { module_path!() }\nconst _: () = assert!(super::same(file!(), concat!("src/../data/shared", ".rs")));\n',
      "src/deep/mod.rs": `
pub fn edited() -> u32 { line!() + 10000 }
const _: () = assert!(line!() == 3 && column!() == 39);
const _: () = assert!(super::same(file!(), concat!("src/deep/mod", ".rs")));
const _: () = assert!(super::same(include_str!("../../README.md"), "read me"));
const _: () = assert!(include_bytes!("table.bin").len() == 3);
const _: () = assert!(super::same(include_str!("quoted.rs"), "pub fn quoted() -> usize { 5 + 5 + 5 }\\n"));
pub mod quoted;
`,
      "src/deep/quoted.rs": "pub fn quoted() -> usize { 5 + 5 + 5 }\n",
      "src/deep/table.bin": "abc",
      "target/generated/made.rs": "pub fn made() -> u32 { 12345678 }",
      "src/main.rs": `${SAME}
mod deep;
#[path = "../data/shared.rs"]
mod shared;
include!(concat!(env!("OUT_DIR"), "/made.rs"));
include!("part.rs");
const _: () = assert!(same(env!("SAMPLE"), "sample") && same(file!(), concat!("src/main", ".rs")));
fn main() { println!("{}{}{}{}", deep::edited() + made(), shared::shared(), part(), deep::quoted::quoted()); }
`,
      "src/part.rs": "fn part() -> &'static str { concat!(file!(), ':') }\n",
    });
    const record = await crateLane("src/main.rs");
    const result = succeeded(await edit(record, "src/deep/mod.rs", "10000", "10001"));
    expect(result.times.rounds).toBe(1);
    expect(mentions(result.bitcode, layout.root)).toBe(false);
    expect(mentions(result.bitcode, "src/deep/mod.rs")).toBe(true);
    // Read as data, so it must be what it is.
    expect(fs.readFileSync(overlay("src/deep/quoted.rs"), "utf8")).toContain("5 + 5 + 5");
    expect(fs.readFileSync(overlay("data/shared.rs"), "utf8")).toContain("{loop{}");
    expect(inputs()).toEqual(new Set(record.inputs.map((input) => input.path)));
    // New entries of the original's folders are seen.
    fs.writeFileSync(path.join(directory, "src/deep/new.txt"), "new");
    const again = await edit(record, "src/deep/mod.rs", "10001", 'include_str!("new.txt").len() as u32');
    expect(again.ok).toBe(true);
    expect(inputs()).toContain(path.join(directory, "src/deep/new.txt"));
  });

  it("remaps absolute sources, with the user's own remapping on top", async () => {
    const source = (file: string): string =>
      `${SAME}const _: () = assert!(same(file!(), "${file}"));\npub fn edited() -> usize { 70000 + std::env::args().count() }\n`;
    const lib = ["--crate-type", "lib"];
    write({ "src/lib.rs": source(path.join(directory, "src/lib.rs")) });
    const plain = await crateLane(path.join(directory, "src/lib.rs"), lib);
    expect(mentions(succeeded(await edit(plain, "src/lib.rs", "70000", "70001")).bitcode, layout.root)).toBe(false);

    write({ "src/lib.rs": source("/r/lib.rs") });
    const remap = [`--remap-path-prefix=${directory}=/q`, `--remap-path-prefix=${directory}/src=/r`];
    const record = await crateLane(path.join(directory, "src/lib.rs"), [...lib, ...remap]);
    const result = succeeded(await edit(record, "src/lib.rs", "70000", "70001"));
    expect(mentions(result.bitcode, directory)).toBe(false);
    expect(mentions(result.bitcode, "/r/lib.rs")).toBe(true);
  });

  it("refuses what the crate lane would refuse", async () => {
    write({
      "src/main.rs": `#![deny(unused_variables)]\n#![forbid(unsafe_code)]
use std::fmt::Write;
fn edited() -> usize { 90000 }
fn other(unused: usize) -> String { let mut text = String::new(); write!(text, "{unused}").unwrap(); text }
fn main() { println!("{}{}", edited(), other(1)); }\n`,
    });
    const record = await crateLane("src/main.rs");
    const refused = async (from: string, to: string): Promise<string> => {
      const result = await edit(record, "src/main.rs", from, to);
      return result.ok ? "compiled" : result.refused.text;
    };
    expect(await refused("90000", "let unused = 1; 90001")).toMatch(/unused_variables/);
    expect(await refused("let unused = 1; 90001", "unsafe { *(&90002usize as *const usize) }")).toMatch(/unsafe_code/);
    // Denied by the compiler itself.
    expect(await refused("unsafe { *(&90002usize as *const usize) }", "[1usize][3]")).toMatch(/unconditional_panic/);
    expect(await refused("[1usize][3]", "missing()")).toBe("the edited function does not compile");
    expect(await refused("missing()", "90003")).toBe("compiled");
  });

  it("treats every warning as an error under deny(warnings)", async () => {
    write({ "src/main.rs": 'fn edited() -> usize { 90000 }\nfn main() { println!("{}", edited()); }\n' });
    const record = await crateLane("src/main.rs", ["--crate-type", "bin", "-Dwarnings"]);
    const result = await edit(record, "src/main.rs", "90000", "let mut x = 90001; x");
    expect(result).toMatchObject({ refused: { kind: "deniedLint", detail: "unused_mut" } });
    expect((await edit(record, "src/main.rs", "let mut x = 90001; x", "90002")).ok).toBe(true);
  });

  it("learns which functions the crate does not compile without", async () => {
    write({
      "src/main.rs": `mod hidden;
trait Named: Sync { fn name(&self) -> String; }
struct Thing;
static NAMED: &dyn Named = &Thing;
fn edited() -> usize { 90000 }
fn main() { println!("{}{}", edited(), NAMED.name()); hidden::hide(); }\n`,
      "src/hidden.rs": `use super::{Named, Thing};
macro_rules! name { ($t:ty) => { impl Named for $t { fn name(&self) -> String { String::from("thing") } } } }
pub fn hide() { name!(Thing); }
pub fn unrelated() -> usize { 1000000 }\n`,
    });
    const record = await crateLane("src/main.rs");
    expect(succeeded(await lane.compile(record, [], { env })).times.rounds).toBe(2);
    expect(fs.readFileSync(overlay("src/hidden.rs"), "utf8")).toContain("name!(Thing)");
    expect(fs.readFileSync(overlay("src/hidden.rs"), "utf8")).not.toContain("1000000");
    expect(fs.readFileSync(overlay("src/main.rs"), "utf8")).not.toContain("90000");
    // Another process knows it from the start.
    const again = laneOf(lane.sources);
    expect(succeeded(await again.compile(record, [], { env })).times.rounds).toBe(1);
  });

  it("begins anew after somebody has removed all of it", async () => {
    write({
      "src/main.rs":
        "mod other;\nfn edited() -> usize { 50000 + std::env::args().count() }\nfn main() { other::idle(); edited(); }\n",
      "src/other.rs": "pub fn idle() -> usize { 60000 + std::env::args().count() }\n",
    });
    const record = await crateLane("src/main.rs");
    expect(lane.isPrepared(record)).toBe(false);
    succeeded(await lane.compile(record, [], { env }));
    expect(lane.isPrepared(record)).toBe(true);
    fs.rmSync(layout.bodyLane("sample-1"), { recursive: true });
    expect(lane.isPrepared(record)).toBe(false);
    const { bitcode } = succeeded(await edit(record, "src/main.rs", "50000", "50001"));
    expect(defines(bitcode, "edited")).toBe(true);
    expect(fs.readFileSync(overlay("src/other.rs"), "utf8")).not.toContain("60000");
    expect(lane.isPrepared(record)).toBe(true);
  });

  it("takes files for the user's own by the environment that cargo has", async () => {
    write({
      "src/main.rs": '#[path = "../home/registry/src/lent.rs"]\nmod lent;\nfn main() { lent::lent() }\n',
      "home/registry/src/lent.rs": "pub fn lent() {}\n",
    });
    const record = await crateLane("src/main.rs");
    const filesOf = (home: string): readonly string[] => {
      const sources = new AllUnitSources(layout, lane.sources, { ...env, CARGO_HOME: home }).of(record);
      return "files" in sources ? sources.files.map((file) => path.basename(file)) : [];
    };
    expect(filesOf(path.join(directory, "home"))).toEqual(["main.rs"]);
    expect(filesOf(path.join(directory, "other"))).toEqual(["main.rs", "lent.rs"]);
  });

  it("refuses files that are read as data or that are none of the unit's", async () => {
    write({
      "src/main.rs": `mod shown;\nfn main() { println!("{}{}", shown::shown(), include_str!("shown.rs")); }\n`,
      "src/shown.rs": "pub fn shown() -> usize { 50000 + std::env::args().count() }\n",
      "src/other.rs": "pub fn other() -> usize { 60000 }\n",
    });
    const record = await crateLane("src/main.rs");
    expect(await edit(record, "src/shown.rs", "50000", "50001")).toMatchObject({
      refused: { kind: "includedFile" },
    });
    expect(await edit(record, "src/other.rs", "60000", "60001")).toMatchObject({
      refused: { kind: "foreignFile" },
    });
  });

  it("keeps functions whole that edited ones turned out to need", async () => {
    write({
      "src/main.rs": `fn generic<T: ToString>(value: T) -> String { value.to_string() }
fn edited() -> String { generic(1u8) }
fn main() { println!("{}", edited()); }\n`,
    });
    const record = await crateLane("src/main.rs");
    const result = succeeded(await edit(record, "src/main.rs", "1u8", "2u16"));
    expect(defines(result.bitcode, "generic")).toBe(true);
    expect(blanked("src/main.rs")).toEqual(["generic", "main"]);
    expect(lane.keepWhole(record, [{ file: path.join(directory, "src/main.rs"), line: 1 }])).toBe(true);
    succeeded(await lane.compile(record, [], { env }));
    expect(blanked("src/main.rs")).toEqual(["main"]);
  });

  it("generates edited functions of every kind, and no blanked ones", async () => {
    const text = `#![allow(dead_code)]
struct Holder<'a>(&'a str);
impl<'a> Holder<'a> { fn method(&self) -> usize { self.0.len() + 10000 } }
impl<'a> From<&'a str> for Holder<'a> { fn from(text: &'a str) -> Self { Holder(&text[20000 % text.len()..]) } }
impl<'a> Drop for Holder<'a> { fn drop(&mut self) { std::hint::black_box(30000); } }
mod inner {
    pub mod deep { fn private() -> usize { 40000 + std::env::args().count() } }
}
fn outer() -> usize { fn nested() -> usize { 50000 + std::env::args().count() } nested() }
fn generic<T: Default>() -> (T, usize) { (T::default(), 60000 + std::env::args().count()) }
#[cfg(any())]
fn absent() -> usize { 70000 + std::env::args().count() }
#[inline] fn inlined() -> usize { 80000 + std::env::args().count() }
unsafe extern "C" fn external() -> usize { 90000 + std::env::args().count() }
#[cfg(test)]
mod tests { fn helper() -> usize { 75000 } #[test] fn test() { assert_eq!(helper(), 1); } }
fn bystander() -> usize { std::env::args().count() }
fn main() { println!("{:?}", generic::<u8>()); }
`;
    write({ "src/main.rs": text });
    const record = await crateLane("src/main.rs");
    const expected = {
      10000: "method",
      20000: "from",
      30000: "drop",
      40000: "private",
      50000: "nested",
      80000: "inlined",
      90000: "external",
    };
    let before: readonly BitcodeFile[] = record.bitcode;
    for (const [from, name] of Object.entries(expected)) {
      const result = succeeded(await edit(record, "src/main.rs", from, `${Number(from) + 1}`));
      expect(defines(changedSince(before, result.bitcode), name), name).toBe(true);
      before = result.bitcode;
      expect(result.times.rounds, name).toBe(1);
      expect(defines(result.bitcode, "bystander"), name).toBe(false);
    }
    // A generic function is made where something calls it.
    expect(defines(succeeded(await edit(record, "src/main.rs", "60000", "60001")).bitcode, "generic")).toBe(false);
    const called = await edit(record, "src/main.rs", "60001", "60002", ["main"]);
    expect(defines(succeeded(called).bitcode, "generic")).toBe(true);
    const absent = await edit(record, "src/main.rs", "70000", "70001");
    expect(absent).toMatchObject({ refused: { kind: "unnamedEdit" } });
    // Of no concern to a program.
    expect(succeeded(await edit(record, "src/main.rs", "75000", "75001")).times.rounds).toBe(1);
    // None of them stands in the next edit's way.
    succeeded(await edit(record, "src/main.rs", "10001", "10002"));
  });

  it("compiles libraries without std and of old editions", async () => {
    write({
      "src/lib.rs":
        "#![no_std]\nfn edited(x: usize) -> usize { x.wrapping_add(90000) }\npub fn other() -> usize { edited(12345678) }\n",
    });
    const bare = await crateLane("src/lib.rs", ["--crate-type", "lib"]);
    const changedBy = async (crate: UnitRecord, file: string): Promise<BitcodeFile[]> =>
      changedSince(crate.bitcode, succeeded(await edit(crate, file, "90000", "90001")).bitcode);
    expect(defines(await changedBy(bare, "src/lib.rs"), "edited")).toBe(true);
    write({
      "src/old.rs": "fn edited(x: usize) -> usize { x + 90000 }\npub fn other() -> usize { edited(12345678) }\n",
    });
    const record = await crateLane("src/old.rs", ["--edition", "2015", "--crate-type", "rlib"]);
    expect(defines(await changedBy(record, "src/old.rs"), "edited")).toBe(true);
  });

  it("counts positions in bytes, behind a byte order mark and with any line ends", async () => {
    const text = `\uFEFF#![deny(unused_variables)]
fn first() -> &'static str { "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀" }
fn edited() -> usize { 90000 }
fn last(x: usize) -> usize { first().len() + x + edited() }
fn main() { println!("{}", last(1)); }
`;
    write({ "src/main.rs": text.replaceAll("\n", "\r\n") });
    const record = await crateLane("src/main.rs");
    const result = await edit(record, "src/main.rs", "90000", "let unused = 3; 90001");
    expect(result).toMatchObject({ refused: { kind: "deniedLint", detail: "unused_variables" } });
    succeeded(await edit(record, "src/main.rs", "let unused = 3; 90001", "90002"));
  });

  it("ends rustc when a newer save overtakes it", async () => {
    write({ "src/main.rs": 'fn main() { println!("{}", 1); }\n' });
    const record = await crateLane("src/main.rs");
    const abort = new AbortController();
    const running = lane.compile(record, [], { env, signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toThrow("overtaken");
    expect((await lane.compile(record, [], { env })).ok).toBe(true);
  });
});
