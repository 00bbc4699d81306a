/** A patch crate is compiled against what the twin was compiled against, and a procedural macro that was edited is another one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerationReport } from "../../shared/src/report.js";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[workspace]\nmembers = ["app", "macros"]\nresolver = "3"\n',
  "app/Cargo.toml":
    '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\nmacros = { path = "../macros" }\n',
  "app/src/main.rs": `use macros::answer;

fn text() -> String {
    format!("{} one", answer!())
}

fn main() {
    println!("{}", text());
}
`,
  "macros/Cargo.toml": '[package]\nname = "macros"\nversion = "0.1.0"\nedition = "2024"\n[lib]\nproc-macro = true\n',
  "macros/src/lib.rs": `#[proc_macro]
pub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    "41".parse().unwrap()
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
    expect(await save("app/src/main.rs", "two", "three")).toMatchObject({ lane: "body", output: "41 three\n" });
    expect(session.statistics).toMatchObject({ patched: 1, overlaid: [] });
  });

  it("are patches again once the macro was edited", async () => {
    expect(await save("macros/src/lib.rs", "41", "42")).toMatchObject({ lane: "cargo", output: "42 three\n" });
    expect(await save("app/src/main.rs", "three", "four")).toMatchObject({ lane: "body", output: "42 four\n" });
    expect(session.statistics).toMatchObject({ patched: 2, overlaid: [], divergences: 0 });
  });
});
