import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  absentOf,
  fileTime,
  isCurrent,
  stamp,
  stampOfRead,
  stampTree,
} from "../../../../server/src/core/support/stamps.js";

/** Whether files that change between two ticks of the kernel's clock have times of their own: since Linux 6.13. */
const [major = 0, minor = 0] = os.release().split(".").map(Number);
const HAS_FINE_TIMES = major > 6 || (major === 6 && minor >= 13);

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

  it("see another file in a file's place, as long and as old as that was", () => {
    const [file, other] = [path.join(directory, "a.rs"), path.join(directory, "b.rs")];
    fs.writeFileSync(file, "one");
    fs.writeFileSync(other, "two");
    for (const each of [file, other]) fs.utimesSync(each, 1000, 1000);
    const old = stamp(file);
    fs.renameSync(other, file);
    expect(isCurrent(old)).toBe(false);
    const moved = stamp(file);
    // (As `cp -p` does.)
    fs.writeFileSync(file, "six");
    fs.utimesSync(file, 1000, 1000);
    expect(isCurrent(moved)).toBe(false);
  });

  it("distrust an old file that came while another was used", () => {
    const [file, other] = [path.join(directory, "a.rs"), path.join(directory, "b.rs")];
    fs.writeFileSync(file, "one");
    fs.writeFileSync(other, "two");
    fs.utimesSync(other, 1000, 1000);
    const startedMs = fileTime(directory);
    fs.renameSync(other, file);
    expect(isCurrent(stamp(file, startedMs))).toBe(false);
    fs.rmSync(file);
    expect(isCurrent(stampOfRead(file, startedMs))).toBe(false);
  });

  it("distrust a file that went while it was used, not one that was never there", () => {
    const [file, never] = [path.join(directory, "a.rs"), path.join(directory, "b.rs")];
    fs.writeFileSync(file, "one");
    const absent = absentOf([file, never]);
    const startedMs = fileTime(directory);
    fs.rmSync(file);
    expect(isCurrent(stampOfRead(file, startedMs, absent))).toBe(false);
    expect(isCurrent(stampOfRead(never, startedMs, absent))).toBe(true);
  });

  it("distrust a folder that a file went from while it was used", () => {
    const [folder, other] = [path.join(directory, "assets"), path.join(directory, "other")];
    for (const each of [folder, other]) {
      fs.mkdirSync(each);
      fs.writeFileSync(path.join(each, "a.txt"), "one");
    }
    const made = fileTime(directory);
    let startedMs = made;
    // (The clock may go in steps.)
    while (startedMs === made) startedMs = fileTime(directory);
    fs.rmSync(path.join(folder, "a.txt"));
    expect([folder, other].map((each) => isCurrent(stamp(each, startedMs)))).toEqual([false, true]);
  });

  it.runIf(HAS_FINE_TIMES)("trust what was saved just before it was used", () => {
    const file = path.join(directory, "a.rs");
    fs.writeFileSync(file, "zero");
    for (let i = 0; i < 100; i++) {
      fs.writeFileSync(file, `${i}`);
      expect(isCurrent(stamp(file, fileTime(directory)))).toBe(true);
    }
  });

  it("trust a file that says that it is from the future", () => {
    const file = path.join(directory, "a.rs");
    fs.writeFileSync(file, "one");
    fs.utimesSync(file, 2_000_000_000, 2_000_000_000);
    expect(isCurrent(stamp(file, fileTime(directory) + 1))).toBe(true);
  });

  it("look behind links, wherever they lead, and into folders of any name where everything counts", () => {
    const [inside, outside] = [path.join(directory, "in"), path.join(directory, "out")];
    for (const folder of [inside, outside, path.join(inside, "target"), path.join(inside, "node_modules")]) {
      fs.mkdirSync(folder);
      fs.writeFileSync(path.join(folder, "a.txt"), "one");
    }
    fs.symlinkSync(outside, path.join(inside, "link"));
    fs.symlinkSync(inside, path.join(outside, "back"));
    const options = { nestedPackages: true };
    const changes = (change: () => void): boolean[] => {
      const before = [stampTree(inside, options), stampTree(inside, { ...options, everything: true })];
      change();
      return before.map((old) => !isCurrent(old));
    };
    const write = (file: string) => () => fs.writeFileSync(path.join(inside, file), "changed");
    expect(changes(write("link/a.txt"))).toEqual([true, true]);
    expect(changes(write("target/a.txt"))).toEqual([true, true]);
    expect(changes(write("node_modules/a.txt"))).toEqual([false, true]);
    expect(changes(() => fs.mkdirSync(path.join(inside, "empty")))).toEqual([true, true]);
    fs.writeFileSync(path.join(inside, "target/CACHEDIR.TAG"), "");
    expect(changes(write("target/a.txt"))).toEqual([false, true]);
  });

  it("do not trust a folder with a name that is no text", () => {
    fs.writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])]), "");
    expect(isCurrent(stampTree(directory, { nestedPackages: true }))).toBe(false);
  });

  it("cover a folder with all below it", () => {
    fs.mkdirSync(path.join(directory, "d"));
    const old = stamp(directory);
    expect(isCurrent(old)).toBe(true);
    fs.writeFileSync(path.join(directory, "d", "new"), "");
    expect(isCurrent(old)).toBe(false);
  });
});
