import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { discover } from "../../../../server/src/core/cargo/inputs.js";
import { workspaceManifest } from "../../../../server/src/core/cargo/workspaceManifest.js";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly ö "));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

describe("discovery", () => {
  it("notices new targets and new packages beside members, not other files", () => {
    fs.writeFileSync(path.join(directory, "Cargo.toml"), '[workspace]\nmembers = ["crates/*", "groups/*/*"]\n');
    const member = path.join(directory, "crates", "a");
    fs.mkdirSync(path.join(member, "src", "bin"), { recursive: true });
    fs.writeFileSync(path.join(member, "src", "lib.rs"), "");
    const before = discover(directory, [member]);
    fs.writeFileSync(path.join(member, "src", "util.rs"), "");
    expect(discover(directory, [member])).toBe(before);
    fs.writeFileSync(path.join(member, "src", "bin", "x.rs"), "");
    const withBin = discover(directory, [member]);
    expect(withBin).not.toBe(before);
    fs.mkdirSync(path.join(directory, "crates", "b"));
    fs.writeFileSync(path.join(directory, "crates", "b", "Cargo.toml"), "");
    const withMember = discover(directory, [member]);
    expect(withMember).not.toBe(withBin);
    fs.mkdirSync(path.join(directory, "groups", "new", "c"), { recursive: true });
    fs.writeFileSync(path.join(directory, "groups", "new", "c", "Cargo.toml"), "");
    expect(discover(directory, [member])).not.toBe(withMember);
  });
});

describe("a package's workspace", () => {
  it("is the one around it that does not exclude it, or has a member around it", () => {
    const root = path.join(directory, "Cargo.toml");
    fs.writeFileSync(root, '[workspace]\nexclude = ["crates"]\nmembers = ["crates/kept"]\n');
    const workspaceOf = (folder: string): string | undefined => {
      fs.mkdirSync(path.join(directory, folder), { recursive: true });
      const manifest = path.join(directory, folder, "Cargo.toml");
      fs.writeFileSync(manifest, '[package]\nname = "p"\n');
      return workspaceManifest(manifest);
    };
    const folders = ["other", "crates/out", "crates/kept", "crates/kept/inner"];
    expect(folders.map(workspaceOf)).toEqual([root, undefined, root, root]);
  });
});
