import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CargoConfig, aliasOf, configuredRustc, loadConfig } from "../../../../server/src/core/cargo/config.js";
import { configFiles } from "../../../../server/src/core/cargo/configSources.js";

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
    expect(configFiles({ cwd: inner, env, args: [] })).toContain(path.join(directory, "home", "config.toml"));
    const place = { cwd: inner, env, args: [] };
    expect(loadConfig(place, host, new Set())).toMatchObject({
      rustcWrapper: path.join(directory, "tools", "w"),
      runner: ["qemu", "-x"],
      buildTarget: "inner",
    });
    expect(loadConfig({ ...place, env: { ...env, RUSTC_WRAPPER: "sccache" } }, host, new Set()).rustcWrapper).toBe(
      "sccache",
    );
  });

  it("is in the file with the older name where there are two", () => {
    const folder = path.join(directory, ".cargo");
    const [older, newer] = [path.join(folder, "config"), path.join(folder, "config.toml")];
    fs.mkdirSync(folder);
    fs.writeFileSync(newer, '[build]\nrustc = "newer"\n[env]\nNEWER = "1"\n');
    const env = { HOME: directory, CARGO_HOME: path.join(directory, "home") };
    const place = { cwd: directory, env, args: [] };
    expect(loadConfig(place, host, new Set()).variables).toEqual(["NEWER"]);
    fs.writeFileSync(older, '[env]\nOLDER = "1"\n');
    expect(loadConfig(place, host, new Set()).variables).toEqual(["OLDER"]);
    expect(configFiles(place)).toEqual(expect.arrayContaining([older, newer]));
  });

  it("is around the working directory as it is without links", () => {
    const [real, link] = [path.join(directory, "data", "p"), path.join(directory, "p")];
    fs.mkdirSync(path.join(directory, "data", ".cargo"), { recursive: true });
    fs.mkdirSync(real);
    fs.symlinkSync(real, link);
    const file = path.join(directory, "data", ".cargo", "config.toml");
    fs.writeFileSync(file, '[env]\nOUTER = "1"\n');
    const place = { cwd: link, env: { HOME: directory, CARGO_HOME: path.join(directory, "home") }, args: [] };
    expect(loadConfig(place, host, new Set()).variables).toEqual(["OUTER"]);
    expect(configFiles(place)).toContain(fs.realpathSync(file));
  });

  it("includes files, of which the last is the strongest but for what includes it", () => {
    const folder = path.join(directory, ".cargo");
    fs.mkdirSync(path.join(folder, "more"), { recursive: true });
    const write = (file: string, text: string): void => fs.writeFileSync(path.join(folder, file), text);
    write("config.toml", 'include = ["more/a.toml", { path = "b.toml", optional = true }]\n[env]\nOWN = "1"\n');
    write(
      "more/a.toml",
      'include = ["a.toml", "deep.toml"]\n[build]\ntarget = "a"\nrustc = "bin/r"\n[env]\nA = { value = "1" }\n',
    );
    write("more/deep.toml", '[build]\ntarget = "deep"\n[profile.fast]\nlto = true\n');
    const env = { HOME: directory, CARGO_HOME: path.join(directory, "home") };
    const place = { cwd: directory, env, args: [] };
    const load = (args: string[] = []): CargoConfig => loadConfig({ ...place, args }, host, new Set());
    expect(load().buildTarget).toBe("a");
    expect(load().profiles).toEqual(new Set(["fast"]));
    expect(load().variables).toEqual(["OWN", "A"]);
    expect(configuredRustc(place)).toBe(path.join(folder, "bin/r"));
    expect(configuredRustc({ ...place, env: { ...env, CARGO_BUILD_RUSTC: "mine" } })).toBe("mine");
    // One that is not there yet counts as well.
    expect(configFiles(place)).toEqual(
      expect.arrayContaining(["b.toml", "more/a.toml", "more/deep.toml"].map((file) => path.join(folder, file))),
    );
    write("b.toml", '[build]\ntarget = "b"\n');
    expect(load().buildTarget).toBe("b");
    expect(load(["--config", 'include=[".cargo/more/deep.toml"]']).buildTarget).toBe("deep");
    expect(load([`--config=${path.join(folder, "more/a.toml")}`]).buildTarget).toBe("a");
    write("b.toml", "[");
    expect(() => load()).toThrow(/cannot read .*b.toml/);
    expect(configFiles(place)).toContain(path.join(folder, "b.toml"));
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
