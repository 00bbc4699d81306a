/** The engine's crates depend on each other, and the core's folders import each other, as docs/architecture.md draws it. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { RustParser } from "../../server/src/core/source/grammar.js";
import { BUNDLES, ROOT } from "../support/repository.js";
import { arrowsOf, circlesOf, moduleGraph } from "../support/rustModules.js";

const CRATES = path.join(ROOT, "engine/crates");
const PREFIX = "cranefly-";

/** The lines of a fenced block of architecture.md. */
function picture(name: string): string[] {
  const text = fs.readFileSync(path.join(ROOT, "docs/architecture.md"), "utf8");
  const [, block = ""] = new RegExp(`^\`\`\`${name}\\n(.*?)^\`\`\`$`, "ms").exec(text) ?? [];
  return block.trimEnd().split("\n");
}

/** Who depends on whom. What is for a crate's tests alone has a line of its own, "crate (tests)". */
type Graph = Readonly<Record<string, readonly string[]>>;

/** Reads lines such as "crate -> crate, crate". */
function drawn(lines: readonly string[]): Graph {
  const arrows = lines.map((line) => {
    const [, from, to] = /^([\w-]+(?: \(tests\))?)\s+->(?: ([\w-]+(?:, [\w-]+)*))?$/.exec(line) ?? [];
    if (from === undefined) throw new Error(`"${line}" is not "crate -> crate, crate"`);
    return [from, to?.split(", ") ?? []] as const;
  });
  const graph = Object.fromEntries(arrows);
  expect(Object.keys(graph), "each has one line").toHaveLength(arrows.length);
  return graph;
}

const Metadata = z.object({
  packages: z.array(
    z.object({
      name: z.string(),
      dependencies: z.array(z.object({ name: z.string(), kind: z.string().nullable(), path: z.string().optional() })),
    }),
  ),
});

/** The same, as cargo has it. */
function cargos(metadata: z.infer<typeof Metadata>): Graph {
  const own = (name: string): string => name.slice(PREFIX.length);
  const arrows = metadata.packages.flatMap(({ name, dependencies }) => {
    const ours = dependencies.filter((item) => item.path !== undefined);
    const namesOf = (isForTests: boolean): string[] =>
      ours.filter(({ kind }) => (kind === "dev") === isForTests).map((item) => own(item.name));
    const built = [own(name), namesOf(false).sort()] as const;
    const forTests = namesOf(true).filter((other) => !built[1].includes(other));
    return forTests.length === 0 ? [built] : [built, [`${own(name)} (tests)`, forTests.sort()] as const];
  });
  return Object.fromEntries(arrows);
}

/** What stands below something that it depends on. */
function upward(graph: Graph): string[] {
  const above = new Set<string>();
  return Object.entries(graph).flatMap(([crate, used]) => {
    above.add(crate);
    return crate.endsWith(" (tests)")
      ? []
      : used.filter((name) => !above.has(name)).map((name) => `${crate} -> ${name}`);
  });
}

describe("the picture of the engine's crates", () => {
  it("has cargo's arrows, and no other", () => {
    const text = execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1", "--offline"], {
      cwd: path.join(ROOT, "engine"),
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    expect(drawn(picture("crates"))).toEqual(cargos(Metadata.parse(JSON.parse(text))));
  });

  it("has what a crate depends on above it", () => {
    expect(upward(drawn(picture("crates")))).toEqual([]);
  });

  it("is read to the letter", () => {
    expect(drawn(["a ->", "b -> a", "b (tests) -> c, d"])).toEqual({ a: [], b: ["a"], "b (tests)": ["c", "d"] });
    expect(() => drawn(["a => b"])).toThrow("a => b");
    expect(() => drawn(["a -> b c"])).toThrow("a -> b c");
    expect(upward({ a: ["b"], b: ["a"] })).toEqual(["a -> b"]);
    const dependency = { kind: null, path: "/b" };
    const packages = [
      {
        name: "cranefly-a",
        dependencies: [
          { name: "serde", kind: null },
          { ...dependency, name: "cranefly-b" },
        ],
      },
      { name: "cranefly-b", dependencies: [{ ...dependency, name: "cranefly-a", kind: "dev" }] },
    ];
    expect(cargos({ packages })).toEqual({ a: ["b"], b: [], "b (tests)": ["a"] });
  });
});

describe("the picture of the core's layers", () => {
  it("agrees with the rules of imports", async () => {
    const file = pathToFileURL(path.join(ROOT, ".dependency-cruiser.mjs")).href;
    const config = z.object({ default: z.object({ forbidden: z.array(z.object({ comment: z.string() })) }) });
    const { forbidden } = config.parse(await import(file)).default;
    const allowed = forbidden.flatMap(({ comment }) => {
      const [, room, rooms] = /^core's (\w+) may import (.+)$/.exec(comment) ?? [];
      if (room === undefined || rooms === undefined) return [];
      return [[room, rooms === "no other room" ? [] : rooms.split(", ")] as const];
    });
    const layers = picture("layers").map((line) => line.split(", ").map(roomOf));
    expect(layers.flat().sort()).toEqual(allowed.map(([room]) => room).sort());
    const depth = (room: string): number => layers.findIndex((layer) => layer.includes(room));
    const upwards = allowed.flatMap(([room, rooms]) =>
      rooms.filter((other) => depth(other) <= depth(room)).map((other) => `${room} -> ${other}`),
    );
    expect(upwards).toEqual([]);
  });
});

/** What the rules call a line's folder or file. */
function roomOf(name: string): string {
  return name === "keptCurrent" ? "kept" : (name.split("/").at(-1) ?? name);
}

describe("the modules of a crate", () => {
  let parser: RustParser;
  beforeAll(async () => {
    parser = await RustParser.load(BUNDLES);
  });

  it.each(fs.readdirSync(CRATES))("are in no circle in %s", (crate) => {
    const graph = moduleGraph(parser, path.join(CRATES, crate, "src"));
    const circles = circlesOf(graph);
    const arrows = circles.flatMap((circle) => arrowsOf(graph, circle)).join("\n");
    expect(circles, arrows).toEqual([]);
  });

  it("need where things are defined, wherever they are named", () => {
    const graph = graphOf({
      "lib.rs": `mod a; pub mod b; mod c; mod d; mod e { pub mod inner { pub fn f() { super::super::c::g() } } }
        pub use b::Public; pub use crate::c::{self as see, Third};
        #[cfg(test)] mod tests { use crate::d::Hidden; }`,
      // By a re-export, by an alias, in the arguments of a macro, in brackets, by a glob.
      "a.rs": "use crate::Public; fn f() { crate::see::g(); }",
      "b.rs": 'pub struct Public; fn f() { println!("{}", crate::a::X); }',
      "c.rs": "pub fn g() {} pub struct Third; fn f() -> Vec<<u8 as super::d::Trait>::Item> { vec![] }",
      "d/mod.rs": "mod one; mod two; use std::fmt; pub trait Trait {} pub(in crate::a) struct Hidden;",
      "d/one.rs": "use super::two::*;",
      "d/two.rs": "use super::Trait; #[cfg(test)] use crate::a::Test; fn f<T: super::one::One>() {}",
    });
    expect(graph).toEqual({
      crate: ["crate::c"],
      "crate::a": ["crate::b", "crate::c"],
      "crate::b": ["crate::a"],
      "crate::c": ["crate::d"],
      "crate::d": [],
      "crate::d::one": ["crate::d::two"],
      "crate::d::two": ["crate::d", "crate::d::one"],
    });
  });

  it("are found in circles of any length", () => {
    const graph = new Map([
      ["a", new Set(["b"])],
      ["b", new Set(["c"])],
      ["c", new Set(["a", "d"])],
      ["d", new Set<string>()],
    ]);
    expect(circlesOf(graph)).toEqual(["a, b, c"]);
    expect(arrowsOf(graph, "a, b, c")).toEqual(["a -> b", "b -> c", "c -> a"]);
  });

  function graphOf(files: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-modules-"));
    try {
      for (const [name, text] of Object.entries(files)) {
        fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        fs.writeFileSync(path.join(folder, name), text);
      }
      const graph = moduleGraph(parser, folder);
      return Object.fromEntries([...graph].map(([module, needed]) => [module, [...needed].sort()]));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }
});
