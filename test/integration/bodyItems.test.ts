/** Edited functions with types, traits and impls in their bodies. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[package]\nname = "inbody"\nversion = "1.0.0"\nedition = "2024"\n',
  "src/lib.rs": `use std::fmt::{Debug, Display};
pub struct Outer(pub u32);
pub trait Named {
    fn name(&self) -> String {
        "nobody".to_owned()
    }
}
pub fn local(n: u32) -> String {
    #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
    struct Local {
        n: u32,
    }
    impl Local {
        fn twice(&self) -> u32 {
            self.n * 2
        }
    }
    impl Drop for Local {
        fn drop(&mut self) {
            println!("drop {}", self.n);
        }
    }
    impl super_named::Named for Local {}
    use crate as super_named;
    let all = vec![Local { n }, Local::default()];
    format!("{:?} {} {}", all, all[0].twice(), super_named::Named::name(&all[0]))
}
pub fn kinds(n: u32) -> String {
    enum Kind {
        Small,
        Big(u32),
    }
    use Kind::*;
    impl Display for Kind {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            match self {
                Small => write!(f, "small"),
                Big(n) => write!(f, "big {n}"),
                #[allow(unreachable_patterns)]
                _ => Ok(()),
            }
        }
    }
    let kind = if n < 10 { Small } else { Big(n) };
    format!("{kind} 1")
}
pub fn traits(n: u32) -> String {
    trait Shown {
        fn shown(&self) -> String;
        fn more(&self) -> String {
            format!("<{}>", self.shown())
        }
    }
    impl Shown for u32 {
        fn shown(&self) -> String {
            format!("u32 {self}")
        }
    }
    impl<T: Debug> Shown for [T] {
        fn shown(&self) -> String {
            format!("slice {self:?}")
        }
    }
    impl Shown for Outer {
        fn shown(&self) -> String {
            format!("outer {}", self.0)
        }
    }
    type All = Vec<Box<dyn Shown>>;
    let all: All = vec![Box::new(n), Box::new(Outer(n))];
    let all: Vec<String> = all.iter().map(|shown| shown.more()).collect();
    format!("{} {}", all.join(" "), [n, 1][..].more())
}
pub fn outward(n: u32) -> String {
    struct Inner(u32);
    impl From<Inner> for Outer {
        fn from(Inner(n): Inner) -> Self {
            Outer(n + 1)
        }
    }
    format!("{}", Outer::from(Inner(n)).0)
}
pub fn closures(n: u32) -> u32 {
    let f = |n: u32| {
        struct Deep<const N: u32>;
        impl<const N: u32> Deep<N> {
            const TIMES: u32 = N * 3;
            fn get(self, n: u32) -> u32 {
                static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
                n * Self::TIMES + COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
            }
        }
        Deep::<2>.get(n) + Deep::<3>.get(n)
    };
    f(n) + f(n)
}
pub fn any(n: u32) -> bool {
    struct Hidden(u32);
    let any: Box<dyn std::any::Any> = Box::new(Hidden(n));
    any.downcast_ref::<Hidden>().is_some_and(|it| it.0 == 5)
}
macro_rules! quoted {
    ($($token:tt)*) => {
        $($token)*
    };
}
pub fn in_macro(n: u32) -> u32 {
    quoted! {
        struct Made(u32);
        impl Outer { fn added(&self) -> u32 { self.0 + 1 } }
    }
    Made(n).0 + Outer(n).added()
}
`,
  "src/main.rs": `fn main() {
    println!("{}", inbody::local(3));
    println!("{} {}", inbody::kinds(3), inbody::kinds(30));
    println!("{}", inbody::traits(4));
    println!("{}", inbody::outward(5));
    println!("{}", inbody::closures(5));
    println!("{}", inbody::any(5));
    println!("{}", inbody::in_macro(5));
}
`,
};

/** Edits that a patch crate takes, and what is shown then. */
const TAKEN: readonly (readonly [change: Change, shown: string])[] = [
  [["src/lib.rs", "self.n * 2", "self.n * 3"], " 9 nobody"],
  [
    [
      "src/lib.rs",
      "        n: u32,\n    }\n    impl Local",
      "        n: u32,\n        more: u8,\n    }\n    impl Local",
    ],
    "",
  ],
  [["src/lib.rs", 'println!("drop {}", self.n)', 'println!("dropped {}", self.n)'], "dropped 3"],
  [
    [
      "src/lib.rs",
      "Named for Local {}",
      'Named for Local {\n        fn name(&self) -> String {\n            format!("local {}", self.n)\n        }\n    }',
    ],
    " local 3",
  ],
  [
    [
      "src/lib.rs",
      "    enum Kind {\n",
      "    #[derive(Clone, Copy)]\n    enum Kind {\n        #[allow(dead_code)]\n        Other(u8, u64),\n",
    ],
    "",
  ],
  [["src/lib.rs", "{kind} 1", "{kind} 2"], "small 2 big 30 2"],
  [["src/lib.rs", "<{}>", "[{}]"], "[u32 4] [outer 4] [slice [4, 1]]"],
  [["src/lib.rs", 'format!("u32 {self}")', 'format!("u32 {self} {}", Outer(1).more())'], ""],
  [["src/lib.rs", "N * 3", "N * 4"], ""],
  [["src/lib.rs", "Deep::<2>.get(n) + ", "Deep::<2>.get(n) + Deep::<4>.get(n) + "], ""],
  [
    [
      "src/lib.rs",
      "pub fn closures(n: u32) -> u32 {",
      "pub fn closures(n: u32) -> u32 {\n    struct Other;\n    impl Other { fn one(&self) -> u32 { 1 } }\n    let n = n + Other.one();",
    ],
    "",
  ],
];

/** Edits that it does not take. */
const REFUSED: readonly Change[] = [
  // An impl for a type that others have.
  ["src/lib.rs", "Outer(n + 3)", "Outer(n + 2)"],
  // The identity of a type.
  ["src/lib.rs", "it.0 == 5", "it.0 == 6"],
  ["src/lib.rs", "Made(n).0 + ", "Made(n).0 * 2 + "],
];

describe.runIf(HAS_ENGINE)("types in bodies", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("inbody", FILES);
    await session.save(["src/lib.rs", "pub struct Outer(pub u32);", "pub struct Outer(pub u32); "]);
    await session.save(["src/lib.rs", "Outer(n + 1)", "Outer(n + 3)"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each(TAKEN)("%s", async (change, shown) => {
    if (change[2].includes("more: u8")) {
      const { lane, refused, ok } = await session.save(change, ["src/lib.rs", "Local { n }", "Local { n, more: 1 }"]);
      expect({ lane, refused, ok }).toEqual({ lane: "body", refused: undefined, ok: true });
      await session.runsAsNative();
      return;
    }
    expect(await session.takes([change])).toContain(shown);
  });

  it.each(REFUSED)("%s %s → %s are not for a patch crate", async (...change) => {
    const { patched } = session.statistics;
    await session.save(change);
    expect(session.statistics.patched).toBe(patched);
    await session.runsAsNative();
  });

  it("may be edited one after the other", async () => {
    for (const [[file, from, to]] of TAKEN.filter(([change]) => !change[2].includes("u8"))) {
      await session.save([file, to, from]);
      expect(session.output()).toBe(session.native());
    }
    await session.runsAsNative();
  });
});
