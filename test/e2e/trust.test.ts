/** An untrusted workspace: nothing of it is executed, and nothing on it, until the user trusts it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { expectCurrent, sample, STATUS } from "./support/cranefly.js";
import { until } from "./support/poll.js";
import type { Sandbox } from "./support/sandbox.js";
import { useEditor } from "./support/session.js";

const MAIN = "crates/app/src/main.rs";
const editor = useEditor({ project: sample, open: [MAIN], workspaceTrust: true, prepare: recordTools });

/** Stands in front of cargo and rustc on the PATH, and writes down each call. */
function recordTools(sandbox: Sandbox): void {
  const bin = sandbox.folder("home/.local/bin");
  for (const tool of ["cargo", "rustc", "rustup"]) {
    const script = `#!/bin/sh\necho "${tool} $*" >>"${calls(sandbox)}"\nPATH=\${PATH#*:} exec ${tool} "$@"\n`;
    fs.writeFileSync(path.join(bin, tool), script, { mode: 0o755 });
  }
  sandbox.variables["PATH"] = `${bin}:${process.env["PATH"] ?? ""}`;
}

function calls(sandbox: Sandbox): string {
  return path.join(sandbox.root, "calls");
}

it("executes nothing before it is trusted", async () => {
  const { workbench, sandbox } = editor();
  await workbench.page.locator(".part.banner").getByText("Restricted Mode").waitFor();
  // The extension host is at work: it has activated what an untrusted workspace may have.
  await workbench.editor.open("Cargo.toml");
  await workbench.editor.open(MAIN);
  await until(
    "the extension host's start-up to end",
    () => editor().server.log("remoteexthost"),
    (log) => log.includes("Eager extensions activated"),
  );
  expect(await workbench.statusBar.text(STATUS)).toBe("");
  expect(await workbench.editor.lenses()).toEqual([]);
  expect(sandbox.processes().filter(({ command }) => command.includes("cranefly"))).toEqual([]);
  expect(fs.existsSync(calls(sandbox))).toBe(false);
  expect(fs.existsSync(editor().path("target"))).toBe(false);
});

it("starts to work when it is trusted", async () => {
  const { workbench, sandbox } = editor();
  await workbench.run("Workspaces: Manage Workspace Trust");
  await workbench.page.locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ }).click();
  await expectCurrent(editor());
  expect(fs.readFileSync(calls(sandbox), "utf8")).toMatch(/^cargo /m);
});
