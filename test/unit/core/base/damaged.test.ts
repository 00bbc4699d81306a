/** Libraries and objects that are not what they should be: an error that says so, and nothing that does not end. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readArchive } from "../../../../server/src/core/base/archive.js";
import { finishBase, linkerSymbols, namesOfLibrary, neededLibraries } from "../../../../server/src/core/base/elf.js";

let dir: string;
beforeAll(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-damaged-"));
  fs.writeFileSync(path.join(dir, "a.c"), "int one(void) { return 1; }\nint two = 2;\n");
  execFileSync("cc", ["-c", "-o", "a_member_with_a_long_name.o", "a.c"], { cwd: dir });
  execFileSync("ar", ["crs", "a.a", "a_member_with_a_long_name.o"], { cwd: dir });
  execFileSync("ar", ["crsT", "thin.a", "a_member_with_a_long_name.o"], { cwd: dir });
  execFileSync("cc", ["-shared", "-o", "a.so", "a_member_with_a_long_name.o"], { cwd: dir });
});
afterAll(() => fs.rmSync(dir, { recursive: true }));

interface Damage {
  /** A part of 0..1 of the file, or of its first or last 2 kB. */
  readonly where: "anywhere" | "beginning" | "end";
  readonly at: number;
  readonly content: Uint8Array;
  readonly isCut: boolean;
}

const damage = fc.record({
  where: fc.constantFrom("anywhere" as const, "beginning" as const, "end" as const),
  at: fc.nat(10_000).map((number) => number / 10_000),
  content: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom("-60       ", "-1", "9999999999", "/", "//", "/SYM64/", " ").map((text) => Buffer.from(text)),
    fc
      .constantFrom([0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0x80], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
      .map((it) => Uint8Array.from(it)),
  ),
  isCut: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
});

function damaged(file: string, damages: readonly Damage[]): string {
  let bytes = fs.readFileSync(path.join(dir, file));
  for (const { where, at, content, isCut } of damages) {
    const near = Math.min(2048, bytes.length);
    const place = { anywhere: at * bytes.length, beginning: at * near, end: bytes.length - at * near }[where];
    if (isCut) bytes = bytes.subarray(0, place);
    else
      bytes.set(
        content.subarray(0, Math.max(0, bytes.length - Math.ceil(place))),
        Math.min(bytes.length, Math.ceil(place)),
      );
  }
  const copy = path.join(dir, `damaged-${file}`);
  fs.writeFileSync(copy, bytes);
  return copy;
}

/** Gives a result, or an error of ours. */
function isRefused(what: () => unknown): boolean {
  try {
    what();
    return false;
  } catch (error) {
    expect(String(error)).toMatch(/^Error: (.*: damaged archive|damaged ELF file|not a 64-bit)/);
    return true;
  }
}

it.each(["a.a", "thin.a"])("an archive: %s", (name) => {
  let refused = 0;
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      const file = damaged(name, damages);
      if (isRefused(() => readArchive(file))) refused++;
    }),
    { numRuns: 400 },
  );
  expect(refused).toBeGreaterThan(0);
});

it("an archive whose member is less than nothing long", () => {
  const bytes = fs.readFileSync(path.join(dir, "a.a"));
  bytes.write("-60       ", 8 + 48, "latin1");
  const file = path.join(dir, "negative.a");
  fs.writeFileSync(file, bytes);
  expect(() => readArchive(file)).toThrow("damaged archive");
});

it("a shared library", () => {
  let refused = 0;
  const symbols = { program: new Set(["two"]), privately: "own.", isExported: () => false };
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      const file = damaged("a.so", damages);
      if (isRefused(() => namesOfLibrary(file))) refused++;
      isRefused(() => neededLibraries(file));
      isRefused(() => linkerSymbols(fs.readFileSync(file)));
      isRefused(() => finishBase(fs.readFileSync(file), symbols));
    }),
    { numRuns: 400 },
  );
  expect(refused).toBeGreaterThan(0);
});
