/** Small languages of others: what is written in them is read back as it was meant, and anything else refused. */
import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseEnvironment, shellQuote } from "../../../../server/src/core/support/shell.js";
import { holds } from "../../../../server/src/core/units/cfgExpression.js";
import { parseOptions, print } from "../../../../server/src/core/units/optionSyntax.js";

// The same texts each time: what fails has failed because of the sources.
fc.configureGlobal({ seed: 1 });

it("a shell takes a quoted text for one word", () => {
  // Neither a shell nor a system call has a word with a NUL in it.
  const words = fc.array(
    fc.string({ unit: "grapheme" }).map((word) => word.replaceAll("\0", "")),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(words, (all) => {
      const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${all.map(shellQuote).join(" ")}`], {
        encoding: "utf8",
      });
      expect(printed.split("\0").slice(0, -1)).toEqual(all);
    }),
    { numRuns: 40 },
  );
});

it("a process's environment", () => {
  const variable = fc.tuple(
    fc.stringMatching(/^[^=\0]{1,6}$/),
    fc.string().map((value) => value.replaceAll("\0", "")),
  );
  fc.assert(
    fc.property(fc.array(variable), (all) => {
      expect(parseEnvironment(all.map(([name, value]) => `${name}=${value}\0`).join(""))).toEqual(all);
    }),
  );
});

interface Cfg {
  readonly text: string;
  readonly value: boolean;
}

const KNOWN = new Set(["unix", 'os="linux"']);
const { predicate } = fc.letrec<{ predicate: Cfg }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Cfg>(
      { text: "unix", value: true },
      { text: "windows", value: false },
      { text: "true", value: true },
      { text: "false", value: false },
      { text: 'os = "linux"', value: true },
      { text: 'os="a, (b)"', value: false },
    ),
    tie("predicate").map(({ text, value }) => ({ text: `not(${text})`, value: !value })),
    fc.array(tie("predicate"), { maxLength: 3 }).map((all) => ({
      text: `all(${all.map(({ text }) => text).join(" , ")})`,
      value: all.every(({ value }) => value),
    })),
    fc.array(tie("predicate"), { minLength: 1, maxLength: 3 }).map((all) => ({
      text: `any(${all.map(({ text }) => text).join(",")},)`,
      value: all.some(({ value }) => value),
    })),
  ),
}));

it("cargo's conditions", () => {
  fc.assert(
    fc.property(predicate, ({ text, value }) => {
      expect(holds(`cfg(${text})`, KNOWN)).toBe(value);
    }),
  );
});

it("what is no condition", () => {
  const pieces = fc.constantFrom("cfg", "(", ")", ",", "=", "not", "all", "unix", '"x"', '"', " ", "é", "0");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      try {
        expect(typeof holds(`cfg(${parts.join("")}`, KNOWN)).toBe("boolean");
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
    { numRuns: 1000 },
  );
});

it("rustc's options stay as they are spelled", () => {
  const argument = fc.oneof(
    fc.constantFrom(
      "-C",
      "-Copt-level=2",
      "--codegen",
      "--codegen=lto",
      "-L",
      "--extern",
      "--extern=a=b",
      "-",
      "--",
      "-o",
      "-O",
      "",
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(argument), (args) => {
      expect(print(parseOptions(args))).toEqual(args);
    }),
  );
});
