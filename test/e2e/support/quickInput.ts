/** The palette: commands, pickers and input boxes. */
import * as path from "node:path";
import type { Locator, Page } from "playwright-core";
import { PATIENCE, type Patience, until } from "./poll.js";

export class QuickInput {
  private readonly input: Locator;
  private readonly rows: Locator;

  constructor(private readonly page: Page) {
    this.input = page.locator(".quick-input-widget:visible .quick-input-box input");
    this.rows = page.locator(".quick-input-widget:visible .quick-input-list .monaco-list-row");
  }

  /**
   * Runs a command by its title, with its category: `Cranefly: Open Dashboard`. The palette lists what is enabled when it
   * opens, so it is opened again until it lists the command.
   */
  async run(title: string): Promise<void> {
    await this.attempt(`the command "${title}"`, async (patience) => {
      await this.page.keyboard.press("F1");
      await this.accept(`>${title}`, title, patience);
    });
  }

  /** Moves the cursor, and shows it; both count from 1. Whoever must know that it is there looks at the cursor. */
  async goTo(line: number, column: number): Promise<void> {
    await this.attempt(`the input of a line`, async ({ timeout }) => {
      await this.page.keyboard.press("Control+G");
      await this.input.fill(`:${line}:${column}`, { timeout });
      await this.page.keyboard.press("Enter");
      await this.input.waitFor({ state: "hidden", timeout });
    });
  }

  /** Opens a file by its absolute path. */
  async openFile(file: string): Promise<void> {
    await this.attempt(`the file ${file} in the palette`, async ({ timeout }) => {
      await this.page.keyboard.press("Control+P");
      await this.input.waitFor({ timeout });
      await this.input.fill(file, { timeout });
      // At first it lists what was opened last, with files of the same name in other folders.
      const row = await until(
        `the row of ${file}`,
        () => this.files(),
        (all) => all.some((item) => isOf(item, file)),
        { timeout },
      );
      const { text } = row.find((item) => isOf(item, file)) as FileRow;
      await this.rows.and(this.page.locator(`[aria-label=${JSON.stringify(text)}]`)).click({ timeout });
    });
  }

  /** The files that the palette lists. */
  private files(): Promise<FileRow[]> {
    return this.rows.evaluateAll((all) =>
      all.map((row) => ({
        text: row.getAttribute("aria-label") ?? "",
        name: row.querySelector(".label-name")?.textContent ?? "",
        folder: row.querySelector(".label-description")?.textContent ?? "",
      })),
    );
  }

  /** Chooses the row with this label in the picker that is open. */
  async pick(label: string): Promise<void> {
    await this.accept(undefined, label);
  }

  /** The labels of the picker that is open. */
  async labels(): Promise<string[]> {
    return this.rows.locator(".label-name").allInnerTexts();
  }

  /** What the input box that is open says above its input, or in it. */
  async prompt(): Promise<string> {
    const message = this.page.locator(".quick-input-widget:visible .quick-input-message");
    return `${await message.innerText()} ${(await this.input.getAttribute("placeholder")) ?? ""}`.trim();
  }

  /** Waits a while for what a dialog proposes in its input box: it does so late, and may do it over what was typed meanwhile. */
  async awaitProposal(text: string): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline && (await this.input.inputValue()) !== text) await this.page.waitForTimeout(100);
  }

  /** Types into the input box that is open, and accepts. */
  async submit(text: string): Promise<void> {
    await this.input.fill(text);
    await this.page.keyboard.press("Enter");
    await this.input.waitFor({ state: "hidden" });
  }

  async dismiss(): Promise<void> {
    const close = async (): Promise<boolean> => {
      if (!(await this.input.isVisible())) return true;
      await this.page.keyboard.press("Escape");
      return !(await this.input.isVisible());
    };
    await until("the palette to close", close, (closed) => closed);
  }

  /**
   * Does what begins with a key that opens the palette, again if that failed. A command that is still at work may take
   * the focus, on which the palette closes; and a key is lost that is pressed while the focus is on its way.
   */
  private async attempt(what: string, act: (patience: Required<Patience>) => Promise<void>): Promise<void> {
    let timeout = FIRST_ATTEMPT;
    const once = async (): Promise<boolean> => {
      try {
        await act({ timeout });
        return true;
      } catch (error) {
        // A palette that takes long because the machine is busy gets longer.
        timeout = Math.min(2 * timeout, LAST_ATTEMPT);
        await this.dismiss();
        throw error;
      }
    };
    await until(what, once, (done) => done);
  }

  private async accept(text: string | undefined, label: string, { timeout = PATIENCE }: Patience = {}): Promise<void> {
    await this.input.waitFor({ timeout });
    if (text !== undefined) await this.input.fill(text, { timeout });
    // Rows of the text before may still be shown: only the row itself is proof.
    const row = this.rows.filter({ has: this.page.locator(".label-name").getByText(label, { exact: true }) }).first();
    const look = async (): Promise<{ found: boolean; shown: string[] }> => ({
      found: await row.isVisible(),
      shown: await this.labels(),
    });
    await until(`the row "${label}" in the palette`, look, ({ found }) => found, { timeout });
    await row.click({ timeout });
  }
}

interface FileRow {
  /** What a screen reader says of it. */
  readonly text: string;
  readonly name: string;
  /** The folder, from the workspace's or the root on; of several folders of a workspace its own is told apart by a dot. */
  readonly folder: string;
}

function isOf({ name, folder }: FileRow, file: string): boolean {
  const shown = folder.replaceAll(" • ", "/");
  return name === path.basename(file) && `${path.dirname(file)}/`.endsWith(shown === "" ? "/" : `${shown}/`);
}

/** Milliseconds that the palette has at first to open, list and accept … */
const FIRST_ATTEMPT = 5_000;
/** … and at last. */
const LAST_ATTEMPT = 20_000;
