/** Tests that are new, gone, renamed or others, in a build of a crate's tests: what the harness lists and runs, compared with cargo's. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";
import { type Change, Session } from "./session.js";

const LIB = `pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

pub mod deep;

#[cfg(test)]
mod r#match {
    #[test]
    fn works() {}
}

#[test]
fn plain() {}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(n: i32) -> i32 {
        add(n, n)
    }

    #[test]
    fn adds() {
        assert_eq!(add(1, 2), 3);
    }

    #[test]
    #[should_panic(expected = "five")]
    fn panics() {
        panic!("not {}", twice(2));
    }

    #[test]
    #[ignore = "slow"]
    fn waits() -> Result<(), String> {
        Err("waited".to_owned())
    }
}
`;

const DEEP = `pub fn depth() -> u32 {
    3
}

#[test]
fn is_deep() {
    assert_eq!(depth(), 3, "deep");
}
`;

const FILES = {
  "Cargo.toml": `[package]
name = "listed"
version = "0.1.0"
edition = "2021"
[workspace]
`,
  "src/lib.rs": LIB,
  "src/deep.rs": DEEP,
};

const lib = "src/lib.rs";
const deep = "src/deep.rs";

const CASES: readonly (readonly [what: string, first: Change, ...more: Change[]])[] = [
  [
    "a new one in a module",
    [
      lib,
      "    #[test]\n    fn adds",
      '    #[test]\n    fn fails() {\n        assert_eq!(twice(4), 9, "fails");\n    }\n\n    #[test]\n    fn adds',
    ],
  ],
  [
    "another one, in front of all others",
    [
      deep,
      "#[test]\nfn is_deep",
      '#[test]\nfn a_new_one() {\n    println!("{}", depth());\n    panic!("deeper");\n}\n\n#[test]\nfn is_deep',
    ],
  ],
  ["one that is gone", [lib, "    #[test]\n    fn adds() {\n        assert_eq!(add(1, 2), 3);\n    }\n", ""]],
  ["another name", [deep, "fn is_deep()", "fn was_deep()"]],
  ["another name in a module with a raw name", [lib, "fn works()", "fn still_works()"]],
  [
    "another result",
    [
      lib,
      'fn waits() -> Result<(), String> {\n        Err("waited".to_owned())',
      "fn waits() -> Result<(), i32> {\n        Err(twice(3))",
    ],
  ],
  ["what a test has to say", [lib, 'expected = "five"', 'expected = "six"']],
  ["a test that is not to panic any more", [lib, '    #[should_panic(expected = "six")]\n', ""]],
  ["a test that is ignored", [deep, "#[test]\nfn was_deep", "#[test]\n#[ignore]\nfn was_deep"]],
  ["a test that is ignored no more", [lib, '    #[ignore = "slow"]\n', ""]],
  [
    "a test with what it needs",
    [
      lib,
      "    fn twice",
      '    struct Kept(i32);\n\n    fn kept() -> Kept {\n        Kept(8)\n    }\n\n    #[test]\n    fn keeps() {\n        assert_eq!(kept().0, twice(4));\n        panic!("kept");\n    }\n\n    fn twice',
    ],
  ],
  ["a function that becomes a test", [lib, "    fn kept()", "    #[test]\n    fn drops() {}\n\n    fn kept()"]],
  ["a test that becomes a function", [deep, "#[test]\n#[ignore]\nfn was_deep", "#[allow(dead_code)]\nfn was_deep"]],
  [
    "several at once",
    [
      lib,
      "    #[test]\n    fn keeps",
      "    #[test]\n    fn zeroes() {}\n\n    #[test]\n    fn ones() {}\n\n    #[test]\n    fn keeps",
    ],
    [deep, "fn a_new_one", "fn a_renamed_one"],
  ],
  [
    "a body, beside others that are new",
    [lib, 'panic!("kept")', 'panic!("kept still")'],
    [lib, "    #[test]\n    fn ones", "    #[test]\n    fn twos() {}\n\n    #[test]\n    fn ones"],
  ],
  [
    "a new module of tests",
    [
      deep,
      "pub fn depth",
      '#[cfg(test)]\nmod more {\n    #[test]\n    fn most() {\n        assert_eq!(super::depth(), 4, "most");\n    }\n}\n\npub fn depth',
    ],
  ],
  [
    "all but one gone",
    [deep, '#[test]\nfn a_renamed_one() {\n    println!("{}", depth());\n    panic!("deeper");\n}\n', ""],
    [lib, "    #[test]\n    fn twos() {}\n", ""],
  ],
];

interface Outcome {
  readonly stdout: string;
  readonly status: number | null;
}

const ONE_BY_ONE = "--test-threads=1";

/** What does not depend on the test's thread, or its time. */
function plain(text: string): string {
  return text.replace(/finished in [\d.]+s/g, "").replace(/(thread '[^']*') \(\d+\)/g, "$1");
}

/** Without the lines of what has moved, which are right when the crate lane has followed. */
function withoutLines({ stdout, status }: Outcome): Outcome {
  return { stdout: stdout.replace(/(\.rs):\d+/g, "$1"), status };
}

/** What the published program prints. */
function published({ executable, project }: Session): Outcome {
  const { stdout, status } = spawnSync(executable, [ONE_BY_ONE], {
    cwd: project.dir,
    env: project.env,
    encoding: "utf8",
  });
  return { stdout: plain(stdout), status };
}

/** What cargo's prints. */
function native({ project }: Session): Outcome {
  const { stdout, code } = project.cargo(["test", "--quiet", "--lib", "--", "--format=pretty", ONE_BY_ONE]);
  return { stdout: plain(stdout), status: code };
}

async function opened(name: string): Promise<Session> {
  const session = await Session.of(new Project(name, FILES), [], undefined, "test");
  for (const [from, to] of [
    ["add(1, 2), 3)", "add(2, 1), 3)"],
    ["add(2, 1), 3)", "add(1, 2), 3)"],
  ] as const) {
    await session.save([lib, from, to]);
    await session.follow();
  }
  expect(published(session)).toEqual(native(session));
  return session;
}

async function takes(session: Session, changes: readonly Change[]): Promise<void> {
  const { patched } = session.statistics;
  const { lane, refused, diagnostics } = await session.save(...changes);
  const messages = diagnostics.map(({ message }) => message);
  expect({ lane, refused, messages }).toEqual({ lane: "body", refused: undefined, messages: [] });
  expect(session.statistics.patched).toBe(patched + 1);
  expect(withoutLines(published(session))).toEqual(withoutLines(native(session)));
}

describe.runIf(HAS_ENGINE)("a list of tests", () => {
  let session: Session;
  beforeAll(async () => {
    session = await opened("listed");
  });
  afterAll(() => session.remove());

  it.each(CASES.map(([what, ...changes]) => ({ what, changes })))("is another one after $what", async ({ changes }) => {
    await takes(session, changes);
    await session.follow();
    expect(published(session)).toEqual(native(session));
  });
});

describe.runIf(HAS_ENGINE)("a list of tests, edit after edit", () => {
  it("has what all of them made of it", async () => {
    const session = await opened("listed on");
    try {
      for (const [, ...changes] of CASES) await takes(session, changes);
      await session.follow();
      expect(published(session)).toEqual(native(session));
    } finally {
      session.remove();
    }
  });
});

describe.runIf(HAS_ENGINE)("a function that no test calls", () => {
  it("is none of what rustc puts on its lines", async () => {
    // (A harness' `main` is on the first one.)
    const files = { ...FILES, [lib]: `pub fn unused(a: i32, b: i32) -> i32 {\n    a + b\n}\n${LIB}` };
    const session = await Session.of(new Project("unused", files), [], undefined, "test");
    try {
      await session.save([lib, "{\n    a + b\n}\npub fn add", "{\n    b + a\n}\npub fn add"]);
      await session.follow();
      await takes(session, [[lib, "{\n    b + a\n}\npub fn add", "{\n    b - a\n}\npub fn add"]]);
      await session.follow();
      expect(published(session)).toEqual(native(session));
    } finally {
      session.remove();
    }
  });
});
