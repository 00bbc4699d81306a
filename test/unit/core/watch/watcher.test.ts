/** The watcher of sources: what it tells of, and that it misses nothing. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Watcher } from "../../../../server/src/core/watch/watcher.js";

let folder: string;
let watcher: Watcher;
let told: boolean[];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "watch-"));
  for (const name of ["one", "two", "built"]) fs.mkdirSync(path.join(folder, name));
  for (const file of ["one/main.rs", "two/lib.rs", "one/text.txt"]) write(file, "old");
  told = [];
  watcher = new Watcher((_, hasSource) => void told.push(hasSource));
});
afterEach(async () => {
  await watcher.close();
  fs.rmSync(folder, { recursive: true });
});

const at = (file: string): string => path.join(folder, file);
const write = (file: string, text: string): void => fs.writeFileSync(at(file), text);
const follow = (files: readonly string[], isComplete = true): Promise<boolean> =>
  watcher.follow({ roots: undefined, read: [], others: files.map(at), products: [] }, isComplete);
/** All that is told before a source is, which changes last. */
const toldBefore = async (): Promise<boolean[]> => {
  write("one/end.rs", String(Math.random()));
  await expect.poll(() => told.at(-1), { timeout: 10_000 }).toBe(true);
  return told.slice(0, -1);
};

it("sees what changes as soon as it is watched, whenever that began", async () => {
  expect(await follow(["one"])).toBe(true);
  write("one/main.rs", "new");
  await expect.poll(() => told, { timeout: 10_000 }).toContain(true);
  told = [];
  expect(await follow(["one", "two"])).toBe(true);
  write("two/lib.rs", "new");
  await expect.poll(() => told, { timeout: 10_000 }).toContain(true);
  expect(await follow(["one", "two"])).toBe(false);
});

it("does not tell of what no build has read, unless one has failed", async () => {
  await follow(["one", "one/text.txt"]);
  write("one/program.log", "a line");
  expect(await toldBefore()).toEqual([]);
  told = [];
  write("one/text.txt", "new");
  await expect.poll(() => told, { timeout: 10_000 }).toContain(true);
  told = [];
  await follow(["one"], false);
  write("one/program.log", "another");
  await expect.poll(() => told, { timeout: 10_000 }).toContain(false);
});

it("does not take a source for changed that was written with what was in it", async () => {
  await follow(["one"]);
  write("one/main.rs", "new");
  await expect.poll(() => told, { timeout: 10_000 }).toEqual([true]);
  write("one/main.rs", "new");
  await expect.poll(() => told.length, { timeout: 10_000 }).toBeGreaterThan(1);
  expect(told.slice(1)).not.toContain(true);
});

it("leaves the folders alone that cargo writes to, whatever their names", async () => {
  watcher.ignore([at("built")]);
  await follow(["."], false);
  write("built/output.rs", "new");
  expect(await toldBefore()).toEqual([]);
});

describe("a draft of a folder that cargo writes to, with a file in it,", () => {
  const draft = "targetAb12Cd";
  beforeEach(async () => {
    watcher.ignore([at("target")]);
    await follow(["."], false);
    fs.mkdirSync(at(draft));
    write(`${draft}/CACHEDIR.TAG`, "Signature: 8a477f597d28d172789f06886806bc55");
  });

  it("is not told of where it stays", async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    write(`${draft}/CACHEDIR.TAG`, "another");
    expect(await toldBefore()).toEqual([]);
  });

  it.each(["at once", "when it is watched"])("is not told of where it is renamed %s", async (when) => {
    if (when !== "at once") await new Promise((resolve) => setTimeout(resolve, 300));
    fs.renameSync(at(draft), at("target"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    write("target/CACHEDIR.TAG", "another");
    expect(await toldBefore()).toEqual([]);
  });
});
