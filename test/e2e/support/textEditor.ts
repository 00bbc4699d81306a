/** The text editor: opening, editing and saving files, code lenses, what is shown. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Locator, Page } from "playwright-core";
import { type Patience, until } from "./poll.js";
import type { QuickInput } from "./quickInput.js";

export interface Lens {
  readonly title: string;
  /** The text of the source line below it. */
  readonly line: string;
  /** Which of the lens elements of the page it is. */
  readonly index: number;
}

function isAt(lens: Lens, title: string | RegExp, line: string): boolean {
  return lens.line.includes(line) && (typeof title === "string" ? lens.title === title : title.test(lens.title));
}

/** Lenses and lines lie on pixels that are rounded each for itself. */
const SLACK = 3;
/** Milliseconds in which what surrounds the text follows it, unless what was typed was lost. */
const MOMENT = 5_000;
/** How often in a row lenses have to be seen alike before they count as settled. */
const STABLE = 10;

export class TextEditor {
  private readonly active: Locator;
  private readonly lensElements: Locator;

  constructor(
    private readonly page: Page,
    private readonly quickInput: QuickInput,
    private readonly workspace: string,
  ) {
    this.active = page.locator(".editor-group-container.active .editor-instance");
    this.lensElements = this.active.locator(".codelens-decoration > a, .codelens-decoration > span");
  }

  /** Opens a file of the workspace, by its path in it. */
  async open(file: string): Promise<void> {
    // An absolute path is found as it is, whether or not the file has been indexed yet.
    const target = path.join(this.workspace, file);
    const isOpen = (shown: string): boolean => shown === target;
    const open = async (): Promise<string> => {
      await this.quickInput.openFile(target);
      return until(target, () => this.file(), isOpen, { timeout: MOMENT });
    };
    await until(`${file} in the editor`, open, isOpen);
  }

  /** The open file's path, as what stands above its text has it; empty when there is none. */
  async file(): Promise<string> {
    const label = this.page.locator(
      ".editor-group-container.active .breadcrumbs-control .monaco-breadcrumb-item.file .monaco-icon-label",
    );
    return (await label.count()) === 0 ? "" : ((await label.first().getAttribute("aria-label")) ?? "");
  }

  /** The active tab's name; empty when there is none. */
  async title(): Promise<string> {
    const tab = this.page.locator(".editor-group-container.active .tab.active");
    return (await tab.count()) === 0 ? "" : ((await tab.getAttribute("data-resource-name")) ?? "");
  }

  /** The lines that are on the screen. */
  async text(): Promise<string> {
    const lines = await placed(this.active.locator(".view-lines .view-line"));
    return lines.map(({ text }) => text).join("\n");
  }

  /** The lines on the screen of the editor group, active or not, whose shown tab matches; empty when there is none. */
  async textOf(tab: RegExp): Promise<string> {
    const groups = this.page.locator(".editor-group-container");
    for (const group of await groups.all()) {
      const shown = group.locator(".tab.active");
      if ((await shown.count()) === 0) continue;
      const names = `${(await shown.getAttribute("data-resource-name")) ?? ""} ${(await shown.getAttribute("aria-label")) ?? ""}`;
      if (!tab.test(names)) continue;
      const lines = await placed(group.locator(".view-lines .view-line"));
      return lines.map(({ text }) => text).join("\n");
    }
    return "";
  }

  /** The messages of failed tests that are shown at the ends of lines. */
  async testMessages(): Promise<string[]> {
    return this.page.locator(".test-error-content-widget").allInnerTexts();
  }

  /** Makes an editor group the active one; they count from 1, from the left. */
  async focusGroup(number: number): Promise<void> {
    await this.page.keyboard.press(`Control+${number}`);
    await this.page
      .locator(".editor-group-container")
      .nth(number - 1)
      .and(this.page.locator(".active"))
      .waitFor();
  }

  /** The number of the active editor group, from 1 on; 0 while there is none. */
  async activeGroup(): Promise<number> {
    const groups = await this.page.locator(".editor-group-container").all();
    const active = await Promise.all(
      groups.map(async (group) => /(^| )active( |$)/.test((await group.getAttribute("class")) ?? "")),
    );
    return active.indexOf(true) + 1;
  }

  /** Moves the cursor to the first occurrence of a text in the open file, and shows it with what is around it. */
  async reveal(file: string, text: string): Promise<void> {
    const before = this.before(file, text);
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    const move = async (): Promise<string> => {
      await this.quickInput.goTo(line, column);
      return this.cursorAt(`Ln ${line}, Col ${column}`);
    };
    // A command that is still at work may take the focus, and what is typed with it.
    await until(`the cursor at "${text}"`, move, (at) => at !== "");
  }

  /** Replaces the first occurrence of a text in the open file, as typing would, without saving. */
  async replace(file: string, from: string, to: string): Promise<void> {
    const count = Array.from(from).length;
    const select = async (): Promise<string> => {
      await this.reveal(file, from);
      for (let i = 0; i < count; i++) await this.page.keyboard.press("Shift+ArrowRight");
      return this.cursorAt(`(${count} selected)`);
    };
    await until(`"${from}" to be selected`, select, (at) => at !== "");
    await this.page.keyboard.insertText(to);
  }

  /** Where the status bar says that the cursor is, and how much is selected: `Ln 3, Col 7 (4 selected)`. */
  async cursor(): Promise<string> {
    const item = this.page.locator('.statusbar-item[id="status.editor.selection"]');
    return (await item.count()) === 0 ? "" : (await item.innerText()).replaceAll("\u00a0", " ").trim();
  }

  /** Gives where the cursor is once that is the place `wanted`, or after a moment nothing. */
  private async cursorAt(wanted: string): Promise<string> {
    const isThere = (at: string): boolean => at === wanted || at.endsWith(` ${wanted}`);
    return until(wanted, () => this.cursor(), isThere, { timeout: MOMENT }).catch(() => "");
  }

  /** The lines of a file up to a text. */
  private before(file: string, text: string): string[] {
    const all = fs.readFileSync(path.join(this.workspace, file), "utf8");
    const at = all.indexOf(text);
    if (at < 0) throw new Error(`${file} does not contain: ${text}`);
    return all.slice(0, at).split("\n");
  }

  /** Saves the open file, and waits until its tab says so. */
  async save(): Promise<void> {
    await this.page.keyboard.press("Control+S");
    const dirty = this.page.locator(".editor-group-container.active .tab.active.dirty");
    await dirty.waitFor({ state: "detached" });
  }

  /** An edit and a save, and proof that the file is what it was meant to be. */
  async edit(file: string, from: string, to: string): Promise<void> {
    const target = path.join(this.workspace, file);
    const expected = fs.readFileSync(target, "utf8").replace(from, () => to);
    await this.replace(file, from, to);
    await this.page.keyboard.press("Control+S");
    await until(
      `${file} to be saved`,
      () => fs.readFileSync(target, "utf8"),
      (text) => text === expected,
    );
  }

  /** The lenses that are on the screen, from the top, each with the line that it belongs to. */
  async lenses(): Promise<Lens[]> {
    const lines = await placed(this.active.locator(".view-lines .view-line"));
    const lenses = await placed(this.lensElements);
    return lenses
      .map(({ text, top, height, index }) => ({
        title: text.trim(),
        line: lines.find((line) => line.top >= top + height - SLACK)?.text.trim() ?? "",
        index,
      }))
      .filter(({ title }) => title !== "" && title !== "|");
  }

  /** Waits for a lens on the line that contains `line`. */
  async lens(title: string | RegExp, line: string, patience?: Patience): Promise<Lens> {
    const wanted = (lens: Lens): boolean => isAt(lens, title, line);
    const what = `the lens ${String(title)} at "${line}"`;
    const lenses = await until(
      what,
      () => this.lenses(),
      (all) => all.some(wanted),
      patience,
    );
    return lenses.find(wanted) as Lens;
  }

  /** Clicks a lens on the line that contains `line`, once it is there and the lenses stay as they are. */
  async clickLens(title: string | RegExp, line: string): Promise<void> {
    let seen = "";
    let same = 0;
    const click = async (): Promise<Lens[] | "clicked"> => {
      const lenses = await this.lenses();
      const lens = lenses.find((candidate) => isAt(candidate, title, line));
      // After a build all lenses are made anew: a click on one that is replaced between button down and up is lost.
      const shown = JSON.stringify(lenses);
      same = shown === seen ? same + 1 : 0;
      seen = shown;
      if (lens === undefined || same < STABLE) return lenses;
      await this.page.evaluate(watchPress);
      await this.lensElements.nth(lens.index).click({ timeout: 2_000 });
      // What the button went up on is what counts for the workbench.
      return (await this.page.evaluate(pressed)) === lens.title ? "clicked" : lenses;
    };
    await until(`the lens ${String(title)} at "${line}"`, click, (result) => result === "clicked");
  }

  /** What is shown when the mouse rests on a word of the open file. */
  async hover(word: string): Promise<string> {
    const hover = this.page.locator(".monaco-hover:visible .hover-contents");
    const look = async (): Promise<string> => {
      await this.active.locator(".view-lines .view-line span").getByText(word, { exact: true }).first().hover();
      await hover.first().waitFor({ timeout: 5_000 });
      return (await hover.allInnerTexts()).join("\n");
    };
    return until(`the hover at ${word}`, look, (text) => text !== "" && !/^Loading/.test(text));
  }

  /** Sets a breakpoint at the line with the first occurrence of a text in the open file. */
  async breakAt(file: string, text: string): Promise<void> {
    await this.reveal(file, text);
    await this.page.keyboard.press("F9");
    // The one at the cursor's line, which `reveal` has put on the screen.
    await this.active.locator(".codicon-debug-breakpoint").first().waitFor();
  }
}

interface Pressed extends Window {
  lensOfTest?: string | undefined;
}

/** Runs in the page: notes which lens the mouse's button goes up on. */
function watchPress(): void {
  const page: Pressed = window;
  page.lensOfTest = undefined;
  const note = ({ target }: MouseEvent): void => {
    const lens = target instanceof Element ? target.closest(".codelens-decoration > a") : null;
    page.lensOfTest = lens?.textContent.replaceAll("\u00a0", " ").trim();
  };
  document.addEventListener("mouseup", note, { capture: true, once: true });
}

/** Runs in the page. */
function pressed(): string | undefined {
  const page: Pressed = window;
  return page.lensOfTest;
}

interface Placed {
  readonly text: string;
  /** Pixels from the top of the page. */
  readonly top: number;
  readonly height: number;
  /** Which of the elements it is, in the page's own order. */
  readonly index: number;
}

/** Elements by their place on the screen, from the top and then the left. */
async function placed(elements: Locator): Promise<Placed[]> {
  const found = await elements.evaluateAll((all) =>
    all.map((element, index) => {
      const { top, left, height } = element.getBoundingClientRect();
      return { text: element.textContent.replaceAll("\u00a0", " ").trimEnd(), top, left, height, index };
    }),
  );
  return found.sort((a, b) => a.top - b.top || a.left - b.left);
}
