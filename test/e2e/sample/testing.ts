/** The Test Explorer: libtest's tests, their results, failures where they happened. */
import { expect, it } from "vitest";
import { expectCurrent } from "../support/cranefly.js";
import { until } from "../support/poll.js";
import type { SharedEditor } from "../support/session.js";

const LIB = "crates/shapes/src/lib.rs";

export function testing(editor: SharedEditor): void {
  editor.begin([LIB]);

  it("finds the tests", async () => {
    const { workbench } = editor();
    await expectCurrent(editor());
    await workbench.testing.show();
    await until(
      "the test areas_add_up",
      async () => {
        await workbench.testing.expandAll();
        return workbench.testing.tests();
      },
      (tests) => tests.some(({ label }) => label === "areas_add_up"),
      { timeout: 240_000 },
    );
  });

  it("runs a test that passes", async () => {
    const { workbench } = editor();
    await workbench.testing.press("areas_add_up", "Run Test");
    await workbench.testing.expect("areas_add_up", /^passed$/i, { timeout: 240_000 });
  });

  it("runs the saved version, and shows a failure where it is, with both values", async () => {
    const { workbench } = editor();
    await workbench.editor.edit(
      LIB,
      "assert_eq!(total_area(&shapes), 10.0);",
      "assert_eq!(total_area(&shapes), 11.0);",
    );
    await workbench.editor.reveal(LIB, "assert_eq!(total_area");
    await workbench.editor.clickLens(/^▶ Run\b/, "fn areas_add_up");
    await workbench.testing.expect("areas_add_up", /^failed$/i, { timeout: 240_000 });
    const message = await until(
      "the failure in the editor",
      () => workbench.editor.testMessages(),
      // (The editor makes room for a message before it writes it there.)
      (messages) => messages.some((text) => text.trim() !== ""),
    );
    expect(message.join("\n")).toContain("10.0 != 11.0");
  });

  it("passes again when it is repaired", async () => {
    const { workbench } = editor();
    await workbench.editor.edit(
      LIB,
      "assert_eq!(total_area(&shapes), 11.0);",
      "assert_eq!(total_area(&shapes), 10.0);",
    );
    await workbench.run("Cranefly: Rerun Failed Tests");
    await workbench.testing.expect("areas_add_up", /^passed$/i, { timeout: 240_000 });
  });
}
