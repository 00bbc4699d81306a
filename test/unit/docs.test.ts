/** What the documents name exists: files, folders, pages, and headings in them. */
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../support/repository.js";

const PAGES = ["README.md", "CONTRIBUTING.md", "bench/README.md", ...filesBelow("docs")].filter((file) =>
  file.endsWith(".md"),
);

function filesBelow(folder: string): string[] {
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [name];
    return ["node_modules", "target", "fixtures"].includes(entry.name) ? [] : filesBelow(name);
  });
}

function read(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), "utf8");
}

function exists(file: string): boolean {
  return fs.existsSync(path.join(ROOT, file));
}

/** What stands between backticks, but for blocks of code. */
function quoted(file: string): string[] {
  const text = read(file).replace(/^```.*?^```$/gms, "");
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => (match[1] ?? "").replace(/\s+/g, " "));
}

/** The name by which GitHub links to a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number} _-]/gu, "")
    .replace(/ /g, "-");
}

describe.each(PAGES)("%s", (page) => {
  it("names files that exist", () => {
    const files = ["bench", "client/src", "scripts", "server/src", "shared/src", "test"].flatMap(filesBelow);
    const named = quoted(page).filter((word) => /^[\w/.-]+\.(?:ts|mjs)$/.test(word) && !/NAME/.test(word));
    expect(named.filter((name) => !exists(name) && !files.some((known) => known.endsWith(`/${name}`)))).toEqual([]);
  });

  it("names folders that exist", () => {
    const named = quoted(page).filter((word) => /^(?:client|core|docs|server|shared|test)\/[\w/-]+$/.test(word));
    const missing = named.filter((name) => !exists(name.startsWith("core/") ? `server/src/${name}` : name));
    expect(missing).toEqual([]);
  });

  it("links to pages, and headings, that exist", () => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map((match) => match[1] ?? "");
    const broken = links.filter((link) => {
      const [file = "", heading] = link.split("#");
      const target = file === "" ? page : path.posix.join(path.posix.dirname(page), file);
      if (!exists(target)) return true;
      const headings = heading === undefined ? [] : [...read(target).matchAll(/^#+ (.*)$/gm)];
      return heading !== undefined && !headings.some((match) => anchor(match[1] ?? "") === heading);
    });
    expect(broken).toEqual([]);
  });
});

it("every stage has a page that says what it takes, gives and never does, and which tests keep it", () => {
  const stages = filesBelow("docs/design");
  const linked = read("docs/architecture.md");
  for (const page of stages) {
    const text = read(page);
    expect(text, page).toMatch(/^# .+\n\n- \*\*Takes\*\* [^]*?^- \*\*Gives\*\* [^]*?^- \*\*Never\*\* /m);
    expect(text.slice(text.lastIndexOf("\n## ")), page).toMatch(/^\n## Tests\n\n.*`/);
    expect(linked, `${page} is not linked`).toContain(`(${path.posix.relative("docs", page)})`);
  }
});
