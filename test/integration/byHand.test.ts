/** Commands by hand, one after the other: an edit takes the body lane, and a process that nobody waits for lets the crate lane follow. */
import * as fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FOLLOW } from "../../server/src/cli/follow.js";
import { readText } from "../../server/src/core/support/files.js";
import { GenerationReport } from "../../shared/src/report.js";
import { type Result, HAS_ENGINE, Project, manifest } from "./project.js";

interface Done extends Result {
  readonly report: GenerationReport;
}

function commandIn(project: Project, [name = "", ...rest]: readonly string[]): Done {
  fs.rmSync(project.path("report.json"), { force: true });
  const result = project.cranefly([name, "--report", "report.json", ...rest]);
  const text = fs.existsSync(project.path("report.json")) ? project.read("report.json") : "{}";
  const report = GenerationReport.safeParse(JSON.parse(text));
  return { ...result, report: report.data ?? expect.fail(result.stderr) };
}

/** The processes that follow commands in a project. */
function followersOf({ dir }: Project): readonly number[] {
  return fs.readdirSync("/proc").flatMap((name) => {
    const words = /^\d+$/.test(name) ? (readText(`/proc/${name}/cmdline`) ?? "") : "";
    return words.includes(FOLLOW) && words.includes(dir) ? Number(name) : [];
  });
}

/** They have ended. `onLook`: what to look at meanwhile. */
async function alone(project: Project, onLook?: (pid: number) => void): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (let pids = followersOf(project); pids.length > 0; pids = followersOf(project)) {
    if (Date.now() > deadline) throw new Error("the crate lane does not follow");
    for (const pid of pids) onLook?.(pid);
    await delay(50);
  }
}

describe.runIf(HAS_ENGINE)("commands by hand", () => {
  let project: Project;
  const own = (name: string): string => project.path(`target/cranefly/.cranefly/${name}`);
  const greet = (text: string, rest = ""): void =>
    project.write(
      "src/lib.rs",
      `pub fn greet(who: &str) -> String {\n    format!("${text} {who}")\n}\n${rest}${TESTS}`,
    );
  const TESTS = '#[test]\nfn is_polite() {\n    assert_eq!(greet("x"), "hello x");\n}\n';

  const command = (...args: readonly string[]): Done => commandIn(project, args);
  const followers = (): readonly number[] => followersOf(project);
  /** The crate lane has compiled what the last command ran, and the next edit finds what it needs. */
  const followed = async (): Promise<void> => {
    await alone(project);
    expect(readText(own("unfollowed.json")), readText(own("follower.log"))).toBeUndefined();
  };

  beforeAll(async () => {
    project = new Project("by hand", {
      "Cargo.toml": manifest("hand"),
      "src/bin/one.rs": 'fn main() {\n    println!("{}", hand::greet("one"));\n}\n',
      "src/bin/two.rs": 'fn main() {\n    println!("{}", hand::greet("two"));\n}\n',
    });
    greet("hello");
    expect(command("run", "--bin", "one")).toMatchObject({ stdout: "hello one\n", report: { lane: "cargo" } });
    // Nothing was edited yet: nothing is left behind.
    expect(fs.existsSync(own("body"))).toBe(false);
    greet("good day");
    expect(command("run", "--bin", "one")).toMatchObject({ stdout: "good day one\n", report: { lane: "crate" } });
    await followed();
  });
  afterAll(() => project.remove());

  it("take the body lane, and the crate lane follows", async () => {
    greet("good evening");
    expect(command("run", "--bin", "one")).toMatchObject({ stdout: "good evening one\n", report: { lane: "body" } });
    await followed();
    const after = command("run", "--bin", "one");
    expect(after).toMatchObject({ stdout: "good evening one\n", report: { lane: "crate", units: [] } });
    expect(after.stderr).not.toContain("warning");
  });

  it("do not wait for what follows the one before, and need not have it", async () => {
    for (const text of ["a", "b", "c"]) {
      greet(text);
      expect(command("run", "--bin", "one")).toMatchObject({ stdout: `${text} one\n` });
    }
    // Once more, without an edit; and what was not followed is taken back.
    expect(command("run", "--bin", "one").stdout).toBe("c one\n");
    greet("good evening");
    expect(command("run", "--bin", "one").stdout).toBe("good evening one\n");
    await followed();
  });

  it("go on where the process that follows was killed", async () => {
    greet("d");
    expect(command("run", "--bin", "one").stdout).toBe("d one\n");
    for (const pid of followers()) process.kill(pid, "SIGKILL");
    greet("e");
    expect(command("run", "--bin", "one").stdout).toBe("e one\n");
    await followed();
  });

  it("take the body lane again where the crate lane has compiled an edit in between", async () => {
    await followed();
    const units = fs.readdirSync(own("units"));
    const metadata = (): readonly string[] =>
      fs.readdirSync(own("body")).flatMap((unit) => {
        const folder = own(`body/${unit}/twin`);
        return fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(".rmeta")) : [];
      });
    const before = metadata();
    expect(before.length).toBeGreaterThan(0);
    // A crate that did not compile is the crate lane's.
    const failed = units.map((key) => [key, { files: {}, hasFailed: true }] as const);
    fs.writeFileSync(own("unfollowed.json"), JSON.stringify({ version: 2, units: Object.fromEntries(failed) }));
    greet("e one");
    expect(command("run", "--bin", "one")).toMatchObject({ stdout: "e one one\n", report: { lane: "crate" } });
    for (const pid of followers()) process.kill(pid, "SIGKILL");
    await alone(project);
    greet("e two");
    const again = command("run", "--bin", "one");
    expect(again.report.refused).toBeUndefined();
    expect(again).toMatchObject({ stdout: "e two one\n", report: { lane: "body" } });
    await followed();
    // It was the twin of before all the time.
    expect(metadata()).toEqual(before);
  });

  it("know of other programs with the same library, and of cargo's builds in between", () => {
    greet("f");
    expect(command("run", "--bin", "one").stdout).toBe("f one\n");
    expect(command("run", "--bin", "two").stdout).toBe("f two\n");
    project.exec("cargo", ["build", "--quiet"], {});
    greet("g");
    expect(command("run", "--bin", "two").stdout).toBe("g two\n");
    expect(command("run", "--bin", "one").stdout).toBe("g one\n");
  });

  it("run tests of what was edited", async () => {
    greet("hello");
    expect(command("test", "--lib").code).toBe(0);
    greet("hello, dear");
    expect(command("test", "--lib").code).toBe(101);
    await followed();
    greet("hello");
    const passed = command("test", "--lib");
    expect(passed.report.refused).toBeUndefined();
    expect(passed).toMatchObject({ code: 0, report: { lane: "body" } });
    // (An edit that comes before there is a twin of the last one is the crate lane's.)
    await followed();
    greet("go away");
    const failed = command("test", "--lib");
    expect(failed.report.refused).toBeUndefined();
    expect(failed).toMatchObject({ code: 101, report: { lane: "body" } });
    expect(failed.stdout).toContain('left: "go away x"');
    // (A command that runs another program ends whoever follows this one.)
    await followed();
  });

  it("leave to the crate lane what only that finds, since nobody would hear of it", async () => {
    greet("h");
    command("run", "--bin", "one");
    await followed();
    greet("i");
    // As that process leaves it.
    const units = fs.readdirSync(own("units")).filter((key) => key.startsWith("one-"));
    const failed = units.map((key) => [key, { files: {}, hasFailed: true }] as const);
    fs.writeFileSync(own("unfollowed.json"), JSON.stringify({ version: 2, units: Object.fromEntries(failed) }));
    expect(command("run", "--bin", "one")).toMatchObject({
      stdout: "i one\n",
      report: { lane: "crate", refusedBy: "a crate that did not compile as a whole" },
    });
    const helper = (call: string): string => `fn helper() -> u32 {\n    ${call}\n}\nfn more() -> u32 {\n    3\n}\n`;
    project.write(
      "src/bin/one.rs",
      `#![deny(dead_code)]\nfn main() {\n    println!("{}", helper());\n}\n${helper("more()")}`,
    );
    expect(command("run", "--bin", "one").stdout).toBe("3\n");
    await followed();
    project.write(
      "src/bin/one.rs",
      `#![deny(dead_code)]\nfn main() {\n    println!("{}", helper());\n}\n${helper("4")}`,
    );
    const denied = command("run", "--bin", "one");
    expect(denied).toMatchObject({ code: 101, report: { ok: false, lane: "crate" } });
    expect(denied.stderr).toContain("`more` is never used");
  });

  it("have an option against it", () => {
    project.write("src/bin/two.rs", 'fn main() {\n    println!("{}!", hand::greet("two"));\n}\n');
    const two = command("run", "--no-body-lane", "--bin", "two");
    expect(two).toMatchObject({ stdout: "i two!\n", report: { lane: "crate" } });
    expect(two.report.refused).toBeUndefined();
  });
});

describe.runIf(HAS_ENGINE)("what follows a command by hand", () => {
  let project: Project;
  let text = "0";
  const own = (name: string): string => project.path(`target/cranefly/.cranefly/${name}`);
  const run = (): Done => commandIn(project, ["run"]);
  const edited = (): Done => {
    const before = text;
    text = `${Number(text) + 1}`;
    project.edit("app/src/main.rs", `"is ${before}"`, `"is ${text}"`);
    const done = run();
    expect(done).toMatchObject({ code: 0, stdout: `is ${text}\n` });
    return done;
  };
  /** How often the build script has run. */
  const runs = (): number => project.read("runs").length;
  /** Names no inputs, so that every save in the package is one. */
  const script = (rest = ""): string => `use std::io::Write;
fn main() {
    let runs = concat!(env!("CARGO_MANIFEST_DIR"), "/../runs");
    let mut runs = std::fs::OpenOptions::new().append(true).create(true).open(runs).unwrap();
    runs.write_all(b"x").unwrap();
${rest}}
`;

  beforeAll(async () => {
    project = new Project("follows", {
      "Cargo.toml": '[workspace]\nmembers = ["app"]\nresolver = "2"\n',
      "app/Cargo.toml": manifest("app"),
      "app/build.rs": script(),
      "app/notes.txt": "",
      "app/src/main.rs": 'fn text() -> &\'static str {\n    "is 0"\n}\nfn main() {\n    println!("{}", text());\n}\n',
    });
    expect(run()).toMatchObject({ stdout: "is 0\n", report: { lane: "cargo" } });
    expect(edited().report.lane).toBe("crate");
    for (const pid of followersOf(project)) process.kill(pid, "SIGKILL");
    await alone(project);
  });
  afterAll(() => project.remove());

  it("is started again behind a command without an edit, if it has not come to its end", async () => {
    expect(fs.existsSync(own("body"))).toBe(false);
    expect(run().report).toMatchObject({ lane: "crate", units: [] });
    await alone(project);
    expect(edited().report).toMatchObject({ lane: "body" });
    await alone(project);
    expect(fs.readdirSync(own("due"))).toEqual([]);
    expect(run().report).toMatchObject({ lane: "crate", units: [] });
    expect(followersOf(project)).toEqual([]);
  });

  it("runs no build script, and no cargo", async () => {
    const before = runs();
    expect(edited().report.lane).toBe("body");
    await alone(project);
    // The command has run it, and nobody else; and the crate lane has followed.
    expect(runs()).toBe(before + 1);
    expect(fs.existsSync(own("unfollowed.json"))).toBe(false);

    for (const save of [
      () => project.write("app/notes.txt", "more"),
      () => project.write("app/build.rs", script("    // Unfinished.\n")),
    ]) {
      const soFar = runs();
      expect(edited().report.lane).toBe("body");
      save();
      await alone(project);
      expect(runs()).toBe(soFar + 1);
      expect(run().stdout).toBe(`is ${text}\n`);
      expect(runs()).toBe(soFar + 2);
      await alone(project);
    }
  });

  it("does not start the engine again, and ends without it", async () => {
    expect(edited().report.lane).toBe("body");
    expect(project.cranefly(["stop"]).stdout).toContain("has ended");
    await alone(project);
    expect(project.cranefly(["status"]).stdout).toContain("is not running");
    expect(run().stdout).toBe(`is ${text}\n`);
    await alone(project);
  });

  it("costs nobody the program when it cannot be started", async () => {
    fs.rmSync(own("follower.log"));
    fs.mkdirSync(own("follower.log"));
    expect(edited().stderr).not.toContain("warning");
    expect(followersOf(project)).toEqual([]);
    fs.mkdirSync(own("divergence"));
    edited();
    fs.rmSync(own("divergence"), { recursive: true });
    fs.rmSync(own("follower.log"), { recursive: true });
    edited();
    await alone(project);
  });

  it("has no higher claim to the processor than its command", async () => {
    project.edit("app/src/main.rs", `"is ${text}"`, '"is nice"');
    const nice = project.exec("nice", ["-n", "19", process.execPath, project.cli, "run"], {});
    expect(nice.stdout).toBe("is nice\n");
    const seen = new Set<string>();
    await alone(project, (pid) => {
      const stat = readText(`/proc/${pid}/stat`);
      const niceness = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[16];
      if (niceness !== undefined) seen.add(niceness);
    });
    expect([...seen]).toEqual(["19"]);
    expect(fs.existsSync(own("unfollowed.json"))).toBe(false);
    project.edit("app/src/main.rs", '"is nice"', `"is ${text}"`);
    run();
    await alone(project);
  });

  it("does not hold up who cleans, and leaves nothing in the engine", async () => {
    edited();
    const cleaned = project.cranefly(["clean", "app"]);
    expect(cleaned).toMatchObject({ code: 0 });
    expect(cleaned.stderr).not.toContain("waiting");
    await alone(project);
    expect(fs.existsSync(project.path("target/cranefly"))).toBe(false);
    expect(JSON.parse(project.cranefly(["status", "--json"]).stdout)).toMatchObject({ running: true, programs: [] });
  });
});

describe.runIf(HAS_ENGINE)("rustc, by hand", () => {
  it("compiles an edit of a body, and is asked nothing", async () => {
    const project = new Project("asks", {
      "Cargo.toml": manifest("asks"),
      "src/main.rs": 'fn main() {\n    println!("one");\n}\n',
      wrapper: '#!/bin/sh\necho "$*" >> "$CALLS"\nexec "$@"\n',
    });
    try {
      fs.chmodSync(project.path("wrapper"), 0o755);
      const env = { RUSTC_WRAPPER: project.path("wrapper"), CALLS: project.path("calls") };
      const run = (): Result => project.cranefly(["run"], env);
      expect(run()).toMatchObject({ code: 0, stdout: "one\n" });
      project.edit("src/main.rs", "one", "two");
      expect(run()).toMatchObject({ code: 0, stdout: "two\n" });
      await alone(project);
      project.write("calls", "");
      project.edit("src/main.rs", "two", "three");
      const edited = run();
      // (Those of the process that follows have another output.)
      const calls = project.read("calls").split("\n");
      expect(edited).toMatchObject({ code: 0, stdout: "three\n" });
      expect(edited.stderr).toContain("body lane");
      expect(calls.filter((call) => /-W help/.test(call))).toEqual([]);
      expect(calls.filter((call) => /-patch\b/.test(call))).toHaveLength(1);
      await alone(project);
    } finally {
      project.remove();
    }
  });
});
