/** The process that answers commands at once: what it answers, and what it leaves to a process of the command's own. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE, Project, type Result } from "./project.js";

const LAUNCHER = path.join(ROOT, "bin", "cranefly");

const MAIN = `fn said() -> &'static str {
    "hello"
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    println!("{} {args:?} {:?} {:?}", said(), std::env::var("SAYS"), option_env!("BUILT_FOR"));
    println!("{:?}", std::env::current_dir().unwrap().file_name().unwrap());
    let mut input = String::new();
    std::io::stdin().read_line(&mut input).unwrap();
    print!("{input}");
    std::process::exit(i32::try_from(args.len()).unwrap());
}
`;

describe.runIf(HAS_ENGINE)("a resident process", () => {
  let project: Project;
  /** How often node was started by the launcher. */
  const starts = (): number => project.read("nodes").length;
  const socket = (): string | undefined => {
    const folder = project.path(".run/cranefly");
    const name = fs.readdirSync(folder).find((entry) => entry.startsWith("cli-"));
    return name === undefined ? undefined : path.join(folder, name);
  };
  const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, folder = ""): Result => {
    const done = spawnSync(command, args, {
      cwd: project.path(folder),
      env: { ...project.env, ...env },
      encoding: "utf8",
      input: "typed\n",
    });
    return { code: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr };
  };
  /** Runs a command through the launcher and by cargo, which have to agree; gives whether a process was started for it. */
  const startsOne = (args: readonly string[], env: NodeJS.ProcessEnv = {}, folder = ""): boolean => {
    const before = starts();
    const ours = run(LAUNCHER, ["run", "-q", ...args], env, folder);
    const isStarted = starts() > before;
    const native = run("cargo", ["run", "-q", ...args], { ...env, CARGO_TARGET_DIR: project.path("native") }, folder);
    expect(ours).toEqual(native);
    return isStarted;
  };
  const listens = async (): Promise<string> => {
    for (let tries = 0; tries < 200; tries++) {
      const found = socket();
      if (found !== undefined) return found;
      await delay(50);
    }
    return expect.fail("nobody listens");
  };

  beforeAll(async () => {
    project = new Project("resident", {
      "Cargo.toml": '[package]\nname = "resident"\nversion = "0.1.0"\nedition = "2021"\n[features]\nmore = []\n',
      "src/main.rs": MAIN,
      "src/inner/README": "a folder",
      nodes: "",
      "bin/node": `#!/bin/sh\nprintf x >> "\${0%/*}/../nodes"\nexec '${process.execPath}' "$@"\n`,
    });
    fs.chmodSync(project.path("bin/node"), 0o755);
    project.env["PATH"] = `${project.path("bin")}:${project.env["PATH"] ?? ""}`;
    project.env["RUST_BACKTRACE"] = "0";
    expect(startsOne([])).toBe(true);
    await listens();
  });
  afterAll(() => project.remove());

  it("answers a command without a change", () => {
    expect(startsOne([])).toBe(false);
    expect(startsOne(["--", "a", "-q"])).toBe(false);
  });

  it("knows the user's environment and folder", () => {
    expect(startsOne([], { SAYS: "said" })).toBe(false);
    const env = { SAYS: "said\nand done", "an odd-name": "kept" };
    // Where that is built is not known yet.
    expect(startsOne(["b"], env, "src/inner")).toBe(true);
    expect(startsOne(["b"], env, "src/inner")).toBe(false);
  });

  it("compiles edits", () => {
    for (const word of ["there", "again", "and again"]) {
      project.edit("src/main.rs", /"(hello|there|again)"/.exec(project.read("src/main.rs"))?.[0] ?? "", `"${word}"`);
      expect(startsOne([])).toBe(false);
    }
  });

  it("says what rustc says", () => {
    project.edit("src/main.rs", "fn main() {", "fn main() {\n    let number: i32 = said();");
    const before = starts();
    const ours = run(LAUNCHER, ["run"]);
    expect(starts()).toBe(before);
    expect(ours).toMatchObject({ code: 101, stdout: "" });
    expect(ours.stderr).toContain("error[E0308]: mismatched types");
    project.edit("src/main.rs", "\n    let number: i32 = said();", "");
    expect(startsOne([])).toBe(false);
  });

  it("leaves to others what is cargo's", () => {
    project.edit("Cargo.toml", "more = []", "more = []\nmost = []");
    expect(startsOne([])).toBe(true);
    expect(startsOne(["--features", "more"])).toBe(true);
    expect(startsOne([])).toBe(false);
    expect(startsOne([], { BUILT_FOR: "a test" })).toBe(false);
    const before = starts();
    expect(run(LAUNCHER, ["run", "--no-such-option"]).stderr).toContain("unexpected argument");
    expect(run(LAUNCHER, ["status"]).code).toBe(0);
    expect(starts()).toBe(before + 2);
  });

  it("leaves to others what it would do otherwise", () => {
    const before = starts();
    const args = ["-n", "3", LAUNCHER, "run", "-q"];
    expect(run("nice", args).stdout).toBe(
      run("cargo", ["run", "-q"], { CARGO_TARGET_DIR: project.path("native") }).stdout,
    );
    expect(starts()).toBe(before + 1);
    run("/bin/sh", ["-c", `umask 077; exec '${LAUNCHER}' run -q`]);
    expect(starts()).toBe(before + 2);
  });

  it("goes on when somebody talks nonsense, or goes away", async () => {
    const say = (text: string): Promise<string> =>
      new Promise((resolve) => {
        const connection = net.connect(socket() ?? "");
        let heard = "";
        connection.setEncoding("utf8");
        connection.on("data", (chunk: string) => (heard += chunk));
        connection.on("error", () => undefined);
        connection.on("close", () => resolve(heard));
        if (text === "") connection.destroy();
        else connection.write(text);
      });
    const declined = '{"declined":true}\n';
    expect(await say("nonsense\n")).toBe(declined);
    expect(await say(`{"pid":1,"launcher":1,"cwd":"/","argv":["run"],"terminals":[false,false]}\n`)).toBe(declined);
    expect(await say(`{"pid":${2 ** 40},"launcher":1,"cwd":"/","argv":["run"],"terminals":[false,false]}\n`)).toBe(
      declined,
    );
    expect(await say("")).toBe("");
    expect(await say("x".repeat(5_000_000))).toBe("");
    const question = {
      pid: process.pid,
      launcher: process.pid,
      cwd: project.dir,
      argv: ["run"],
      terminals: [true, true],
    };
    const connection = net.connect(socket() ?? "");
    connection.on("error", () => undefined);
    connection.write(`${JSON.stringify(question)}\n`, () => connection.destroy());
    await delay(500);
    expect(startsOne([])).toBe(false);
  });

  const resident = (): string => {
    const pid = fs.readdirSync("/proc").find((entry) => {
      return (
        /^\d+$/.test(entry) &&
        commandOf(entry).includes("--answer-commands") &&
        environmentOf(entry).includes(project.dir)
      );
    });
    return pid ?? expect.fail("there is none");
  };
  const comesAgain = async (): Promise<void> => {
    expect(startsOne([])).toBe(true);
    let tries = 0;
    while (startsOne([]) && tries++ < 50) await delay(100);
    expect(startsOne([])).toBe(false);
  };

  it("is not needed, and comes again when it was killed", async () => {
    await listens();
    const pid = resident();
    process.kill(Number(pid), "SIGKILL");
    while (commandOf(pid) !== "") await delay(20);
    await comesAgain();
  });

  it("ends when nobody can ask it any more", async () => {
    const pid = resident();
    fs.rmSync(await listens());
    for (let tries = 0; tries < 300 && commandOf(pid) !== ""; tries++) await delay(50);
    expect(commandOf(pid)).toBe("");
    await comesAgain();
  });

  it("is not asked by an engine that cannot", () => {
    const engine = path.join(ROOT, "engine/target/release/cranefly-engine");
    const real = process.env["CRANEFLY_ENGINE"] ?? engine;
    project.write("bin/engine", `#!/bin/sh\n[ "$1" != ask ] || exit 3\nexec '${real}' "$@"\n`);
    fs.chmodSync(project.path("bin/engine"), 0o755);
    expect(startsOne([], { CRANEFLY_ENGINE: project.path("bin/engine") })).toBe(true);
  });

  it("is not there for who does not want it, and ends with the engine", async () => {
    expect(startsOne([], { CRANEFLY_RESIDENT: "off" })).toBe(true);
    expect(run(LAUNCHER, ["stop"]).stdout).toBe("the engine has ended\n");
    for (let tries = 0; tries < 100 && socket() !== undefined; tries++) await delay(50);
    expect(socket()).toBeUndefined();
  });
});

function commandOf(pid: string): string {
  return read(`/proc/${pid}/cmdline`);
}

function environmentOf(pid: string): string {
  return read(`/proc/${pid}/environ`);
}

/** Of a process that may have ended. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
