/** Whatever names and values rustc and lld write down are read back. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseDepInfo, parseDependencyFile } from "../../../../server/src/core/units/depInfo.js";

// The same texts each time: what fails has failed because of the sources.
fc.configureGlobal({ seed: 1 });

/** Pieces that mean something to one of the formats. */
const text = fc
  .array(fc.constantFrom("a", "/", "\\", " ", "#", "$", "=", ":", ".d", "ö", "\t", "n", "r"), {
    minLength: 1,
    maxLength: 9,
  })
  .map((parts) => parts.join(""));

/** A name that make rules can hold: rustc has no way to write one that ends in a backslash. */
const file = text.map((name) => `/s/${name.replaceAll(":", "")}x`);
const value = fc.option(fc.array(fc.oneof(text, fc.constantFrom("\n", "\r"))).map((parts) => parts.join("")));

it("what rustc escapes", () => {
  const variable = fc.record({ name: fc.stringMatching(/^[A-Z_]{1,5}$/), value });
  fc.assert(
    fc.property(fc.uniqueArray(file, { minLength: 1, maxLength: 5 }), fc.array(variable), (files, env) => {
      const escaped = files.map((name) => name.replaceAll(" ", "\\ "));
      const lines = env.map(({ name, value }) => {
        const plain = value?.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
        return `# env-dep:${name}${plain === undefined ? "" : `=${plain}`}`;
      });
      const written = [`/t/a.d: ${escaped.join(" ")}`, "", ...escaped.map((name) => `${name}:`), "", ...lines, ""];
      expect(parseDepInfo(written.join("\n"))).toEqual({
        files,
        env: env.map(({ name, value }) => ({ name, value: value ?? undefined })),
      });
    }),
  );
});

it("what lld escapes", () => {
  const escape = (name: string): string =>
    name
      .replace(/(\\*) /g, "$1$1\\ ")
      .replaceAll("#", "\\#")
      .replaceAll("$", "$$$$");
  fc.assert(
    // A blank behind a hash sign's own backslashes would be another rule of clang's that lld has not.
    fc.property(
      fc.uniqueArray(
        file.filter((name) => !name.includes("\\#")),
        { minLength: 1, maxLength: 5 },
      ),
      (files) => {
        const escaped = files.map(escape);
        const rule = `/b/base.so: \\\n  ${escaped.join(" \\\n  ")}\n`;
        const targets = escaped.map((name) => `\n${name}:\n`).join("");
        expect(parseDependencyFile(rule + targets)).toEqual(files);
      },
    ),
  );
});
