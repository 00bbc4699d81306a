/** Debugging what Cranefly made: a breakpoint is hit, the stack has names and lines, steps go from line to line. */
import { expect, it } from "vitest";
import { expectCurrent } from "../support/cranefly.js";
import type { SharedEditor } from "../support/session.js";

const MAIN = "crates/app/src/main.rs";

export function debugging(editor: SharedEditor): void {
  editor.begin([MAIN]);

  it("stops at a breakpoint, with the stack", async () => {
    const { workbench } = editor();
    await expectCurrent(editor());
    await workbench.editor.breakAt(MAIN, "numbers::int128();");
    await workbench.debugging.show();
    await workbench.editor.reveal(MAIN, "fn main()");
    await workbench.editor.clickLens(/^▶ Debug\b/, "fn main()");
    await workbench.debugging.expectLine("numbers::int128();", { timeout: 240_000 });
    const stack = await workbench.debugging.expectFrame(/\bmain\b.*main\.rs/);
    expect(stack[0]).toMatch(/\btour\b.*main\.rs/);
  });

  it("steps to the next line, and runs on to the program's end", async () => {
    const { workbench } = editor();
    await workbench.debugging.stepOver();
    await workbench.debugging.expectLine("threads::channels();");
    await workbench.debugging.continue();
    await workbench.debugging.expectEnd();
  });
}
