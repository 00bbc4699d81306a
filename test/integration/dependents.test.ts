/** A workspace of several crates, edited deep down: which units the crate lane compiles, and that the program is cargo's. */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { digest, list } from "../../server/src/core/support/files.js";
import { HAS_ENGINE, Project } from "./project.js";
import { type Change, Session } from "./session.js";

const package_ = (name: string, uses: readonly string[] = []): string =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\n` +
  uses.map((used) => `${used} = { path = "../${used}" }\n`).join("");

const FILES = {
  "Cargo.toml": '[workspace]\nmembers = ["app", "top", "middle", "deep"]\nresolver = "3"\n',
  "deep/Cargo.toml": package_("deep"),
  "deep/src/lib.rs": `//! Deep down.
mod inner;
pub use inner::{described, checked};
pub struct Number(pub u32);
impl Number {
    pub fn shown(&self) -> String {
        format!("number-1 {}", self.0)
    }
}
pub fn number() -> Number {
    Number(41)
}
pub fn plus<T: Copy + std::ops::Add<Output = T>>(value: T) -> T {
    value + value
}
pub fn plus_one() -> u64 {
    plus(1_u64)
}
fn secret() -> u32 {
    7
}
pub fn with_secret() -> u32 {
    secret() + 1
}
`,
  "deep/src/inner.rs": `pub fn checked(value: u32) -> u32 {
    if value > 1000 {
        panic!("too much: {value}");
    }
    value * 2
}
pub fn described<T: std::fmt::Debug>(value: T) -> String {
    format!("described-1 {value:?} at {}", line!())
}
`,
  "middle/Cargo.toml": package_("middle", ["deep"]),
  "middle/src/lib.rs": `pub fn text() -> String { format!("{} {}", deep::number().shown(), deep::described(3u8)) }
pub fn double(value: u32) -> u32 { deep::checked(value) }
pub fn plus_two() -> u64 { deep::plus(2) }
`,
  "top/Cargo.toml": package_("top", ["middle"]),
  "top/src/lib.rs": 'pub fn text() -> String { format!("top {}", middle::text()) }\n',
  "app/Cargo.toml": package_("app", ["top", "deep", "middle"]),
  "app/src/main.rs": `fn main() {
    println!("{} {} {}", top::text(), middle::double(5), deep::with_secret());
    let error = std::panic::catch_unwind(|| deep::checked(5000)).is_err();
    println!("{error} {} {}", deep::plus_one(), middle::plus_two());
}
`,
};

/** A compiler that notes which crates it has begun, waits for `gate-NAME` to go, and is done with the deepest one, for better or worse, when the file `gate` is gone. */
const SLOW = `#!/bin/sh
here="\${0%/*}"
for word; do
  [ "$before" = --crate-name ] && name="$word"
  before="$word"
done
: > "$here/begun-$name"
while [ -e "$here/gate-$name" ]; do sleep 0.02; done
[ -s "$here/gate" ] && fails=1
"$@" || exit
[ "$name" = deep ] || exit 0
while [ -e "$here/gate" ]; do
  [ -s "$here/gate" ] && fails=1
  sleep 0.02
done
[ -z "$fails" ] || echo '{"$message_type":"diagnostic","message":"no","code":null,"level":"error","spans":[],"children":[],"rendered":"no"}' >&2
[ -z "$fails" ] || : > "$here/failed"
[ -z "$fails" ]
`;

const LIB = "deep/src/lib.rs";
const INNER = "deep/src/inner.rs";

const DEEP = "deep:lib";
const ALL = [DEEP, "middle:lib", "top:lib", "app:app"];

describe.runIf(HAS_ENGINE)("users of a library", () => {
  let session: Session;
  afterEach(() => session.remove());

  /** What the program prints, on both channels, and that it is the same as cargo's. */
  const expectNative = (): void => {
    const { stdout, stderr } = session.project.cargo(["run", "--quiet"]);
    const own = session.run();
    expect(own.stdout).toBe(stdout);
    expect(panicOf(own.stderr)).toBe(panicOf(stderr));
  };
  /** What the crate lane compiled for a save. */
  const compiled = async (...changes: readonly Change[]): Promise<readonly string[]> => {
    const report = await session.save(...changes);
    expect(report).toMatchObject({ ok: true, lane: "crate" });
    return report.units;
  };

  it("are not compiled when bodies change that they do not have", async () => {
    session = await Session.open("unseen", FILES);
    expect(await compiled([LIB, "number-1", "number-2"])).toEqual([DEEP]);
    expectNative();
    // By the crate lane, that follows the body lane, neither.
    await session.follow();
    expect(await session.save([LIB, "number-2", "number-3"])).toMatchObject({ lane: "body" });
    expectNative();
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.workspace.isBehind).toBe(false);
    // A new process knows what was compiled of what. (What the body lane needs is gone.)
    session.close();
    fs.rmSync(path.join(session.workspace.layout?.private ?? "", "body"), { recursive: true });
    session = await Session.of(session.project);
    expect(await session.update()).toMatchObject({ units: [] });
    expect(await compiled([LIB, "number-3", "number-4"], [INNER, "too much", "far too much"])).toEqual([DEEP]);
    expectNative();
  });

  it("are compiled when something changes that they have", async () => {
    session = await Session.open("seen", FILES);
    expect(await compiled([LIB, "number-1", "number-2"])).toEqual([DEEP]);
    expect(await compiled([INNER, "described-1", "described-2"])).toEqual(expect.arrayContaining(ALL));
    expectNative();
    expect(
      await compiled([LIB, "Number(pub u32)", "Number(pub u32, pub u8)"], [LIB, "Number(41)", "Number(41, 1)"]),
    ).toEqual(expect.arrayContaining(ALL));
    expectNative();
  });

  it("are compiled for moved lines when nobody has saved for a while", async () => {
    session = await Session.open("moved", FILES);
    // A user that has newer metadata itself.
    expect(await compiled(["middle/src/lib.rs", "deep::plus(2)", "deep::plus(3)"])).toEqual(["middle:lib"]);
    // Nothing that they have stands below.
    expect(await compiled([LIB, "    secret() + 1\n", "    let one = 1;\n    secret() + one\n"])).toEqual([DEEP]);
    expectNative();
    expect(session.workspace.isBehind).toBe(false);
    expect(await compiled([INNER, "    value * 2\n", "    let two = 2;\n    value * two\n"])).toEqual([DEEP]);
    expect(session.workspace.isBehind).toBe(true);
    const behind = session.run().stdout;
    expect(behind).toContain("described-1 3 at 8");
    const before = newerMetadata();
    expect(before).toHaveLength(2);
    const never = new AbortController();
    // A save that comes in between finds what was there before.
    const ending = session.workspace.follow(never.signal, true);
    await untilCompiling();
    never.abort();
    await expect(ending).rejects.toThrow();
    expect(session.workspace.isBehind).toBe(true);
    expect(newerMetadata()).toEqual(before);
    // (Its twin was made meanwhile.)
    expect(await session.save([LIB, "number-1", "number-2"])).toMatchObject({ ok: true, lane: "body" });
    const followed = await session.workspace.follow(new AbortController().signal);
    expect(followed?.report.units).toEqual([DEEP]);
    expect(session.run().stdout).toBe(behind.replace("number-1", "number-2"));
    const update = await session.workspace.follow(new AbortController().signal, true);
    expect(update?.report).toMatchObject({ ok: true });
    expect(update?.report.units).toEqual(expect.arrayContaining(["middle:lib"]));
    expect(session.workspace.isBehind).toBe(false);
    expectNative();
  });

  it("are compiled for new and changed items, also for private ones", async () => {
    // What another crate's macro makes for them names a private item that is to be.
    const files = {
      ...FILES,
      "middle/src/lib.rs": `${FILES["middle/src/lib.rs"]}pub fn shown() -> String { deep::emitted(4) }\n`,
      "deep/src/out.rs": `use std::fmt::{Display, Write};
#[derive(Default)]
pub struct Out(pub String);
impl Write for Out {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push_str(text);
        Ok(())
    }
}
pub fn emit<T: Display>(out: &mut Out, value: T) {
    write!(out, "<{value}>").unwrap();
}
impl Out {
    fn other(&mut self) {}
    pub fn used(&mut self) {
        self.other();
    }
}
`,
      "deep/src/lib.rs": `${FILES[LIB]}mod out;\npub fn emitted<T: std::fmt::Display>(value: T) -> String {
    let mut out = out::Out::default();
    out::emit(&mut out, value);
    out.0
}
`,
      "app/src/main.rs": FILES["app/src/main.rs"].replace(
        "fn main() {",
        'fn main() {\n    println!("{}", middle::shown());',
      ),
    };
    session = await Session.open("items", files);
    const own =
      'fn other(&mut self) {}\n    fn write_fmt(&mut self, text: std::fmt::Arguments) -> std::fmt::Result { self.0.push_str("own "); self.write_str(&text.to_string()) }';
    expect(await compiled(["deep/src/out.rs", "fn other(&mut self) {}", own])).toEqual(expect.arrayContaining(ALL));
    expect(session.run().stdout).toContain("own <4>");
    expectNative();
    expect(await compiled([LIB, "fn secret()", "#[cold]\nfn secret()"])).toEqual(expect.arrayContaining(ALL));
    expectNative();
  });

  it("have their lines from a command that ends after one that stayed", async () => {
    session = await Session.open("ended", FILES);
    expect(await compiled([INNER, "    value * 2\n", "    let two = 2;\n    value * two\n"])).toEqual([DEEP]);
    session.close();
    const { project } = session;
    expect(project.cranefly(["run", "-q"]).stdout).toBe(project.cargo(["run", "-q"]).stdout);
    // Where the edit that comes next is one of a body, as well.
    session = await Session.of(project);
    expect(await compiled([INNER, "    let two = 2;\n", ""], [INNER, "value * two", "value * 2"])).toEqual([DEEP]);
    await session.follow();
    session.close();
    project.edit(LIB, "number-1", "number-2");
    expect(project.cranefly(["run", "-q"]).stdout).toBe(project.cargo(["run", "-q"]).stdout);
  });

  it("are compiled when the library loses what they take of it", async () => {
    session = await Session.open("instances", FILES);
    // rustc makes no second instance of a generic function where the library has one.
    expect(await compiled([LIB, "plus(1_u64)", "2"])).toEqual(expect.arrayContaining(["middle:lib"]));
    expectNative();
    expect(await session.update()).toMatchObject({ units: [] });
    expect(await compiled([LIB, "    2\n", "    2 * 1\n"])).toEqual([DEEP]);
    expectNative();
  });

  it("are compiled as soon as its metadata is there, and only count when it compiles in the end", async () => {
    const project = new Project("early", {
      ...FILES,
      ".cargo/config.toml": '[build]\nrustc-workspace-wrapper = "./slow.sh"\n',
    });
    project.write("slow.sh", SLOW);
    fs.chmodSync(project.path("slow.sh"), 0o755);
    session = await Session.of(project);
    const forget = (): void => fs.rmSync(project.path("begun-app"));
    forget();
    project.write("gate", "");
    const saved = session.save([INNER, "described-1", "described-2"]);
    // Nobody waits for the end of the library's compilation.
    const compiles = (name: string): boolean => fs.existsSync(project.path(`begun-${name}`));
    await vi.waitUntil(() => compiles("app"), { timeout: 60_000, interval: 20 });
    fs.rmSync(project.path("gate"));
    expect((await saved).units).toEqual(ALL);
    expectNative();
    forget();
    project.write("gate", "fails");
    const failed = session.save([INNER, "described-2", "described-3"]);
    await vi.waitUntil(() => compiles("app"), { timeout: 60_000, interval: 20 });
    fs.rmSync(project.path("gate"));
    expect(await failed).toMatchObject({ ok: false });
    expect((await session.update()).units).toEqual(ALL);
    expectNative();
    // What has not begun by then does not begin.
    forget();
    fs.rmSync(project.path("begun-top"));
    fs.rmSync(project.path("begun-middle"));
    fs.rmSync(project.path("failed"));
    project.write("gate", "fails");
    project.write("gate-middle", "");
    const broken = session.save([INNER, "described-3", "described-4"]);
    await vi.waitUntil(() => compiles("middle"), { timeout: 60_000, interval: 20 });
    fs.rmSync(project.path("gate"));
    await vi.waitUntil(() => fs.existsSync(project.path("failed")), { timeout: 60_000, interval: 20 });
    await setTimeout(200);
    fs.rmSync(project.path("gate-middle"));
    expect(await broken).toMatchObject({ ok: false });
    expect([compiles("top"), compiles("app")]).toEqual([false, false]);
  });

  it("get the newest metadata from cargo, and after a change of features", async () => {
    session = await Session.open("captured", FILES);
    expect(await compiled([LIB, "number-1", "number-2"])).toEqual([DEEP]);
    session.project.write("top/Cargo.toml", `${FILES["top/Cargo.toml"]}\n[features]\ndefault = ["more"]\nmore = []\n`);
    const captured = await session.update();
    expect(captured).toMatchObject({ lane: "cargo", ok: true });
    expect(captured.units).toEqual(expect.arrayContaining(ALL));
    expectNative();
    expect(await session.update()).toMatchObject({ units: [] });
    fs.rmSync(session.project.path("target"), { recursive: true });
    expect(await session.save([LIB, "number-2", "number-3"])).toMatchObject({ ok: true, lane: "cargo" });
    expectNative();
  });

  /** What libraries have in store for their users. */
  const newerMetadata = (): readonly string[] => {
    const { layout } = session.workspace;
    return list(layout?.units ?? "").flatMap((key) => digestOf(layout?.newerMetadata(key) ?? ""));
  };

  /** Waits until rustc has been started for a unit that is behind. */
  const untilCompiling = async (): Promise<void> => {
    const { layout } = session.workspace;
    const isOlder = (key: string): boolean => fs.existsSync(path.join(layout?.unit(key) ?? "", "older.rmeta"));
    await vi.waitUntil(() => list(layout?.units ?? "").some(isOlder), { interval: 1 });
  };
});

/** What a panic says, without the number by which std names a thread, and without a backtrace. */
function panicOf(stderr: string): string {
  return /thread '.*?'.*(panicked at .*\n.*)/.exec(stderr)?.[1] ?? stderr;
}

/** The digest of a file; none where there is none. */
function digestOf(file: string): readonly string[] {
  return fs.existsSync(file) ? [digest(fs.readFileSync(file))] : [];
}
