/** Programs under the real lldb-dap, as the editor drives it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildCommand, buildWithCargo, programArguments } from "../../client/src/debug/cargoBuild.js";
import { lldbDapArguments, programOf } from "../../client/src/debug/launchArguments.js";
import { findFormatters } from "../../client/src/debug/toolchain.js";
import { PrepareRequest, type PrepareParams, type PrepareResult, type RunTarget } from "../../shared/src/lsp.js";
import { requireDebugAdapter } from "../../scripts/lib/editor.mjs";
import { DebugSession } from "./debugAdapter.js";
import { LanguageServer, QUIET_SETTINGS } from "./languageServer.js";
import { ROOT } from "../support/repository.js";
import { HAS_ENGINE, Project, fixtureFiles } from "./project.js";

const ENGINE = process.env["CRANEFLY_ENGINE"] ?? path.join(ROOT, "engine/target/release/cranefly-engine");
const TRAITS = "crates/app/src/traits.rs";

/** `engineOptions`: as for `cranefly-engine serve`. */
function suite(name: string, engineOptions: readonly string[]): void {
  describe.skipIf(!HAS_ENGINE)(name, () => {
    let adapter: string;
    let project: Project;
    let server: LanguageServer;
    let target: RunTarget;
    const sessions: DebugSession[] = [];

    beforeAll(async () => {
      adapter = await requireDebugAdapter();
      project = new Project("debug", fixtureFiles("sample"));
      if (engineOptions.length > 0) {
        project.write("engine.sh", `#!/bin/sh\nexec '${ENGINE}' "$@" ${engineOptions.join(" ")}\n`);
        fs.chmodSync(project.path("engine.sh"), 0o755);
        project.env["CRANEFLY_ENGINE"] = project.path("engine.sh");
      }
      server = await LanguageServer.start(project.dir, project.env, QUIET_SETTINGS);
      target = { kind: "bin", project: server.projects[0]?.project ?? "", package: "sample", name: "sample" };
    });

    afterEach(() => {
      for (const session of sessions.splice(0)) session.dispose();
    });

    afterAll(async () => {
      await server.stop();
      project.remove();
    });

    const lineOf = (text: string): number => {
      const line = fs
        .readFileSync(project.path(TRAITS), "utf8")
        .split("\n")
        .findIndex((each) => each.includes(text));
      if (line < 0) throw new Error(`${TRAITS} has no ${text}`);
      return line + 1;
    };

    /** Debugs `sample ARGS` with breakpoints at lines of `traits.rs`. */
    const start = async (args: readonly string[], lines: readonly number[]): Promise<DebugSession> => {
      const file = project.path(TRAITS);
      const params: PrepareParams = {
        target,
        args,
        env: {},
        cwd: undefined,
        wait: true,
        breakpoints: lines.map((line) => ({ file, line })),
      };
      const prepared = await server.connection.sendRequest<PrepareResult>(PrepareRequest, params);
      if (prepared.kind !== "program") throw new Error(`not to be run: ${prepared.reason}`);
      const formatters = await findFormatters(project.dir, project.env);
      const session = new DebugSession(adapter, project.env);
      sessions.push(session);
      const program = programOf(prepared.command, prepared.executable);
      await session.launch(lldbDapArguments(program, formatters), file, lines);
      return session;
    };

    it("stop at a breakpoint with the right line and names, step, and run to their end", async () => {
      const line = lineOf("for shape in &shapes {");
      const session = await start(["traits"], [line]);
      const { reason, thread, frames } = await session.stopped();
      expect(reason).toBe("breakpoint");
      expect(frames[0]).toMatchObject({ line, file: project.path(TRAITS) });
      expect(frames[0]?.name).toMatch(/^sample::traits::dispatch\b/);
      expect(frames.map((frame) => frame.name)).toContainEqual(expect.stringMatching(/^sample::main\b/));

      await session.setBreakpoints(project.path(TRAITS), []);
      await session.request("next", { threadId: thread });
      const next = await session.stopped();
      expect(next.reason).toBe("step");
      expect(next.frames[0]).toMatchObject({ line: line + 1, file: project.path(TRAITS) });

      await session.request("continue", { threadId: thread });
      expect((await session.event("exited")).body).toMatchObject({ exitCode: 0 });
      expect(session.output).toContain("the square");
      await session.event("terminated");
      await session.request("disconnect", {});
      // Some adapters crash when they disconnect, which is no business of the user's.
      const last = session.messages
        .filter((message) => message.event === "output")
        .map((message) => JSON.stringify(message.body));
      expect(last.join("\n")).not.toMatch(/PLEASE submit a bug report|invalid pointer/);
    });

    it("give their exit code", async () => {
      const session = await start(["no such subcommand"], []);
      const { exitCode } = (await session.event("exited")).body as { exitCode: number };
      expect(exitCode).not.toBe(0);
    });

    it("stop in functions that are called for the first time", async () => {
      const line = lineOf("pub fn recursion() {") + 1;
      const session = await start(["recursion"], [line]);
      const { frames } = await session.stopped();
      expect(frames[0]?.name).toMatch(/^sample::traits::recursion\b/);
      expect(frames[0]?.file).toBe(project.path(TRAITS));
    });

    it("stop at breakpoints that are set while they stand", async () => {
      const session = await start(["generics"], [lineOf("pub fn generics() {") + 1]);
      const { thread } = await session.stopped();
      const line = lineOf('format!("{} legs, {}"');
      const [breakpoint] = await session.setBreakpoints(project.path(TRAITS), [line]);
      expect(breakpoint?.verified).toBe(true);
      await session.request("continue", { threadId: thread });
      expect((await session.stopped()).frames[0]).toMatchObject({ line, file: project.path(TRAITS) });
    });

    it("step into functions, and out of them", async () => {
      const line = lineOf('println!("total {:.6}", total_area(&shapes));');
      const session = await start(["traits"], [line]);
      const { thread } = await session.stopped();
      await session.request("stepIn", { threadId: thread });
      const { frames } = await session.stopped();
      expect(frames[0]?.name).toMatch(/^sample_shapes::total_area\b/);
      expect(frames[0]?.file).toBe(project.path("crates/shapes/src/lib.rs"));
      await session.request("stepOut", { threadId: thread });
      expect((await session.stopped()).frames[0]).toMatchObject({ line, file: project.path(TRAITS) });
    });

    it("are named by the project's URI", () => {
      expect(target.project).toBe(pathToFileURL(project.dir).href);
    });
  });
}

describe.skipIf(!HAS_ENGINE)("the cargo build under a debugger", () => {
  let project: Project;
  let server: LanguageServer;
  let session: DebugSession | undefined;

  beforeAll(async () => {
    project = new Project("cargo debug", {
      "Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/main.rs":
        'fn double(number: u32) -> u32 {\n    let text = String::from("some text");\n    println!("{text}");\n    number * 2\n}\nfn main() {\n    println!("{}", double(21));\n}\n',
    });
    server = await LanguageServer.start(project.dir, project.env, QUIET_SETTINGS);
  });

  afterAll(async () => {
    session?.dispose();
    await server.stop();
    project.remove();
  });

  it("shows variables, strings as text", async () => {
    const target: RunTarget = { kind: "bin", project: server.projects[0]?.project ?? "", package: "app", name: "app" };
    const params: PrepareParams = { target, args: [], env: {}, cwd: undefined, wait: false, byCargo: true };
    const prepared = await server.connection.sendRequest<PrepareResult>(PrepareRequest, params);
    if (prepared.kind !== "cargo") throw new Error(`not cargo's: ${JSON.stringify(prepared)}`);
    const { command } = prepared;
    const executable = await buildWithCargo(buildCommand(command), () => undefined, new AbortController().signal);
    expect(path.relative(project.dir, executable)).toBe("target/debug/app");

    session = new DebugSession(await requireDebugAdapter(), project.env);
    const program = {
      executable,
      args: programArguments(command),
      cwd: command.cwd,
      env: command.env,
      hasSlots: false,
    };
    const formatters = await findFormatters(project.dir, project.env);
    await session.launch(lldbDapArguments(program, formatters), project.path("src/main.rs"), [3]);
    const { thread, frames } = await session.stopped();
    expect(frames[0]).toMatchObject({ line: 3, file: project.path("src/main.rs") });
    const variables = await session.variables(thread);
    expect(variables.get("number")).toBe("21");
    expect(variables.get("text")).toContain("some text");
  });
});

suite("programs under a debugger", []);
suite("programs of which nothing is compiled ahead, under a debugger", [
  "--eager-functions",
  "0",
  "--compile-ahead",
  "false",
]);
