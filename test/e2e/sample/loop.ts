/** The edit-run loop: open, run, save, break, repair. */
import { expect, it } from "vitest";
import { building, expectCurrent } from "../support/cranefly.js";
import { until } from "../support/poll.js";
import type { SharedEditor } from "../support/session.js";

const MAIN = "crates/app/src/main.rs";

export function loop(editor: SharedEditor): void {
  editor.begin([MAIN]);

  it("builds what is opened", async () => {
    await expectCurrent(editor());
  });

  it("runs the program of the lens at main, in a terminal", async () => {
    const { workbench } = editor();
    await workbench.editor.reveal(MAIN, "fn main()");
    await workbench.editor.clickLens(/^▶ Run\b/, "fn main()");
    // The last of what it prints.
    await workbench.terminal.expect(/Err\(Disconnected\)\s*$/);
  });

  it("is current again after a save, and the lens of the changed function tells the new size", async () => {
    const { workbench } = editor();
    await workbench.editor.reveal(MAIN, "fn tour()");
    const before = await workbench.editor.lens(/\d B/, "fn tour()");
    const line = 'println!("{:?}", COMMANDS.first().map(|c| c.0));';
    const said = await building(
      editor(),
      () => workbench.editor.edit(MAIN, "    threads::channels();\n", `    threads::channels();\n    ${line}\n`),
      /is current, rebuilt in .* of [1-9]\d* changed functions? compiled/,
    );
    expect(said.join("\n")).toMatch(/is rebuilt/);
    await workbench.editor.reveal(MAIN, "fn tour()");
    await until(
      `another lens at tour than ${before.title}`,
      () => workbench.editor.lenses(),
      (all) =>
        all.some(({ title, line }) => line.includes("fn tour()") && /\d B/.test(title) && title !== before.title),
    );
  });

  it("runs what was saved", async () => {
    const { workbench } = editor();
    await workbench.run("Cranefly: Run Last");
    await workbench.terminal.expect(/Err\(Disconnected\)\s+Some\("traits"\)\s*$/);
  });

  it("says so when the sources do not compile, and what is wrong", async () => {
    const { workbench } = editor();
    await workbench.problems.show();
    const save = (): Promise<void> => workbench.editor.edit(MAIN, "numbers::int128();", "numbers::int129();");
    await building(editor(), save, /is stale, 1 error/);
    await workbench.problems.expect(/int129/);
  });

  it("says which version runs when it is not the saved one", async () => {
    const { workbench } = editor();
    await workbench.run("Cranefly: Run Last");
    await workbench.notifications.expect(/sample is stale: /);
  });

  it("is current again once they do", async () => {
    const { workbench } = editor();
    const save = (): Promise<void> => workbench.editor.edit(MAIN, "numbers::int129();", "numbers::int128();");
    await building(editor(), save, /is current/);
    await workbench.problems.show();
    await workbench.problems.expectNone(/int129/);
  });
}
