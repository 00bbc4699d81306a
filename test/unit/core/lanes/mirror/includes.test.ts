import { expect, it } from "vitest";
import { includesOf } from "../../../../../server/src/core/lanes/mirror/includes.js";

const known = (...names: string[]) => ({ names, hasOthers: false });
const OTHERS = { names: [], hasOthers: true };

it("knows the last name of what is read by a literal, or by the end of a path", () => {
  expect(includesOf('const A: &str = include_str!("../src/a.rs"); include!("b.rs",);')).toEqual(known("a.rs", "b.rs"));
  expect(includesOf('#![doc = include_str!("../README.md")]')).toEqual(known("README.md"));
  expect(includesOf('include_bytes! [ r#"x/"y".bin"# ]')).toEqual(known('"y".bin'));
  expect(includesOf('include!(concat!(env!("OUT_DIR"), "/made.rs"))')).toEqual(known("made.rs"));
});

it("knows that it does not know others", () => {
  expect(includesOf("macro_rules! m { ($f:expr) => { include_str!($f) } }")).toEqual(OTHERS);
  expect(includesOf('include_str!(concat!("ma", "in.rs"))')).toEqual(OTHERS);
  expect(includesOf('include_str!(concat!("x/", env!("FILE")))')).toEqual(OTHERS);
  expect(includesOf('include_str!(env!("FILE"))')).toEqual(OTHERS);
  expect(includesOf('include_str!("ma\\x69n.rs")')).toEqual(OTHERS);
  expect(includesOf('include_str!("unterminated)')).toEqual(OTHERS);
});

it("reads no comments, strings, and other names", () => {
  expect(includesOf('// include_str!(x)\n/// include!(x)\nfn f() { "include!(x)"; include(x); exclude!(x) }')).toEqual(
    known(),
  );
});
