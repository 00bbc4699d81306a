import { expect, it } from "vitest";
import { isNameless } from "../../../../../server/src/core/lanes/patch/namingMacros.js";

const of = (matcher: string, transcriber: string, own: readonly string[] = []): boolean =>
  isNameless(`macro_rules! m { (${matcher}) => { ${transcriber} }; }`, new Set(["m", ...own]));

it("knows macros that give none of their words to functions or fields", () => {
  const matcher = "$(#[$a:meta])* $v:vis $n:ident, $t:ty, $p:path, $e:expr, $l:literal, $b:block";
  const items = 'enum E { $n } impl E { fn all() -> $t { !(true); println!("{}", stringify!($n)); $e.map($p) } }';
  expect(of(matcher, `${items} const C: $t = $l;`)).toBe(true);
  // In a text of several lines, too.
  expect(of("$n:ident", 'const $n: &str = "fn $\n struct";')).toBe(true);
});

it("knows macros that make nothing but public functions of their words", () => {
  expect(of("$($n:ident),*", "impl E { $(#[inline] pub fn $n(&self) {})* }")).toBe(true);
  expect(of("$n:ident", 'pub const unsafe extern "C" fn $n() {}')).toBe(true);
});

it("knows none that may", () => {
  expect(of("$n:ident", "fn $n() {}")).toBe(false);
  expect(of("$($n:ident),*", "impl E { $(pub(crate) fn $n(&self) {})* }")).toBe(false);
  expect(of("$pub:vis, $n:ident", "impl E { $pub fn $n(&self) {} }")).toBe(false);
  expect(of("$n:ident", "struct S { $n: u8 }")).toBe(false);
  expect(of("$($t:tt)*", "$($t)*")).toBe(false);
  expect(of("$i : item", "$i")).toBe(false);
  expect(of("$n:ident", "const $n: u8 = 1; }; (f $n:ident) => { fn $n() {}")).toBe(false);
  // Through another macro, which may not be the one of std.
  expect(of("$n:ident", "other! { $n }")).toBe(false);
  expect(of("$n:ident", "m! { $n }")).toBe(false);
  expect(of("$n:ident", "paste::paste! { fn [<$n>]() {} }")).toBe(false);
  expect(of("$n:ident", "x::vec! { $n }")).toBe(false);
  expect(of("$vec:ident, $n:ident", "$vec! { $n }")).toBe(false);
  expect(of("$n:ident", "vec! { $n }")).toBe(true);
  expect(of("$n:ident", "vec! { $n }", ["vec"])).toBe(false);
});
