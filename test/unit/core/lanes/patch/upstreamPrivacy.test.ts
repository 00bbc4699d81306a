import { describe, expect, it } from "vitest";
import type { RestrictedName } from "../../../../../server/src/core/lanes/patch/privacy.js";
import {
  mayHaveGlobsOf,
  meansUpstream,
  restrictedForOthers,
} from "../../../../../server/src/core/lanes/patch/upstreamPrivacy.js";

const RESTRICTED = restrictedForOthers([
  { kind: "module", name: "inner", scope: "crate" },
  { kind: "name", name: "helper", scope: "a" },
  { kind: "field", name: "secret", scope: "crate" },
  { kind: "open", name: "Mode", scope: "crate" },
  { kind: "constructor", name: "Made", scope: "" },
  { kind: "hidden", name: "unseen", scope: "" },
] satisfies readonly RestrictedName[]);

describe("what only a library itself may use", () => {
  const means = (text: string, hasGlobs = false, isImport = false): boolean =>
    meansUpstream(text, RESTRICTED, { hasGlobs, isImport });

  it("is meant behind a path, and alone where a glob import may bring it", () => {
    expect(means("lib::inner::f()")).toBe(true);
    expect(means("inner::f()")).toBe(false);
    expect(means("inner::f()", true)).toBe(true);
    expect(means("helper()")).toBe(false);
    expect(means("lib::helper()")).toBe(true);
    expect(means("helper()", true)).toBe(true);
    expect(means("use lib::{inner::f};", false, true)).toBe(true);
  });

  it("is meant by a field's name, and by a type's in patterns", () => {
    expect(means("value.secret")).toBe(true);
    expect(means("f(Mode::Plain)", true)).toBe(false);
    expect(means("match mode { Mode::Plain => 1, _ => 2 }")).toBe(true);
    expect(means("if let Mode::Plain = mode {}")).toBe(true);
    expect(means("Made(1); unseen()", true)).toBe(false);
  });

  it("may come by globs of the library, or of what such a one brings", () => {
    const crates = new Set(["lib"]);
    expect(mayHaveGlobsOf(crates, "use lib::{a, b::*};")).toBe(true);
    expect(mayHaveGlobsOf(crates, "use std::io::*;\nlet a = b * lib::c;")).toBe(false);
  });
});
