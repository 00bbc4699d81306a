/** Looking inside: a function's Cranelift IR, where the last save's time went, and everything as a file. */
import * as fs from "node:fs";
import { expect, it } from "vitest";
import { GenerationReport } from "../../../shared/src/report.js";
import { building, expectCurrent, STATUS } from "../support/cranefly.js";
import { until } from "../support/poll.js";
import type { SharedEditor } from "../support/session.js";

const MAIN = "crates/app/src/main.rs";

export function inspecting(editor: SharedEditor): void {
  editor.begin([MAIN]);

  it("shows the Cranelift IR of the function at the cursor", async () => {
    const { workbench } = editor();
    await expectCurrent(editor());
    await workbench.editor.reveal(MAIN, "fn tour()");
    await workbench.run("Cranefly: Show Cranelift IR");
    const text = await until(
      "the Cranelift IR of tour",
      () => workbench.editor.textOf(/tour\.clif/),
      (shown) => /^function /m.test(shown),
    );
    expect(text).toMatch(/block0/);
  });

  it("shows the machine code of the function at the cursor", async () => {
    const { workbench } = editor();
    await workbench.editor.open(MAIN);
    await workbench.editor.reveal(MAIN, "fn tour()");
    await workbench.run("Cranefly: Show Machine Code");
    await until(
      "the machine code of tour",
      () => workbench.editor.textOf(/tour\.s\b/),
      (shown) => /\bpush +rbp\b/.test(shown),
    );
  });

  it("shows in the dashboard where the time of a save went", async () => {
    const { workbench } = editor();
    const page = workbench.webview().locator("#dashboard");
    // Beside each other, so that both are on the screen.
    const openBoth = async (): Promise<number> => {
      await workbench.run("Cranefly: Open Dashboard");
      await until(
        "the dashboard",
        () => page.innerText(),
        (text) => text.includes("Last save"),
      );
      await workbench.editor.focusGroup(2);
      await workbench.editor.open(MAIN);
      return workbench.editor.activeGroup();
    };
    // The page takes the focus once it is loaded, which may be late: then the source would be in front of it.
    await until("the source beside the dashboard", openBoth, (group) => group === 2);
    await building(
      editor(),
      () => workbench.editor.edit(MAIN, "    threads::channels();\n", '    println!("bye");\n'),
      /is current/,
    );
    const look = async (): Promise<{ status: string; shown: string }> => ({
      status: await workbench.statusBar.label(STATUS),
      shown: await page.locator("#last-save-sentence").innerText(),
    });
    await until("the time of the status bar in the dashboard", look, ({ status, shown }) => {
      const [, time] = /rebuilt in ([\d.]+ m?s)/.exec(status) ?? [];
      return time !== undefined && shown.includes(time);
    });
  });

  it("exports a report with an entry for every function", async () => {
    const { workbench } = editor();
    // Where it is proposed to be written.
    const file = editor().path("cranefly-sample-report.json");
    await workbench.run("Cranefly: Export Report as JSON…");
    await workbench.quickInput.awaitProposal(file);
    await workbench.quickInput.submit(file);
    await workbench.notifications.expect(/wrote .*report\.json/);
    const report = GenerationReport.parse(JSON.parse(fs.readFileSync(file, "utf8")));
    expect(report.programs.length).toBeGreaterThan(1);
    for (const { entries, functions } of report.programs) expect(entries).toHaveLength(functions.total);
  });
}
