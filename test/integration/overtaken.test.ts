/** A save while the crate lane follows the body lane: its compiler may read the new text before anybody asks for it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[package]\nname = "overtaken"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
  "src/main.rs": '\nfn text() -> &\'static str {\n    "one"\n}\nfn main() {\n    println!("{}", text());\n}\n',
};

describe.runIf(HAS_ENGINE)("a save that the crate lane compiles before it is asked for", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("overtaken", FILES);
    await session.follow();
  });
  afterAll(() => session.remove());

  it("is told when it is asked for", async () => {
    expect(await session.save(["src/main.rs", '"one"', '"two"'])).toMatchObject({ lane: "body" });
    session.project.edit("src/main.rs", '"two"', '"three"');
    expect(await session.follow()).toBe(0);
    const update = await session.workspace.update(performance.now());
    expect(update).toMatchObject({ published: true, report: { ok: true, lane: "crate" } });
    expect(session.output()).toBe("three\n");
    // Once.
    expect(await session.workspace.update(performance.now())).toMatchObject({ published: false });
    expect(session.statistics.divergences).toBe(0);
  });
});
