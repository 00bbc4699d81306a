/** A build for which cargo downloads packages: what it unpacks is not taken for what changed while it was compiled. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project, manifest } from "./project.js";
import { Session } from "./session.js";

describe.runIf(HAS_ENGINE)("packages that are downloaded for a build", () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-home-"));
  let session: Session;

  beforeAll(async () => {
    const files = {
      "Cargo.toml": manifest("fresh", "[dependencies]\n"),
      "src/main.rs": 'fn main() {\n    println!("one");\n}\n',
    };
    session = await Session.of(new Project("fresh", files, { CARGO_HOME: home }));
  });
  afterAll(() => {
    session.remove();
    fs.rmSync(home, { recursive: true, force: true });
  });

  it("do not have cargo run again behind the next edit", async () => {
    // It has a build script.
    expect(await session.save(["Cargo.toml", "[dependencies]\n", '[dependencies]\nanyhow = "1"\n'])).toMatchObject({
      lane: "cargo",
    });
    const scripts = fs.readdirSync(path.join(home, "registry/src"), { recursive: true, encoding: "utf8" });
    expect(scripts.some((file) => file.endsWith("build.rs"))).toBe(true);
    expect(await session.save(["src/main.rs", "one", "two"])).toMatchObject({ lane: "crate" });
    expect(session.output()).toBe("two\n");
  });
});
