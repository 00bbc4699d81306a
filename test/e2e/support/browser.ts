/** The page that shows the workbench: the distribution's browser, headless, with a new profile. */
import { type Browser, chromium, type Page } from "playwright-core";
import { PATIENCE } from "./poll.js";

/** Pixels; enough for the editor, a side bar and a panel at once. */
const VIEWPORT = { width: 1280, height: 860 };

export interface Window {
  readonly browser: Browser;
  readonly page: Page;
  /** What the page wrote to its console, for a reader after a failure: a healthy workbench writes errors, too. */
  readonly console: string[];
}

/** @param home the browser's HOME, where it keeps what is not in its profile */
export async function openWindow(executable: string, home: string): Promise<Window> {
  const browser = await chromium.launch({
    executablePath: executable,
    env: { ...process.env, HOME: home },
    // Root has no sandbox of Chromium's; nothing but the local server is shown.
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  const context = await browser.newContext({ viewport: VIEWPORT, locale: "en-US" });
  context.setDefaultTimeout(PATIENCE);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const lines: string[] = [];
  page.on("console", (message) => lines.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => lines.push(`uncaught: ${error.message}`));
  return { browser, page, console: lines };
}
