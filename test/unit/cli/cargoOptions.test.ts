/** What becomes of cargo's options. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import {
  type Kind,
  type OptionValues,
  addCargoOptions,
  spelled,
  together,
} from "../../../server/src/cli/cargoOptions.js";
import { asCargos } from "../../../server/src/cli/handOver.js";
import { hasOtherMessages, toSelection } from "../../../server/src/cli/options.js";

function parse(kind: Kind | "early", ...args: string[]): OptionValues {
  const command = addCargoOptions(new Command().exitOverride().configureOutput({ writeErr: () => undefined }), kind);
  return command.parse(args, { from: "user" }).opts();
}

describe("cargo's options", () => {
  it("are given to cargo as it spells them, each to the commands that take it", () => {
    const options = parse(
      "run",
      "-pa",
      "--bin=x",
      "--bin",
      "y",
      "-F",
      "f g",
      "--no-default-features",
      "--locked",
      "-j2",
    );
    expect(spelled(options, "targets")).toEqual(["--package", "a", "--bin", "x", "--bin", "y", "--jobs", "2"]);
    expect(spelled(options, "features")).toEqual(["--features", "f g", "--no-default-features"]);
    expect(spelled(options, "global")).toEqual(["--locked"]);
    expect(spelled(parse("build", "--all-targets", "--target", "t", "--keep-going"), "targets")).toEqual([
      "--target",
      "t",
      "--keep-going",
      "--all-targets",
    ]);
    expect(spelled(parse("run", "--timings", "-Zx"), "handed")).toEqual(["--timings", "-Z", "x"]);
  });

  it("that a command does not take, or not so, are errors, which cargo words", () => {
    for (const args of [
      ["--nope"],
      ["--keep-going"],
      ["--bin"],
      ["--color", "pink"],
      ["--profile", "a", "--profile", "b"],
      ["--release", "-r"],
      ["--no-run", "--no-run"],
      ["--locked", "--locked"],
    ]) {
      expect(() => parse("test", ...args)).toThrow();
    }
    expect(() => parse("run", "--lib")).toThrow();
  });

  it("that count, or may be repeated, are none", () => {
    expect(parse("run", "-vv")["verbose"]).toBe(2);
    expect(parse("run", "-v", "--verbose")["verbose"]).toBe(2);
    expect(parse("run", "--bin", "a", "--bin", "b")["bin"]).toEqual(["a", "b"]);
    expect(parse("test", "--no-fail-fast", "--release")).toMatchObject({ failFast: false, release: true });
    expect(parse("test")).toMatchObject({ failFast: true, run: true });
  });

  it("may stand in front of the command", () => {
    const both = together(
      parse("early", "--locked", "--config", "a=1"),
      parse("run", "--config", "b=2", "--color", "never"),
    );
    expect(spelled(both, "global")).toEqual(["--locked", "--config", "a=1", "--config", "b=2"]);
    expect(both["color"]).toBe("never");
  });

  it("choose what is built", () => {
    const options = parse("build", "--release", "--target-dir", "out", "--message-format", "short");
    expect(toSelection("build", options, undefined, process.cwd())).toMatchObject({
      profile: "release",
      targetDirectory: `${process.cwd()}/out`,
      hasShortMessages: true,
    });
    expect(hasOtherMessages(options)).toBe(false);
    expect(hasOtherMessages(parse("build", "--message-format", "json"))).toBe(true);
  });
});

describe("a command line that is cargo's", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-place-"));
  const app = path.join(folder, "app");
  const file = path.join(folder, "one.rs");
  const manifest = path.join(app, "Cargo.toml");
  fs.mkdirSync(app);
  fs.writeFileSync(manifest, "");
  fs.writeFileSync(file, "");
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  it.each<[Parameters<typeof asCargos>, ReturnType<typeof asCargos>]>([
    [[["build", app, "--timings"], 1, "build"], { argv: ["build", "--manifest-path", manifest, "--timings"] }],
    [[["build", "--timings", app], 1, "build"], { argv: ["build", "--timings", "--manifest-path", manifest] }],
    [[["+x", "b", "--bin", app], 2, "build"], { argv: ["+x", "b", "--bin", app] }],
    [[["run", app, "-Zx", "--", app], 1, "run"], { argv: ["run", "--manifest-path", manifest, "-Zx", "--", app] }],
    [[["run", "word", app], 1, "run"], { argv: ["run", "word", app] }],
    [[["test", "name", app], 1, "test"], { argv: ["test", "name", "--manifest-path", manifest] }],
    [[["build", "--timings", file], 1, "build"], { source: file }],
    [[["build", "nowhere"], 1, "build"], { argv: ["build", "nowhere"] }],
  ])("names a folder as cargo does: %j", (args, expected) => expect(asCargos(...args)).toEqual(expected));
});
