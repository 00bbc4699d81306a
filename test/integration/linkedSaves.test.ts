/** Saves of a library and of its program that come one after the other, before the crate lane has followed; and those of their tests. */
import { afterEach, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const FILES = {
  "Cargo.toml": manifest("saves"),
  "src/lib.rs": `pub mod parts;
pub const LIMIT: u32 = 3;
pub fn first(n: u32) -> u32 { n + 1 }

#[cfg(test)]
mod tests {
    #[test]
    fn first_works() {
        println!("first {}", super::first(1));
    }
}
`,
  "src/parts.rs": "pub struct Part { pub n: u32 }\nimpl Part {\n    pub fn n(&self) -> u32 { self.n }\n}\n",
  "src/main.rs": `use saves::parts::Part;
fn limits() -> u32 { saves::LIMIT + 10 }
fn firsts() -> u32 { saves::first(1) }
fn parts() -> u32 { Part { n: 5 }.n() }
fn main() {
    println!("{} {} {}", limits(), firsts(), parts());
}
`,
  "tests/it.rs": `use saves::{LIMIT, first};
#[test]
fn limit() {
    println!("limit {} {}", LIMIT, first(2));
}
`,
};

const LIB = "src/lib.rs";
const MAIN = "src/main.rs";

/** Each save's changes, and what the program prints then. */
const SAVES: readonly (readonly [changes: readonly Change[], shown: string])[] = [
  [[[LIB, "pub fn first", "pub fn second(n: u32) -> u32 { n * LIMIT }\npub fn first"]], "13 2 5"],
  [[[MAIN, "saves::first(1)", "saves::second(7)"]], "13 21 5"],
  [[[LIB, "LIMIT: u32 = 3", "LIMIT: u32 = 4"]], "14 28 5"],
  [[[MAIN, "LIMIT + 10", "LIMIT + 20"]], "24 28 5"],
  [
    [
      [LIB, "second(n: u32)", "second(n: u64)"],
      [LIB, "{ n * LIMIT }", "{ n as u32 * LIMIT + 1 }"],
    ],
    "24 29 5",
  ],
  [
    [["src/parts.rs", "    pub fn n", "    pub fn more(&self, by: u32) -> u32 { self.n + by }\n    pub fn n"]],
    "24 29 5",
  ],
  [[[MAIN, "Part { n: 5 }.n()", "Part { n: 5 }.more(6)"]], "24 29 11"],
  [[["src/parts.rs", "self.n + by }", "self.n + by * 2 }"]], "24 29 17"],
  [[[LIB, "LIMIT: u32 = 4", "LIMIT: u32 = 3"]], "23 22 17"],
  [[[MAIN, "saves::second(7)", "saves::first(7)"]], "23 8 17"],
  [[[LIB, "pub fn second(n: u64) -> u32 { n as u32 * LIMIT + 1 }\n", ""]], "23 8 17"],
  [[[MAIN, "Part { n: 5 }.more(6)", "Part { n: 5 }.n()"]], "23 8 5"],
];

describe.runIf(HAS_ENGINE)("a library and its program", () => {
  let project: Project | undefined;
  let sessions: Session[] = [];
  const start = async (command: "build" | "test"): Promise<Session> => {
    project ??= new Project("saves", FILES);
    const session = await Session.of(project, [LIB, MAIN, "tests/it.rs"], project.dir, command);
    sessions.push(session);
    return session;
  };
  afterEach(() => {
    for (const session of sessions) session.close();
    sessions = [];
    project?.remove();
    project = undefined;
  });

  it("take saves that nobody has followed yet, one after the other", async () => {
    const session = await start("build");
    await session.follow();
    for (const [changes, shown] of SAVES) {
      const { lane, refused } = await session.save(...changes);
      expect({ shown, lane, refused }).toEqual({ shown, lane: "body", refused: undefined });
      expect(session.output()).toBe(`${shown}\n`);
    }
    expect(session.output()).toBe(session.native());
    await session.follow();
    expect(session.output()).toBe(session.native());
  });

  it("take them where another process has made what they need", async () => {
    await (await start("build")).follow();
    const session = await start("build");
    const [first, second] = SAVES;
    for (const [changes, shown] of [first, second].flatMap((save) => (save === undefined ? [] : [save]))) {
      expect(await session.save(...changes)).toMatchObject({ lane: "body" });
      expect(session.output()).toBe(`${shown}\n`);
    }
    await session.runsAsNative();
  });

  it("take them with their tests", async () => {
    const session = await start("test");
    await session.follow();
    const { programs } = await session
      .save(
        [LIB, "LIMIT: u32 = 3", "LIMIT: u32 = 30"],
        [LIB, "pub fn first(n: u32) -> u32 { n + 1 }", "pub fn first(n: u64) -> u64 { n + 100 }"],
        [MAIN, "fn firsts() -> u32", "fn firsts() -> u64"],
      )
      .then((report) => {
        expect(report).toMatchObject({ lane: "body" });
        return report;
      });
    const printed = programs.map(({ executable }) => {
      session.executable = executable;
      const { stdout } = session.project.exec(executable, ["--nocapture", "--test-threads=1"], {});
      return stdout
        .split("\n")
        .filter((line) => /^(limit|first|test .* (limit|first) )/.test(line))
        .join(" ");
    });
    expect(printed.join(" ")).toMatch(/first 101/);
    expect(printed.join(" ")).toMatch(/limit 30 102/);
    await session.follow();
  });
});
