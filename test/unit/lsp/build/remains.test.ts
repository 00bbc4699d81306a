import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Folder, removeRemains } from "../../../../server/src/lsp/build/remains.js";

let directory: string;
let workspace: string;
let target: string;
let folder: Folder;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-remains-"));
  workspace = path.join(directory, "ws");
  target = path.join(workspace, "target", "cranefly");
  fs.mkdirSync(target, { recursive: true });
  folder = new Folder(workspace);
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

/** The workspace is moved away, and a build makes its target directory anew. */
function replace(): void {
  fs.renameSync(workspace, path.join(directory, "aside"));
  fs.mkdirSync(path.join(target, "debug"), { recursive: true });
  fs.writeFileSync(path.join(target, "debug", "app"), "");
}

describe("the remains of a build", () => {
  it("are removed, with the folders around them", async () => {
    replace();
    await removeRemains(folder, target);
    expect(fs.readdirSync(directory)).toEqual(["aside"]);
  });

  it("stay in the folder that the workspace was opened in", async () => {
    await removeRemains(folder, target);
    expect(fs.existsSync(target)).toBe(true);
  });

  it("stay beside anything else", async () => {
    replace();
    fs.writeFileSync(path.join(workspace, "target", "mine"), "");
    await removeRemains(folder, target);
    expect(fs.existsSync(path.join(target, "debug", "app"))).toBe(true);
  });

  it("are none of ours outside of the workspace", async () => {
    const shared = path.join(directory, "shared", "cranefly");
    fs.mkdirSync(shared, { recursive: true });
    replace();
    await removeRemains(folder, shared);
    expect(fs.existsSync(shared)).toBe(true);
    expect(fs.existsSync(target)).toBe(true);
  });
});
