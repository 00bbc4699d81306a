import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isCurrent, stamp } from "../../../../server/src/core/support/stamps.js";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly ö "));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

describe("stamps", () => {
  it("see changes, and that a touch is none", () => {
    const file = path.join(directory, "a.rs");
    fs.writeFileSync(file, "one");
    const old = stamp(file);
    expect(isCurrent(old)).toBe(true);
    fs.utimesSync(file, 1, 1);
    expect(isCurrent(old)).toBe(true);
    fs.writeFileSync(file, "two");
    expect(isCurrent(old)).toBe(false);
    fs.rmSync(file);
    expect(isCurrent(old)).toBe(false);
    expect(isCurrent(stamp(file))).toBe(true);
  });

  it("distrust a file that changed while it was used", () => {
    const file = path.join(directory, "a.rs");
    fs.writeFileSync(file, "one");
    expect(isCurrent(stamp(file, fs.statSync(file).mtimeMs))).toBe(false);
  });

  it("cover a folder with all below it", () => {
    fs.mkdirSync(path.join(directory, "d"));
    const old = stamp(directory);
    expect(isCurrent(old)).toBe(true);
    fs.writeFileSync(path.join(directory, "d", "new"), "");
    expect(isCurrent(old)).toBe(false);
  });
});
