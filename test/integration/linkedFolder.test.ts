/** A project that is opened by a path with a symbolic link in it: edits take the lanes that they take without one. */
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project, manifest } from "./project.js";
import { Session } from "./session.js";

const FILES = {
  "Cargo.toml": `${manifest("linked")}[dependencies]\nparts = { path = "parts" }\n[workspace]\n`,
  "src/main.rs": `mod inner;
fn main() {
    println!("main-1 {} {} {} {}", inner::plain(), inner::identity(&7u8), inner::constant(&7u8), parts::library());
}
`,
  "src/inner.rs": `use std::any::Any;
pub fn plain() -> String { format!("plain-1 {}:{}", file!(), line!()) }
struct Own(u8);
pub fn identity(value: &dyn Any) -> String {
    let own: Box<dyn Any> = Box::new(Own(1));
    format!("identity-1 {} {:?}", value.is::<u8>(), own.downcast_ref::<Own>().map(|own| own.0))
}
const OWN: std::any::TypeId = std::any::TypeId::of::<Own>();
pub fn constant(value: &dyn Any) -> String { format!("constant-1 {}", value.type_id() == OWN) }
`,
  "parts/Cargo.toml": manifest("parts"),
  "parts/src/lib.rs": `pub fn library() -> String { format!("library-1 {}", file!()) }\n`,
};

describe.runIf(HAS_ENGINE)("a project behind a symbolic link", () => {
  let project: Project;
  let session: Session;
  const link = (): string => `${project.dir} link`;

  beforeAll(async () => {
    project = new Project("linked", FILES);
    fs.symlinkSync(project.dir, link());
    session = await Session.of(project, Object.keys(FILES), link());
    await session.follow();
  });

  afterAll(() => {
    fs.rmSync(link(), { force: true });
    session.remove();
  });

  it.each([
    ["src/main.rs", "main", "a patch crate"],
    ["src/inner.rs", "plain", "a patch crate"],
    ["parts/src/lib.rs", "library", "a patch crate"],
    ["src/inner.rs", "identity", "a patch crate"],
    ["src/inner.rs", "constant", "an overlay"],
  ])("%s: %s is compiled in %s", async (file, name, way) => {
    const { patched } = session.statistics;
    const report = await session.save([file, `${name}-1`, `${name}-2`]);
    expect({ ok: report.ok, lane: report.lane, refused: report.refused }).toEqual({ ok: true, lane: "body" });
    expect(session.statistics.patched - patched).toBe(way === "a patch crate" ? 1 : 0);
    expect(session.output()).toContain(`${name}-2`);
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(session.native());
  });
});

describe.runIf(HAS_ENGINE)("configuration around where a link leads", () => {
  it("counts, and not only for the first build", async () => {
    const project = new Project("behind", {
      "data/.cargo/config.toml": '[env]\nCONFIGURED = "one"\n',
      "data/p/Cargo.toml": manifest("behind"),
      "data/p/src/main.rs": 'fn main() { println!("{}", env!("CONFIGURED")); }\n',
    });
    fs.symlinkSync(project.path("data/p"), project.path("p"));
    const session = await Session.of(project, [], project.path("p"));
    try {
      expect(session.output()).toBe("one\n");
      const { ok, lane } = await session.save(["data/.cargo/config.toml", "one", "two"]);
      expect({ ok, lane }).toEqual({ ok: true, lane: "cargo" });
      expect(session.output()).toBe("two\n");
    } finally {
      session.remove();
    }
  });
});
