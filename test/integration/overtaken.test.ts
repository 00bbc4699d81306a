/** A save while the crate lane follows the body lane: its compiler may read the new text before anybody asks for it, and is ended anyhow. */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { FunctionEdits } from "../../server/src/core/lanes/functionEdits.js";
import { Cancelled } from "../../server/src/core/support/errors.js";
import { HAS_ENGINE, Project } from "./project.js";
import { Session } from "./session.js";

const PROGRAM = {
  "Cargo.toml": '[package]\nname = "overtaken"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
  "src/main.rs": '\nfn text() -> &\'static str {\n    "one"\n}\nfn main() {\n    println!("{}", text());\n}\n',
};

describe.runIf(HAS_ENGINE)("a save that the crate lane compiles before it is asked for", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("overtaken", PROGRAM);
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

  it("does not keep what the crate lane has found from being told", async () => {
    expect(await session.save(["src/main.rs", '"three"', '"four"'])).toMatchObject({ lane: "body" });
    // The save comes while the next edits are made ready.
    vi.spyOn(FunctionEdits.prototype, "hasWork").mockReturnValue(true);
    // (Before the crate lane follows it makes twins.)
    vi.spyOn(FunctionEdits.prototype, "prepare").mockResolvedValueOnce(undefined).mockRejectedValue(new Cancelled());
    expect(await session.follow()).toBeGreaterThan(0);
    await expect(session.workspace.follow(new AbortController().signal)).rejects.toThrow(Cancelled);
    vi.restoreAllMocks();
  });
});

const MANIFEST = '[package]\nname = "ended"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n';
/** A compiler that is done when the file `gate` is gone. */
const SLOW = '#!/bin/sh\n"$@" || exit\nwhile [ -e "${0%/*}/gate" ]; do sleep 0.02; done\n';
const LIBRARY = {
  "Cargo.toml": MANIFEST,
  ".cargo/config.toml": '[build]\nrustc-workspace-wrapper = "./slow.sh"\n',
  "src/lib.rs": 'pub fn text() -> &\'static str {\n    "one"\n}\n',
  "src/main.rs": 'fn main() {\n    println!("{}", ended::text());\n}\n',
};

describe.runIf(HAS_ENGINE)("a save that ends the crate lane between a library's metadata and its bitcode", () => {
  let session: Session;
  beforeAll(async () => {
    const project = new Project("ended", LIBRARY);
    project.write("slow.sh", SLOW);
    fs.chmodSync(project.path("slow.sh"), 0o755);
    session = await Session.of(project, ["src/lib.rs"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it("is the body lane's as any other", async () => {
    expect(await session.save(["src/lib.rs", '"one"', '"two"'])).toMatchObject({ lane: "body" });
    const metadata = metadataOf(session.project);
    const before = fs.readFileSync(metadata);
    session.project.write("gate", "");
    const controller = new AbortController();
    const following = session.workspace.follow(controller.signal);
    await expect.poll(() => fs.readFileSync(metadata).equals(before), { timeout: 60_000, interval: 20 }).toBe(false);
    controller.abort();
    await expect(following).rejects.toThrow();
    fs.rmSync(session.project.path("gate"));
    expect(fs.readFileSync(metadata).equals(before)).toBe(true);
    expect(await session.save(["src/lib.rs", '"two"', '"three"'])).toMatchObject({ lane: "body" });
    expect(session.output()).toBe("three\n");
    expect(await session.follow()).toBeGreaterThan(0);
    // (Its users see nothing of the edit.)
    expect(fs.readFileSync(metadata).equals(before)).toBe(true);
    expect(session.output()).toBe("three\n");
  });
});

/** The library's metadata, where cargo expects it. */
function metadataOf(project: Project): string {
  const deps = project.path("target/cranefly/debug/deps");
  const [name = ""] = fs.readdirSync(deps).filter((file) => /^libended-.*\.rmeta$/.test(file));
  return path.join(deps, name);
}
