/** The Test Explorer: the tree of tests, their states, running them. */
import type { Locator, Page } from "playwright-core";
import { type Patience, until } from "./poll.js";
import type { QuickInput } from "./quickInput.js";

export interface TestRow {
  /** How deep in the tree, from 1. */
  readonly level: number;
  readonly label: string;
  /** As the row says it: "Not yet run", "Passed", "Failed", "Running", … */
  readonly state: string;
  /** How long it took, as shown: "12ms"; empty when it was not run. */
  readonly duration: string;
}

/** A row in the words of a screen reader: `name (Passed), in 12ms`. */
const ROW = /^(.*) \(([^()]*)\)(?:, in (.*))?$/;

export class Testing {
  private readonly rows: Locator;

  constructor(
    private readonly page: Page,
    private readonly quickInput: QuickInput,
  ) {
    this.rows = page.locator(".test-explorer-tree .monaco-list-row");
  }

  async show(): Promise<void> {
    await this.quickInput.run("View: Show Testing");
    await this.page.locator(".test-explorer").waitFor();
  }

  /** The rows that are shown, from the top. */
  async tests(): Promise<TestRow[]> {
    const rows = await this.rows.evaluateAll((all) =>
      all.map((row) => ({ text: row.getAttribute("aria-label") ?? "", level: Number(row.getAttribute("aria-level")) })),
    );
    return rows.map(({ text, level }) => {
      const [, label = text, state = "", duration = ""] = ROW.exec(text) ?? [];
      return { level, label, state, duration };
    });
  }

  /** Opens all folds of the tests that are there, so that `tests` sees everything. */
  async expandAll(): Promise<void> {
    const folded = this.page.locator('.test-explorer-tree .monaco-list-row[aria-expanded="false"]');
    while ((await folded.count()) > 0) {
      const row = folded.first();
      const index = (await row.getAttribute("data-index")) ?? "";
      await row.locator(".monaco-tl-twistie").click({ timeout: 2_000 });
      await this.page
        .locator(`.test-explorer-tree .monaco-list-row[data-index="${index}"][aria-expanded="true"]`)
        .waitFor({ timeout: 5_000 });
    }
  }

  /** Waits for a test to be in a state. */
  async expect(label: string, state: RegExp, patience?: Patience): Promise<void> {
    await until(
      `the test ${label} to be ${String(state)}`,
      () => this.tests(),
      (all) => all.some((row) => row.label === label && state.test(row.state)),
      patience,
    );
  }

  /** Presses a button of a test's row: "Run Test", "Debug Test". */
  async press(label: string, button: string): Promise<void> {
    const row = this.page
      .locator(`.test-explorer-tree .monaco-list-row[aria-label^=${JSON.stringify(`${label} (`)}]`)
      .first();
    await row.hover();
    await row.locator(`.action-label[aria-label^="${button}"]`).click();
  }
}
