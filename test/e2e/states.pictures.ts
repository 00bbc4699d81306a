/** The pictures of the README: each state of the editor that a user should recognise. */
import * as path from "node:path";
import { inject, it } from "vitest";
import { building, expectCurrent, sample } from "./support/cranefly.js";
import { until } from "./support/poll.js";
import { useEditor } from "./support/session.js";

const MAIN = "crates/app/src/main.rs";
const LIB = "crates/shapes/src/lib.rs";
/** Where scripts/screenshots.mjs takes them from. */
const TAKEN = path.resolve(import.meta.dirname, "../../target/tests/screenshots");
const editor = useEditor({
  project: sample,
  open: [MAIN],
  settings: {
    "cranefly.lens.show": "all",
    "cranefly.debug.lldbDapPath": inject("programs").debugAdapter,
    "cranefly.debug.variables": "jit",
    "window.commandCenter": false,
    // What a program's terminal begins with stays in sight.
    "terminal.integrated.stickyScroll.enabled": true,
  },
});

/** Puts away what covers the workbench, and takes the picture. */
async function take(name: string): Promise<void> {
  const { workbench } = editor();
  await workbench.run("Notifications: Clear All Notifications");
  await workbench.screenshot(path.join(TAKEN, `${name}.png`));
}

it("a run", async () => {
  const { workbench } = editor();
  await expectCurrent(editor());
  await workbench.editor.reveal(MAIN, "fn tour()");
  await building(
    editor(),
    () => workbench.editor.edit(MAIN, "Hello from the sample", "Good day from the sample"),
    /is current, rebuilt in .* changed function/,
  );
  await workbench.editor.reveal(MAIN, "fn main()");
  await workbench.editor.clickLens(/^▶ Run\b/, "fn main()");
  await workbench.terminal.expect(/Err\(Disconnected\)\s*$/);
  await take("run");
});

it("an error", async () => {
  const { workbench } = editor();
  await workbench.problems.show();
  const save = (): Promise<void> => workbench.editor.edit(MAIN, "numbers::int128();", "numbers::int129();");
  await building(editor(), save, /is stale, 1 error/);
  await workbench.problems.expect(/int129/);
  await take("stale");
  await building(editor(), () => workbench.editor.edit(MAIN, "numbers::int129();", "numbers::int128();"), /is current/);
});

it("a debug session", async () => {
  const { workbench } = editor();
  await workbench.editor.breakAt(MAIN, "numbers::int128();");
  await workbench.debugging.show();
  await workbench.editor.reveal(MAIN, "fn main()");
  await workbench.editor.clickLens(/^▶ Debug\b/, "fn main()");
  await workbench.debugging.expectLine("numbers::int128();", { timeout: 240_000 });
  await workbench.debugging.expectFrame(/\bmain\b.*main\.rs/);
  await take("debug");
  await workbench.debugging.stop();
});

it("a failed test", async () => {
  const { workbench } = editor();
  await workbench.editor.open(LIB);
  await workbench.testing.show();
  await workbench.editor.edit(LIB, "assert_eq!(total_area(&shapes), 10.0);", "assert_eq!(total_area(&shapes), 11.0);");
  await workbench.editor.reveal(LIB, "fn areas_add_up");
  await workbench.editor.clickLens(/^▶ Run\b/, "fn areas_add_up");
  await until(
    "the failure in the editor",
    () => workbench.editor.testMessages(),
    (messages) => messages.length > 0,
  );
  await workbench.testing.expandAll();
  await take("tests");
});

it("Cranelift IR beside its source", async () => {
  const { workbench } = editor();
  await workbench.run("View: Hide Panel");
  await workbench.run("View: Show Explorer");
  await workbench.editor.open(MAIN);
  await workbench.editor.reveal(MAIN, "fn tour()");
  await workbench.run("Cranefly: Show Cranelift IR");
  await until(
    "the Cranelift IR of tour",
    () => workbench.editor.textOf(/tour\.clif/),
    (shown) => /^function /m.test(shown),
  );
  await take("inspect");
});

it("the dashboard", async () => {
  const { workbench } = editor();
  await workbench.editor.open(MAIN);
  const line = "    threads::channels();\n";
  await building(
    editor(),
    () => workbench.editor.edit(MAIN, line, `${line}    println!("{:?}", COMMANDS.first().map(|c| c.0));\n`),
    /of [1-9]\d* changed functions? compiled/,
  );
  await workbench.run("View: Close All Editors");
  await workbench.run("Cranefly: Open Dashboard");
  await workbench.webview().locator("#last-save-sentence").waitFor();
  await take("dashboard");
});
