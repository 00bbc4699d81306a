import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holds } from "../../../server/src/core/units/cfgExpression.js";
import { aliasOf, configFiles, loadConfig } from "../../../server/src/core/cargo/config.js";
import { isCurrent, stamp } from "../../../server/src/core/support/stamps.js";
import { discover } from "../../../server/src/core/cargo/inputs.js";
import { withLock } from "../../../server/src/core/support/lock.js";
import { relevantEnvironment } from "../../../server/src/core/cargo/selection.js";
import { environmentDifference } from "../../../server/src/core/support/environment.js";
import { type Invocation, wrappedBy } from "../../../server/src/core/units/invocation.js";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly ö "));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

describe("stamps", () => {
  it("see changes, and that a touch is none", () => {
    const file = path.join(directory, "a.rs");
    fs.writeFileSync(file, "one");
    const old = stamp(file);
    expect(isCurrent(old)).toBe(true);
    fs.utimesSync(file, 1, 1);
    expect(isCurrent(old)).toBe(true);
    fs.writeFileSync(file, "two");
    expect(isCurrent(old)).toBe(false);
    fs.rmSync(file);
    expect(isCurrent(old)).toBe(false);
    expect(isCurrent(stamp(file))).toBe(true);
  });

  it("distrust a file that changed while it was used", () => {
    const file = path.join(directory, "a.rs");
    fs.writeFileSync(file, "one");
    expect(isCurrent(stamp(file, fs.statSync(file).mtimeMs))).toBe(false);
  });

  it("cover a folder with all below it", () => {
    fs.mkdirSync(path.join(directory, "d"));
    const old = stamp(directory);
    expect(isCurrent(old)).toBe(true);
    fs.writeFileSync(path.join(directory, "d", "new"), "");
    expect(isCurrent(old)).toBe(false);
  });
});

describe("discovery", () => {
  it("notices new targets and new packages beside members, not other files", () => {
    const member = path.join(directory, "crates", "a");
    fs.mkdirSync(path.join(member, "src", "bin"), { recursive: true });
    fs.writeFileSync(path.join(member, "src", "lib.rs"), "");
    const before = discover(directory, [member]);
    fs.writeFileSync(path.join(member, "src", "util.rs"), "");
    expect(discover(directory, [member])).toBe(before);
    fs.writeFileSync(path.join(member, "src", "bin", "x.rs"), "");
    const withBin = discover(directory, [member]);
    expect(withBin).not.toBe(before);
    fs.mkdirSync(path.join(directory, "crates", "b"));
    fs.writeFileSync(path.join(directory, "crates", "b", "Cargo.toml"), "");
    expect(discover(directory, [member])).not.toBe(withBin);
  });
});

describe("cargo's configuration", () => {
  const host = "x86_64-unknown-linux-gnu";
  it("is read from the innermost file outwards, the environment first", () => {
    const inner = path.join(directory, "in");
    fs.mkdirSync(path.join(inner, ".cargo"), { recursive: true });
    fs.mkdirSync(path.join(directory, ".cargo"));
    fs.writeFileSync(
      path.join(directory, ".cargo", "config.toml"),
      `[build]\nrustc-wrapper = "tools/w"\ntarget = "outer"\n[target.${host}]\nrunner = "qemu -x"\n`,
    );
    fs.writeFileSync(path.join(inner, ".cargo", "config.toml"), '[build]\ntarget = "inner"\n');
    const env = { HOME: directory, CARGO_HOME: path.join(directory, "home") };
    expect(configFiles(inner, env)).toContain(path.join(directory, "home", "config.toml"));
    const place = { cwd: inner, env, args: [] };
    expect(loadConfig(place, host, new Set())).toEqual({
      rustcWrapper: path.join(directory, "tools", "w"),
      runner: ["qemu", "-x"],
      buildTarget: "inner",
    });
    expect(loadConfig({ ...place, env: { ...env, RUSTC_WRAPPER: "sccache" } }, host, new Set()).rustcWrapper).toBe(
      "sccache",
    );
  });

  it("has runners for platforms, options that are stronger than files, and aliases", () => {
    const files = path.join(directory, "files");
    fs.mkdirSync(path.join(files, ".cargo"), { recursive: true });
    fs.writeFileSync(
      path.join(files, ".cargo", "config.toml"),
      '[target.\'cfg(unix)\']\nrunner = "u"\n[target.\'cfg(windows)\']\nrunner = "w"\n[alias]\ngo = "run -q"\nfar = ["run", "a b"]\n',
    );
    const env = { HOME: directory, CARGO_HOME: path.join(directory, "home") };
    const place = { cwd: files, env, args: [] };
    const cfgs = new Set(["unix", 'target_os="linux"']);
    expect(loadConfig(place, host, cfgs).runner).toEqual(["u"]);
    const args = ["--config", `target.${host}.runner=["bin/r", "x"]`, "--config", 'alias.go="test"'];
    expect(loadConfig({ ...place, args }, host, cfgs).runner).toEqual([path.join(files, "bin/r"), "x"]);
    expect(aliasOf("go", place)).toEqual(["run", "-q"]);
    expect(aliasOf("go", { ...place, args })).toEqual(["test"]);
    expect(aliasOf("far", place)).toEqual(["run", "a b"]);
    expect(aliasOf("go", { ...place, env: { ...env, CARGO_ALIAS_GO: "build" } })).toEqual(["build"]);
    expect(aliasOf("none", place)).toBeUndefined();
  });

  it("means platforms by expressions", () => {
    const cfgs = new Set(["unix", 'target_os="linux"']);
    const those = [
      "cfg(unix)",
      'cfg(all(unix, not(target_os = "macos")))',
      'cfg(any(windows, target_os="linux",))',
      "cfg(all())",
    ];
    expect(those.map((expression) => holds(expression, cfgs))).toEqual([true, true, true, true]);
    expect(["cfg(windows)", "cfg(any())", 'cfg(unix="x")'].some((expression) => holds(expression, cfgs))).toBe(false);
    for (const odd of ["cfg(unix", "cfg()", "cfg(not(a, b))", "cfg(un|x)", "cfg(a) b"]) {
      expect(() => holds(odd, cfgs)).toThrow(SyntaxError);
    }
  });
});

describe("the user's wrapper of rustc", () => {
  it("is the one of now, whatever a unit was compiled with", () => {
    const plain: Invocation = {
      ...{ key: "k", id: "p:t", args: [], cwd: "/", env: {}, needsRlib: false },
      ...{ command: ["workspace-wrapper", "rustc"], wrapper: "" },
    };
    const wrapped = wrappedBy(plain, "/bin/w");
    expect(wrapped.command).toEqual(["/bin/w", "workspace-wrapper", "rustc"]);
    expect(wrappedBy(wrapped, "/bin/v").command).toEqual(["/bin/v", "workspace-wrapper", "rustc"]);
    expect(wrappedBy(wrapped, "")).toEqual(plain);
    expect(wrappedBy(wrapped, undefined)).toBe(wrapped);
  });
});

describe("the environment", () => {
  it("counts for cargo only where cargo looks", () => {
    const env = { RUSTFLAGS: "-g", CARGO_TERM_COLOR: "always", RUST_BACKTRACE: "1", CARGO_PKG_NAME: "x", FOO: "1" };
    expect(relevantEnvironment(env)).toEqual([["RUSTFLAGS", "-g"]]);
  });

  it("is told apart by difference", () => {
    const difference = environmentDifference({ A: "1", B: "2" }, { A: "1", C: "3", X: "4" }, new Set(["X"]));
    expect(difference).toEqual({ B: null, C: "3" });
  });
});

describe("the lock", () => {
  it("lets one in at a time, and tells the other whom it waits for", async () => {
    const file = path.join(directory, "lock");
    const waited: number[] = [];
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await delay(80);
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withLock(file, (pid) => waited.push(pid), undefined, work)));
    expect(most).toBe(1);
    expect(waited).toContain(process.pid);
    expect(fs.existsSync(file)).toBe(false);
  });

  it("takes over from a process that died", async () => {
    const file = path.join(directory, "lock");
    fs.writeFileSync(file, "1 999999999\n");
    const waited: number[] = [];
    await withLock(
      file,
      (pid) => waited.push(pid),
      undefined,
      () => Promise.resolve(),
    );
    expect(waited).toEqual([]);
  });

  it("takes what it could not release, since the folder was elsewhere", async () => {
    const [here, away] = [path.join(directory, "here"), path.join(directory, "away")];
    const file = path.join(here, "lock");
    const nobody = (pid: number): never => {
      throw new Error(`waits for ${pid}`);
    };
    const move = (): Promise<void> => fs.promises.rename(here, away);
    await withLock(file, nobody, undefined, move);
    fs.renameSync(away, here);
    expect(fs.existsSync(file)).toBe(true);
    await withLock(file, nobody, undefined, () => Promise.resolve());
    expect(fs.existsSync(file)).toBe(false);
  });
});
