/** What the editor shows about code, by the real server with the real engine on the sample. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import type { CodeLens, Hover, InlayHint } from "vscode-languageserver/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type DashboardResult,
  DashboardRequest,
  type ExplainResult,
  ExplainRequest,
  type InspectKind,
  type InspectResult,
  InspectRequest,
  type LensArguments,
  type ReportResult,
  ReportRequest,
  RunClifRequest,
  type RunClifResult,
  TestsRequest,
} from "../../shared/src/lsp.js";
import { GenerationReport } from "../../shared/src/report.js";
import { LanguageServer, QUIET_SETTINGS } from "./languageServer.js";
import { HAS_ENGINE, Project, fixtureFiles } from "./project.js";

describe.runIf(HAS_ENGINE)("the editor's view of the sample", () => {
  let project: Project;
  let server: LanguageServer;
  const NUMBERS = "crates/app/src/numbers.rs";
  const SHAPES = "crates/shapes/src/lib.rs";

  const uriOf = (file: string): string => pathToFileURL(project.path(file)).href;
  const textOf = (file: string): string => fs.readFileSync(project.path(file), "utf8");
  const lineOf = (file: string, text: string): number => {
    const line = textOf(file)
      .split("\n")
      .findIndex((item) => item.includes(text));
    if (line < 0) throw new Error(`${file} has no ${text}`);
    return line;
  };
  const opened = new Map<string, number>();
  const open = async (file: string): Promise<void> => {
    opened.set(file, 1);
    await server.connection.sendNotification("textDocument/didOpen", {
      textDocument: {
        uri: uriOf(file),
        languageId: file.endsWith(".clif") ? "clif" : "rust",
        version: 1,
        text: textOf(file),
      },
    });
  };
  const change = async (file: string, text: string): Promise<void> => {
    const version = (opened.get(file) ?? 1) + 1;
    opened.set(file, version);
    await server.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: uriOf(file), version },
      contentChanges: [{ text }],
    });
  };
  const lenses = (file: string): Promise<CodeLens[]> =>
    server.connection.sendRequest("textDocument/codeLens", { textDocument: { uri: uriOf(file) } });
  const hints = (file: string): Promise<InlayHint[]> =>
    server.connection.sendRequest("textDocument/inlayHint", {
      textDocument: { uri: uriOf(file) },
      range: { start: { line: 0, character: 0 }, end: { line: 10_000, character: 0 } },
    });
  const inspect = (file: string, line: number, what: InspectKind, symbol?: string): Promise<InspectResult> =>
    server.connection.sendRequest(InspectRequest, {
      uri: uriOf(file),
      line,
      what,
      ...(symbol === undefined ? {} : { symbol }),
    });

  /** Asks until the answer is as wanted: what a generation brings arrives after it. */
  const eventually = async <T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> => {
    for (;;) {
      const answer = await ask();
      if (isWanted(answer)) return answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  beforeAll(async () => {
    project = new Project("features", fixtureFiles("sample"));
    const lens = { ...QUIET_SETTINGS.lens, functions: "endOfLine", show: "all" };
    server = await LanguageServer.start(project.dir, project.env, { ...QUIET_SETTINGS, buildOnOpen: true, lens });
    await server.until(([only]) => only?.state.kind === "current");
  });
  afterAll(async () => {
    await server.stop();
    project.remove();
  });

  it("offers to run and debug the programs at their main", async () => {
    for (const [file, name, kind] of [
      ["crates/app/src/main.rs", "sample", "bin"],
      ["crates/app/src/bin/counting.rs", "counting", "bin"],
      ["crates/app/examples/greet.rs", "greet", "example"],
    ] as const) {
      await open(file);
      const found = await eventually(
        () => lenses(file),
        (list) => list.length > 0,
      );
      const line = lineOf(file, "fn main()");
      expect(found.map((lens) => [lens.range.start.line, lens.command?.title])).toEqual([
        [line, "▶ Run (JIT)"],
        [line, "▶ Debug"],
      ]);
      const [start] = (found[0]?.command?.arguments ?? []) as LensArguments[];
      expect(start?.target).toMatchObject({ kind, name, package: "sample" });
    }
  });

  it("offers to run the tests that libtest lists", async () => {
    await open(SHAPES);
    await server.connection.sendRequest(TestsRequest, { project: server.projects[0]?.project });
    const found = await lenses(SHAPES);
    const module = lineOf(SHAPES, "mod tests");
    const title = found.map((lens) => [lens.range.start.line, lens.command?.title]);
    expect(title[0]).toEqual([module, "▶ Run tests (JIT)"]);
    const targets = found.map((lens) => ((lens.command?.arguments ?? []) as LensArguments[])[0]?.target);
    const names = targets.flatMap((target) => (target?.kind === "test" ? target.names : []));
    expect(names.length).toBeGreaterThan(2);
    expect(names.every((name) => name.startsWith("tests::"))).toBe(true);

    const whole = "crates/shapes/tests/dispatch.rs";
    await open(whole);
    const [all] = await lenses(whole);
    expect(all).toMatchObject({ range: { start: { line: 0 } }, command: { title: "▶ Run tests (JIT)" } });
    const [start] = (all?.command?.arguments ?? []) as LensArguments[];
    expect(start?.target).toMatchObject({ kind: "test", names: [] });
  });

  it("shows what functions took at the end of their first line, also while they are being moved", async () => {
    await open(NUMBERS);
    const line = lineOf(NUMBERS, "pub fn int128");
    const at = (list: readonly InlayHint[], wanted: number): string[] =>
      list
        .filter((hint) => hint.position.line === wanted)
        .map((hint) => (typeof hint.label === "string" ? hint.label : hint.label.map((part) => part.value).join("")));
    const before = await eventually(
      () => hints(NUMBERS),
      (list) => list.length > 0,
    );
    expect(at(before, line)).toEqual([
      expect.stringMatching(/^[○◐●] [\d.]+ (µs|ms) · [\d.]+ (B|KB) · Cranelift · \w+/),
    ]);

    const text = textOf(NUMBERS);
    await change(NUMBERS, `// one\n// two\nfn unknown() {}\n${text}`);
    const moved = await hints(NUMBERS);
    expect(at(moved, line + 3)).toEqual(at(before, line));
    expect(at(moved, 2)).toEqual([]);
    await change(NUMBERS, text);
    expect(await hints(NUMBERS)).toEqual(before);
  });

  it("has the breakdown under the mouse, and the explanation", async () => {
    const line = lineOf(NUMBERS, "pub fn int128");
    const character = textOf(NUMBERS).split("\n")[line]?.indexOf("int128") ?? 0;
    const hover = await server.connection.sendRequest<Hover>("textDocument/hover", {
      textDocument: { uri: uriOf(NUMBERS) },
      position: { line, character },
    });
    expect(hover.contents).toMatchObject({
      kind: "markdown",
      value: expect.stringContaining("sample::numbers::int128") as string,
    });
    const explained = await server.connection.sendRequest<ExplainResult>(ExplainRequest, {
      uri: uriOf(NUMBERS),
      line: line + 2,
    });
    expect(explained.text).toContain("# `int128`");
    expect(explained.text).toContain("Cranelift made the code");
    expect(explained.functions.some((entry) => entry.name === "sample::numbers::int128")).toBe(true);
    const nothing = await server.connection.sendRequest<ExplainResult>(ExplainRequest, {
      uri: uriOf(NUMBERS),
      line: 0,
    });
    expect(nothing).toEqual({ text: "There is no function at this place.", functions: [] });
  });

  it.each([
    ["llvm", "define"],
    ["clif", "block0"],
    ["asm", "ret"],
  ] as const)("shows a function as %s", async (what, expected) => {
    const line = lineOf(NUMBERS, "pub fn int128");
    const shown = await inspect(NUMBERS, line + 1, what);
    expect(shown.name).toContain("int128");
    expect(shown.text).toContain(expected);
    expect(shown.instances[0]?.symbol).toBe(shown.symbol);
    const own = shown.lines.filter((item) => item.file === project.path(NUMBERS));
    expect(own.length).toBeGreaterThan(0);
    expect(own.some((item) => item.sourceLine > line)).toBe(true);
  });

  it("lists the instances of a generic function, and shows each", async () => {
    const line = lineOf(SHAPES, "fn largest_by");
    const first = await inspect(SHAPES, line, "clif");
    expect(first.instances.length).toBeGreaterThan(1);
    const other = first.instances.find(({ symbol }) => symbol !== first.symbol);
    const shown = await inspect(SHAPES, line, "clif", other?.symbol);
    expect(shown.symbol).toBe(other?.symbol);
    await expect(inspect(SHAPES, lineOf(SHAPES, "pub trait Shape"), "clif")).rejects.toThrow(
      "there is no function at this place",
    );
  });

  it("sums up for the dashboard, and reports everything", async () => {
    const all = await server.connection.sendRequest<DashboardResult>(DashboardRequest, {});
    expect(all.slowest).toHaveLength(50);
    const costs = all.slowest.map(({ us }) => us.parse + us.hash + us.translate + us.compile);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    expect(all.families[0]?.instances).toBeGreaterThan(10);
    expect(all.tiers.cranelift).toBeGreaterThan(1000);
    expect(all.engine).toMatchObject({ cacheFunctions: expect.any(Number) as number });
    expect(all.engine?.cacheFunctions).toBeGreaterThan(1000);
    expect(all.history[0]).toMatchObject({ ok: true });
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-report-")), "report.json");
    const answer = await server.connection.sendRequest<ReportResult>(ReportRequest, { file });
    expect(answer).toEqual({ written: true });
    const report = GenerationReport.parse(JSON.parse(fs.readFileSync(file, "utf8")));
    expect(fs.readdirSync(path.dirname(file))).toEqual(["report.json"]);
    fs.rmSync(path.dirname(file), { recursive: true });
    const entries = report.programs.flatMap((program) => program.entries ?? []);
    expect(entries.length).toBeGreaterThan(1000);
    expect(all.tiers.cranelift + all.tiers.llvm + all.tiers.none).toBe(entries.length);
  });

  it("shows after a save what changed", async () => {
    const seen = server.projects[0]?.history[0]?.id ?? 0;
    project.edit(NUMBERS, "pub fn int128() {", "pub fn int128() {\n    std::hint::black_box(12_345_u64);");
    await change(NUMBERS, textOf(NUMBERS));
    await server.until(([only]) => only?.state.kind === "current" && (only.history[0]?.id ?? 0) > seen);
    const line = lineOf(NUMBERS, "pub fn int128");
    const ask = (): Promise<ExplainResult> =>
      server.connection.sendRequest<ExplainResult>(ExplainRequest, { uri: uriOf(NUMBERS), line });
    const explained = await eventually(ask, ({ functions }) => functions.some((entry) => entry.changed));
    expect(explained.text).toContain("**Compiled**");
    const previous = await server.connection.sendRequest<InspectResult>(InspectRequest, {
      uri: uriOf(NUMBERS),
      line,
      what: "llvm",
      previous: true,
    });
    const now = await inspect(NUMBERS, line, "llvm");
    expect(now.text).toContain("12345");
    expect(previous.text).not.toContain("12345");
  });

  it("reads Cranelift IR", async () => {
    project.write(
      "add.clif",
      "test run\ntarget x86_64\n\nfunction %add(i32, i32) -> i32 {\nblock0(v0: i32, v1: i32):\n    v2 = iadd v0, v1\n    return v2\n}\n; run: %add(1, 2) == 3\n",
    );
    await open("add.clif");
    const document = { textDocument: { uri: uriOf("add.clif") } };
    const [run] = await lenses("add.clif");
    expect(run?.command).toMatchObject({ title: "▶ Run", arguments: [{ uri: uriOf("add.clif"), line: 8 }] });
    const hover = await server.connection.sendRequest<Hover>("textDocument/hover", {
      ...document,
      position: { line: 5, character: 10 },
    });
    expect(hover.contents).toMatchObject({ value: expect.stringContaining("Sum, wrapping") as string });
    const place = await server.connection.sendRequest("textDocument/definition", {
      ...document,
      position: { line: 6, character: 12 },
    });
    expect(place).toMatchObject({ range: { start: { line: 5, character: 4 } } });
    expect(await server.connection.sendRequest("textDocument/documentSymbol", document)).toMatchObject([
      { name: "%add", children: [{ name: "block0" }] },
    ]);
    const runs = (text: string, wanted?: number): Promise<RunClifResult> =>
      server.connection.sendRequest<RunClifResult>(RunClifRequest, { uri: uriOf("add.clif"), text, line: wanted });
    const text = textOf("add.clif");
    expect((await runs(text, 8)).results).toMatchObject([{ line: 8, ok: true }]);
    expect((await runs(text.replace("== 3", "== 4"))).results).toMatchObject([{ line: 8, ok: false }]);
    expect((await runs(text.replace("iadd", "iad"))).results).toMatchObject([{ line: 5, ok: false }]);
  });
});
