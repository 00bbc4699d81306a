/** What lies around the editor: status bar, notifications, terminal, problems, webviews. */
import type { FrameLocator, Locator, Page } from "playwright-core";
import { type Patience, until } from "./poll.js";
import type { QuickInput } from "./quickInput.js";

/** Non-breaking spaces are how the workbench writes spaces in some places. */
export function plain(text: string): string {
  return text.replaceAll("\u00a0", " ").trim();
}

export class StatusBar {
  constructor(private readonly page: Page) {}

  /** The item `publisher.name.item`. */
  item(id: string): Locator {
    return this.page.locator(`.statusbar-item[id="${id}"]`);
  }

  /** An item's text without icons; empty when it is not shown. */
  async text(id: string): Promise<string> {
    const item = this.item(id);
    return (await item.count()) === 0 ? "" : plain(await item.innerText());
  }

  /** What a screen reader says of an item: a sentence, where the extension gave one; empty when it is not shown. */
  async label(id: string): Promise<string> {
    const item = this.item(id).locator("[aria-label]");
    return (await item.count()) === 0 ? "" : plain((await item.first().getAttribute("aria-label")) ?? "");
  }

  /** Waits until an item's label is as wanted. */
  async expect(id: string, wanted: RegExp, patience?: Patience): Promise<string> {
    return until(
      `the status ${String(wanted)}`,
      () => this.label(id),
      (text) => wanted.test(text),
      patience,
    );
  }

  /**
   * Records every label that an item has from now on, also those too short-lived to be seen by asking; the function that
   * comes back gives them, in order.
   */
  async record(id: string): Promise<() => Promise<string[]>> {
    await this.item(id).waitFor();
    const key = `status-${Math.random().toString(36).slice(2)}`;
    await this.page.evaluate(watchLabel, [key, id] as const);
    return () => this.page.evaluate((name) => (window as unknown as Record<string, string[]>)[name] ?? [], key);
  }
}

/** Runs in the page. */
function watchLabel([key, id]: readonly [string, string]): void {
  const seen: string[] = [];
  (window as unknown as Record<string, string[]>)[key] = seen;
  const look = (): void => {
    const label = document.getElementById(id)?.querySelector("[aria-label]")?.getAttribute("aria-label");
    if (label !== null && label !== undefined && label !== seen.at(-1)) seen.push(label);
  };
  look();
  const bar = document.querySelector(".part.statusbar");
  if (bar !== null) new MutationObserver(look).observe(bar, { subtree: true, childList: true, attributes: true });
}

export class Notifications {
  private readonly toasts: Locator;

  constructor(page: Page) {
    this.toasts = page.locator(".notifications-toasts .notification-list-item");
  }

  async texts(): Promise<string[]> {
    return (await this.toasts.locator(".notification-list-item-message").allInnerTexts()).map(plain);
  }

  async expect(wanted: RegExp, patience?: Patience): Promise<void> {
    await until(
      `the notification ${String(wanted)}`,
      () => this.texts(),
      (all) => all.some((t) => wanted.test(t)),
      patience,
    );
  }

  /** Presses a button of the notification whose text matches. */
  async press(wanted: RegExp, button: string): Promise<void> {
    const toast = this.toasts.filter({ hasText: wanted }).first();
    await toast.locator(".monaco-button", { hasText: button }).first().click();
  }
}

export class Terminal {
  private readonly active: Locator;

  constructor(private readonly page: Page) {
    this.active = page.locator(".terminal-wrapper.active");
  }

  /** The rows on the active terminal's screen; empty when there is none. What was scrolled away is not among them. */
  async text(): Promise<string> {
    const rows = await this.active.locator(".xterm-screen").evaluateAll((screens) =>
      screens.flatMap((screen) => {
        const { bottom } = screen.getBoundingClientRect();
        // Rows that lie below the screen are left over from a larger one.
        return [...screen.querySelectorAll(".xterm-rows > div")]
          .filter((row) => row.getBoundingClientRect().top < bottom - 1)
          .map((row) => row.textContent);
      }),
    );
    return rows
      .map((row) => row.replaceAll("\u00a0", " ").trimEnd())
      .join("\n")
      .trim();
  }

  async expect(wanted: RegExp, patience?: Patience): Promise<string> {
    return until(
      `${String(wanted)} in the terminal`,
      () => this.text(),
      (text) => wanted.test(text),
      patience,
    );
  }

  async type(text: string): Promise<void> {
    await this.active.locator(".xterm-helper-textarea").focus();
    await this.page.keyboard.type(text);
  }
}

export class Problems {
  constructor(
    private readonly page: Page,
    private readonly quickInput: QuickInput,
  ) {}

  /** Shows the view, which lists the problems of all files. */
  async show(): Promise<void> {
    await this.quickInput.run("Problems: Focus on Problems View");
    await this.page.locator(".markers-panel").waitFor();
  }

  /** The rows of the view: files and, below each, its problems. */
  async rows(): Promise<string[]> {
    const rows = this.page.locator(".markers-panel .monaco-list-row");
    return rows.evaluateAll((all) => all.map((row) => row.getAttribute("aria-label") ?? row.textContent));
  }

  async expect(wanted: RegExp, patience?: Patience): Promise<void> {
    await until(
      `the problem ${String(wanted)}`,
      () => this.rows(),
      (all) => all.some((t) => wanted.test(t)),
      patience,
    );
  }

  async expectNone(wanted: RegExp, patience?: Patience): Promise<void> {
    await until(
      `no problem ${String(wanted)}`,
      () => this.rows(),
      (all) => !all.some((t) => wanted.test(t)),
      patience,
    );
  }
}

/** The content of the webview that is shown; its elements are found as soon as they are there. */
export function webview(page: Page): FrameLocator {
  return page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
}
