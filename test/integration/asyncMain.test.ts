/** Functions under attribute macros that run them on a runtime, with the real `tokio`: `#[tokio::main]`, and where its name is imported. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `use std::time::Duration;

mod other;

async fn step(number: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(1)).await;
    number + 1
}

#[tokio::main]
async fn main() -> Result<(), String> {
    let name = String::from("world");
    println!("hello, {name}");
    let handle = tokio::spawn(async move { step(name.len() as u32).await * 2 });
    println!("{}", handle.await.map_err(|error| error.to_string())?);
    std::thread::spawn(|| println!("{}", other::blocks(3))).join().unwrap();
    Ok(())
}
`;

const OTHER = `use tokio::main;

#[main(flavor = "current_thread")]
pub async fn blocks(number: u32) -> u32 {
    super::step(number).await
}
`;

const TESTS = `
#[tokio::test]
async fn steps() {
    assert_eq!(step(1).await, 2, "steps-1");
}
`;

const FILES = {
  "Cargo.toml": `[package]
name = "served"
version = "0.1.0"
edition = "2021"
[dependencies]
tokio = { version = "1", features = ["rt-multi-thread", "macros", "time"] }
[workspace]
`,
  "src/main.rs": `${MAIN}${TESTS}`,
  "src/other.rs": OTHER,
};

const main = "src/main.rs";
const other = "src/other.rs";

const TAKEN: readonly (readonly [what: string, change: Change])[] = [
  ["a literal", [main, "hello, ", "good day, "]],
  ["a statement", [main, "    Ok(())", '    println!("{:?}", std::thread::current().name());\n    Ok(())']],
  ["a task that waits once more", [main, "step(name.len() as u32).await * 2", "step(step(9).await).await * 2"]],
  ["a variable that lives while it waits", [main, "let handle", "let kept = vec![1, 2];\n    let handle"]],
  [
    "an early return",
    [
      main,
      "    Ok(())",
      '    if kept.len() > 1 {\n        println!("early");\n        return Ok(());\n    }\n    Ok(())',
    ],
  ],
  ["a function that blocks", [other, "super::step(number).await", "super::step(number).await + super::step(1).await"]],
];

describe.runIf(HAS_ENGINE)("functions under macros that run them on a runtime", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("served", FILES);
    await session.save([main, "hello, {name}", "hello, dear {name}"]);
    await session.follow();
    expect(session.output()).toBe(session.native());
    await session.save([main, "hello, dear {name}", "hello, {name}"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each(TAKEN)("are edited: %s", async (_, change) => {
    const before = session.statistics;
    const { lane, refused } = await session.save(change);
    expect({ lane, refused }).toEqual({ lane: "body", refused: undefined });
    expect(session.statistics.patched - before.patched, JSON.stringify(session.statistics.overlaid)).toBe(1);
    const taken = session.output();
    expect(taken).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(taken);
  });

  it("are the crate lane's under a macro that only has such a name", async () => {
    await session.save([other, "use tokio::main;", "use tokio::main as entry;"], [other, "#[main(", "#[entry("]);
    await session.follow();
    const report = await session.save([other, "super::step(number)", "super::step(number + 1)"]);
    expect(report).toMatchObject({ ok: true, lane: "crate" });
    expect(report.refused).toContain("the attribute #[entry] may be a macro");
    expect(session.output()).toBe(session.native());
  });
});

describe.runIf(HAS_ENGINE)("tests under such macros", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.of(new Project("served tests", FILES), [], undefined, "test");
    await session.save([main, "steps-1", "steps-2"]);
    await session.follow();
    expect(session.run()).toMatchObject({ status: 0 });
  });
  afterAll(() => session.remove());

  it.each([
    ["edited", [main, ".await, 2,", ".await, 3,"], "steps-2"],
    [
      "added",
      [
        main,
        "#[tokio::test]",
        '#[tokio::test(flavor = "current_thread")]\nasync fn goes() {\n    step(1).await;\n    panic!("goes-1");\n}\n\n#[tokio::test]',
      ],
      "goes-1",
    ],
    [
      "removed",
      [main, '#[tokio::test]\nasync fn steps() {\n    assert_eq!(step(1).await, 3, "steps-2");\n}\n', ""],
      "1 failed",
    ],
  ] as const)("are %s", async (_, change, said) => {
    const { patched } = session.statistics;
    const { lane, refused } = await session.save(change);
    expect({ lane, refused }).toEqual({ lane: "body", refused: undefined });
    expect(session.statistics.patched, JSON.stringify(session.statistics.overlaid)).toBe(patched + 1);
    const { status, stdout } = session.run();
    expect({ status, stdout }).toMatchObject({ status: 101, stdout: expect.stringContaining(said) as string });
    await session.follow();
    const after = session.run();
    expect({ status: after.status, stdout: after.stdout }).toMatchObject({
      status: 101,
      stdout: expect.stringContaining(said) as string,
    });
  });
});
