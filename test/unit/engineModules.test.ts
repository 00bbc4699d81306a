/** No circle among the modules of a crate: cargo forbids it between crates only. */
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../support/repository.js";

const CRATES = [
  "bitcode",
  "cache",
  "cgu",
  "clif",
  "codegen",
  "compile",
  "inspect",
  "machine",
  "runtime",
  "select",
  "translate",
];

/** Module path (`[]` for the crate's root) and text of each file below `folder`, without comments and tests. */
function modulesBelow(folder: string, prefix: readonly string[] = []): [module: string, text: string][] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return modulesBelow(file, [...prefix, entry.name]);
    if (!entry.name.endsWith(".rs")) return [];
    const name = entry.name.slice(0, -".rs".length);
    const own = ["lib", "main", "mod"].includes(name) ? prefix : [...prefix, name];
    const [text = ""] = fs
      .readFileSync(file, "utf8")
      .replace(/\/\/.*$/gm, "")
      .split("#[cfg(test)]");
    return [[own.join("::"), text]];
  });
}

/** `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`. */
function pathsOf(use: string): string[] {
  const open = use.indexOf("{");
  if (open === -1) return [use.replace(/ as .*/s, "").trim()];
  const [prefix, inner] = [use.slice(0, open).trim(), use.slice(open + 1, use.lastIndexOf("}"))];
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= inner.length; at++) {
    if (inner[at] === "{") depth++;
    if (inner[at] === "}") depth--;
    if (at < inner.length && (inner[at] !== "," || depth > 0)) continue;
    parts.push(inner.slice(start, at));
    start = at + 1;
  }
  return parts.filter((part) => part.trim() !== "").flatMap((part) => pathsOf(prefix + part.trim()));
}

/** Which modules a module names, its children by name, others by `crate::` and `super::`. */
function named(module: string, text: string, known: ReadonlySet<string>): Set<string> {
  const uses = [...text.matchAll(/\buse\s+([^;]+);/g)].flatMap((match) => pathsOf(match[1] ?? ""));
  const inline = [...text.matchAll(/\b[a-z_0-9]+(?:::\w+)+/g)].map((match) => match[0]);
  const here = module === "" ? [] : module.split("::");
  const found = new Set<string>();
  for (const one of [...uses, ...inline]) {
    const parts = one.split("::");
    let at = here;
    if (parts[0] === "crate") at = [];
    else if (parts[0] === "super") at = here.slice(0, -parts.filter((part) => part === "super").length);
    const names = parts.filter((part) => !["crate", "self", "super"].includes(part));
    const candidates = names.map((_, count) => [...at, ...names.slice(0, names.length - count)].join("::"));
    // What no module is called is an item of the module around it: of this one's, if it says where to look.
    if (["crate", "super"].includes(parts[0] ?? "")) candidates.push(at.join("::"));
    const target = candidates.find((candidate) => known.has(candidate));
    if (target !== undefined && target !== module) found.add(target);
  }
  return found;
}

/** The modules of a circle, or nothing. */
function circle(modules: readonly [string, string][]): string[] {
  const known = new Set(modules.map(([module]) => module));
  const edges = new Map(modules.map(([module, text]) => [module, named(module, text, known)]));
  // What needs nothing that is left can be taken away; what remains are circles, and what needs them.
  for (let before = -1; before !== edges.size;) {
    before = edges.size;
    for (const [module, targets] of edges) {
      if ([...targets].every((target) => !edges.has(target))) edges.delete(module);
    }
  }
  return [...edges.keys()].map((module) => (module === "" ? "lib" : module)).sort();
}

describe("modules of the engine's crates", () => {
  it.each(CRATES)("%s has no circle", (crate) => {
    expect(circle(modulesBelow(path.join(ROOT, "engine/crates", crate, "src")))).toEqual([]);
  });

  it("a circle is found, in whatever way its modules name each other", () => {
    expect(
      circle([
        ["", "mod a; mod b; pub use a::A;"],
        ["a", "use crate::b::{B, C};"],
        ["b", ""],
      ]),
    ).toEqual([]);
    expect(
      circle([
        ["", "mod a; mod b;"],
        ["a", "use crate::{x, b::{B, C}};"],
        ["b", "fn f() { super::a::g() }"],
      ]),
    ).toEqual(["a", "b"]);
    expect(
      circle([
        ["", "mod a; pub use a::A; pub struct B;"],
        ["a", "use crate::B;"],
      ]),
    ).toEqual(["a", "lib"]);
    expect(
      circle([
        ["a", "mod c; use c::C;"],
        ["a::c", "use super::D;"],
      ]),
    ).toEqual(["a", "a::c"]);
  });
});
