import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aliasOf, configFiles, loadConfig } from "../../../../server/src/core/cargo/config.js";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly ö "));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

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
});
