import { expect, it } from "vitest";
import { parseRerunIf } from "../../../../server/src/core/cargo/cargo.js";

it("reads what a build script wants to be rerun for", () => {
  const text = "cargo:rerun-if-changed=a/b\ncargo::rerun-if-env-changed=CC\ncargo:rustc-env=X=1\n";
  expect(parseRerunIf(text, "/p")).toEqual({ paths: ["/p/a/b"], variables: ["CC"] });
});
