/** An executable's build id is the one that binutils find. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { buildIdOf } from "../../../../server/src/core/units/buildId.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly build id "));
afterAll(() => fs.rmSync(folder, { recursive: true }));

it("is read from an executable, and from nothing else", () => {
  const source = path.join(folder, "main.c");
  const program = path.join(folder, "main");
  fs.writeFileSync(source, "int main(void) { return 0; }\n");
  execFileSync("cc", ["-Wl,--build-id=0x0123456789abcdef", "-o", program, source]);
  expect(buildIdOf(program)).toBe("0123456789abcdef");
  execFileSync("cc", ["-Wl,--build-id=none", "-o", program, source]);
  expect(buildIdOf(program)).toBeUndefined();
  expect(buildIdOf(source)).toBeUndefined();
  expect(buildIdOf(path.join(folder, "none"))).toBeUndefined();
  fs.writeFileSync(program, fs.readFileSync(program).subarray(0, 100));
  expect(buildIdOf(program)).toBeUndefined();
});
