/** jj-cli as published (64,000 lines with its libraries): the first steps in an empty folder, against the native build. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildBoth, expectSame, runCranefly, runNative, type Program } from "./support/compare.js";
import type { Outcome } from "./support/process.js";
import { published } from "./support/projects.js";
import { cache } from "./support/repository.js";

const jj: Program = { dir: await published({ name: "jj-cli", version: "0.45.1" }), name: "jj" };
const play = path.join(cache, "jj");
const repository = path.join(play, "repository");

/** Everything that jj takes from its surroundings, fixed: both runs start from the same empty folder. */
function environment(step: number): Record<string, string> {
  const time = `2026-01-02T03:04:${String(10 + step)}+00:00`;
  return {
    HOME: path.join(play, "home"),
    XDG_CONFIG_HOME: path.join(play, "home/.config"),
    JJ_CONFIG: path.join(play, "config.toml"),
    JJ_USER: "Test User",
    JJ_EMAIL: "test.user@example.com",
    JJ_OP_HOSTNAME: "host.example.com",
    JJ_OP_USERNAME: "test-user",
    JJ_TIMESTAMP: time,
    JJ_OP_TIMESTAMP: time,
    JJ_TZ_OFFSET_MINS: "0",
    JJ_RANDOMNESS_SEED: String(step),
    GIT_CONFIG_NOSYSTEM: "1",
    // cargo and rustup must be found in spite of the other home folder.
    CARGO_HOME: process.env["CARGO_HOME"] ?? path.join(process.env["HOME"] ?? "/", ".cargo"),
    RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? path.join(process.env["HOME"] ?? "/", ".rustup"),
  };
}

/** One session in a new folder; the outcome of each step. */
async function session(run: typeof runNative): Promise<Outcome[]> {
  await rm(play, { recursive: true, force: true });
  await mkdir(path.join(play, "home/.config"), { recursive: true });
  await mkdir(repository);
  await writeFile(path.join(play, "config.toml"), '[ui]\ncolor = "always"\npaginate = "never"\n');
  const steps: (readonly string[] | (() => Promise<void>))[] = [
    ["--version"],
    ["git", "init"],
    ["status"],
    ["describe", "-m", "the first description\n\nwith a body"],
    ["log"],
    () => writeFile(path.join(repository, "a file.txt"), "one\ntwo\nthree\n"),
    ["status"],
    ["new", "-m", "second"],
    () => writeFile(path.join(repository, "a file.txt"), "one\n2\nthree\nfour\n"),
    ["diff"],
    ["log", "-p", "--git"],
    ["op", "log"],
    ["undo"],
    ["log", "-T", "builtin_log_detailed"],
    ["no-such-command"],
    ["log", "-r", "broken((revset"],
  ];
  const outcomes: Outcome[] = [];
  for (const [n, step] of steps.entries()) {
    if (typeof step === "function") await step();
    else outcomes.push(await run(jj, { args: step, cwd: repository, env: environment(n) }));
  }
  outcomes.push({ code: 0, signal: null, stdout: (await readdir(repository)).sort().join(), stderr: "" });
  return outcomes;
}

describe("jj-cli 0.45.1", () => {
  beforeAll(() => buildBoth(jj));

  it("a first session in an empty folder", async () => {
    const native = await session(runNative);
    expect(native[0]?.stdout).toMatch(/^jj 0\.45\.1/);
    expect(native.map(({ code }) => code).slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(native[4]?.stdout).toContain("the first description");
    const again = await session(runNative);
    // If two native sessions differed, the comparison would blame Cranefly for it.
    for (const [n, outcome] of again.entries()) expectSame(outcome, native[n] ?? outcome);
    const ours = await session(runCranefly);
    expect(ours).toHaveLength(native.length);
    for (const [n, outcome] of ours.entries()) expectSame(outcome, native[n] ?? outcome);
  });
});
