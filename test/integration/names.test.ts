/** Crates and folders whose names are those of others: what they are is for cargo to say. */
import { afterEach, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project, manifest } from "./project.js";
import { Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[workspace]\nmembers = ["build_script_tool", "registry"]\nresolver = "3"\n',
  "build_script_tool/Cargo.toml": manifest(
    "build_script_tool",
    '[dependencies]\nregistry = { path = "../registry" }\n',
  ),
  "build_script_tool/build.rs": 'fn main() { println!("cargo::rustc-env=MADE=by-a-script"); }\n',
  "build_script_tool/src/main.rs": `fn main() { println!("{} {}", registry::list(7), said()) }
fn said() -> &'static str { concat!("said-1 ", env!("MADE")) }
`,
  "registry/Cargo.toml": manifest("registry"),
  // No patch crate has such a generic function: it goes through the overlay.
  "registry/src/lib.rs": `pub fn list(value: u32) -> String { twice(&value) }
fn twice<T: std::fmt::Display>(value: &T) -> String { format!("list-1 {value}{value}") }
`,
};

describe.runIf(HAS_ENGINE)("names that say nothing", () => {
  let session: Session | undefined;
  afterEach(() => session?.remove());

  it("are a program's that begins as a build script's, and a crate's in whose path others find published packages", async () => {
    session = await Session.of(new Project("names", FILES), ["registry/src/lib.rs", "build_script_tool/src/main.rs"]);
    expect(session.output()).toBe(session.native());
    await session.follow();
    const edits = [
      ["registry/src/lib.rs", "list-1", "list-2"],
      ["build_script_tool/src/main.rs", "said-1", "said-2"],
    ] as const;
    for (const edit of edits) {
      expect(await session.save(edit)).toMatchObject({ lane: "body", ok: true });
      expect(session.output()).toBe(session.native());
      await session.follow();
    }
  });
});
