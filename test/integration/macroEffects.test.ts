/** Macros in bodies that have something run before `main`, although nothing refers to it: with the real rustc and engine. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[package]\nname = "effects"\nversion = "0.1.0"\nedition = "2024"\n',
  "src/main.rs": `mod counted;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

macro_rules! twice {
    ($by:expr) => {
        register!($by * 2)
    };
}

macro_rules! same {
    ($value:expr) => {
        $value
    };
}

fn plain() -> u32 {
    1
}

fn registered() -> u32 {
    register!(10);
    let value = 1;
    value
}

fn unaffected() -> u32 {
    let value = 1;
    value
}

fn main() {
    println!("{} {} {} {}", COUNT.load(Ordering::SeqCst), plain(), registered(), unaffected());
}
`,
  "src/counted.rs": `#[macro_export]
macro_rules! register {
    ($by:expr) => {
        const _: () = {
            #[used]
            #[unsafe(link_section = ".init_array")]
            static CONSTRUCTOR: extern "C" fn() = {
                extern "C" fn constructor() {
                    $crate::COUNT.fetch_add($by, std::sync::atomic::Ordering::SeqCst);
                }
                constructor
            };
        };
    };
}
`,
};

describe.runIf(HAS_ENGINE)("macros in bodies that make what nothing refers to", () => {
  let session: Session;
  const edit = (from: string, to: string): Change => ["src/main.rs", from, to];

  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("effects", FILES);
    await session.save(edit("    1\n}\n\nfn registered", "    2\n}\n\nfn registered"));
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, change: Change, shown: string]>([
    ["a new call", edit("    2\n", "    register!(100);\n    2\n"), "110 2 1 1"],
    ["a call that is another one", edit("register!(10)", "register!(20)"), "120 2 1 1"],
    ["a call by way of another macro", edit("register!(20)", "twice!(20)"), "140 2 1 1"],
    ["a call that is gone", edit("    twice!(20);\n", ""), "100 2 1 1"],
  ])("leaves %s to the crate lane", async (_, change, shown) => {
    const { lane, refused } = await session.save(change);
    expect(lane).toBe("crate");
    expect(refused).toMatch(/^a call of the macro `(register|twice)`, which may make what nothing refers to$/);
    expect(await session.runsAsNative()).toContain(shown);
  });

  it("takes edits beside such a call, and of others", async () => {
    const beside = edit("    register!(100);\n    2\n", "    register!(100);\n    3\n");
    expect(await session.takes([beside])).toContain("100 3 1 1");
    expect(await session.takes([edit("    value\n}\n\nfn main", "    value + 1\n}\n\nfn main")])).toContain(
      "100 3 1 2",
    );
  });
});
