/** What a program can see of how it was started: nothing but what `cargo run` lets it see. */
import { spawn, spawnSync } from "node:child_process";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE, Project } from "./project.js";

const LAUNCHER = path.join(ROOT, "bin", "cranefly");

const PROBE = `
use std::io::Read;
extern "C" {
    fn getrlimit(resource: i32, limits: *mut [u64; 2]) -> i32;
    fn fcntl(fd: i32, command: i32) -> i32;
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    println!("{:?} {:?}", &args[1..], std::env::current_dir());
    println!("named by a relative path: {}", !args[0].starts_with('/'));
    let mut variables: Vec<_> = std::env::vars_os().filter(|(name, _)| name != "LD_LIBRARY_PATH").collect();
    variables.sort();
    println!("{variables:#?}");
    let mut limits = [0; 2];
    unsafe { getrlimit(7, &mut limits) };
    println!("open files: {limits:?}");
    let flags: Vec<i32> = (0..3).map(|fd| unsafe { fcntl(fd, 3) } & 0o4000).collect();
    println!("non-blocking: {flags:?}");
    let open: Vec<i32> = (3..64).filter(|&fd| unsafe { fcntl(fd, 1) } >= 0).collect();
    println!("open: {open:?}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    for line in status.lines().filter(|line| line.starts_with("SigIgn") || line.starts_with("SigBlk")) {
        println!("{line}");
    }
    let mut input = Vec::new();
    println!("input: {:?}", std::io::stdin().read_to_end(&mut input));
    if args.iter().any(|arg| arg == "pid") {
        println!("pid {}", std::process::id());
    }
    if args.iter().any(|arg| arg == "term") {
        println!("ready");
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}
#[test]
fn passes() {
    main();
}
`;

describe.runIf(HAS_ENGINE)("a program started by the launcher", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("launcher", {
      "Cargo.toml": '[package]\nname = "probe-it"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/main.rs": PROBE,
    });
    project.env["OLDPWD"] = "/elsewhere";
    project.env["a name-that.is no identifier"] = "kept";
  });
  afterAll(() => project.remove());

  /** `script`: a shell that stands in front of the command and sets the stage; it would drop odd variables. */
  const shell = (script: string, input: string, command: readonly string[]): string => {
    const [program = "", ...args] = script === "" ? command : ["sh", "-c", script, "sh", ...command];
    const done = spawnSync(program, args, {
      cwd: project.dir,
      env: project.env,
      input,
      encoding: "utf8",
    });
    expect(done.stderr).toBe("");
    return done.stdout;
  };
  const same = (script: string, input: string, args: readonly string[]): string => {
    const ours = shell(script, input, [LAUNCHER, "run", "-q", "--", ...args]);
    expect(ours).toBe(shell(script, input, ["cargo", "run", "-q", "--", ...args]));
    return ours;
  };

  it("sees the caller's environment, folder and arguments", () => {
    expect(same("", "", ["a b", "c'd", "$HOME", "", "e\nf"])).toContain("no identifier");
  });
  it("gets a large pipe as its input, blocking", () => {
    expect(same("", "x".repeat(3_000_000), [])).toContain("input: Ok(3000000)");
  });
  it("keeps limits, ignored signals and open descriptors", () => {
    const output = same('trap "" HUP USR2; ulimit -S -n 777; exec 3</dev/null; exec "$@"', "", []);
    expect(output).toMatch(/open files: \[777, /);
    expect(output).toMatch(/open: \[3/);
  });
  it("is the very process that was started", async () => {
    const child = spawn(LAUNCHER, ["run", "-q", "--", "pid", "term"], { cwd: project.dir, env: project.env });
    child.stdin.end();
    let output = "";
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.includes("ready")) child.kill("SIGTERM");
    });
    expect(await ended).toEqual({ code: null, signal: "SIGTERM" });
    expect(output).toContain(`pid ${child.pid ?? 0}\n`);
  });
  it("is what a watch and the tests start as well", () => {
    const script = 'ulimit -S -n 777; exec "$@"';
    const input = "x".repeat(300_000);
    for (const command of [
      ["test", "-q", "--", "--nocapture"],
      ["watch", "--run", "--once", "-q"],
    ]) {
      const done = spawnSync("sh", ["-c", script, "sh", LAUNCHER, ...command], {
        cwd: project.dir,
        env: project.env,
        input,
        encoding: "utf8",
      });
      expect(done.stdout).toMatch(/open files: \[777, /);
      expect(done.stdout).toContain("non-blocking: [0, 0, 0]");
      expect(done.stdout).toContain("input: Ok(300000)");
      expect(done.stdout).toContain("open: []");
      expect(done.status).toBe(0);
    }
  });
  it("says what help is", () => {
    const done = spawnSync(LAUNCHER, ["run", "--help"], { encoding: "utf8" });
    expect(done.stdout).toContain("Usage: cranefly run");
    expect(done.status).toBe(0);
  });
});
