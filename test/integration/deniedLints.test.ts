/** New items in crates that deny lints about items: whether they are used is rustc's to say. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `use std::fmt::Display;

struct Counter { count: u32 }

impl Counter {
    fn next(&mut self) -> u32 {
        self.count += 1;
        self.count
    }
}

fn shown<T: Display>(value: T) -> String {
    format!("<{value}>")
}

fn plain() -> u32 {
    10
}

fn main() {
    let mut counter = Counter { count: 1 };
    println!("{} {} {}", plain(), counter.next(), shown(3) + &shown("four"));
}
`;

const main = (from: string, to: string): Change => ["src/main.rs", from, to];
const added = (text: string): Change => main("fn main()", `${text}\n\nfn main()`);

const TAKEN: readonly (readonly [what: string, changes: readonly Change[]])[] = [
  ["a function that a function calls", [main("    10", "    ten()"), added("fn ten() -> u32 {\n    12\n}")]],
  [
    "one that a method calls, and another one that this one calls",
    [
      main("self.count += 1;", "self.count += step();"),
      added("pub(crate) fn step() -> u32 {\n    half() * 2\n}\n\nfn half() -> u32 {\n    21\n}"),
    ],
  ],
  [
    "a constant that a generic function has",
    [main('"<{value}>"', '"{MARK}{value}>"'), added("const MARK: char = '[';")],
  ],
  [
    "one in the place of another one, which is gone",
    [main("half() * 2", "third() * 4"), main("fn half() -> u32 {\n    21\n}", "fn third() -> u32 {\n    7\n}")],
  ],
  ["one that is never used, as its name says", [added("fn _never() {}")]],
];

const LEFT: readonly (readonly [what: string, changes: readonly Change[]])[] = [
  ["a function that nobody calls", [added("fn nobody() {}")]],
  ["one that another one calls, which nobody does", [added("fn alone() {\n    called();\n}\n\nfn called() {}")]],
  ["a static", [main("    ten()", "    ten() + 1"), added("static UNUSED: u8 = 1;")]],
];

describe.runIf(HAS_ENGINE).each(["dead_code, unused_imports", "unused", "warnings"])("under #![deny(%s)]", (lints) => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("denied", {
      "Cargo.toml": '[package]\nname = "denied"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
      "src/main.rs": `#![deny(${lints})]\n${MAIN}`,
    });
    await session.save(main('shown("four")', 'shown("five")'));
    await session.follow();
    expect(session.output()).toBe(session.native());
  });
  afterAll(() => session.remove());

  it.each(TAKEN)("is taken alone: %s", async (_, changes) => {
    await session.takes(changes);
  });

  it.each(LEFT)("is an error as ever: %s", async (_, changes) => {
    const report = await session.save(...changes);
    expect(report).toMatchObject({ ok: false, lane: "crate", refused: "a denied lint reports" });
    expect(report.diagnostics.map(({ message }) => message).join("\n")).toContain("never used");
    const back = changes.map(([file, from, to]): Change => [file, to, from]);
    expect(await session.save(...back.reverse())).toMatchObject({ ok: true });
    await session.follow();
  });
});
