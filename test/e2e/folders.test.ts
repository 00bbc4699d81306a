/** Workspaces that come and go: folders that are added and removed, a folder that is deleted, one that is moved and comes back. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { building, expectCurrent, minimal, STATUS } from "./support/cranefly.js";
import { until } from "./support/poll.js";
import type { Sandbox } from "./support/sandbox.js";
import { type Session, useEditor } from "./support/session.js";

const MAIN = "src/main.rs";
/** The second folder's, by its path from the first. */
const OTHER = "../other/src/main.rs";
const WORKSPACE_FILE = "both.code-workspace";
/** The build script waits for this file. */
const GATE = "gate";

const editor = useEditor({ project: minimal, open: [MAIN], workspaceFile: WORKSPACE_FILE, prepare });

it("builds a folder that is added", async () => {
  const session = editor();
  const { workbench } = session;
  expect(await expectCurrent(session)).toContain("minimal");
  setFolders(session.sandbox, ["minimal", "other"]);
  await workbench.editor.open(OTHER);
  await workbench.statusBar.expect(STATUS, /other is current/, { timeout: 240_000 });
  await workbench.editor.clickLens(/^▶ Run\b/, "fn main()");
  await workbench.terminal.expect(/this is the other\s*$/);
});

it("lets go of a folder that is removed", async () => {
  const session = editor();
  const { workbench } = session;
  setFolders(session.sandbox, ["minimal"]);
  await workbench.statusBar.expect(STATUS, /minimal is current/);
  await until(
    "no lens",
    () => workbench.editor.lenses(),
    (all) => all.length === 0,
  );
  const before = fs.statSync(session.path("../other/target/cranefly/debug/other")).mtimeMs;
  await workbench.editor.edit(OTHER, "this is the other", "nobody builds this");
  // A change of the program, which the status bar has another time for: one that it has no news of could be missed.
  const changed = session.read(MAIN).replace('"configured: ', '"still configured: ');
  await building(session, () => fs.writeFileSync(session.path(MAIN), changed), /minimal is current/);
  expect(fs.statSync(session.path("../other/target/cranefly/debug/other")).mtimeMs).toBe(before);
});

it("lets go of a folder that is deleted, and takes it back", async () => {
  const session = editor();
  const { workbench } = session;
  await workbench.editor.open(MAIN);
  const aside = path.join(session.sandbox.root, "aside");
  fs.cpSync(session.sandbox.workspace, aside, { recursive: true, filter: (file) => path.basename(file) !== "target" });
  fs.rmSync(session.sandbox.workspace, { recursive: true, maxRetries: 10 });
  await workbench.statusBar.expect(STATUS, /no cargo project is open/);
  fs.renameSync(aside, session.sandbox.workspace);
  await workbench.statusBar.expect(STATUS, /minimal is current/, { timeout: 240_000 });
});

it("leaves nothing where a folder was that is moved away during a build, and takes it back", async () => {
  const session = editor();
  const { statusBar } = session.workbench;
  fs.writeFileSync(
    session.path("build.rs"),
    `fn main() {
    std::fs::write("started", "").unwrap();
    while !std::path::Path::new("${GATE}").exists() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
`,
  );
  await until(
    "the build script to run",
    () => fs.existsSync(session.path("started")),
    (runs) => runs,
  );
  const aside = path.join(session.sandbox.root, "aside");
  fs.renameSync(session.sandbox.workspace, aside);
  await statusBar.expect(STATUS, /no cargo project is open/);
  expect(fs.existsSync(session.sandbox.workspace)).toBe(false);
  fs.writeFileSync(path.join(aside, GATE), "");
  fs.renameSync(aside, session.sandbox.workspace);
  await statusBar.expect(STATUS, /minimal is current/, { timeout: 240_000 });
});

function prepare(sandbox: Sandbox): void {
  const other = path.join(sandbox.root, "other");
  fs.mkdirSync(path.join(other, "src"), { recursive: true });
  fs.writeFileSync(path.join(other, "Cargo.toml"), '[package]\nname = "other"\nversion = "0.1.0"\nedition = "2024"\n');
  fs.writeFileSync(path.join(other, MAIN), 'fn main() {\n    println!("this is the other");\n}\n');
  setFolders(sandbox, ["minimal"]);
}

/** The editor follows the file. */
function setFolders({ root }: Session["sandbox"], folders: readonly string[]): void {
  const text = JSON.stringify({ folders: folders.map((name) => ({ path: name })) });
  fs.writeFileSync(path.join(root, WORKSPACE_FILE), text);
}
