/** The page that shows the workbench: the distribution's browser, headless. */
import { type Browser, chromium, type Page } from "playwright-core";
import { PATIENCE } from "./poll.js";

/** Pixels; enough for the editor, a side bar and a panel at once. */
const VIEWPORT = { width: 1280, height: 860 };

export interface Window {
  readonly page: Page;
  /** What the page wrote to its console, for a reader after a failure: a healthy workbench writes errors, too. */
  readonly console: string[];
}

/** @param home the browser's HOME, where it keeps what is not in its profile */
export function startBrowser(executable: string, home: string): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    env: { ...process.env, HOME: home },
    // Root has no sandbox of Chromium's; nothing but the local server is shown.
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
}

/** A window with a profile of its own, in which the workbench keeps what it remembers of a workspace. */
export async function openWindow(browser: Browser): Promise<Window> {
  const context = await browser.newContext({ viewport: VIEWPORT, locale: "en-US" });
  context.setDefaultTimeout(PATIENCE);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const lines: string[] = [];
  page.on("console", (message) => lines.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => lines.push(`uncaught: ${error.message}`));
  return { page, console: lines };
}

/** Closes a window as its user would: the workbench in it has the time to say so to its server. */
export async function closeWindow({ page }: Window): Promise<void> {
  await page.goto("about:blank");
  await page.context().close();
}
