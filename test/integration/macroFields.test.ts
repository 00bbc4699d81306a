/** Private fields of structs that macros make: a patch crate may not use them, and takes those of what such a struct derefs to. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { Session } from "./session.js";

const MAIN = `use std::ops::Deref;
macro_rules! newtype { ($n:ident, $t:ty) => { pub struct $n($t); impl Deref for $n { type Target = $t; fn deref(&self) -> &$t { &self.0 } } impl $n { pub fn new(t: $t) -> Self { Self(t) } } } }
macro_rules! named { ($n:ident, $t:ty) => { pub struct $n { count: $t } impl Deref for $n { type Target = $t; fn deref(&self) -> &$t { &self.count } } } }
pub struct Meters(pub f64);
impl std::fmt::Display for Meters { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{}m", self.0) } }
pub struct Inner { pub count: u8 }
impl std::fmt::Display for Inner { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "inner {}", self.count) } }
newtype!(Height, Meters);
named!(Outer, Inner);
fn tuple(h: &Height) -> String {
    format!("{} {}", h.0, 1)
}
fn field(o: &Outer) -> String {
    format!("{} {}", o.count, 1)
}
fn main() {
    let (h, o) = (Height::new(Meters(2.5)), Outer { count: Inner { count: 7 } });
    println!("{} {}", *h, *o);
    println!("{} {} {} {}", tuple(&h), field(&o), 1.5f64, 3u8);
}
`;
describe.runIf(HAS_ENGINE)("fields of structs that macros make", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("mfield", { "Cargo.toml": manifest("mfield"), "src/main.rs": MAIN });
    await session.save(["src/main.rs", "h.0, 1)", "h.0, 2)"]);
    await session.follow();
  });
  afterEach(() => session.follow());
  afterAll(() => session.remove());

  it.each([
    ["h.0, 2)", "h.0, 3)"],
    ["o.count, 1)", "o.count, 4)"],
  ])("%s", async (from, to) => {
    expect((await session.save(["src/main.rs", from, to])).ok).toBe(true);
    expect(session.output()).toBe(session.native());
  });
});
