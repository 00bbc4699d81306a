/** What an editor asks of the real engine, through the client and the schemas that it uses. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../server/src/core/engine/client.js";
import { findEngine } from "../../server/src/core/engine/location.js";
import { findToolchain } from "../../server/src/core/units/toolchain.js";
import { ClifReport } from "../../shared/src/protocol.js";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE, Project, WORKSPACE } from "./project.js";

describe.runIf(HAS_ENGINE)("looking into a program", () => {
  let project: Project;
  let engine: Engine;
  let program: { workspace: string; program: string };
  beforeAll(async () => {
    project = new Project("inspect", WORKSPACE);
    expect(project.cranefly(["build", "-q", "-p", "app"]).code).toBe(0);
    engine = Engine.for(
      findEngine(project.env, `${ROOT}/dist`),
      await findToolchain(project.dir, project.env),
      project.env,
    );
    const { programs } = await engine.status();
    program = programs.find((known) => known.program.endsWith("app")) ?? { workspace: "", program: "" };
  });
  afterAll(() => {
    engine.close();
    project.remove();
  });

  const inFile = async (file: string) =>
    engine.functions(program.workspace, program.program, { files: [project.path(file)] });

  it("gives absolute paths and lines for every crate of the workspace", async () => {
    const main = await inFile("app/src/main.rs");
    expect(main.map((entry) => [entry.name, entry.line, entry.endLine])).toContainEqual(["app::greeting", 2, 4]);
    const library = await inFile("crates/core-lib/src/lib.rs");
    expect(library.map((entry) => entry.name)).toContain("core_lib::number");
  });

  it("shows a function as text, linked to its source", async () => {
    const entry = (await inFile("app/src/main.rs")).find(({ name }) => name === "app::main");
    for (const what of ["llvm", "clif", "asm"] as const) {
      const shown = await engine.inspect({ ...program, symbol: entry?.symbol ?? "", what });
      const call = shown.refs.filter(({ name }) => name === "app::greeting").at(-1);
      expect(call).toMatchObject({ file: project.path("app/src/main.rs"), sourceLine: 2 });
      const line = shown.lines.find((source) => source.line === call?.line);
      expect(line).toMatchObject({ file: project.path("app/src/main.rs"), sourceLine: 6 });
    }
  });

  it("compiles what a breakpoint needs, and keeps what changed", async () => {
    const at = await engine.compile({ ...program, file: project.path("app/src/main.rs"), line: 3 });
    expect(at.symbols.map(({ name }) => name)).toEqual(["app::greeting"]);
    const inspect = { ...program, symbol: at.symbols[0]?.symbol ?? "", what: "llvm" } as const;
    await expect(engine.inspect({ ...inspect, previous: true })).rejects.toMatchObject({ kind: "notKept" });
    const before = await engine.inspect(inspect);
    project.edit("app/src/main.rs", '"hello"', '"good day"');
    expect(project.cranefly(["build", "-q", "-p", "app"]).code).toBe(0);
    expect((await engine.inspect({ ...inspect, previous: true })).text).toBe(before.text);
    const functions = await engine.functions(program.workspace, program.program, { changedOnly: true });
    expect(functions.map(({ name }) => name)).toEqual(["app::greeting"]);
  });

  it("runs the directives of a .clif file", () => {
    const run = (input: string) =>
      ClifReport.parse(
        JSON.parse(execFileSync(findEngine(project.env, `${ROOT}/dist`), ["clif", "-"], { input }).toString()),
      );
    const text = "function %twice(i32) -> i32 {\nblock0(v0: i32):\n  v1 = iadd v0, v0\n  return v1\n}\n";
    expect(run(`${text}; run: %twice(4) == 8\n; print: %twice(5)\n; run: %twice(1) == 3\n`)).toEqual({
      errors: [],
      directives: [
        { line: 6, ok: true, message: "%twice(4) -> 8" },
        { line: 7, ok: true, message: "%twice(5) -> 10" },
        { line: 8, ok: false, message: "%twice(1) -> 2, expected 3" },
      ],
    });
    expect(run(text.replace("iadd", "iad")).errors).toMatchObject([{ line: 3 }]);
  });

  it("says what the caches hold", async () => {
    const { cache, memory, tiers } = await engine.status();
    expect(cache?.misses).toBeGreaterThan(0);
    expect(memory.cacheLimitBytes).toBeGreaterThan(memory.cacheBytes);
    expect(tiers?.cranelift).toBeGreaterThan(0);
  });
});
