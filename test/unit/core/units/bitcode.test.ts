import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepBitcode } from "../../../../server/src/core/units/bitcode.js";

let directory: string;
let out: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-bitcode-"));
  out = path.join(directory, "out");
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

/** What rustc leaves: files that it writes, and links to files of an earlier run. */
function leave(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}): void {
  fs.mkdirSync(out);
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(out, name), text);
  for (const [name, to] of Object.entries(links)) fs.linkSync(to, path.join(out, name));
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const names = (files: readonly { readonly path: string }[]): string[] => files.map((file) => path.basename(file.path));

describe("kept bitcode", () => {
  it("has the digest of what rustc wrote, whatever became of the file before a later run linked to it", () => {
    leave({ "a.1.rcgu.bc": "one", "a.2.rcgu.bc": "two", "a.d": "a.rs" });
    const first = keepBitcode(directory, out);
    expect(names(first.files)).toEqual(["a.1.rcgu.bc", "a.2.rcgu.bc"]);
    expect(first.files.map(({ digest }) => digest)).toEqual([sha256("one"), sha256("two")]);
    fs.writeFileSync(path.join(first.directory, "a.1.rcgu.bc"), "0ne");
    leave({ "a.2.rcgu.bc": "three" }, { "a.1.rcgu.bc": path.join(first.directory, "a.1.rcgu.bc") });
    const second = keepBitcode(directory, out);
    expect(second.files.map(({ digest }) => digest)).toEqual([sha256("one"), sha256("three")]);
  });

  it("stays for as long as the engine may be reading it", () => {
    const kept = ["one", "two", "three", "four"].map((text) => {
      leave({ "a.bc": text });
      return keepBitcode(directory, out);
    });
    expect(kept.map((it) => fs.existsSync(it.directory))).toEqual([false, true, true, true]);
    expect(kept.map((it) => names(it.files))).toEqual(kept.map(() => ["a.bc"]));
  });
});
