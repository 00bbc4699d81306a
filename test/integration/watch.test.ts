/** `cranefly watch` on real projects: no save is lost, whenever it comes. */
import * as fs from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { HAS_ENGINE, Project, manifest } from "./project.js";
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
      "    let args: Vec<String> = std::env::args().skip(1).collect();",
      '    if args.iter().any(|arg| arg == "deaf") {',
      "        // A server that goes on for ever when it is asked to end.",
      "        unsafe { signal(15, 1) };",
      "    }",
      '    if args.iter().any(|arg| arg == "parent") {',
      '        let child = std::process::Command::new("sleep").arg("600").spawn().unwrap();',
      '        println!("child {}", child.id());',
      "    }",
      '    if args.iter().any(|arg| arg == "crash") {',
      "        std::process::abort();",
      "    }",
      "    if !args.is_empty() {",
      "        std::thread::sleep(std::time::Duration::from_secs(600));",
      "    }",
      "}",
      'extern "C" {',
      "    fn signal(number: i32, action: usize) -> usize;",
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

  it("kills what does not end, with all that it has started, and starts the newest version", async () => {
    const watch = new Watch(project, ["--run", "--stop-timeout", "0.5", "--", "deaf", "parent"]);
    await watch.next((line) => line === "hello");
    const child = (await watch.next((line) => line.startsWith("child "))).slice("child ".length);
    greet('"hello anew"');
    await watch.next((line) => line === "hello anew");
    expect(fs.existsSync(`/proc/${child}`)).toBe(false);
    expect(watch.log).toContain("did not end within 0.5 s");
    const last = (await watch.next((line) => line.startsWith("child "))).slice("child ".length);
    await watch.end();
    expect(fs.existsSync(`/proc/${last}`)).toBe(false);
  });

  it("ends when it is to end, whatever the program does, and at once when told twice", async () => {
    const watch = new Watch(project, ["--run", "--stop-timeout", "600", "--", "deaf"]);
    await watch.next((line) => line === "hello");
    greet('"never started"');
    await watch.report();
    watch.child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 100));
    watch.child.kill("SIGINT");
    expect(await watch.ended).toBe(0);
    expect(watch.unread.filter((line) => line.includes("never started"))).toEqual([]);
  });

  it("says nothing of what nobody waits for: old warnings, and the crate that follows an edit", async () => {
    const unused = "fn unused() {}\n";
    fs.appendFileSync(project.path("src/main.rs"), unused);
    const watch = new Watch(project, ["--run"]);
    await watch.report();
    await watch.next((line) => line === "hello");
    expect(watch.log.match(/`unused` is never used/g)).toHaveLength(1);
    expect(watch.log).toContain('`watched` (bin "watched") generated 1 warning');
    // As a program would that keeps its log in its package.
    project.write("run.log", "1");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const edit = async (text: string): Promise<void> => {
      greet(text);
      fs.appendFileSync(project.path("src/main.rs"), unused);
      await watch.next((line) => line === text.slice(1, -1));
    };
    const before = watch.log.length;
    await edit('"jello"');
    // By now the twin is there.
    await watch.until((report) => report.lane === "crate" && report.ok);
    await edit('"mello"');
    await watch.end();
    const said = watch.log
      .slice(before)
      .split("\n")
      .filter((line) => /unused|Compiling/.test(line));
    // Somebody waited for the first edit, if it was the crate lane's.
    expect(said.filter((line) => line.includes("Compiling")).length).toBeLessThan(2);
    expect(watch.log.match(/`unused` is never used/g)?.length).toBeLessThan(3);
  });

  it("reports a save for which nothing is compiled, and repeats no warning when cargo only looks", async () => {
    const unused = "fn unused() {}\n";
    fs.appendFileSync(project.path("src/main.rs"), unused);
    const watch = new Watch(project, ["--run"]);
    const { generation } = await watch.report();
    await watch.next((line) => line === "hello");
    fs.appendFileSync(project.path("src/main.rs"), "// Nothing.\n");
    // Where the crate lane, which follows, was faster, the look finds nothing.
    const idle = await watch.until(({ reason }) => /(main\.rs|nothing) changed$/.test(reason));
    expect(idle).toMatchObject({ ok: true, functions: { changed: 0, compiled: 0 } });
    // cargo has not seen the save yet, and compiles.
    fs.appendFileSync(project.path("Cargo.toml"), "# Nothing.\n");
    await watch.until(({ lane }) => lane === "cargo");
    const before = watch.log.length;
    fs.appendFileSync(project.path("Cargo.toml"), "# Nothing more.\n");
    const looked = await watch.until(({ lane }) => lane === "cargo");
    expect(looked).toMatchObject({ ok: true, units: [] });
    expect(looked.generation).toBeGreaterThanOrEqual(generation);
    await watch.end();
    expect(watch.log.slice(before)).not.toContain("unused");
  });

  it("starts again what has crashed", async () => {
    const watch = new Watch(project, ["--run", "--", "crash"]);
    await watch.next((line) => line === "hello");
    greet('"hello after a crash"');
    await watch.next((line) => line === "hello after a crash");
    await watch.end();
    expect(watch.log).toContain("the program was ended by SIGABRT");
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

describe("a watch of what cargo has to build", () => {
  it("runs a program again for what a build reads, and not for what the program writes", async () => {
    const project = new Project("watch by cargo", {
      "Cargo.toml": '[package]\nname = "logs"\nversion = "0.1.0"\nedition = "2024"\n',
      "data.txt": "one",
      "src/main.rs": `use std::io::Write;
fn main() {
    let mut log = std::fs::OpenOptions::new().append(true).create(true).open("runs.log").unwrap();
    for _ in 0..3 {
        writeln!(log, "ran").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    println!("{} after {}", include_str!("../data.txt"), std::fs::read_to_string("runs.log").unwrap().lines().count());
}
`,
    });
    onTestFinished(() => project.remove());
    project.env["CRANEFLY_ENGINE"] = "/nonexistent/engine";
    // What builds have read is known late: long after the program writes, if that does not wait for it.
    const hold = '#!/bin/sh\nif [ "$1" = metadata ]; then sleep 2; fi\nPATH="${PATH#*:}" exec cargo "$@"\n';
    project.write("slow/cargo", hold);
    fs.chmodSync(project.path("slow/cargo"), 0o755);
    project.env["PATH"] = `${project.path("slow")}:${process.env["PATH"] ?? ""}`;
    const watch = new Watch(project, ["--run"]);
    await watch.next((line) => line === "one after 3");
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(watch.unread).toEqual([]);
    project.write("data.txt", "two");
    await watch.next((line) => line === "two after 6");
    project.edit("src/main.rs", "{} after {}", "{} behind {}");
    await watch.next((line) => line === "two behind 9");
    expect(watch.unread).toEqual([]);
    await watch.end();
  });
});

describe.runIf(HAS_ENGINE)("a watch from another folder of what was never built", () => {
  it("sees a mistake corrected, also in a package beside it", async () => {
    const project = new Project("watch unbuilt", {
      "elsewhere/notes.txt": "",
      "app/Cargo.toml": manifest("app", '[dependencies]\nlib = { path = "../lib" }\n'),
      "app/src/main.rs": 'fn main() { println!("{} runs", lib::name()); }\n',
      "lib/Cargo.toml": manifest("lib"),
      "lib/src/lib.rs": "pub fn name() -> &'static str { 8 }\n",
    });
    onTestFinished(() => project.remove());
    const watch = new Watch(project, ["--run", "../app"], "elsewhere");
    expect(await watch.report()).toMatchObject({ ok: false });
    project.edit("lib/src/lib.rs", "8", '"it"');
    await watch.next((line) => line === "it runs");
    await watch.end();
  });
});

describe("a watch from another folder of what cargo has to build", () => {
  let project: Project;
  const main = (text: string): string => `fn main() { println!("{} ${text}", lib::name()); }\n`;
  beforeEach(() => {
    project = new Project("watch from elsewhere", {
      "elsewhere/notes.txt": "",
      "all/Cargo.toml": '[workspace]\nmembers = ["app", "lib"]\nresolver = "3"\n',
      "all/app/Cargo.toml": manifest("app", '[dependencies]\nlib = { path = "../lib" }\n'),
      "all/app/src/main.rs": main("runs"),
      "all/lib/Cargo.toml": manifest("lib"),
      "all/lib/src/lib.rs": 'pub fn name() -> &\'static str { option_env!("NAME").unwrap_or("it") }\n',
    });
    project.env["CRANEFLY_ENGINE"] = "/nonexistent/engine";
    project.env["CARGO_HOME"] = project.path("home");
  });
  afterEach(() => project.remove());
  const setName = (file: string, name: string): void => project.write(file, `[env]\nNAME = "${name}"\n`);

  it("sees the package's sources and those of the packages beside it", async () => {
    const watch = new Watch(project, ["--run", "../all/app"], "elsewhere");
    await watch.next((line) => line === "it runs");
    project.write("all/app/src/main.rs", main("walks"));
    await watch.next((line) => line === "it walks");
    project.edit("all/lib/src/lib.rs", '"it"', '"she"');
    await watch.next((line) => line === "she walks");
    project.write("elsewhere/other.rs", "");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(watch.unread).toEqual([]);
    await watch.end();
  });

  it("sees the workspace's manifest and cargo's configuration", async () => {
    const watch = new Watch(project, ["--run"], "all/app");
    await watch.next((line) => line === "it runs");
    setName("all/.cargo/config.toml", "the workspace");
    await watch.next((line) => line === "the workspace runs");
    fs.rmSync(project.path("all/.cargo"), { recursive: true });
    await watch.next((line) => line === "it runs");
    setName("home/config.toml", "home");
    await watch.next((line) => line === "home runs");
    const { length } = watch.log;
    fs.appendFileSync(project.path("all/Cargo.toml"), "[profile.dev]\nopt-level = 1\n");
    await watch.next((line) => line === "home runs");
    expect(watch.log.slice(length)).toContain("[optimized");
    await watch.end();
  });

  it("sees a broken manifest mended", async () => {
    const whole = project.read("all/lib/Cargo.toml");
    project.write("all/lib/Cargo.toml", "broken");
    const watch = new Watch(project, ["--run", "../all/app"], "elsewhere");
    expect(await watch.report()).toMatchObject({ ok: false });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    project.write("all/lib/Cargo.toml", whole);
    await watch.next((line) => line === "it runs");
    await watch.end();
  });
});
