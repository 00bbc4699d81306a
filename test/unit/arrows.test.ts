import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../support/repository.js";

/** Sources with wrong imports, and the rule that each breaks. */
const WRONG: readonly (readonly [rule: string, file: string, imported: string, kind: "type" | "value"])[] = [
  ["core-source", "server/src/core/source/a.ts", "server/src/core/units/a", "type"],
  ["core-overlay", "server/src/core/lanes/overlay/a.ts", "server/src/core/lanes/patch/b", "type"],
  ["core-patch", "server/src/core/lanes/patch/a.ts", "server/src/core/lanes/overlay/b", "value"],
  ["core-patch", "server/src/core/lanes/patch/c.ts", "server/src/core/lanes/choice", "value"],
  ["core-edits", "server/src/core/edits/a.ts", "server/src/core/cargo/b", "type"],
  ["core-lanes", "server/src/core/lanes/a.ts", "server/src/core/workspace", "type"],
  ["core", "server/src/core/cargo/a.ts", "server/src/cli/b", "type"],
  ["core", "server/src/core/workspace.ts", "server/src/lsp/build/b", "value"],
  ["core-file-without-room", "server/src/cli/a.ts", "server/src/core/stray", "value"],
  ["front-ends-see-no-lane", "server/src/lsp/features/a.ts", "server/src/core/lanes/choice", "type"],
  ["lsp-protocol", "server/src/lsp/protocol/a.ts", "server/src/lsp/build/b", "type"],
  ["lsp-build", "server/src/lsp/build/a.ts", "server/src/lsp/features/b", "type"],
  ["shim", "server/src/shim/main.ts", "server/src/core/cargo/capture", "value"],
  ["client", "client/src/a.ts", "server/src/core/units/a", "type"],
  ["shared", "shared/src/a.ts", "server/src/core/units/a", "type"],
];
/** Imports that are allowed. */
const RIGHT = [
  ["server/src/core/cargo/b.ts", "server/src/core/units/a"],
  ["server/src/lsp/features/b.ts", "server/src/lsp/build/b"],
] as const;

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

let folder: string;
let violations: readonly Violation[];

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  fs.writeFileSync(path.join(folder, file), text);
}

function importing(file: string, imported: string, kind: "type" | "value"): string {
  const target = path.relative(path.dirname(file), imported);
  return `import ${kind === "type" ? "type " : ""}{ A } from "${target.startsWith(".") ? target : `./${target}`}.js";\nexport const b = 1 as unknown as ${kind === "type" ? "A" : "typeof A"};\n`;
}

beforeAll(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-arrows-")));
  fs.copyFileSync(path.join(ROOT, "tsconfig.json"), path.join(folder, "tsconfig.json"));
  for (const [, , imported] of WRONG) write(`${imported}.ts`, "export class A {}\n");
  for (const [file, imported] of RIGHT) write(file, importing(file, imported, "type"));
  for (const [, file, imported, kind] of WRONG) write(file, importing(file, imported, kind));
  write("server/src/core/support/one.ts", 'import type { Two } from "./two.js";\nexport type One = Two | 1;\n');
  write("server/src/core/support/two.ts", 'import type { One } from "./one.js";\nexport type Two = One | 2;\n');
  const cruiser = path.join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const config = path.join(ROOT, ".dependency-cruiser.mjs");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [cruiser, "--config", config, "--output-type", "json", "client", "server", "shared"],
    { cwd: folder, encoding: "utf8", maxBuffer: 1 << 26 },
  );
  expect(stderr).toBe("");
  violations = (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}, 60_000);
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

it.each(WRONG)("%s: %s must not import %s", (rule, file) => {
  expect(violations.filter(({ from }) => from === file).map(({ rule: { name } }) => name)).toContain(rule);
});

it("says nothing of imports that are allowed", () => {
  const files: readonly string[] = RIGHT.map(([file]) => file);
  expect(violations.filter(({ from }) => files.includes(from))).toEqual([]);
});

it("finds circles, also of types alone", () => {
  const names = violations
    .filter(({ from }) => from.startsWith("server/src/core/support/"))
    .map(({ rule }) => rule.name);
  expect(names).toContain("no-circle");
});
