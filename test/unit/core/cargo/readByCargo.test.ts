/** What cargo's builds have read, by what they leave in the target directory. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Metadata } from "../../../../server/src/core/cargo/cargo.js";
import { ReadByCargo } from "../../../../server/src/core/cargo/readByCargo.js";

describe("what cargo's builds have read", () => {
  let root: string;
  let read: ReadByCargo;
  let now = 0;
  const deps = (name: string): string => path.join(root, "target/debug/deps", name);
  /** As rustc does: the rule in its place, what it makes under another name first. */
  const compile = (source: string): void => {
    fs.mkdirSync(deps(""), { recursive: true });
    fs.writeFileSync(deps("app.d"), `app: ${source}\n`);
    fs.writeFileSync(deps("app.tmp"), "");
    fs.renameSync(deps("app.tmp"), deps("app"));
  };
  const has = (name: string, ms = 2000): boolean => {
    now += ms;
    return read.has(path.join(root, name));
  };

  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "read-"));
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const metadata = { target_directory: path.join(root, "target"), workspace_root: root, packages: [] };
    read = new ReadByCargo({ ...metadata, workspace_members: [] } as unknown as Metadata);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    fs.rmSync(root, { recursive: true });
  });

  it("is what the newest rules say", () => {
    compile("src/main.rs");
    expect(has("src/main.rs")).toBe(true);
    expect(has("src/other.rs")).toBe(false);
    compile("src/other.rs");
    expect(has("src/other.rs")).toBe(true);
    expect(has("src/main.rs")).toBe(false);
  });

  it("may be anything once the rules are gone", () => {
    compile("src/main.rs");
    expect(has("src/other.rs")).toBe(false);
    fs.rmSync(path.join(root, "target"), { recursive: true });
    expect(has("src/other.rs")).toBe(true);
  });

  it("is known as soon as a first build has ended", () => {
    expect(has("run.log")).toBe(true);
    compile("src/main.rs");
    expect(has("run.log", 100)).toBe(false);
  });

  it("is not looked for again where nothing was made", async () => {
    compile("src/main.rs");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(has("src/main.rs")).toBe(true);
    // (No compiler leaves it at that.)
    fs.writeFileSync(deps("app.d"), "app: src/other.rs\n");
    expect(has("src/other.rs")).toBe(false);
    fs.writeFileSync(deps("app.o"), "");
    expect(has("src/other.rs")).toBe(true);
  });
});
