/** Bodies of generic functions that have instances for types which debug info calls the same, or have unusual names. */
import { afterEach, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const package_ = (name: string, more = ""): string =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${more}`;

const GENERIC = `use std::fmt::Debug;
#[derive(Debug)]
pub struct Own(pub u8);
pub fn show<T: Debug>(value: &T) -> String {
    format!("<{value:?}>")
}
pub fn size<T>(_: &T) -> usize {
    1
}
pub fn plain() -> u8 { 1 }
`;

/** A package whose library and program have one name. */
const beside = (program: string): Readonly<Record<string, string>> => ({
  "Cargo.toml": package_("app"),
  "src/lib.rs": GENERIC,
  "src/main.rs": program,
});

describe.runIf(HAS_ENGINE)("names in generic functions", () => {
  let session: Session | undefined;

  afterEach(() => session?.remove());

  /** Saves edits of both functions one after the other. Returns how many patch crates there were. */
  async function editBoth(files: Readonly<Record<string, string>>, library: string): Promise<number> {
    session = await Session.open("gn", files);
    const edit = (from: string, to: string): Change => [library, from, to];
    await session.save(edit("{ 1 }", "{ 2 }"));
    await session.follow();
    const { patched } = session.statistics;
    for (const change of [edit('"<{value:?}>"', '"[{value:?}]"'), edit("    1\n", "    std::mem::size_of::<T>()\n")]) {
      await session.save(change);
      expect(session.output()).toBe(session.native());
      await session.follow();
      expect(session.output()).toBe(session.native());
    }
    return session.statistics.patched - patched;
  }

  it("may be that of what makes a patch crate's instances", async () => {
    const called = `${GENERIC}pub fn of<T: Debug>(value: T) -> String {
    show(&value)
}
`;
    const program = `fn main() {
    println!("{} {} {}", app::of(1u8), app::of("x"), app::plain());
}
`;
    session = await Session.open("gn", { ...beside(program), "src/lib.rs": called });
    await session.save(["src/lib.rs", "{ 1 }", "{ 2 }"]);
    await session.follow();
    const report = await session.save(["src/lib.rs", "show(&value)", 'show(&value) + "!"']);
    expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "body", refused: undefined });
    expect(session.output()).toBe(session.native());
    await session.follow();
  });

  it("that no path can have do not keep others from being found", async () => {
    const called = `${GENERIC}pub mod r#type {
    #[derive(Debug)]
    pub struct Raw(pub u8);
}
`;
    const program = `fn main() {
    let own = app::Own(1);
    println!("{} {} {}", app::show(&own), app::size(&own), app::plain());
    println!("{}", app::size(&app::r#type::Raw(1)));
}
`;
    expect(await editBoth({ ...beside(program), "src/lib.rs": called }, "src/lib.rs")).toBe(1);
  });

  it("of types are told apart where a program and a library have one name", async () => {
    const program = `#![allow(dead_code)]
#[derive(Debug)]
struct Own { a: u64, text: String }
fn main() {
    let own = Own { a: 5, text: "x".into() };
    println!("{} {} {}", app::show(&own), app::size(&own), app::plain());
}
`;
    expect(await editBoth(beside(program), "src/lib.rs")).toBe(0);
  });

  it("do not keep a library's own types from being named by a program of its name", async () => {
    const program = `fn main() {
    let own = app::Own(1);
    println!("{} {} {}", app::show(&own), app::size(&own), app::plain());
}
`;
    expect(await editBoth(beside(program), "src/lib.rs")).toBe(2);
  });

  it("of types are told apart where two libraries have one name", async () => {
    const dependencies = `[dependencies]
one = { package = "one", path = "../one" }
two = { package = "two", path = "../two" }
`;
    const files = {
      "Cargo.toml": '[workspace]\nmembers = ["app", "one", "two"]\nresolver = "2"\n',
      "app/Cargo.toml": package_("app", dependencies),
      "app/src/main.rs": `fn main() {
    let own = two::Own { a: 5, text: String::from("x") };
    println!("{} {} {}", one::show(&own), one::size(&own), one::plain());
}
`,
      "one/Cargo.toml": package_("one", '[lib]\nname = "kit"\n'),
      "one/src/lib.rs": GENERIC,
      "two/Cargo.toml": package_("two", '[lib]\nname = "kit"\n'),
      "two/src/lib.rs": "#[derive(Debug)]\npub struct Own { pub a: u64, pub text: String }\n",
    };
    expect(await editBoth(files, "one/src/lib.rs")).toBe(0);
  });

  it("of types are told apart where one stands in a function's body, and the other in a module of that name", async () => {
    const library = `${GENERIC}pub mod thing {
    #[derive(Debug)]
    pub struct Own(pub u8);
}
pub fn thing() -> impl Debug {
    #[derive(Debug)]
    #[allow(dead_code)]
    struct Own(u64);
    Own(256)
}
pub fn both() -> usize {
    size(&thing::Own(1))
}
`;
    const program = `fn main() {
    let own = app::thing();
    println!("{} {} {} {}", app::show(&own), app::size(&own), app::plain(), app::both());
}
`;
    const files = { ...beside(program), "src/lib.rs": library };
    expect(await editBoth(files, "src/lib.rs")).toBe(0);
  });
});
