/** Beside rust-analyzer, whose place is taken by an extension with its name, its settings and what it exports for others. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { building, expectCurrent, minimal } from "./support/cranefly.js";
import { until } from "./support/poll.js";
import type { Sandbox } from "./support/sandbox.js";
import { useEditor } from "./support/session.js";

const MAIN = "src/main.rs";
/** Where the stand-in writes what it is told. */
const TOLD = "told.json";

const settings = { "cranefly.lens.replaceRustAnalyzer": true };
const editor = useEditor({ project: minimal, open: [MAIN], settings, prepare: installStandIn });

it("asks it to switch off the lenses that Cranefly has, too", async () => {
  const session = editor();
  await expectCurrent(session);
  const file = path.join(session.sandbox.root, TOLD);
  const told = await until(
    "rust-analyzer to be told",
    () => fs.readFileSync(file, "utf8"),
    (text) => text !== "",
  );
  const off = { "lens.run.enable": false, "lens.debug.enable": false };
  expect(JSON.parse(told)).toEqual({ extension: "cranefly.cranefly", configuration: off });
});

it("leaves rustc's messages to it while it checks on save, and shows them once it does not", async () => {
  const session = editor();
  const { workbench } = session;
  await workbench.problems.show();
  await building(session, () => workbench.editor.edit(MAIN, "255u8", "255u9"), /is stale, 1 error/);
  expect(await workbench.problems.rows()).toEqual([]);
  fs.mkdirSync(session.path(".vscode"));
  fs.writeFileSync(session.path(".vscode/settings.json"), '{ "rust-analyzer.checkOnSave": false }\n');
  await workbench.problems.expect(/invalid width `9`/);
});

function installStandIn(sandbox: Sandbox): void {
  const folder = sandbox.folder("ext/rust-lang.rust-analyzer-0.0.1");
  const manifest = {
    name: "rust-analyzer",
    publisher: "rust-lang",
    version: "0.0.1",
    engines: { vscode: "^1.100.0" },
    main: "main.js",
    activationEvents: ["onLanguage:rust"],
    contributes: {
      configuration: { properties: { "rust-analyzer.checkOnSave": { type: "boolean", default: true } } },
    },
  };
  const told = JSON.stringify(path.join(sandbox.root, TOLD));
  const main = `exports.activate = () => ({
  async addConfiguration(extension, configuration) {
    require("node:fs").writeFileSync(${told}, JSON.stringify({ extension, configuration }));
  },
});
`;
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  fs.writeFileSync(path.join(folder, "main.js"), main);
}
