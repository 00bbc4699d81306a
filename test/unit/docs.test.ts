import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../support/repository.js";

function filesBelow(folder: string): string[] {
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [name];
    return ["node_modules", "target", "fixtures"].includes(entry.name) ? [] : filesBelow(name);
  });
}

it.each(["README.md", ...filesBelow("docs").filter((file) => file.endsWith(".md"))])(
  "%s names files that exist",
  (file) => {
    const files = ["bench", "client/src", "scripts", "server/src", "shared/src", "test"].flatMap(filesBelow);
    const text = fs.readFileSync(path.join(ROOT, file), "utf8");
    const named = [...text.matchAll(/`([\w/.-]+\.(?:ts|mjs))`/g)].map((match) => match[1] ?? "");
    const missing = named.filter(
      (name) => !fs.existsSync(path.join(ROOT, name)) && !files.some((known) => known.endsWith(`/${name}`)),
    );
    expect(missing).toEqual([]);
  },
);

it("names folders of the server that exist", () => {
  const text = fs.readFileSync(path.join(ROOT, "docs/architecture.md"), "utf8");
  const folders = [...text.matchAll(/`((?:server\/src\/|core\/)[\w/]+)`/g)].map((match) => match[1] ?? "");
  expect(folders.length).toBeGreaterThan(10);
  const missing = folders.filter(
    (name) => !fs.existsSync(path.join(ROOT, name.startsWith("core/") ? `server/src/${name}` : name)),
  );
  expect(missing).toEqual([]);
});
