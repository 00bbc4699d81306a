/** Settings from a client that knows more, less or other ones; and what they make of cargo's options. */
import { describe, expect, it } from "vitest";
import { cargoArguments } from "../../../../server/src/core/cargo/selection.js";
import { featuresOf, packagesOf, selectionOf } from "../../../../server/src/lsp/build/cargoSettings.js";
import type { BuildKind } from "../../../../server/src/lsp/protocol/api.js";
import { parseSettings } from "../../../../server/src/lsp/protocol/settings.js";

describe("settings", () => {
  it("have defaults, and keep what is right when something is wrong", () => {
    const problems: string[] = [];
    const settings = parseSettings(
      { watch: "yes", jobs: 3, cargo: { features: ["a"], extraEnv: { A: 1 } }, lens: null, other: {} },
      (text) => problems.push(text),
    );
    expect(settings).toMatchObject({ watch: true, jobs: 3, cargo: { features: ["a"], extraEnv: {} }, enable: true });
    expect(problems).toHaveLength(2);
    expect(problems.join("\n")).toMatch(/cranefly\.watch[^]*cranefly\.cargo\.extraEnv/);
    expect(parseSettings(undefined, () => expect.fail())).toEqual(parseSettings({}, () => expect.fail()));
  });

  it("become cargo's options", () => {
    const cargo = {
      features: ["a", "b"],
      noDefaultFeatures: true,
      profile: "fast",
      extraArgs: ["--offline", "--config", "net.retry=1", "-p", "x"],
      extraEnv: {},
    };
    const arguments_ = (kind: BuildKind, given: object = {}): string =>
      cargoArguments(selectionOf(kind, "/w", { ...cargo, ...given })).join(" ");
    const features = "--features a --features b --no-default-features --profile fast --offline --config net.retry=1";
    expect(arguments_("build")).toBe(`-p x ${features}`);
    expect(arguments_("examples")).toBe(`-p x --examples ${features}`);
    expect(arguments_("test", { extraArgs: [], features: "all", profile: null })).toBe("--workspace --all-features");
    expect(arguments_("members", { extraArgs: [], features: [], noDefaultFeatures: false, profile: null })).toBe(
      "--workspace --bins",
    );
    const others = { features: [], noDefaultFeatures: false, profile: null };
    const extraArgs = ["--workspace", "--exclude=y", "-j", "2", "-Fz", "--all-targets", "--bin", "b", "--locked"];
    expect(arguments_("build", { extraArgs, ...others })).toBe(
      "--workspace --exclude=y -j 2 -Fz --all-targets --bin b --locked",
    );
    expect(arguments_("build:own", { extraArgs, ...others })).toBe("-j 2 -Fz --package own --bins --locked");
    expect(arguments_("test:own", { extraArgs: [], ...others })).toBe("--package own");
    expect(arguments_("examples:own", { extraArgs: [], ...others })).toBe("--package own --examples");
    expect(packagesOf(selectionOf("build", "/w", { ...cargo, extraArgs }))).toEqual(["--workspace", "--exclude=y"]);
    expect(featuresOf(selectionOf("build", "/w", { ...cargo, ...others, extraArgs }))).toEqual(["-Fz"]);
  });
});
