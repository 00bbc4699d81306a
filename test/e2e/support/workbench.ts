/** The workbench as its user sees it: one object a part. What is here knows VS Code, and nothing of Cranefly. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { FrameLocator, Page } from "playwright-core";
import { Debugging } from "./debugging.js";
import { Notifications, Problems, StatusBar, Terminal, webview } from "./panels.js";
import { until } from "./poll.js";
import { QuickInput } from "./quickInput.js";
import { Testing } from "./testing.js";
import { TextEditor } from "./textEditor.js";

export class Workbench {
  readonly quickInput: QuickInput;
  readonly editor: TextEditor;
  readonly statusBar: StatusBar;
  readonly notifications: Notifications;
  readonly terminal: Terminal;
  readonly problems: Problems;
  readonly testing: Testing;
  readonly debugging: Debugging;

  constructor(
    readonly page: Page,
    workspace: string,
  ) {
    this.quickInput = new QuickInput(page);
    this.editor = new TextEditor(page, this.quickInput, workspace);
    this.statusBar = new StatusBar(page);
    this.notifications = new Notifications(page);
    this.terminal = new Terminal(page);
    this.problems = new Problems(page, this.quickInput);
    this.testing = new Testing(page, this.quickInput);
    this.debugging = new Debugging(page, this.quickInput);
  }

  /** Runs a command by its title with its category. */
  run(title: string): Promise<void> {
    return this.quickInput.run(title);
  }

  /** Loads the workbench, again if it is loaded. */
  async load(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator(".monaco-workbench .part.statusbar .statusbar-item").first().waitFor();
  }

  /** How long an extension took to be activated, as the editor says it. */
  async activation(extension: string): Promise<string> {
    await this.run("Developer: Show Running Extensions");
    const row = this.page.locator(".runtime-extensions-editor .monaco-list-row", {
      has: this.page.locator(".name").getByText(extension, { exact: true }),
    });
    const shown = await until(
      `the activation time of ${extension}`,
      () => row.first().locator(".activation-time").innerText(),
      (text) => /\d+ ?ms/.test(text),
    );
    // It is shown in front of everything else. A key is lost that is pressed before it has the focus.
    const close = async (): Promise<boolean> => {
      await this.page.keyboard.press("Escape");
      return row.first().isVisible();
    };
    await until("the list of extensions to close", close, (isShown) => !isShown);
    return /\d+ ?ms/.exec(shown)?.[0].replace(" ", "") ?? "";
  }

  /** The content of the webview that is shown. */
  webview(): FrameLocator {
    return webview(this.page);
  }

  /** Writes what is on the screen to a PNG file. */
  async screenshot(file: string): Promise<void> {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file, animations: "disabled" });
  }
}
