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
    const folders = ["bench", "client/src", "engine/crates", "scripts", "server/src", "shared/src", "test"];
    const files = folders.flatMap(filesBelow);
    const named = quoted(page).filter((word) => /^[\w/.-]+\.(?:mjs|rs|s|ts)$/.test(word) && !/NAME|FILE/.test(word));
    expect(named.filter((name) => !exists(name) && !files.some((known) => known.endsWith(`/${name}`)))).toEqual([]);
  });

  it("names folders that exist", () => {
    const named = quoted(page).filter((word) => /^(?:client|core|docs|engine|server|shared|test)\/[\w/-]+$/.test(word));
    // (What is built is not in the repository.)
    const isExample = (name: string): boolean => /CRATE|(^|\/)target(\/|$)/.test(name);
    const missing = named.filter(
      (name) => !isExample(name) && !exists(name.startsWith("core/") ? `server/src/${name}` : name),
    );
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

it("tests that are named exist", () => {
  const sources = filesBelow("engine/crates").filter((file) => /\/tests\/.*\.rs$/.test(file));
  const code = sources.map(read).join("\n");
  const pages = filesBelow("docs/design").map(read);
  const named = pages.flatMap(
    (text) => text.slice(text.lastIndexOf("\n## Tests")).match(/(?<=`)[a-z]+(?:_[a-z]+){3,}(?=`)/g) ?? [],
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !code.includes(`fn ${name}()`))).toEqual([]);
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

it("every crate of the engine, and every folder of the core, has a page", () => {
  const pages = filesBelow("docs/design").map(read).join("\n");
  const folders = (of: string): string[] =>
    fs
      .readdirSync(path.join(ROOT, of), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  const crates = folders("engine/crates").filter((name) => name !== "bench");
  expect(crates.length).toBeGreaterThan(10);
  expect(crates.filter((name) => !pages.includes(`\`engine/crates/${name}\``))).toEqual([]);
  const rooms = folders("server/src/core").filter((name) => name !== "support");
  expect(rooms.length).toBeGreaterThan(5);
  expect(rooms.filter((name) => !pages.includes(`core/${name}`))).toEqual([]);
});
