/** The language server with real projects, real rustc and the real engine. */
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { CodeActionRequest, DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver-protocol/node";
import { ControlRequest, type ControlResult, TargetsRequest, type TargetsResult } from "../../shared/src/lsp.js";
import { GATE, HELLO, MAIN } from "./hello.js";
import { type ClientOptions, LanguageClient } from "./languageClient.js";
import { HAS_ENGINE, Project } from "./project.js";

describe.runIf(HAS_ENGINE)("the language server", () => {
  let project: Project;
  let client: LanguageClient;
  const start = (files: Readonly<Record<string, string>>, options: ClientOptions = {}): LanguageClient => {
    project = new Project("server", files);
    client = new LanguageClient(project, options);
    return client;
  };
  afterEach(() => {
    client.kill();
    project.remove();
  });

  /** The daemon's process, which must be there. */
  const enginePid = (): number => {
    const answer: unknown = JSON.parse(project.cranefly(["status", "--json"]).stdout);
    if (typeof answer === "object" && answer !== null && "pid" in answer) return Number(answer.pid);
    throw new Error(`no engine: ${JSON.stringify(answer)}`);
  };

  it("builds a folder when it is opened, and after every save", async () => {
    await start(HELLO).open("ws");
    const first = await client.generation(0);
    expect(first).toMatchObject({
      project: client.uri("ws"),
      summary: { ok: true, lane: "cargo", selection: "build" },
    });
    await client.state("ws", "current");
    expect(client.statuses.some(({ projects }) => projects[0]?.state.kind === "rebuilding")).toBe(true);
    expect(await client.output(client.bin("ws", "hello"))).toBe("hello\n");

    project.edit("ws/src/main.rs", '"hello"', '"good evening"');
    const second = await client.generation(1);
    expect(second.summary).toMatchObject({ ok: true, units: ["hello:hello"], errors: 0 });
    // (Which one depends on whether the twin of the file that was saved last is there by now.)
    expect(second.summary.lane).toMatch(/^(body|crate)$/);
    expect(second.summary.functions.changed).toBeGreaterThan(0);
    expect(second.summary.functions.changed).toBeLessThan(first.summary.functions.changed);
    await client.state("ws", "current");
    expect(client.status("ws")?.history.map((item) => item.id)).toEqual([2, 1]);
    expect(await client.output(client.bin("ws", "hello"))).toBe("good evening\n");
    expect(await client.close()).toBe(0);
  });

  it("compiles only the function that was edited, and keeps what was said of the others", async () => {
    const warned = MAIN.replace('println!("{}"', 'let unused = 1;\n    println!("{}"');
    await start({ ...HELLO, "ws/src/main.rs": warned }, { settings: { bodyLane: true } }).open("ws");
    await client.state("ws", "current");
    const warnings = (): number => client.diagnostics.get(client.uri("ws/src/main.rs"))?.length ?? 0;
    // The first edit of a crate gets its overlay ready; saves before that are the crate lane's.
    for (let n = 1; client.status("ws")?.history[0]?.lane !== "body"; n++) {
      expect(n).toBeLessThan(30);
      const before = client.status("ws")?.history[0]?.id;
      project.edit("ws/src/main.rs", n === 1 ? '"hello"' : `"hello ${n - 1}"`, `"hello ${n}"`);
      await client.until("a build", () => client.status("ws")?.history[0]?.id !== before || undefined);
      await client.state("ws", "current");
      expect(await client.output(client.bin("ws", "hello"))).toBe(`hello ${n}\n`);
      const overlays = project.path("ws/target/cranefly/.cranefly/body");
      const isReady = (): boolean => fs.readdirSync(overlays).some((unit) => fs.existsSync(`${overlays}/${unit}/bc-1`));
      await client.until("an overlay", () => (fs.existsSync(overlays) && isReady()) || undefined);
    }
    expect(warnings()).toBe(1);
    expect(await client.close()).toBe(0);
  });

  it("makes ready what edits of a file need when it is opened", async () => {
    await start(HELLO).open("ws");
    await client.state("ws", "current");
    await client.show("ws/src/main.rs");
    const units = project.path("ws/target/cranefly/.cranefly/body");
    const hasTwin = (): boolean =>
      fs.readdirSync(units).some((unit) => fs.existsSync(`${units}/${unit}/twin/twin.json`));
    await client.until("a twin", () => (fs.existsSync(units) && hasTwin()) || undefined);
    project.edit("ws/src/main.rs", '"hello"', '"hello at once"');
    const second = await client.generation(1);
    expect(second.summary).toMatchObject({ ok: true, lane: "body" });
    expect(await client.output(client.bin("ws", "hello"))).toBe("hello at once\n");
    expect(await client.close()).toBe(0);
  });

  it("tells errors where they are, runs the last good generation, and takes the errors back", async () => {
    await start(HELLO).open("ws");
    await client.state("ws", "current");
    const file = client.uri("ws/src/main.rs");
    project.edit("ws/src/main.rs", '    "hello"', '    let unused = "ü🦀";\n    /* ü🦀 */ 7');
    expect(await client.state("ws", "stale")).toEqual({ kind: "stale", errors: 1, hasGeneration: true });
    const [error] = await client.until("an error", () => {
      const list = client.diagnostics.get(file)?.filter((item) => item.severity === DiagnosticSeverity.Error) ?? [];
      return list.length > 0 && list;
    });
    expect(error).toMatchObject({
      code: "E0308",
      codeDescription: { href: "https://doc.rust-lang.org/error_codes/E0308.html" },
      // In UTF-16: the crab counts twice.
      range: { start: { line: 2, character: 14 }, end: { line: 2, character: 15 } },
    });
    expect(error?.relatedInformation?.[0]?.location.range.start.line).toBe(0);
    const stale = await client.prepare(client.bin("ws", "hello"), true);
    expect(stale).toMatchObject({ kind: "program", generation: 1, stale: "the sources have an error" });
    if (stale.kind === "program") expect(client.run(stale.command).stdout).toBe("hello\n");

    project.edit("ws/src/main.rs", "/* ü🦀 */ 7", '"mended"');
    await client.state("ws", "current");
    const [warning, ...others] = await client.until("only a warning", () => {
      const list = client.diagnostics.get(file) ?? [];
      // (Where the body lane was ready for the edit, it takes the error back, and the crate lane reports the warning.)
      return list.length > 0 && list.every((item) => item.severity === DiagnosticSeverity.Warning) && list;
    });
    expect(others).toEqual([]);
    expect(warning).toMatchObject({ code: "unused_variables", tags: [DiagnosticTag.Unnecessary] });
    const actions = await client.connection.sendRequest(CodeActionRequest.type, {
      textDocument: { uri: file },
      range: { start: { line: 1, character: 0 }, end: { line: 1, character: 0 } },
      context: { diagnostics: warning === undefined ? [] : [warning] },
    });
    expect(actions).toMatchObject([
      { kind: "quickfix", isPreferred: true, edit: { changes: { [file]: [{ newText: "_unused" }] } } },
    ]);

    project.write("ws/src/main.rs", MAIN);
    await client.until("no diagnostics", () => client.diagnostics.get(file)?.length === 0);
    project.write("ws/Cargo.toml", `${HELLO["ws/Cargo.toml"] ?? ""}[dependencies\n`);
    await client.until("cargo's own words", () => client.diagnostics.get(client.uri("ws/Cargo.toml"))?.length === 1);
    expect(client.diagnostics.get(client.uri("ws/Cargo.toml"))?.[0]?.message).toContain("unclosed table");
  });

  it("leaves diagnostics to rust-analyzer when that checks", async () => {
    await start(HELLO, { settings: { diagnostics: "auto", rustAnalyzerChecks: true } }).open("ws");
    await client.state("ws", "current");
    project.edit("ws/src/main.rs", '"hello"', "7");
    await client.state("ws", "stale");
    expect([...client.diagnostics.values()].flat()).toEqual([]);
    await client.changeSettings({ diagnostics: "on" });
    await client.until("an error", () => [...client.diagnostics.values()].flat().length === 1);
  });

  it("answers while a build runs, which can be cancelled", async () => {
    await start({ ...HELLO, "ws/build.rs": GATE }).open("ws");
    await client.until("the build script runs", () => fs.existsSync(project.path("started")));
    expect(client.status("ws")?.state).toMatchObject({ kind: "rebuilding", lane: "cargo" });
    const uri = client.uri("ws/src/main.rs");
    await client.show("ws/src/main.rs");
    const place = { textDocument: { uri }, position: { line: 0, character: 4 } };
    const [targets] = await Promise.all([
      client.connection.sendRequest<TargetsResult>(TargetsRequest, { project: undefined }),
      client.connection.sendRequest("textDocument/codeLens", { textDocument: { uri } }).catch(() => undefined),
      client.connection.sendRequest("textDocument/hover", place).catch(() => undefined),
    ]);
    expect(targets.targets.map((item) => item.label)).toEqual(["hello"]);
    expect(await client.prepare(client.bin("ws", "hello"), false)).toMatchObject({ kind: "none" });
    // All of that while the build goes on.
    expect(fs.existsSync(project.path("gate"))).toBe(false);
    await client.until("progress", () => client.progress.length > 0);

    const waiting = client.prepare(client.bin("ws", "hello"), true);
    const control = (action: string): Promise<ControlResult> =>
      client.connection.sendRequest(ControlRequest, { project: client.uri("ws"), action });
    expect(await control("cancel")).toEqual({});
    expect(await waiting).toMatchObject({ kind: "none", reason: "the build was cancelled" });
    await client.state("ws", "idle");
    expect(await control("cancel")).toMatchObject({ message: "nothing is being built" });

    project.write("gate", "");
    expect(await control("rebuild")).toEqual({});
    await client.state("ws", "current");
    expect(await client.output(client.bin("ws", "hello"))).toBe("hello\n");
  });

  it("goes on when the engine is killed", async () => {
    await start(HELLO).open("ws");
    await client.state("ws", "current");
    const before = enginePid();
    process.kill(before, "SIGKILL");
    // It is back without anybody asking, and has everything that it had.
    await client.generation(1);
    expect(enginePid()).not.toBe(before);
    await client.state("ws", "current");
    project.edit("ws/src/main.rs", '"hello"', '"again"');
    await client.generation(2);
    expect(await client.output(client.bin("ws", "hello"))).toBe("again\n");
  });

  it("takes two thousand changed files for one change", async () => {
    const count = 2000;
    const text = (n: number, value: number): string => `pub fn f${n}() -> u64 { ${value} }\n`;
    const names = [...Array(count).keys()];
    const modules = Object.fromEntries(names.map((n) => [`ws/src/m${n}.rs`, text(n, 0)]));
    const main = [
      ...names.map((n) => `mod m${n};`),
      "fn main() {",
      "    let mut sum = 0;",
      ...names.map((n) => `    sum += m${n}::f${n}();`),
      '    println!("{sum}");',
      "}",
      "",
    ].join("\n");
    await start({ ...HELLO, ...modules, "ws/src/main.rs": main }).open("ws");
    await client.state("ws", "current");
    const before = client.generations.length;
    for (const n of names) project.write(`ws/src/m${n}.rs`, text(n, 1));
    expect(await client.output(client.bin("ws", "hello"))).toBe(`${count}\n`);
    await client.state("ws", "current");
    expect(client.generations.length - before).toBeLessThanOrEqual(2);
  });

  it("leaves to cargo what it cannot do, and says why", async () => {
    await start(HELLO, { settings: { engine: { path: "/nonexistent/engine" } } }).open("ws");
    const { reason } = await client.state("ws", "fallback");
    expect(reason).toContain("/nonexistent/engine");
    const result = await client.prepare(client.bin("ws", "hello"), true);
    expect(result).toMatchObject({ kind: "cargo", reason });
    if (result.kind === "cargo") expect(client.run(result.command).stdout).toBe("hello\n");
    await client.changeSettings({});
    await client.state("ws", "current");
  });

  it("builds nothing before it is asked, if the user wants that", async () => {
    await start(HELLO, { settings: { buildOnOpen: false } }).open("ws");
    await client.state("ws", "idle");
    await client.until("targets", () => client.status("ws") !== undefined);
    expect(fs.existsSync(project.path("ws/target"))).toBe(false);
    expect(await client.output(client.bin("ws", "hello"))).toBe("hello\n");
  });

  it("starts programs exactly as cargo does", async () => {
    const main = [
      'const BUILT: &str = env!("BUILT");',
      "fn main() {",
      "    for (name, value) in std::env::vars() {",
      '        println!("{name}={value}");',
      "    }",
      '    println!("{BUILT} {:?}", std::env::current_dir().unwrap());',
      "    std::process::exit(i32::try_from(std::env::args().count()).unwrap());",
      "}",
      "",
    ].join("\n");
    const script = [
      "fn main() {",
      '    println!("cargo:rustc-env=BUILT=by the script");',
      '    println!("cargo:rustc-link-search=native={}", std::env::var("OUT_DIR").unwrap());',
      "}",
      "",
    ].join("\n");
    const files = {
      "ws/Cargo.toml": '[workspace]\nmembers = ["app", "tool"]\ndefault-members = ["app"]\nresolver = "2"\n',
      "ws/.cargo/config.toml": '[env]\nCONFIGURED = "yes"\n',
      "ws/app/Cargo.toml": (HELLO["ws/Cargo.toml"] ?? "").replace("hello", "app"),
      "ws/app/build.rs": script,
      "ws/app/src/main.rs": main,
      "ws/app/src/bin/a-b.rs": main,
      "ws/app/examples/shown.rs": main,
      "ws/tool/Cargo.toml": (HELLO["ws/Cargo.toml"] ?? "").replace("hello", "tool"),
      "ws/tool/src/main.rs": MAIN,
    };
    await start(files, { settings: { cargo: { extraEnv: { LD_LIBRARY_PATH: "/own/folder" } } } }).open("ws");
    await client.state("ws", "current");
    const env = { LD_LIBRARY_PATH: "/own/folder", CARGO_TARGET_DIR: project.path("ws/target/cranefly") };
    const manifest = project.path("ws/Cargo.toml");
    for (const [kind, name] of [
      ["bin", "app"],
      ["bin", "a-b"],
      ["example", "shown"],
    ] as const) {
      const target = { kind, project: client.uri("ws"), package: "app", name };
      const ours = await client.prepare(target, true, ["x", "y z"]);
      if (ours.kind !== "program") throw new Error(JSON.stringify(ours));
      const args = ["run", "--manifest-path", manifest, "-p", "app", `--${kind}`, name, "--", "x", "y z"];
      const cargo = spawnSync("cargo", args, {
        cwd: project.path("ws"),
        env: { ...project.env, ...env, CARGO_TARGET_DIR: project.path("ws/target/native") },
        encoding: "utf8",
      });
      const run = client.run(ours.command);
      expect(run.status).toBe(3);
      expect(run.status).toBe(cargo.status);
      const lines = (text: string): string[] =>
        text
          .replaceAll(project.path("ws/target/cranefly"), project.path("ws/target/native"))
          // Names of folders with the digest of what cargo was told.
          .replaceAll(/build\/app-[0-9a-f]+/g, "build/app-")
          .split("\n")
          .filter((line) => !/^(CARGO_TARGET_DIR|_|SHLVL|PWD|OLDPWD|RUSTUP_TOOLCHAIN|RUST_RECURSION_COUNT)=/.test(line))
          .sort();
      expect(lines(run.stdout)).toEqual(lines(cargo.stdout));
    }
    await client.state("ws", "current");
    // A member that `cargo build` leaves out is built when somebody wants it.
    expect(await client.output(client.bin("ws", "tool"))).toBe("hello\n");
  });

  it("runs a source file without a package", async () => {
    await start({ ...HELLO, "alone/one.rs": MAIN.replace("hello", "alone") }).open("ws");
    const target = { kind: "bin", project: client.uri("alone/one.rs"), package: "", name: "one" } as const;
    expect(await client.output(target)).toBe("alone\n");
    project.edit("alone/one.rs", "alone", "changed");
    expect(await client.output(target)).toBe("changed\n");
  });

  it("sees saves through replaced files and moved folders", async () => {
    const main = 'mod part;\nfn main() {\n    println!("{}", part::text());\n}\n';
    const text = 'pub fn text() -> &\'static str {\n    "one"\n}\n';
    await start({ ...HELLO, "ws/src/main.rs": main, "ws/src/part/mod.rs": text }).open("ws");
    await client.state("ws", "current");
    const target = client.bin("ws", "hello");
    const printed = async (known: number): Promise<string> => {
      await client.generation(known);
      const result = await client.prepare(target, false);
      return result.kind === "program" ? client.run(result.command).stdout : JSON.stringify(result);
    };
    project.write("ws/src/part/new.rs", text.replace("one", "two"));
    fs.renameSync(project.path("ws/src/part/new.rs"), project.path("ws/src/part/mod.rs"));
    expect(await printed(1)).toBe("two\n");
    // As a checkout does that takes a folder away and brings it back.
    fs.renameSync(project.path("ws/src/part"), project.path("aside"));
    await client.state("ws", "stale");
    project.write("aside/mod.rs", text.replace("one", "three"));
    fs.renameSync(project.path("aside"), project.path("ws/src/part"));
    expect(await printed(2)).toBe("three\n");
    project.write("ws/src/part/mod.rs", text.replace("one", "four"));
    expect(await printed(3)).toBe("four\n");
  });

  it("gives up on an engine that ends again and again, until it is asked", async () => {
    await start(HELLO).open("ws");
    await client.state("ws", "current");
    for (let n = 1; n <= 5; n++) {
      process.kill(enginePid(), "SIGKILL");
      if (n < 5) await client.generation(n);
    }
    const down = await client.state("ws", "down");
    expect(down).toMatchObject({ why: "givenUp" });
    expect(down.reason).toContain("5 times");
    // Nothing starts it before the user says so, and what was published runs all the same.
    expect(project.cranefly(["status"]).stdout).toContain("not running");
    expect(await client.prepare(client.bin("ws", "hello"), false)).toMatchObject({ kind: "program" });
    await client.connection.sendRequest(ControlRequest, { project: undefined, action: "restartEngine" });
    await client.state("ws", "current");
    expect(enginePid()).toBeGreaterThan(0);
  });

  it("is not disturbed by a program that writes into its package", async () => {
    await start({ ...HELLO, "ws/build.rs": GATE }).open("ws");
    await client.until("the build script runs", () => fs.existsSync(project.path("started")));
    const { mtimeMs } = fs.statSync(project.path("started"));
    for (let n = 0; n < 20; n++) {
      project.write("ws/program.log", `line ${n}`);
      await client.prepare(client.bin("ws", "hello"), false);
    }
    project.write("gate", "");
    await client.state("ws", "current");
    // The build script was not started again, as it would have been had the build been.
    expect(fs.statSync(project.path("started")).mtimeMs).toBe(mtimeMs);
    // A pause only puts off.
    const control = (action: string): Promise<ControlResult> =>
      client.connection.sendRequest(ControlRequest, { project: client.uri("ws"), action });
    await control("pauseWatch");
    project.edit("ws/src/main.rs", '"hello"', '"later"');
    await client.state("ws", "stale");
    expect(await client.prepare(client.bin("ws", "hello"), false)).toMatchObject({
      kind: "program",
      stale: "a file changed since it was built",
    });
    await control("resumeWatch");
    await client.state("ws", "current");
    expect(await client.output(client.bin("ws", "hello"))).toBe("later\n");
  });

  it("ends when the editor is gone without a word", async () => {
    const editor = spawn("sleep", ["1000"]);
    try {
      await start(HELLO, { processId: editor.pid ?? 0 }).open("ws");
      await client.state("ws", "current");
      editor.kill("SIGKILL");
      expect(await client.exited).toBe(1);
    } finally {
      editor.kill("SIGKILL");
    }
  });

  it("ends with its client, and with all that it has started", async () => {
    await start({ ...HELLO, "ws/build.rs": GATE }).open("ws");
    await client.until("the build script runs", () => fs.existsSync(project.path("started")));
    expect(await client.close()).toBe(0);
    const left = fs.readdirSync("/proc").filter((pid) => {
      try {
        return /^\d+$/.test(pid) && fs.readlinkSync(`/proc/${pid}/cwd`).startsWith(project.path("ws"));
      } catch {
        return false;
      }
    });
    expect(left).toEqual([]);
  });
});
