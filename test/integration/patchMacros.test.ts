/** A patch crate is compiled against what the twin was compiled against, and a procedural macro that was edited is another one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerationReport } from "../../shared/src/report.js";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[workspace]\nmembers = ["app", "macros"]\nresolver = "3"\n',
  "app/Cargo.toml":
    '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\nmacros = { path = "../macros" }\n',
  "app/src/main.rs": `mod shapes;
use macros::answer;
use shapes::Outer;

fn text() -> String {
    format!("{} one", answer!())
}

fn local() -> u32 {
    let number = 1;
    number + Outer::default().shown()
}

fn field(outer: &Outer) -> u32 {
    outer.number + 1
}

fn main() {
    println!("{}", text());
    println!("{} {}", local(), field(&Outer::default()));
}
`,
  "app/src/shapes.rs": `#[derive(Default)]
pub struct Inner { pub number: u32 }

#[macros::marked]
#[derive(Default)]
pub struct Outer { number: Option<u8>, inner: Inner }

impl Outer {
    pub fn shown(&self) -> u32 { self.number.map_or(10, u32::from) }
}

impl std::ops::Deref for Outer {
    type Target = Inner;
    fn deref(&self) -> &Inner { &self.inner }
}

// What stands on a test need not be there without tests.
#[cfg(test)]
use macros::marked as serial;
#[test]
#[serial]
fn shows() {
    assert_eq!(Outer::default().shown(), 10);
}
`,
  "macros/Cargo.toml": '[package]\nname = "macros"\nversion = "0.1.0"\nedition = "2024"\n[lib]\nproc-macro = true\n',
  "macros/src/lib.rs": `#[proc_macro]
pub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    "41".parse().unwrap()
}

#[proc_macro_attribute]
pub fn marked(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    item
}
`,
};

describe.runIf(HAS_ENGINE)("edits of functions that call procedural macros", () => {
  let session: Session;
  const save = async (
    file: string,
    from: string,
    to: string,
  ): Promise<GenerationReport & { readonly output: string }> => {
    const report = await session.save([file, from, to]);
    const output = session.output();
    await session.follow();
    return { ...report, output };
  };

  beforeAll(async () => {
    session = await Session.open("macros", FILES);
    await save("app/src/main.rs", "one", "two");
  });
  afterAll(() => session.remove());

  it("are patches", async () => {
    expect(await save("app/src/main.rs", "two", "three")).toMatchObject({ lane: "body", output: "41 three\n11 1\n" });
    expect(session.statistics).toMatchObject({ patched: 1, overlaid: [] });
  });

  it("are patches again once the macro was edited", async () => {
    expect(await save("macros/src/lib.rs", "41", "42")).toMatchObject({ lane: "cargo", output: "42 three\n11 1\n" });
    expect(await save("app/src/main.rs", "three", "four")).toMatchObject({ lane: "body", output: "42 four\n11 1\n" });
    expect(session.statistics).toMatchObject({ patched: 2, overlaid: [], divergences: 0 });
  });

  it("are patches where a variable is called like a private field of a type that a macro sees", async () => {
    const { patched } = session.statistics;
    expect(await save("app/src/main.rs", "let number = 1;", "let number = 2;")).toMatchObject({ lane: "body" });
    expect(session.output()).toBe("42 four\n12 1\n");
    expect(session.statistics).toMatchObject({ patched: patched + 1, divergences: 0 });
  });

  it("mean no private field that the crate would pass over", async () => {
    const report = await save("app/src/main.rs", "outer.number + 1", "outer.number + 2");
    expect(report.output).toBe(session.native());
    expect(report.output).toBe("42 four\n12 2\n");
    expect(session.statistics.overlaid).toMatchObject([{ reason: "a name that may be private to others" }]);
  });
});
