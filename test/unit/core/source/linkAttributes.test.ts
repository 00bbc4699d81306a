import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RustParser } from "../../../../server/src/core/source/grammar.js";
import { linkAttributes } from "../../../../server/src/core/source/linkAttributes.js";
import { readable } from "../../../../server/src/core/source/readable.js";

let librariesIn: (text: string) => string[];

beforeAll(async () => {
  const parser = await RustParser.load(path.resolve("dist"));
  const conditions = new Set(["unix", 'target_os="linux"', 'feature="zip"']);
  librariesIn = (text) => {
    const tree = parser.parse(readable(text), null);
    const found = linkAttributes(tree.rootNode, text, conditions);
    tree.delete();
    return found.map(({ library, isCertain }) => (isCertain ? library : `${library}?`));
  };
});

describe("the libraries of #[link] attributes", () => {
  it("are named with kind and modifiers", () => {
    expect(
      librariesIn(`
        #[link(name = "z")] unsafe extern "C" { fn z(); }
        #[link(name = "m", kind = "static", modifiers = "+whole-archive")] extern "C" {}
        #[link(name = r#"r"#, kind = "dylib")] extern "C" {}
        #[link(name = "Cocoa", kind = "framework")] extern "C" {}
        fn f() { #[link(name = "inner")] extern "C" { fn g(); } }
        #[link_section = ".x"] static X: u8 = 0;`),
    ).toEqual(["z", "static:+whole-archive=m", "dylib=r", "inner"]);
  });

  it("are none in strings and comments", () => {
    expect(
      librariesIn(`
        // #[link(name = "a")]
        /* #[link(name = "b")] extern "C" {} */
        const TEXT: &str = r##"#[link(name = "c", kind = "static", cfg(…))] extern "C" {}"##;
        /// #[link(name = "d")]
        fn f() { println!("#[link(name = \\"e\\")]"); }
        #[doc = "#[link(name = \\"f\\")]"] fn g() {}`),
    ).toEqual([]);
  });

  it("are in force under conditions that hold", () => {
    expect(
      librariesIn(`
        #[cfg(windows)] #[link(name = "a")] extern "C" {}
        #[link(name = "b")] #[cfg(not(unix))] extern "C" {}
        #[cfg(all(unix, any(feature = "zip", feature = "other")))] #[link(name = "c")] extern "C" {}
        #[cfg_attr(unix, link(name = "d", kind = "static"))] extern "C" {}
        #[cfg_attr(windows, link(name = "e"))] extern "C" {}
        #[cfg_attr(unix, cfg(windows))] #[link(name = "f")] extern "C" {}
        #[cfg(target_os = "linux")] mod here { #[link(name = "g")] extern "C" {} }
        #[cfg(target_os = "macos")] mod there { #[link(name = "h")] extern "C" {} }
        mod inner { #![cfg(windows)] #[link(name = "i")] extern "C" {} }
        #[cfg(version("1.90"))] #[link(name = "j")] extern "C" {}`),
    ).toEqual(["c", "static=d", "g", "j?"]);
  });

  it("are possible where macros have them among their tokens", () => {
    expect(
      librariesIn(`
        macro_rules! bind { ($name:literal) => { #[link(name = "a")] extern "C" {} #[link(name = $name)] extern "C" {} } }
        cfg_if::cfg_if! { if #[cfg(unix)] { #[link(name = "b")] extern "C" {} } else { link(name = "no"); } }
        #[cfg(windows)] bind! { #[link(name = "c")] }`),
    ).toEqual(["a?", "b?"]);
  });
});
