/** The tests of real workspaces, as the language server finds them. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ControlParams,
  ControlRequest,
  type TestHarness,
  TestRunRequest,
  TestsChangedNotification,
  TestsRequest,
  type TestsResult,
} from "../../shared/src/lsp.js";
import { LanguageServer, QUIET_SETTINGS } from "./languageServer.js";
import { HAS_ENGINE, Project } from "./project.js";

const LIBRARY = [
  "pub fn add(a: i32, b: i32) -> i32 {",
  "    a + b",
  "}",
  "",
  "#[cfg(test)]",
  "mod tests {",
  "    use super::add;",
  "    #[test]",
  "    fn adds() {",
  "        assert_eq!(add(1, 2), 3);",
  "    }",
  "    mod inner {",
  "        #[test]",
  '        #[ignore = "not now"]',
  "        fn waits() {}",
  "    }",
  "    macro_rules! cases {",
  "        ($($name:ident: $value:expr,)*) => { $(#[test] fn $name() { assert!($value > 0); })* };",
  "    }",
  "    mod made {",
  "        cases! { one: 1, two: 2, }",
  "    }",
  "}",
  "",
].join("\n");

const FILES: Readonly<Record<string, string>> = {
  "Cargo.toml": '[workspace]\nmembers = ["lib", "app"]\nresolver = "2"\n',
  "lib/Cargo.toml":
    '[package]\nname = "some-lib"\nversion = "0.1.0"\nedition = "2021"\n[[test]]\nname = "whole"\nharness = false\n[[test]]\nname = "broken"\n',
  "lib/src/lib.rs": LIBRARY.replace("mod tests {", "#[macro_use]\nmod tests {").replace("#[macro_use]\n", ""),
  "lib/tests/whole.rs": 'fn main() {\n    println!("a test with a main of its own");\n}\n',
  // Runs before libtest's `main`, and keeps it from listing anything.
  "lib/tests/broken.rs":
    '#[used]\n#[unsafe(link_section = ".init_array")]\nstatic EARLY: extern "C" fn() = early;\nextern "C" fn early() {\n    eprintln!("not today");\n    std::process::exit(3);\n}\n#[test]\nfn never_listed() {}\n',
  "app/Cargo.toml":
    '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nsome-lib = { path = "../lib" }\n',
  "app/src/main.rs":
    'fn main() {\n    println!("{}", some_lib::add(1, 2));\n}\n#[test]\nfn of_the_program() {\n    assert_eq!(std::env::var("CARGO_PKG_NAME").unwrap(), "app");\n}\n',
  "app/tests/outside.rs": '#[test]\nfn sees_the_program() {\n    assert!(!env!("CARGO_BIN_EXE_app").is_empty());\n}\n',
};

describe.skipIf(!HAS_ENGINE)("the tests of a workspace", () => {
  let project: Project;
  let server: LanguageServer;
  let uri: string;
  const ask = (): Promise<TestsResult> => server.connection.sendRequest<TestsResult>(TestsRequest, { project: uri });

  beforeAll(async () => {
    project = new Project("tests", FILES);
    server = await LanguageServer.start(project.dir, project.env, QUIET_SETTINGS);
    uri = server.projects[0]?.project ?? "";
  });

  afterAll(async () => {
    await server.stop();
    project.remove();
  });

  const find = (tests: TestsResult, kind: TestHarness["kind"], target: string): TestHarness => {
    const harness = tests.harnesses.find((item) => item.kind === kind && item.target === target);
    if (harness === undefined) throw new Error(`no ${kind} ${target} in ${JSON.stringify(tests.harnesses)}`);
    return harness;
  };
  const fileUri = (file: string): string => pathToFileURL(project.path(file)).href;
  const lineOf = (file: string, text: string): number =>
    (FILES[file] ?? "").split("\n").findIndex((line) => line.includes(text));

  it("are those that libtest lists, with their places", async () => {
    const tests = await ask();
    expect(tests.stale).toBeUndefined();
    const library = find(tests, "lib", "some_lib");
    expect(library).toMatchObject({
      package: "some-lib",
      harness: true,
      uri: fileUri("lib/src/lib.rs"),
    });
    expect(library.problem).toBeUndefined();
    expect(library.tests.map((test) => test.name)).toEqual([
      "tests::adds",
      "tests::inner::waits",
      "tests::made::one",
      "tests::made::two",
    ]);
    const file = "lib/src/lib.rs";
    expect(library.tests[0]).toMatchObject({ uri: fileUri(file), line: lineOf(file, "fn adds") });
    expect(library.tests[1]).toMatchObject({ uri: fileUri(file), line: lineOf(file, "fn waits") });
    // A macro's tests are where the macro says that they are: at its call, or in its definition.
    const lines = [lineOf(file, "cases! {"), lineOf(file, "($($name")];
    expect(lines).toContain(library.tests[2]?.line);
  });

  it("are found in programs and integration tests as well", async () => {
    const tests = await ask();
    expect(find(tests, "bin", "app")).toMatchObject({
      package: "app",
      tests: [{ name: "of_the_program", uri: fileUri("app/src/main.rs"), line: 4 }],
    });
    expect(find(tests, "test", "outside").tests).toEqual([
      { name: "sees_the_program", kind: "test", uri: fileUri("app/tests/outside.rs"), line: 1 },
    ]);
  });

  it("find the programs beside them where cargo would leave them, as long as they run", async () => {
    await ask();
    const program = project.path("target/debug/app");
    const running = (isRunning: boolean): Promise<null> =>
      server.connection.sendRequest(TestRunRequest, { project: uri, isRunning });
    const told = (): string => spawnSync(program, { encoding: "utf8" }).stdout;
    expect(fs.existsSync(program)).toBe(false);
    await running(true);
    expect(told()).toBe("3\n");
    // Two runs at a time.
    await running(true);
    await running(false);
    expect(told()).toBe("3\n");
    await running(false);
    expect(fs.existsSync(program)).toBe(false);
    project.write("target/debug/app", "another build's");
    await running(true);
    expect(told()).toBe("3\n");
    await running(false);
    expect(fs.readFileSync(program, "utf8")).toBe("another build's");
    fs.rmSync(program);
    await running(false);
  });

  it("find those that were built while they run", async () => {
    await ask();
    const program = project.path("target/debug/app");
    const running = (isRunning: boolean): Promise<null> =>
      server.connection.sendRequest(TestRunRequest, { project: uri, isRunning });
    const told = (): string => spawnSync(program, { encoding: "utf8" }).stdout;
    await running(true);
    project.edit("lib/src/lib.rs", "    a + b\n", "    a + b + 1\n");
    await ask();
    await expect.poll(told).toBe("4\n");
    project.edit("lib/src/lib.rs", "    a + b + 1\n", "    a + b\n");
    await ask();
    await expect.poll(told).toBe("3\n");
    await running(false);
    expect(fs.existsSync(program)).toBe(false);
  });

  it("of a target without libtest are the target as a whole, which is not run", async () => {
    expect(find(await ask(), "test", "whole")).toMatchObject({ harness: false, tests: [] });
  });

  it("that cannot be listed are told with the reason", async () => {
    const { tests, problem } = find(await ask(), "test", "broken");
    expect(tests).toEqual([]);
    expect(problem).toContain("exit code 3");
    expect(problem).toContain("not today");
  });

  it("are others after a change", async () => {
    const { generation } = await ask();
    project.edit("lib/src/lib.rs", "    mod inner {", "    #[test]\n    fn is_new() {}\n    mod inner {");
    const tests = await ask();
    expect(tests.generation).toBeGreaterThan(generation);
    expect(find(tests, "lib", "some_lib").tests.map((test) => test.name)).toContain("tests::is_new");
    const waits = find(tests, "lib", "some_lib").tests.find((test) => test.name === "tests::inner::waits");
    expect(waits?.line).toBe(lineOf("lib/src/lib.rs", "fn waits") + 2);
  });

  it("are told to be others when something was built since the client asked", async () => {
    await ask();
    project.edit("lib/src/lib.rs", "    #[test]\n    fn is_new() {}\n", "    #[test]\n    fn is_newer() {}\n");
    const told = new Promise<void>((resolve) => {
      server.connection.onNotification(TestsChangedNotification, () => resolve());
    });
    const params: ControlParams = { project: uri, action: "rebuild" };
    await server.connection.sendRequest(ControlRequest, params);
    await told;
    expect(find(await ask(), "lib", "some_lib").tests.map((test) => test.name)).toContain("tests::is_newer");
  });

  it("of sources that do not compile are those of the last good generation, and stale", async () => {
    project.edit("lib/src/lib.rs", "    a + b\n", "    a + c\n");
    const tests = await ask();
    expect(tests.stale).toMatch(/error/);
    expect(find(tests, "lib", "some_lib").tests.map((test) => test.name)).toContain("tests::is_newer");
    project.edit("lib/src/lib.rs", "    a + c\n", "    a + b\n");
    expect((await ask()).stale).toBeUndefined();
  });

  it("of a project that is not open are refused", async () => {
    const params = { project: "file:///nowhere" };
    await expect(server.connection.sendRequest(TestsRequest, params)).rejects.toThrow("no project is open");
  });
});
