/**
 * Large published projects under the language server: lenses, tests and runs work, also while a build is under way. How fast
 * it answered is printed; numbers are for people, on a machine that they know.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import type { CodeLens } from "vscode-languageserver/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type DashboardResult,
  DashboardRequest,
  type ProgramCommand,
  PrepareRequest,
  type PrepareResult,
  type RunTarget,
  TestsRequest,
  type TestsResult,
} from "../../shared/src/lsp.js";
import { RIPGREP_MEMBERS, published, publishedWorkspace } from "../programs/support/projects.js";
import { LanguageServer, QUIET_SETTINGS } from "./languageServer.js";
import { Project } from "./project.js";

const projects = [
  {
    name: "ripgrep 15.2.0",
    folder: () => publishedWorkspace({ name: "ripgrep", version: "15.2.0" }, RIPGREP_MEMBERS),
    main: "crates/core/main.rs",
    bin: { package: "ripgrep", name: "rg" },
    version: /^ripgrep 15\.2\.0/,
    /** One of its tests, and how many there are at least. */
    test: { package: "globset", name: "tests::set_works", among: 1000 },
  },
  {
    name: "jj-cli 0.45.1",
    folder: () => published({ name: "jj-cli", version: "0.45.1" }),
    main: "src/main.rs",
    bin: { package: "jj-cli", name: "jj" },
    version: /^jj 0\.45\.1/,
    // Its tests need a crate that is not published.
    test: undefined,
  },
];
const ROUNDS = 20;

describe.each(projects)("$name", ({ name, folder, main, bin, version, test }) => {
  let surroundings: Project;
  let server: LanguageServer;
  let root: string;
  let uri: string;
  let original: string;

  beforeAll(async () => {
    root = await folder();
    original = fs.readFileSync(path.join(root, main), "utf8");
    uri = pathToFileURL(path.join(root, main)).href;
    fs.rmSync(path.join(root, "target/cranefly"), { recursive: true, force: true });
    surroundings = new Project("published", {});
    const lens = { ...QUIET_SETTINGS.lens, functions: "lens", show: "all" };
    server = await LanguageServer.start(root, surroundings.env, { ...QUIET_SETTINGS, buildOnOpen: true, lens });
    await server.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "rust", version: 1, text: original },
    });
  });
  afterAll(async () => {
    fs.writeFileSync(path.join(root, main), original);
    await server.stop();
    surroundings.remove();
  });

  const state = (): string => server.projects[0]?.state.kind ?? "";
  const project = (): string => server.projects[0]?.project ?? "";
  const lenses = (): Promise<CodeLens[]> =>
    server.connection.sendRequest("textDocument/codeLens", { textDocument: { uri } });
  const titles = async (): Promise<string[]> => (await lenses()).map(({ command }) => command?.title ?? "");
  const tell = (text: string): void => console.log(`${name}: ${text}`);

  /** Has a program run as the editor would, to its end. */
  const output = async (target: RunTarget, args: readonly string[]): Promise<string> => {
    const params = { target, args, env: {}, cwd: undefined, wait: true };
    const prepared = await server.connection.sendRequest<PrepareResult>(PrepareRequest, params);
    if (prepared.kind !== "program") throw new Error(JSON.stringify(prepared));
    return run(prepared.command, surroundings.env);
  };

  it("is built", async () => {
    const begun = performance.now();
    await server.until(([only]) => ["current", "stale", "fallback", "down"].includes(only?.state.kind ?? ""));
    tell(`first build, dependencies included: ${seconds(performance.now() - begun)}`);
    expect(server.projects[0]?.state).toEqual({ kind: "current" });
    const [generation] = server.projects[0]?.history ?? [];
    tell(`${generation?.functions.total ?? 0} functions, ${generation?.functions.llvm ?? 0} of them through LLVM`);
    expect(generation?.functions.llvm).toBe(0);
  });

  it("has lenses, and runs", async () => {
    expect(await titles()).toEqual(expect.arrayContaining([expect.stringMatching(/^▶ Run/)]));
    tell(`lenses: ${await measured(ROUNDS, titles)}`);
    const target: RunTarget = { kind: "bin", project: project(), ...bin };
    expect(await output(target, ["--version"])).toMatch(version);
  });

  it("answers while a build is under way", async () => {
    const before = server.projects[0]?.history[0]?.id;
    const during: number[] = [];
    fs.writeFileSync(path.join(root, main), `${original}// Changed.\n`);
    await server.until(([only]) => only?.state.kind === "rebuilding");
    while (state() === "rebuilding") {
      const begun = performance.now();
      const found = await titles();
      if (state() === "rebuilding") during.push(performance.now() - begun);
      expect(found).toEqual(expect.arrayContaining([expect.stringMatching(/^▶ Run/)]));
    }
    expect(during.length).toBeGreaterThan(0);
    tell(`lenses during a build: ${summary(during)}`);
    const [generation] = server.projects[0]?.history ?? [];
    expect(generation?.id).not.toBe(before);
    tell(`that save: ${JSON.stringify(generation?.ms)}`);
  });

  it("is summed up", async () => {
    const ask = (): Promise<DashboardResult> => server.connection.sendRequest<DashboardResult>(DashboardRequest, {});
    expect((await ask()).slowest).toHaveLength(50);
    tell(`dashboard: ${await measured(ROUNDS, ask)}`);
  });

  if (test === undefined) return;
  it("has its tests found and run", async () => {
    const begun = performance.now();
    const found = await server.connection.sendRequest<TestsResult>(TestsRequest, { project: project() });
    tell(`building and listing tests: ${seconds(performance.now() - begun)}`);
    const all = found.harnesses.flatMap((harness) => harness.tests);
    const placed = all.filter((item) => item.uri !== undefined);
    tell(`${all.length} tests of ${found.harnesses.length} harnesses, ${placed.length} of them placed`);
    tell(
      `tests, again: ${await measured(3, () => server.connection.sendRequest(TestsRequest, { project: project() }))}`,
    );
    expect(all.length).toBeGreaterThan(test.among);
    expect(placed).toHaveLength(all.length);
    const harness = found.harnesses.find(
      (item) => item.package === test.package && item.tests.some((one) => one.name === test.name),
    );
    const target: RunTarget = { kind: "test", project: project(), program: harness?.program ?? "", names: [test.name] };
    expect(await output(target, [])).toContain(`test ${test.name} ... ok`);
  });
});

function run({ argv, cwd, env: changes }: ProgramCommand, base: NodeJS.ProcessEnv): string {
  const env = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
  const [program = "", ...args] = argv;
  return spawnSync(program, args, { cwd, env, encoding: "utf8" }).stdout;
}

/** How long an answer took, so many times in a row. */
async function measured(rounds: number, ask: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    await ask();
    times.push(performance.now() - begun);
  }
  return summary(times);
}

function summary(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1);
  return `${at(0)}–${at(1)} ms, median ${at(0.5)} ms, of ${sorted.length}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
