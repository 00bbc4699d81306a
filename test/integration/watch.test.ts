/** `cranefly watch` on real projects: no save is lost, whenever it comes. */
import * as fs from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";
import { Watch } from "./watching.js";

describe.runIf(HAS_ENGINE)("a watch", () => {
  let project: Project;
  const greet = (expression: string): void =>
    project.write("src/main.rs", (FILES["src/main.rs"] ?? "").replace('"hello"', expression));
  const FILES: Record<string, string> = {
    "Cargo.toml": '[package]\nname = "watched"\nversion = "0.1.0"\nedition = "2021"\n',
    "src/main.rs": [
      "fn greeting() -> &'static str {",
      '    "hello"',
      "}",
      "fn main() {",
      '    println!("{}", greeting());',
      "    if std::env::args().count() > 1 {",
      "        std::thread::sleep(std::time::Duration::from_secs(600));",
      "    }",
      "}",
      "#[test]",
      "fn is_polite() {",
      '    assert!(greeting().starts_with("hello"));',
      "}",
      "",
    ].join("\n"),
  };
  beforeAll(() => {
    project = new Project("watch", FILES);
  });
  beforeEach(() => greet('"hello"'));
  afterAll(() => project.remove());

  it("sees an edit while it builds for the first time", async () => {
    const watch = new Watch(project, ["--run"]);
    const lock = project.path("target/cranefly/.cranefly/lock");
    while (!fs.existsSync(lock)) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 150));
    greet('"hello while building"');
    await watch.next((line) => line === "hello while building");
    await watch.end();
  });

  it("tells one report a change, an error, and reruns", async () => {
    // (The crate lane would tell a report of its own behind the body lane's.)
    const watch = new Watch(project, ["--run", "--no-body-lane"]);
    const first = await watch.report();
    expect(first).toMatchObject({ ok: true });
    await watch.next((line) => line === "hello");
    greet('"good evening"');
    const second = await watch.report();
    expect(second).toMatchObject({ lane: "crate", ok: true, units: ["watched:watched"] });
    expect(second.functions.changed).toBeGreaterThan(0);
    expect(second.generation).toBeGreaterThan(first.generation);
    expect(second.ms.total).toBeGreaterThan(0);
    await watch.next((line) => line === "good evening");
    greet("8");
    const third = await watch.report();
    expect(third).toMatchObject({ ok: false, stale: true, generation: second.generation });
    expect(third.diagnostics.map((diagnostic) => diagnostic.level)).toContain("error");
    greet('"good day"');
    expect((await watch.report()).ok).toBe(true);
    await watch.next((line) => line === "good day");
    await watch.end();
  });

  it("sees an edit right behind its first report", async () => {
    const watch = new Watch(project, ["--run"]);
    await watch.report();
    greet('"right behind"');
    await watch.next((line) => line === "right behind");
    await watch.end();
  });

  it("runs the last of many edits, however they overtake each other", async () => {
    const watch = new Watch(project, ["--run"]);
    await watch.report();
    for (let n = 0; n < 12; n++) {
      greet(`"number ${n}"`);
      await new Promise((resolve) => setTimeout(resolve, 15 * n));
    }
    await watch.next((line) => line === "number 11");
    // What is heard of a file must not depend on how long ago it changed before.
    for (let wait = 20; wait < 50; wait += 5) {
      greet('"overtaken"');
      await new Promise((resolve) => setTimeout(resolve, wait));
      greet(`"after ${wait}"`);
      await watch.next((line) => line === `after ${wait}`);
    }
    greet('"number 11"');
    await watch.next((line) => line === "number 11");
    // Back to what was published, while another text is on its way.
    greet('"on its way"');
    await new Promise((resolve) => setTimeout(resolve, 120));
    greet('"number 11"');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(project.cranefly(["run", "-q"]).stdout).toBe("number 11\n");
    greet('"the end"');
    await watch.next((line) => line === "the end");
    await watch.end();
  });

  it("ends the program that runs before it starts the new one", async () => {
    const watch = new Watch(project, ["--run", "--", "stay"]);
    await watch.next((line) => line === "hello");
    greet('"hello again"');
    await watch.next((line) => line === "hello again");
    await watch.end();
  });

  it("runs the tests", async () => {
    const watch = new Watch(project, ["--test"]);
    await watch.next((line) => line === "test is_polite ... ok");
    greet('"go away"');
    await watch.next((line) => line === "test is_polite ... FAILED");
    greet('"hello, dear"');
    await watch.next((line) => line === "test is_polite ... ok");
    await watch.end();
  });
});
