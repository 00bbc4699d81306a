/** When two choices of packages build something alike, by what `cargo tree` says of each. */
import { expect, it } from "vitest";
import { FeatureTree } from "../../../../server/src/core/cargo/featureTree.js";

const tree = (...lines: readonly string[]): FeatureTree =>
  new FeatureTree(lines.map((line) => line.replaceAll("|", "\t")));

const ALONE = tree(
  "0|app v1.0.0 (/w/app)||",
  "1|dep v1.0.0|a,b|",
  "2|deep v2.0.0||",
  "",
  "[build-dependencies]",
  "1|deep v2.0.0||(*)",
);

it("are alike if all packages of the smaller one have the same features in the larger one", () => {
  const more = ["0|other v1.0.0 (/w/other)||", "1|dep v1.0.0|a,b|(*)", "1|more v1.0.0|x|"];
  const whole = tree("0|app v1.0.0 (/w/app)||", "1|dep v1.0.0|a,b|", "2|deep v2.0.0||", "", ...more);
  expect(whole.differenceFrom(ALONE)).toBeUndefined();
  expect(ALONE.differenceFrom(whole)).toContain("other v1.0.0 (/w/other)");
});

it("are not alike if a package has another feature, or build scripts use it with others", () => {
  const at = (dep: string, ...more: string[]): FeatureTree =>
    tree("0|app v1.0.0 (/w/app)||", `1|dep v1.0.0|${dep}|`, "2|deep v2.0.0||", ...more);
  expect(at("a,b").differenceFrom(ALONE)).toBeUndefined();
  expect(at("a,b,c").differenceFrom(ALONE)).toBe("dep v1.0.0 with a,b,c, and alone with a,b");
  expect(at("a,b", "1|deep v2.0.0|std|").differenceFrom(ALONE)).toBe(
    "deep v2.0.0 with no features or std, and alone with no features",
  );
  expect(at("a,b", "1|deep v3.0.0|std|").differenceFrom(ALONE)).toBeUndefined();
});

it("tell which packages were chosen", () => {
  expect(ALONE.chooses({ name: "app", version: "1.0.0" })).toBe(true);
  expect(ALONE.chooses({ name: "app", version: "1.0" })).toBe(false);
  expect(ALONE.chooses({ name: "dep", version: "1.0.0" })).toBe(false);
});
