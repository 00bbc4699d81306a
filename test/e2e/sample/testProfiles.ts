/** The Test Explorer's other ways to run: under the debugger, and after every save. */
import { it } from "vitest";
import { expectCurrent } from "../support/cranefly.js";
import { until } from "../support/poll.js";
import type { SharedEditor } from "../support/session.js";

const LIB = "crates/shapes/src/lib.rs";

export function testProfiles(editor: SharedEditor): void {
  editor.begin([LIB]);

  it("debugs a test, and shows its result", async () => {
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
    await workbench.testing.press("areas_add_up", "Debug Test");
    await workbench.testing.expect("areas_add_up", /^passed$/i, { timeout: 240_000 });
    await workbench.debugging.expectEnd();
  });

  it("runs a test again whenever something is saved", async () => {
    const { workbench } = editor();
    await workbench.testing.press("areas_add_up", "Turn on Continuous Run");
    await workbench.editor.edit(
      LIB,
      "assert_eq!(total_area(&shapes), 10.0);",
      "assert_eq!(total_area(&shapes), 11.0);",
    );
    await workbench.testing.expect("areas_add_up", /^failed$/i, { timeout: 240_000 });
    await workbench.editor.edit(
      LIB,
      "assert_eq!(total_area(&shapes), 11.0);",
      "assert_eq!(total_area(&shapes), 10.0);",
    );
    await workbench.testing.expect("areas_add_up", /^passed$/i, { timeout: 240_000 });
  });
}
