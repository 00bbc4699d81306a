/** Edits of a library's functions that its users compile themselves, after lines above these have moved: with the real rustc and engine. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const LIBRARY = "util/src/lib.rs";

const FILES = {
  "Cargo.toml": `[package]
name = "moved"
version = "0.1.0"
edition = "2024"
[dependencies]
util = { path = "util" }
[workspace]
`,
  "util/Cargo.toml": '[package]\nname = "util"\nversion = "0.1.0"\nedition = "2024"\n',
  [LIBRARY]: `//! A library.
pub fn plain() -> u32 {
    1
}

#[inline]
pub fn inline(x: u32) -> u32 {
    x
}

pub fn generic<T: Into<u64>>(x: T) -> u64 {
    x.into() + 1
}

pub fn user() -> u64 {
    u64::from(inline(1)) + generic(1u32)
}
`,
  "src/main.rs": `fn above() -> u32 {
    1
}

fn shows(n: u32) -> u32 {
    if n > 5 { dbg!(n) } else { above() }
}

fn main() {
    println!("{}", shows(0));
    println!("{} {} {} {}", util::plain(), util::inline(1), util::generic(1u8), util::user());
}
`,
};

describe.runIf(HAS_ENGINE)("functions that a library's users compile themselves, below lines that have moved", () => {
  let session: Session;

  beforeAll(async () => {
    session = await Session.open("moved", FILES);
    await session.save([LIBRARY, "    1\n", "    2\n"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, change: Change, shown: string]>([
    ["an inline one", [LIBRARY, "    x\n", "    x + 10\n"], "2 11 2 13"],
    ["a generic one", [LIBRARY, "x.into() + 1", "x.into() + 100"], "2 11 101 112"],
  ])("runs %s as cargo would", async (_, change, shown) => {
    await session.save([LIBRARY, "//! A library.\n", "//! A library.\n// Of which one knows\n// little.\n"]);
    await session.follow();
    const { lane, refused } = await session.save(change);
    expect({ lane, refused }).toEqual({ lane: "crate", refused: "lines that its users have" });
    expect(await session.runsAsNative()).toContain(shown);
  });

  it("takes others", async () => {
    await session.save([LIBRARY, "//! A library.\n", "//! A library.\n// Still.\n"]);
    await session.follow();
    expect(await session.takes([[LIBRARY, "    2\n", "    3\n"]])).toContain("3 11 101 112");
  });

  it("takes a place in a text for no difference", async () => {
    const { lane } = await session.save([
      "src/main.rs",
      "    1\n}",
      "    // More than one, and\n    // no less.\n    2\n}",
    ]);
    expect(lane).not.toBe("cargo");
    // (The crate lane's word is asked for in it.)
    await session.follow();
    const moved = await session.save(["src/main.rs", "    2\n}", "    let n = 1;\n    n + 2\n}"]);
    expect(moved.lane).toBe("body");
    await session.follow();
    expect(session.statistics.divergences).toBe(0);
  });
});
