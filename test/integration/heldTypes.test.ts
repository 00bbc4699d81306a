/**
 * Programs in which values of a type are held by functions that do not mention it: whichever lane takes a change of the type, what runs is
 * what cargo's build is.
 */
import { describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

/** The type, which every edit changes; its fields move, and its size is another one. */
const BEFORE = "pub struct S {\n    pub n: u32,\n}\n";
const AFTER = "pub struct S {\n    pub more: [u64; 5],\n    pub n: u32,\n}\n";
const MADE = "S { n: 7 }";
const REMADE = "S { more: [1; 5], n: 8 }";

/** `made()` makes one, and `held()` is printed. */
const PROGRAMS: Readonly<Record<string, { readonly lane: "body" | "crate"; readonly text: string }>> = {
  "a chain of calls": {
    lane: "body",
    text: "impl S {\n    fn get(&self) -> u32 {\n        self.n\n    }\n}\nfn inner() -> Vec<S> {\n    vec![made(), made()]\n}\nfn held() -> u32 {\n    inner().iter().map(|it| it.get()).sum()\n}\n",
  },
  "a field of a field": {
    lane: "body",
    text: "struct Outer {\n    inner: Inner,\n}\nstruct Inner(Option<Box<S>>);\nfn outer() -> Outer {\n    Outer { inner: Inner(Some(Box::new(made()))) }\n}\nfn held() -> u32 {\n    outer().inner.0.map_or(0, |it| it.n)\n}\n",
  },
  "an associated type of another crate's type": {
    lane: "crate",
    text: "trait Make {\n    type Out;\n    fn make(&self) -> Self::Out;\n}\nimpl Make for u8 {\n    type Out = S;\n    fn make(&self) -> Self::Out {\n        made()\n    }\n}\nfn held() -> u32 {\n    1u8.make().n\n}\n",
  },
  "an associated type": {
    lane: "body",
    text: "trait Make {\n    type Out;\n    fn make(&self) -> Self::Out;\n}\nstruct Maker;\nimpl Make for Maker {\n    type Out = S;\n    fn make(&self) -> Self::Out {\n        made()\n    }\n}\nfn maker() -> Maker {\n    Maker\n}\nfn held() -> u32 {\n    maker().make().n\n}\n",
  },
  "what another type derefs to": {
    lane: "body",
    text: "struct Wrapper(S);\nimpl std::ops::Deref for Wrapper {\n    type Target = S;\n    fn deref(&self) -> &S {\n        &self.0\n    }\n}\nfn wrapper() -> Wrapper {\n    Wrapper(made())\n}\nfn held() -> u32 {\n    wrapper().n\n}\n",
  },
  "a static, and a constant": {
    lane: "body",
    text: "static ONE: std::sync::Mutex<Option<S>> = std::sync::Mutex::new(None);\nconst SIZE: usize = std::mem::size_of::<S>();\nstatic BYTES: [u8; SIZE] = [1; SIZE];\nfn held() -> u32 {\n    let one = ONE.lock().unwrap().take().map_or(3, |it| it.n);\n    one + BYTES.iter().map(|&it| u32::from(it)).sum::<u32>()\n}\n",
  },
  "a thread-local": {
    lane: "crate",
    text: "thread_local! {\n    static ONE: std::cell::RefCell<Vec<S>> = const { std::cell::RefCell::new(Vec::new()) };\n}\nfn held() -> u32 {\n    ONE.with_borrow_mut(|all| {\n        all.push(made());\n        all[0].n\n    })\n}\n",
  },
  "a closure that is returned": {
    lane: "body",
    text: "fn maker() -> impl Fn(u32) -> S {\n    |_| made()\n}\nfn boxed() -> Box<dyn Fn(&S) -> u32> {\n    Box::new(|it| it.n)\n}\nfn held() -> u32 {\n    boxed()(&maker()(1))\n}\n",
  },
  "a type that a body alone decides": {
    lane: "body",
    text: "trait Number {\n    fn number(&self) -> u32;\n}\nimpl Number for S {\n    fn number(&self) -> u32 {\n        self.n\n    }\n}\nfn hidden() -> impl Number {\n    S { ..made() }\n}\nfn held() -> u32 {\n    let it = hidden();\n    it.number()\n}\n",
  },
  "functions whose addresses are kept": {
    lane: "body",
    text: "fn one() -> u32 {\n    S { ..made() }.n\n}\nfn two(it: &S) -> u32 {\n    it.n\n}\nstatic PLAIN: [fn() -> u32; 1] = [one];\nstatic TAKING: [fn(&S) -> u32; 1] = [two];\nfn held() -> u32 {\n    PLAIN[0]() + TAKING[0](&made())\n}\n",
  },
  "a trait that says it, and trait objects": {
    lane: "body",
    text: "trait Give {\n    fn give(&self) -> S;\n    fn number(&self) -> u32 {\n        self.give().n\n    }\n}\nstruct Giver;\nimpl Give for Giver {\n    fn give(&self) -> S {\n        made()\n    }\n}\nimpl Give for u16 {\n    fn give(&self) -> S {\n        S { ..made() }\n    }\n}\nfn all() -> Vec<Box<dyn Give>> {\n    vec![Box::new(Giver), Box::new(3u16)]\n}\nfn held() -> u32 {\n    all().iter().map(|it| it.number() + it.give().n).sum()\n}\n",
  },
  "generic functions and types": {
    lane: "body",
    text: "struct Pair<T>(T, T);\nimpl Pair<S> {\n    fn sum(&self) -> u32 {\n        self.0.n + self.1.n\n    }\n}\ntype Both = Pair<S>;\nfn first<T>(pair: Pair<T>) -> T {\n    pair.0\n}\nfn both() -> Both {\n    Pair(made(), made())\n}\nfn with<R>(f: impl FnOnce(&S) -> R) -> R {\n    f(&made())\n}\nfn held() -> u32 {\n    both().sum() + first(both()).n + with(|it| it.n)\n}\n",
  },
  "an identity": {
    lane: "body",
    text: "use std::any::Any;\nfn put() -> Box<dyn Any> {\n    Box::new(S { ..made() })\n}\nfn held() -> u32 {\n    put().downcast::<S>().map_or(0, |it| it.n)\n}\n",
  },
  "a macro of the crate": {
    lane: "crate",
    text: "macro_rules! number {\n    () => {\n        S { ..made() }.n\n    };\n}\nfn held() -> u32 {\n    number!()\n}\n",
  },
  "items in a body": {
    lane: "body",
    text: "fn inner() -> u32 {\n    struct Local {\n        it: S,\n    }\n    static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(2);\n    CALLS.load(std::sync::atomic::Ordering::SeqCst) + Local { it: made() }.it.n\n}\nfn held() -> u32 {\n    inner()\n}\n",
  },
  "a conversion": {
    lane: "body",
    text: "impl From<S> for String {\n    fn from(it: S) -> String {\n        it.n.to_string()\n    }\n}\nimpl From<u32> for S {\n    fn from(n: u32) -> S {\n        S { n, ..made() }\n    }\n}\nfn taken(text: impl Into<String>) -> usize {\n    text.into().len()\n}\nfn held() -> u32 {\n    taken(made()) as u32 + number(5) + into(made())\n}\nfn number(n: u32) -> u32 {\n    into(n.into())\n}\nfn into(it: S) -> u32 {\n    it.n\n}\n",
  },
  "an iterator of its own": {
    lane: "body",
    text: "struct Few(u32);\nimpl Iterator for Few {\n    type Item = S;\n    fn next(&mut self) -> Option<S> {\n        self.0 = self.0.checked_sub(1)?;\n        Some(made())\n    }\n}\nfn few() -> Few {\n    Few(3)\n}\nfn held() -> u32 {\n    few().map(|it| it.n).sum()\n}\n",
  },
};

describe.runIf(HAS_ENGINE)("a type that is another one, where it is held", () => {
  it.each(Object.entries(PROGRAMS))("%s", async (what, { lane, text }) => {
    const name = what.replaceAll(/\W+/g, "_").slice(0, 16);
    const session = await Session.open(name, {
      "Cargo.toml": `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2024"\n`,
      "src/main.rs": `#![allow(dead_code)]\n${BEFORE}fn made() -> S {\n    ${MADE}\n}\n${text}fn warm() -> u32 {\n    1\n}\nfn main() {\n    println!("{} {}", held(), warm());\n}\n`,
    });
    try {
      // The crate is edited for the first time, so that its twin is made.
      await session.save(["src/main.rs", "    1\n", "    2\n"]);
      await session.follow();
      const before = session.output();
      const report = await session.save(["src/main.rs", BEFORE, AFTER], ["src/main.rs", MADE, REMADE]);
      const output = session.output();
      expect(output).toBe(session.native());
      expect(output).not.toBe(before);
      expect({ lane: report.lane, refused: lane === "body" ? report.refused : undefined }).toEqual({
        lane,
        refused: undefined,
      });
      // Taken back before the crate lane has followed, and made once more.
      if (lane === "body") {
        await session.save(["src/main.rs", AFTER, BEFORE], ["src/main.rs", REMADE, MADE]);
        expect(session.output()).toBe(before);
        await session.save(["src/main.rs", BEFORE, AFTER], ["src/main.rs", MADE, REMADE]);
        expect(session.output()).toBe(output);
      }
      await session.follow();
      expect(session.output()).toBe(output);
    } finally {
      session.remove();
    }
  });
});
