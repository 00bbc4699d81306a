import { expect, it } from "vitest";
import { relevantEnvironment } from "../../../../server/src/core/cargo/selection.js";

it("knows the variables of an environment that cargo reads", () => {
  const env = { RUSTFLAGS: "-g", CARGO_TERM_COLOR: "always", RUST_BACKTRACE: "1", CARGO_PKG_NAME: "x", FOO: "1" };
  expect(relevantEnvironment(env)).toEqual([["RUSTFLAGS", "-g"]]);
});
