/** What becomes of cargo's options. */
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { type Kind, type OptionValues, addCargoOptions, spelled, together } from "../../server/src/cli/cargoOptions.js";
import { hasOtherMessages, toSelection } from "../../server/src/cli/options.js";

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
    ]) {
      expect(() => parse("test", ...args)).toThrow();
    }
    expect(() => parse("run", "--lib")).toThrow();
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
    expect(toSelection("build", options, undefined)).toMatchObject({
      profile: "release",
      targetDirectory: `${process.cwd()}/out`,
      hasShortMessages: true,
    });
    expect(hasOtherMessages(options)).toBe(false);
    expect(hasOtherMessages(parse("build", "--message-format", "json"))).toBe(true);
  });
});
