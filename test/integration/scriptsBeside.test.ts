/** A build script that names no inputs runs at every save: beside rustc, and before anything is published. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerationReport } from "../../shared/src/report.js";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[package]\nname = "scripted"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
  "build.rs": `fn main() {
    let source = std::fs::read_to_string("src/main.rs").unwrap();
    println!("cargo:rustc-env=LINES={}", source.lines().count());
}
`,
  "src/main.rs": `
fn text() -> &'static str {
    "one"
}
fn main() {
    println!("{} {}", text(), env!("LINES"));
}
`,
};

describe.runIf(HAS_ENGINE)("a build script that runs at every save", () => {
  let session: Session;
  const save = async (from: string, to: string): Promise<GenerationReport & { readonly output: string }> => {
    const report = await session.save(["src/main.rs", from, to]);
    const output = session.output();
    await session.follow();
    return { ...report, output };
  };

  beforeAll(async () => {
    session = await Session.open("scripted", FILES);
    await save('"one"', '"two"');
  });
  afterAll(() => session.remove());

  it("does not keep an edit from the body lane", async () => {
    const report = await save('"two"', '"three"');
    expect(report).toMatchObject({ lane: "body", output: "three 7\n" });
    expect(session.statistics.overlaid).toEqual([]);
    expect(report.ms.scripts).toBeGreaterThan(0);
    expect(session.statistics).toMatchObject({ patched: 1, divergences: 0 });
  });

  it("has its say before the edit is published", async () => {
    const report = await save('"three"', '\n    "four"');
    expect(report).toMatchObject({ lane: "cargo", output: "four 8\n" });
    expect(session.statistics).toMatchObject({ patched: 1, taken: 1 });
  });

  it("makes a comment more than that", async () => {
    const report = await save("fn main", "\n// Nothing.\nfn main");
    expect(report).toMatchObject({ lane: "cargo", output: "four 10\n" });
    expect(session.statistics).toMatchObject({ taken: 1 });
  });
});
