/** Files that are waited for are noticed, however their folders come and go. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, expect, it } from "vitest";
import { AbsentFiles } from "../../../../server/src/core/watch/absentFiles.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-absent-"));
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

it("notices a file, also in folders that were not there", () => {
  const near = path.join(root, "near");
  const far = path.join(root, "a", "b", "far");
  fs.mkdirSync(root, { recursive: true });
  const files = new AbsentFiles();
  files.add(near);
  files.add(far);
  expect(files.arrived()).toEqual([]);
  fs.writeFileSync(near, "");
  expect(files.arrived()).toEqual([near]);
  expect(files.arrived()).toEqual([]);
  fs.mkdirSync(path.dirname(far), { recursive: true });
  expect(files.arrived()).toEqual([]);
  fs.rmSync(path.join(root, "a"), { recursive: true });
  expect(files.arrived()).toEqual([]);
  fs.mkdirSync(path.dirname(far), { recursive: true });
  fs.writeFileSync(far, "");
  expect(files.arrived()).toEqual([far]);
  files.add(near);
  files.delete(near);
  expect(files.arrived()).toEqual([]);
});
