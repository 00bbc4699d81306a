/** Which base images stay. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Images, indexIn, notePublished, removeUnusedBases } from "../../../../server/src/core/base/baseStore.js";
import { namedBases } from "../../../../server/src/core/cargo/selection.js";
import { list, readJson, writeAtomic } from "../../../../server/src/core/support/files.js";
import { Layout } from "../../../../server/src/core/support/layout.js";
import * as z from "zod";

const DAY_MS = 24 * 60 * 60 * 1000;
const INTERFACE: Images["images"][number]["interface"] = {
  defines: {},
  weak: {},
  needs: [],
  initPriorities: [],
  finiPriorities: [],
  sections: [],
  references: [],
};

describe("base images", () => {
  let layout: Layout;
  beforeEach(() => {
    layout = new Layout(fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-bases-")));
  });
  afterEach(() => fs.rmSync(layout.root, { recursive: true, force: true }));

  const imageIn = (key: string, name: string): string => path.join(layout.bases, key, name, "libbase.so");
  const make = (key: string, names: readonly string[]): void => {
    for (const name of names) writeAtomic(imageIn(key, name), "");
    const images = names.map((name) => ({ folder: path.dirname(imageIn(key, name)), interface: INTERFACE }));
    writeAtomic(
      indexIn(path.join(layout.bases, key)),
      JSON.stringify({ files: [], offered: [], sections: [], images }),
    );
  };
  /** Folders by key, as they are left after days. */
  const leftAfter = (days: number): Record<string, string[]> => {
    removeUnusedBases(layout, namedBases(layout), Date.now() + days * DAY_MS);
    const folders = (key: string): string[] => list(path.join(layout.bases, key)).filter((name) => !name.includes("."));
    return Object.fromEntries(list(layout.bases).map((key) => [key, folders(key)]));
  };
  const listed = (key: string): string[] => {
    const Listed = z.looseObject({ images: z.array(z.looseObject({ folder: z.string() })) });
    const images = readJson(indexIn(path.join(layout.bases, key)), Listed)?.images ?? [];
    return images.map(({ folder }) => path.basename(folder));
  };

  it("stay for two days, of which four are found again", () => {
    make("key", ["a", "b", "c", "d", "e", "f"]);
    expect(leftAfter(1)).toEqual({ key: ["a", "b", "c", "d", "e", "f"] });
    expect(listed("key")).toEqual(["c", "d", "e", "f"]);
    expect(leftAfter(3)).toEqual({ key: ["c", "d", "e", "f"] });
    expect(leftAfter(8)).toEqual({});
  });

  it("stay as long as a selection names them", () => {
    make("key", ["a", "b", "c", "d", "e", "f"]);
    make("other", ["g"]);
    writeAtomic(layout.selection("one"), JSON.stringify({ version: 0, programs: [{ base: imageIn("key", "a") }] }));
    writeAtomic(layout.selection("two"), "cut sho");
    expect(leftAfter(3)).toEqual({ key: ["a", "c", "d", "e", "f"], other: ["g"] });
    expect(listed("key")).toEqual(["a", "c", "d", "e", "f"]);
    expect(leftAfter(30)).toEqual({ key: ["a"] });
  });

  it("stay as long as there is a program that was published on them", () => {
    make("key", ["a", "b"]);
    const [old, now] = ["old", "now"].map((name) => path.join(layout.root, name));
    if (old === undefined || now === undefined) return;
    for (const file of [old, now]) fs.writeFileSync(file, "");
    notePublished(layout, [{ executable: old, base: imageIn("key", "a") }]);
    notePublished(layout, [{ executable: now, base: imageIn("key", "b") }]);
    expect(leftAfter(30)).toEqual({ key: ["a", "b"] });
    fs.rmSync(old);
    notePublished(layout, [{ executable: now, base: imageIn("key", "b") }]);
    expect(leftAfter(30)).toEqual({ key: ["b"] });
  });

  it("go where nothing lists them", () => {
    make("key", ["a"]);
    writeAtomic(imageIn("key", "half"), "");
    writeAtomic(imageIn("without", "half"), "");
    expect(leftAfter(3)).toEqual({ key: ["a"] });
  });
});
