/** What git says that somebody works on. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cancelled } from "../../../../server/src/core/support/errors.js";
import { workedOn } from "../../../../server/src/core/support/versionControl.js";

describe("what is worked on", () => {
  let folder = "";
  const env = { ...process.env };
  const at = (name: string): string => path.join(folder, name);
  const write = (name: string, text: string): void => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), text);
  };
  const git = (...args: readonly string[]): void => {
    const command = ["-c", "user.name=x", "-c", "user.email=x", ...args];
    const { status, stderr } = spawnSync("git", command, { cwd: folder, encoding: "utf8" });
    expect(status, stderr).toBe(0);
  };
  const commit = (): void => {
    git("add", ".");
    git("commit", "--quiet", "--message=x");
  };
  const ask = async (place = "."): Promise<readonly string[]> => {
    const files = await workedOn(at(place), env, undefined);
    return files.map((file) => path.relative(fs.realpathSync(folder), file));
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-git-"));
    git("init", "--quiet");
  });

  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("is what differs from the last commit, then the last commits, each file once", async () => {
    write("a/first.rs", "1");
    write("a/text.md", "1");
    commit();
    write("b/se cond ü.rs", "2");
    commit();
    write("a/first.rs", "3");
    write("c/new.rs", "4");
    const expected = ["a/first.rs", "c/new.rs", "b/se cond ü.rs"];
    expect(await ask()).toEqual(expected);
    // The same in a folder below, whose crate may use the others.
    expect(await ask("c")).toEqual(expected);
  });

  it("is what is staged as well, under its present name", async () => {
    write("a.rs", "1");
    commit();
    git("mv", "a.rs", "b.rs");
    expect(await ask()).toEqual(["a.rs", "b.rs"]);
  });

  it("is nothing without a commit, a repository, or git", async () => {
    expect(await ask()).toEqual([]);
    fs.rmSync(at(".git"), { recursive: true });
    const outside = { ...env, GIT_CEILING_DIRECTORIES: path.dirname(fs.realpathSync(folder)) };
    write("a.rs", "1");
    expect(await workedOn(folder, outside, undefined)).toEqual([]);
    expect(await workedOn(folder, { PATH: folder }, undefined)).toEqual([]);
  });

  it("is not asked of what a repository's configuration would run", async () => {
    write("a.rs", "1");
    commit();
    write("monitor", `#!/bin/sh\ntouch '${at("ran")}'\n`);
    fs.chmodSync(at("monitor"), 0o755);
    git("config", "core.fsmonitor", at("monitor"));
    write("a.rs", "2");
    expect(await ask()).toEqual(["a.rs"]);
    expect(fs.existsSync(at("ran"))).toBe(false);
  });

  it("is not waited for", async () => {
    write("git", "#!/bin/sh\nexec sleep 60\n");
    fs.chmodSync(at("git"), 0o755);
    const slow = { ...env, PATH: `${folder}:${env["PATH"] ?? ""}` };
    const stop = new AbortController();
    const stopped = workedOn(folder, slow, stop.signal);
    setTimeout(() => stop.abort(), 50);
    await expect(stopped).rejects.toThrow(Cancelled);
    const startedMs = performance.now();
    expect(await workedOn(folder, slow, undefined)).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  }, 30_000);
});
