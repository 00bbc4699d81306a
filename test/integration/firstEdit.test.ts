/** The first edit of a crate: what it needs is there from the last time, or was made ready when the file was opened. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";
import { Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[workspace]\nmembers = ["app", "lib"]\nresolver = "3"\n',
  "app/Cargo.toml":
    '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\nlib = { path = "../lib" }\n',
  "app/src/main.rs": `mod texts;
async fn later() -> &'static str { "later-1" }
fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(text) = std::pin::pin!(later()).poll(&mut context) else { return };
    println!("{} {} {} {text}", texts::hello(), lib::number(), texts::shown(3));
}
`,
  "app/src/texts.rs": `//! Texts.
pub fn hello() -> String { String::from("hello-1") }
pub fn shown<T: std::fmt::Debug>(value: T) -> String { format!("{value:?} shown-1") }
`,
  "lib/Cargo.toml": '[package]\nname = "lib"\nversion = "0.1.0"\nedition = "2024"\n',
  "lib/src/lib.rs": "\npub fn number() -> u32 { 1 }\n",
};

const MAIN = "app/src/main.rs";
const TEXTS = "app/src/texts.rs";
const LIB = "lib/src/lib.rs";
const FIRST = "a crate that is edited for the first time";

describe.runIf(HAS_ENGINE)("the first edit", () => {
  let project: Project;
  let sessions: Session[] = [];
  const start = async (open: readonly string[] = []): Promise<Session> => {
    const session = await Session.of(project, open);
    sessions.push(session);
    return session;
  };
  const create = (): void => {
    project = new Project("first", FILES);
    // A checkout of long ago, but for one file.
    for (const file of Object.keys(FILES)) fs.utimesSync(project.path(file), 1e9, 1e9);
  };
  afterEach(() => {
    for (const session of sessions) session.close();
    sessions = [];
    project.remove();
  });

  it("is the crate lane's where nobody could know of it", async () => {
    create();
    const session = await start();
    expect(await session.save([TEXTS, "hello-1", "hello-2"])).toMatchObject({ lane: "crate", refused: FIRST });
    expect(session.output()).toBe(session.native());
  });

  it("is a patch in a crate with an open file", async () => {
    create();
    const session = await start([TEXTS]);
    await session.follow();
    expect(await session.save([MAIN, "later-1", "later-2"])).toMatchObject({ lane: "body" });
    // An edit of several crates needs the twins of the libraries that it uses as well.
    expect(await session.save([LIB, "{ 1 }", "{ 2 }"])).toMatchObject({ lane: "body" });
    expect(session.statistics).toMatchObject({ taken: 2, patched: 2 });
    expect(session.output()).toBe(session.native());
  });

  it("is a patch in a crate that was edited before cargo compiled it with other options", async () => {
    create();
    const session = await start();
    await session.save([TEXTS, "hello-1", "hello-2"]);
    await session.follow();
    const manifest = await session.save(["app/Cargo.toml", 'version = "0.1.0"', 'version = "0.2.0"']);
    expect(manifest).toMatchObject({ lane: "cargo" });
    await session.follow();
    expect(await session.save([TEXTS, "hello-2", "hello-3"])).toMatchObject({ lane: "body" });
    expect(session.output()).toBe(session.native());
  });

  it("is a patch in a crate of which a file was opened meanwhile", async () => {
    create();
    const open: string[] = [];
    const session = await start(open);
    open.push(LIB);
    expect(session.workspace.expectEdits()).toBe(true);
    await session.follow();
    expect(session.workspace.expectEdits()).toBe(false);
    expect(await session.save([LIB, "{ 1 }", "{ 2 }"])).toMatchObject({ lane: "body" });
    expect(session.statistics).toMatchObject({ taken: 1, patched: 1 });
    expect(session.output()).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
  });

  it("is a patch in a crate that somebody works on, as git tells", async () => {
    create();
    const git = (...args: readonly string[]): void => {
      const { status, stderr } = spawnSync("git", ["-c", "user.name=x", "-c", "user.email=x", ...args], {
        cwd: project.dir,
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
    };
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message=all");
    project.edit(LIB, "{ 1 }", "{ 7 }");
    fs.utimesSync(project.path(LIB), 1e9, 1e9);
    fs.utimesSync(project.path(MAIN), 2e9, 2e9);
    const session = await start();
    await session.follow();
    // What is saved last is prepared as a whole; of what may be edited only what most edits need.
    const body = project.path("target/cranefly/.cranefly/body");
    const unitsWith = (name: string): readonly string[] =>
      fs.readdirSync(body).flatMap((unit) => {
        return fs.existsSync(path.join(body, unit, name)) ? unit.replace(/-.*/, "") : [];
      });
    expect([...unitsWith("twin/twin.json")].sort()).toEqual(["app", "lib"]);
    expect(unitsWith("overlay")).toEqual(["app"]);
    expect(session.workspace.expectEdits()).toBe(false);
    expect(await session.save([LIB, "{ 7 }", "{ 8 }"])).toMatchObject({ lane: "body" });
    expect(session.output()).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
  });

  it("has a twin although the crate lane, which follows another edit, does not come to its end", async () => {
    create();
    const open = [TEXTS];
    const session = await start(open);
    await session.follow();
    expect(await session.save([MAIN, "later-1", "later-2"])).toMatchObject({ lane: "body" });
    open.push(LIB);
    expect(session.workspace.expectEdits()).toBe(true);
    project.edit(TEXTS, "hello-1", "hello-1 ");
    project.edit(TEXTS, "pub fn hello", "pub fn nonsense");
    const update = await session.workspace.follow(new AbortController().signal);
    expect(update?.report).toMatchObject({ ok: false, lane: "crate" });
    // The program still has what the body lane put into it.
    expect(session.output()).toContain("later-2");
    const body = project.path("target/cranefly/.cranefly/body");
    const hasTwin = (unit: string): boolean => fs.existsSync(path.join(body, unit, "twin/twin.json"));
    expect(
      fs
        .readdirSync(body)
        .filter(hasTwin)
        .some((unit) => unit.startsWith("lib-")),
    ).toBe(true);
    const mended = [TEXTS, "pub fn nonsense", "pub fn hello"] as const;
    expect(await session.save(mended, [LIB, "{ 1 }", "{ 2 }"])).toMatchObject({ lane: "body" });
    expect(session.output()).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
    expect(await session.save([LIB, "{ 2 }", "{ 3 }"])).toMatchObject({ lane: "body" });
    expect(session.output()).toBe(session.native());
  });

  it("goes on after a build that compiled some of the crates", async () => {
    create();
    const session = await start([TEXTS, LIB]);
    await session.follow();
    // The library compiles, the program does not.
    expect(await session.save([LIB, "{ 1 }", "{ 2 }"], [TEXTS, "pub fn hello", "pub fn nonsense"])).toMatchObject({
      ok: false,
      units: ["lib:lib"],
    });
    // A comment alone is no edit, but there is more to publish than that.
    expect(await session.save([TEXTS, "//! Texts.", "//! All texts."], [TEXTS, "nonsense", "hello"])).toMatchObject({
      lane: "crate",
    });
    expect(session.output()).toBe(session.native());
    await session.follow();
    expect(await session.save([LIB, "{ 2 }", "{ 3 }"])).toMatchObject({ lane: "body" });
    expect(session.output()).toBe(session.native());
  });

  it("stays while what followed it compiled only some of the crates", async () => {
    create();
    const session = await start([TEXTS, LIB]);
    await session.follow();
    expect(await session.save([LIB, "{ 1 }", "{ 2 }"])).toMatchObject({ lane: "body" });
    project.edit(TEXTS, "pub fn hello", "pub fn nonsense");
    const update = await session.workspace.follow(new AbortController().signal);
    expect(update?.report).toMatchObject({ ok: false, units: ["lib:lib"] });
    expect(session.workspace.expectEdits()).toBe(false);
    await session.workspace.follow(new AbortController().signal);
    expect(session.output()).toContain(" 2 3 ");
    expect(await session.save([TEXTS, "pub fn nonsense", "pub fn hello"], [LIB, "{ 2 }", "{ 3 }"])).toMatchObject({
      lane: "body",
    });
    expect(session.output()).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(session.native());
  });

  it("is a patch in the crate of the newest file where no file is open", async () => {
    create();
    const now = Date.now() / 1000;
    fs.utimesSync(project.path(TEXTS), now, now);
    const session = await start();
    await session.follow();
    expect(await session.save([MAIN, "later-1", "later-2"])).toMatchObject({ lane: "body" });
    expect(session.statistics).toMatchObject({ taken: 1, patched: 1 });
    expect(session.output()).toBe(session.native());
  });

  it("is a patch at once in the next session, of edited sources as well", async () => {
    create();
    const first = await start([TEXTS]);
    await first.follow();
    expect(await first.save([TEXTS, "hello-1", "hello-2"])).toMatchObject({ lane: "body" });
    expect(await first.save([MAIN, "later-1", "later-2"])).toMatchObject({ lane: "body" });
    expect(await first.follow()).toBeGreaterThan(0);
    first.close();

    const second = await start();
    expect(await second.save([TEXTS, "hello-2", "hello-3"])).toMatchObject({ lane: "body" });
    expect(second.statistics).toMatchObject({ taken: 1, patched: 1 });
    // Its body in the twin is the one before the last.
    expect(await second.save([MAIN, "{text}", "{text}!"])).toMatchObject({ lane: "body" });
    expect(second.output()).toContain("hello-3 1 3 shown-1 later-2!");
    expect(second.output()).toBe(second.native());
    expect(await second.follow()).toBeGreaterThan(0);
    expect(second.output()).toBe(second.native());
    expect(await second.save([TEXTS, "shown-1", "shown-2"])).toMatchObject({ lane: "body" });
    expect(second.statistics).toMatchObject({ taken: 3, patched: 3 });
    expect(second.output()).toBe(second.native());
    expect(await second.follow()).toBeGreaterThan(0);
    second.close();

    // There is a twin, but no overlay: the crate was edited before.
    const third = await start();
    expect(await third.save([TEXTS, "shown-2", "shown-3"])).toMatchObject({ lane: "body" });
    expect(third.statistics).toMatchObject({ taken: 1, patched: 1 });
    expect(third.output()).toBe(third.native());
  });

  it("is the crate lane's where the twin is of other sources, damaged, or gone", async () => {
    create();
    const first = await start([TEXTS]);
    await first.follow();
    first.close();
    const units = project.path("target/cranefly/.cranefly/body");
    const [twin = ""] = fs
      .readdirSync(units)
      .map((unit) => path.join(units, unit, "twin/twin.json"))
      .filter((file) => fs.existsSync(file));
    const whole = fs.readFileSync(twin, "utf8");
    // The one that other crates' twins know would do as well.
    for (const unit of fs.readdirSync(units))
      fs.rmSync(path.join(units, unit, "linked"), { recursive: true, force: true });

    const damages: readonly (() => void)[] = [
      () => fs.writeFileSync(twin, whole.slice(0, whole.length / 2)),
      () => fs.writeFileSync(twin, whole.replace(/"maker":"/, '"maker":"another ')),
      () => fs.writeFileSync(twin, whole.replace(/"metadata":"/, '"metadata":"/elsewhere')),
      // Sources that the crate lane compiled while nobody watched.
      () => project.edit(MAIN, "async fn later", "async fn later_than() -> u32 { 7 }\nasync fn later"),
    ];
    for (const [i, damage] of damages.entries()) {
      fs.writeFileSync(twin, whole);
      damage();
      const session = await start();
      const report = await session.save([TEXTS, `hello-${i + 1}`, `hello-${i + 2}`]);
      expect(report).toMatchObject({ lane: "crate", refused: FIRST });
      expect(session.output()).toBe(session.native());
      session.project.edit(TEXTS, `hello-${i + 2}`, `hello-${i + 1}`);
      await session.update();
      session.project.edit(TEXTS, `hello-${i + 1}`, `hello-${i + 2}`);
      await session.update();
      session.close();
    }
  });
});
