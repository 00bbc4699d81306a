/** The palette: commands, pickers and input boxes. */
import * as path from "node:path";
import type { Locator, Page } from "playwright-core";
import { type Patience, until } from "./poll.js";

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
    const attempt = async (): Promise<string> => {
      await this.page.keyboard.press("F1");
      try {
        await this.accept(`>${title}`, title, { timeout: 5_000 });
        return "done";
      } catch (error) {
        await this.dismiss();
        return String(error);
      }
    };
    await until(`the command "${title}"`, attempt, (result) => result === "done");
  }

  /** Moves the cursor, and shows it; both count from 1. */
  async goTo(line: number, column: number): Promise<void> {
    await this.page.keyboard.press("Control+G");
    await this.submit(`:${line}:${column}`);
  }

  /** Opens a file by its absolute path. */
  async openFile(file: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    await this.accept(file, path.basename(file));
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

  /** Types into the input box that is open, and accepts. */
  async submit(text: string): Promise<void> {
    await this.input.fill(text);
    await this.page.keyboard.press("Enter");
    await this.input.waitFor({ state: "hidden" });
  }

  async dismiss(): Promise<void> {
    await this.page.keyboard.press("Escape");
    await this.input.waitFor({ state: "hidden" });
  }

  private async accept(text: string | undefined, label: string, patience?: Patience): Promise<void> {
    await this.input.waitFor();
    if (text !== undefined) await this.input.fill(text);
    // Rows of the text before may still be shown: only the row itself is proof.
    const row = this.rows.filter({ has: this.page.locator(".label-name").getByText(label, { exact: true }) }).first();
    const look = async (): Promise<{ found: boolean; shown: string[] }> => ({
      found: await row.isVisible(),
      shown: await this.labels(),
    });
    await until(`the row "${label}" in the palette`, look, ({ found }) => found, patience);
    await row.click();
  }
}
