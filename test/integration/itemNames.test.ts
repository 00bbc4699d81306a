/**
 * Edits of items whose names mean something by ways that are easily overlooked: what runs is what cargo's build is. Those of
 * `test/fixtures/itemEdits` for which a patch crate, or the refusal to make one, shows more than `affected.test.ts` does.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

const CASES = z
  .record(
    z.string(),
    z.object({
      files: z.record(z.string(), z.string()),
      edits: z.array(z.tuple([z.string(), z.string(), z.string()])),
    }),
  )
  .parse(JSON.parse(fs.readFileSync(path.join(ROOT, "test/fixtures/itemEdits/cases.json"), "utf8")));

/** Which lane takes an edit. */
const LANES = {
  "verb-new": "body",
  "chain-glob": "body",
  "chain-prelude": "body",
  "double-rename": "body",
  "crate-import": "body",
  "variant-hidden": "body",
  // rustc finds two of the name.
  "proj-impl-self": "crate",
  "cfg-move": "crate",
  "crate-self": "body",
  "self-glob": "body",
  // Macros of which nothing is known, and that cannot mean the name.
  "derived-new-fn": "body",
  "derived-new-const": "body",
  "derived-const": "body",
  "derived-import": "body",
  "mac-super-glob-other": "body",
  "enum-glob-other": "body",
  // What macros of the workspace write.
  "foreign-macro": "crate",
  "foreign-method": "crate",
  "foreign-new-fn": "crate",
  "mac-glob": "crate",
  "mac-block-glob": "crate",
  "mac-const-pattern": "crate",
  "mac-super-glob": "crate",
  "mac-enum-glob": "crate",
  // What they make of words.
  "derive-makes-const": "crate",
  "pasted-const": "crate",
  "pasted-by-own": "crate",
  "pasted-const-fn": "crate",
  "pasted-new-fn": "crate",
  "made-by-macro": "crate",
  "made-by-pasting": "crate",
  // The engine finds who refers to a function of before.
  "pasted-fn": "crate",
  "mac-changed-fn": "crate",
  "mac-fn-pointer": "crate",
  "mac-fn-generic": "crate",
  "mac-fn-vtable": "crate",
  // Imports that macros bring.
  "made-glob": "crate",
  "macro-pattern": "crate",
  "macro-glob": "crate",
  "ed-macro-import": "crate",
  "ed-macro-reexport": "crate",
  // rustc knows what is a trait.
  "import-type-generic": "body",
  "import-fn-generic": "body",
  "import-macro-generic": "body",
  "import-trait-generic": "crate",
  "trait-reexported": "crate",
  // An included file uses what is private to the module around it.
  included: "body",
  "deref-other": "body",
  "deref-to-it": "body",
  "deref-own": "crate",
  // Texts name nothing.
  "text-generic": "body",
  "text-readme": "body",
} as const;

/** The manifests of a case, with crates of macros beside it. */
function manifests(name: string, files: Readonly<Record<string, string>>): Record<string, string> {
  const manifest = (crate: string): string => `[package]\nname = "${crate}"\nversion = "1.0.0"\nedition = "2024"\n`;
  const beside = ["mac", "pmac"].filter((crate) => `${crate}/src/lib.rs` in files);
  const dependencies = beside.map((crate) => `${crate} = { path = "${crate}" }\n`).join("");
  const kind = (crate: string): string => (crate === "pmac" ? "[lib]\nproc-macro = true\n" : "");
  return {
    "Cargo.toml": `${manifest(name)}[dependencies]\n${dependencies}`,
    ...Object.fromEntries(beside.map((crate) => [`${crate}/Cargo.toml`, manifest(crate) + kind(crate)])),
  };
}

describe.runIf(HAS_ENGINE)("what a name means after an edit of items", () => {
  it.each(Object.entries(LANES))("%s", async (name, lane) => {
    const { files, edits } = CASES[name] ?? expect.fail("no such case");
    const session = await Session.open(name, { ...manifests(name, files), ...files });
    try {
      // The crate is edited for the first time, so that its twin is made.
      const warm = await session.save(["src/main.rs", "fn warm() -> u32 { 1 }", "fn warm() -> u32 { 2 }"]);
      expect(warm.lane, warm.reason).toBe("crate");
      await session.follow();
      const before = session.output();
      const report = await session.save(...edits);
      expect(report.lane, JSON.stringify(session.statistics)).toBe(lane);
      expect(session.output()).toBe(session.native());
      expect(session.output()).not.toBe(before);
      if (lane === "body") await session.follow();
    } finally {
      session.remove();
    }
  });
});
