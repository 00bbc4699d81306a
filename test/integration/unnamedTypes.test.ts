/**
 * Changes of types and traits that code depends on which does not say their names, or says them of something else: whichever lane takes
 * them, what runs is what cargo's build is, save after save.
 */
import { describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

type Step = readonly (readonly [from: string, to: string])[];

interface Program {
  readonly text: string;
  readonly steps: readonly Step[];
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  "the order of a trait's methods": {
    text: `trait Shape {
    fn area(&self) -> u32;
    fn name(&self) -> u32;
}
struct Sq;
impl Shape for Sq {
    fn area(&self) -> u32 {
        1
    }
    fn name(&self) -> u32 {
        20
    }
}
fn make() -> Box<dyn Shape> {
    Box::new(Sq)
}
fn shown() -> u32 {
    make().area()
}
`,
    steps: [
      [
        [
          "    fn area(&self) -> u32;\n    fn name(&self) -> u32;\n",
          "    fn name(&self) -> u32;\n    fn area(&self) -> u32;\n",
        ],
      ],
      [["make().area()", "make().area() * 2"]],
      [["make().area() * 2", "make().area() * 3"]],
    ],
  },
  "a type that rustc finds out by an impl": {
    text: `#[derive(Clone, Default)]
struct Ping {
    seq: u8,
}
trait Handles<M: Default> {
    fn room(&self) -> usize {
        64 / size_of::<M>()
    }
}
struct Actor;
impl Handles<Ping> for Actor {}
fn plan(actor: &Actor) -> usize {
    actor.room()
}
fn shown() -> usize {
    plan(&Actor) + usize::from(Ping { seq: 1 }.seq)
}
`,
    steps: [
      [
        ["    seq: u8,\n", "    seq: u8,\n    at: u64,\n"],
        ["Ping { seq: 1 }", "Ping { seq: 1, at: 2 }"],
      ],
    ],
  },
  "a name that a macro makes a path of": {
    text: `pub mod a {
    #[derive(Clone, Copy)]
    pub struct Kind {
        pub n: u8,
    }
    pub fn made() -> Kind {
        Kind { n: 1 }
    }
}
macro_rules! bytes_of {
    ($n:ident) => {
        size_of::<crate::a::$n>()
    };
}
mod b {
    pub struct Kind(pub u8);
    pub fn bytes() -> usize {
        bytes_of!(Kind) + usize::from(Kind(0).0)
    }
}
fn shown() -> usize {
    b::bytes() + usize::from(a::made().n)
}
`,
    steps: [
      [
        ["        pub n: u8,\n", "        pub n: u8,\n        pub m: [u16; 4],\n"],
        ["Kind { n: 1 }", "Kind { n: 1, m: [0; 4] }"],
      ],
    ],
  },
  "a constructor beside a trait of its name": {
    text: `#[derive(Default)]
pub struct Size(pub u8);
mod shapes {
    use super::*;
    pub trait Size {
        fn size(&self) -> u8;
    }
    impl Size for u8 {
        fn size(&self) -> u8 {
            *self
        }
    }
    pub fn bytes() -> usize {
        let made = Size(3);
        size_of_val(&made) + usize::from(made.0.size())
    }
}
fn shown() -> usize {
    shapes::bytes()
}
`,
    steps: [[["#[derive(Default)]\n", "#[derive(Default)]\n#[repr(align(16))]\n"]]],
  },
};

describe.runIf(HAS_ENGINE)("a change of what is not named where it counts", () => {
  it.each(Object.entries(PROGRAMS))("%s", async (_, { text, steps }) => {
    const name = "unnamed";
    const session = await Session.open(name, {
      "Cargo.toml": `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2024"\n`,
      "src/main.rs": `#![allow(dead_code, unused_imports)]\n${text}fn warm() -> u32 {\n    1\n}\nfn main() {\n    println!("{} {}", shown(), warm());\n}\n`,
    });
    try {
      await session.save(["src/main.rs", "    1\n}\nfn main", "    2\n}\nfn main"]);
      await session.follow();
      for (const step of steps) {
        await session.save(...step.map(([from, to]) => ["src/main.rs", from, to] as const));
        expect(session.output()).toBe(session.native());
        await session.follow();
        expect(session.output()).toBe(session.native());
      }
    } finally {
      session.remove();
    }
  });
});
