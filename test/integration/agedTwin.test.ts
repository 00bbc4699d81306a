/** Patch crates against twins that are older than their crates: what the twins have of before is not what runs. */
import { describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = "src/main.rs";

/** Makes a twin with all bodies of a new project, and lets it be used. */
async function withTwin(
  name: string,
  files: Readonly<Record<string, string>>,
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const session = await Session.open(name, { "Cargo.toml": manifest(name), ...files });
  try {
    await session.save([MAIN, "fn main() {", "fn main() { "]);
    await session.follow();
    await use(session);
  } finally {
    session.remove();
  }
}

const READS = `const TEXT: &str = include_str!("b.txt");
fn shown<T: ToString>(t: T) -> String {
    format!("{} {}", include_str!("a.txt"), t.to_string())
}
fn main() {
    println!("{} {} {}", shown(1u8), TEXT, 1);
}
`;

const TYPES = `use std::fmt::Debug;
mod a {
    #[derive(Debug)]
    #[allow(dead_code)]
    pub struct M(pub u8);
}
fn show<T: Debug>(t: T) -> String {
    format!("{t:?}")
}
fn a() -> String {
    #[allow(dead_code)]
    struct M(u8);
    impl Debug for M {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("inner")
        }
    }
    "a".to_string()
}
fn main() {
    println!("{} {}", show(a::M(1)), a());
}
`;

/** A body will have a type of the path of the module's. */
const NEW_TYPES = `use std::fmt::Debug;
mod a {
    #[derive(Debug, Default)]
    #[allow(dead_code)]
    pub struct M(pub u8);
}
fn show<T: Debug + Default>(t: T) -> String {
    format!("{t:?} {:?}", T::default())
}
fn a() -> String {
    "a".to_string()
}
fn main() {
    println!("{} {}", show(a::M(1)), a());
}
`;

const LINES = `use std::panic::Location;
fn first() -> u32 {
    1
}
#[track_caller]
fn here<T: ToString>(t: T) -> String {
    format!("{} {}", t.to_string(), Location::caller().line())
}
fn via<T: ToString>(t: T) -> String {
    here(t)
}
fn main() {
    println!("{} {} {}", first(), via(1u8), via("x"));
}
`;

const MOVED: readonly Change[] = [
  [MAIN, "    1\n}", "    let one = 1;\n    one\n}"],
  [MAIN, "use std", "// Moved.\n\nuse std"],
];

describe.runIf(HAS_ENGINE)("a twin that is older than its crate", () => {
  it("does not serve what has read other files", async () => {
    await withTwin("reads", { [MAIN]: READS, "src/a.txt": "one", "src/b.txt": "bee" }, async (session) => {
      for (const change of [
        ["src/a.txt", "one", "three"],
        ["src/b.txt", "bee", "beetle"],
      ] as const) {
        await session.save(change);
        await session.follow();
        await session.save([MAIN, "TEXT, 1", "TEXT, TEXT.len() + 1"]);
        await session.runsAsNative();
        await session.save([MAIN, "TEXT, TEXT.len() + 1", "TEXT, 1"], [MAIN, "shown(1u8)", "shown(1u16)"]);
        await session.runsAsNative();
        await session.save([MAIN, "shown(1u16)", "shown(1u8)"]);
      }
      expect(session.output()).toBe("three 1 beetle 1\n");
    });
  });

  it("does not take types of bodies for those of modules", async () => {
    await withTwin("typed", { [MAIN]: TYPES }, async (session) => {
      await session.save([MAIN, "show(a::M(1))", "a::M(1).0"]);
      await session.runsAsNative();
      await session.save([MAIN, '"a".to_string()', "show(M(9))"]);
      await session.runsAsNative();
      await session.save([MAIN, "a::M(1).0", "show(a::M(3))"]);
      expect(await session.runsAsNative()).toBe("M(3) inner\n");
    });
  });

  it("does not stand for a crate that has types in bodies since", async () => {
    await withTwin("bodied", { [MAIN]: NEW_TYPES }, async (session) => {
      const local = "#[derive(Debug)]\n    #[allow(dead_code)]\n    struct M(u8);\n    impl Default for M {\n";
      const body = `${local}        fn default() -> M {\n            M(77)\n        }\n    }\n    show(M(9))`;
      for (const [from, to] of [
        ['"a".to_string()', body],
        ["show(a::M(1))", "a::M(1).0"],
        ["M(77)", "M(78)"],
        ["a::M(1).0", "show(a::M(3))"],
      ] as const) {
        await session.save([MAIN, from, to]);
        await session.runsAsNative();
      }
      expect(session.output()).toBe("M(3) M(0) M(9) M(78)\n");
    });
  });

  it.each([
    ["a program", { [MAIN]: LINES }],
    [
      "a library",
      {
        "src/lib.rs": LINES.replaceAll("\nfn ", "\npub fn ").replace("pub fn main()", "pub fn shown()"),
        [MAIN]: "fn main() {\n    lined::shown();\n}\n",
      },
    ],
  ])("has no lines of before: %s", async (_, files) => {
    await withTwin("lined", files, async (session) => {
      const file = "src/lib.rs" in files ? "src/lib.rs" : MAIN;
      for (const [, from, to] of MOVED) {
        await session.save([file, from, to]);
        await session.follow();
        await session.takes([[file, '{} {} {}", ', '{} {} {}", 10 * ']]);
      }
      expect(session.output()).toBe("100 1 13 x 13\n");
    });
  });
});
