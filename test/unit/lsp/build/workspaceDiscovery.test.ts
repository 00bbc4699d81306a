/** Which cargo workspaces a folder has, by cargo's own rules. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { discover } from "../../../../server/src/lsp/build/workspaceDiscovery.js";

let root: string;
const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
};
const found = async (folder: string): Promise<string[]> => {
  const { found: list } = await discover(path.join(root, folder));
  return list.map((item) => path.relative(root, item.root) || ".");
};
const PACKAGE = '[package]\nname = "x"\n';

beforeEach(() => {
  root = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "cranefly-discovery-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

describe("the search for workspaces", () => {
  it("takes members for parts of their workspace, and the others for workspaces", async () => {
    write({
      "Cargo.toml": '[workspace]\nmembers = ["a"]\nexclude = ["fuzz", "tools"]\n',
      "a/Cargo.toml": PACKAGE,
      "fuzz/Cargo.toml": PACKAGE,
      "tools/Cargo.toml": "[workspace]\n",
      "tools/t/Cargo.toml": PACKAGE,
      "target/package/Cargo.toml": PACKAGE,
      "node_modules/m/Cargo.toml": PACKAGE,
      ".hidden/Cargo.toml": PACKAGE,
    });
    expect(await found(".")).toEqual([".", "fuzz", "tools"]);
  });

  it("finds the workspace around a folder", async () => {
    write({ "Cargo.toml": "[workspace]\n", "a/Cargo.toml": PACKAGE, "a/src/main.rs": "" });
    expect(await found("a")).toEqual(["."]);
    expect(await found("a/src")).toEqual(["."]);
  });

  it("follows package.workspace", async () => {
    write({ "w/Cargo.toml": "[workspace]\n", "p/Cargo.toml": '[package]\nname = "p"\nworkspace = "../w"\n' });
    expect(await found(".")).toEqual(["w"]);
  });

  it("finds workspaces side by side, and a manifest that cannot be read", async () => {
    write({ "one/Cargo.toml": PACKAGE, "deep/er/two/Cargo.toml": "[broken", "none/readme": "" });
    expect(await found(".")).toEqual(["one", "deep/er/two"]);
  });
});
