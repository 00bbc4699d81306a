/** The debugger: where the program stands, its stack, stepping. */
import type { Page } from "playwright-core";
import { plain } from "./panels.js";
import { type Patience, until } from "./poll.js";
import type { QuickInput } from "./quickInput.js";

export class Debugging {
  constructor(
    private readonly page: Page,
    private readonly quickInput: QuickInput,
  ) {}

  async show(): Promise<void> {
    await this.quickInput.run("View: Show Run and Debug");
  }

  /** The text of the source line that is marked as the next to run; undefined while the program runs. */
  async line(): Promise<string | undefined> {
    return this.page.evaluate(() => {
      const mark = document.querySelector(".debug-top-stack-frame-line");
      if (mark === null) return undefined;
      const { top, height } = mark.getBoundingClientRect();
      const lines = [...document.querySelectorAll(".editor-group-container.active .view-lines .view-line")];
      const at = lines.find((line) => Math.abs(line.getBoundingClientRect().top - top) < height / 2);
      return at?.textContent.replaceAll("\u00a0", " ").trim();
    });
  }

  /** Waits until the program stands at a line that contains `text`. */
  async expectLine(text: string, patience?: Patience): Promise<void> {
    await until(
      `the program to stop at "${text}"`,
      () => this.line(),
      (line) => line?.includes(text) === true,
      patience,
    );
  }

  /** The frames of the Call Stack view, the innermost first: function, file and position as shown. */
  async stack(): Promise<string[]> {
    const frames = this.page.locator(".debug-call-stack .monaco-list-row .stack-frame");
    return (await frames.allInnerTexts()).map((text) => plain(text).replace(/\s+/g, " "));
  }

  /** Waits until some frame matches. */
  async expectFrame(wanted: RegExp, patience?: Patience): Promise<string[]> {
    return until(
      `the frame ${String(wanted)}`,
      () => this.stack(),
      (all) => all.some((f) => wanted.test(f)),
      patience,
    );
  }

  /** Runs on; as all that follow, once the program stands. */
  continue(): Promise<void> {
    return this.press("Continue");
  }

  stepOver(): Promise<void> {
    return this.press("Step Over");
  }

  stepInto(): Promise<void> {
    return this.press("Step Into");
  }

  /** Ends the program. */
  async stop(): Promise<void> {
    await this.press("Stop");
    await this.expectEnd();
  }

  /** Waits until nothing is being debugged. */
  async expectEnd(): Promise<void> {
    await this.page.locator(".monaco-workbench:not(.debugging)").waitFor();
  }

  /** A button of the tool bar. It is not there while it makes no sense, and is waited for. */
  private async press(button: string): Promise<void> {
    await this.page.locator(`.debug-toolbar .action-label:not(.disabled)[aria-label^="${button}"]`).click();
  }
}
