/**
 * A package's program is the one that `cargo run -p` starts, whatever else of the workspace is built: cargo unites the features
 * of all packages that it builds together.
 */
import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { type RunTarget, TestsRequest, type TestsResult } from "../../shared/src/lsp.js";
import { LanguageClient } from "./languageClient.js";
import { HAS_ENGINE, Project, manifest } from "./project.js";

const says = (who: string): string => `fn main() { println!("${who} {}", dep::says()); }\n`;

/** `quiet` asks for nothing, `loud` for a feature of what both use, and `tested` for it in its tests alone. */
const FILES: Readonly<Record<string, string>> = {
  "ws/Cargo.toml":
    '[workspace]\nmembers = ["dep", "loud", "quiet", "tested", "aside"]\ndefault-members = ["dep", "loud", "quiet", "tested"]\nresolver = "2"\n',
  "ws/dep/Cargo.toml": manifest("dep", "[features]\nloud = []\n"),
  "ws/dep/src/lib.rs": 'pub fn says() -> &\'static str { if cfg!(feature = "loud") { "LOUD" } else { "quiet" } }\n',
  "ws/loud/Cargo.toml": manifest("loud", '[dependencies]\ndep = { path = "../dep", features = ["loud"] }\n'),
  "ws/loud/src/main.rs": says("loud"),
  "ws/quiet/Cargo.toml": manifest("quiet", '[dependencies]\ndep = { path = "../dep" }\n'),
  "ws/quiet/src/main.rs": says("quiet"),
  "ws/quiet/examples/shown.rs": says("shown"),
  "ws/quiet/tests/all.rs": '#[test]\nfn of_quiet() {\n    println!("{}", dep::says());\n}\n',
  "ws/aside/Cargo.toml": manifest("aside", '[dependencies]\ndep = { path = "../dep" }\n'),
  "ws/aside/src/main.rs": says("aside"),
  "ws/tested/Cargo.toml": manifest("tested"),
  "ws/tested/src/main.rs": "fn main() {}\n",
};

describe.runIf(HAS_ENGINE)("in a workspace whose packages ask for other features of the same crate", () => {
  let project: Project;
  let client: LanguageClient;
  afterEach(() => {
    client.kill();
    project.remove();
  });

  const cargo = (...args: string[]): string =>
    spawnSync("cargo", ["--quiet", ...args], { cwd: project.path("ws"), env: project.env, encoding: "utf8" }).stdout;

  it("a lens runs what cargo runs of that package", async () => {
    project = new Project("features", FILES);
    client = await new LanguageClient(project).open("ws");
    await client.state("ws", "current");
    for (const name of ["quiet", "loud", "aside"]) {
      const theirs = cargo("run", "-p", name);
      expect(await client.output(client.bin("ws", name))).toBe(theirs);
      expect(theirs).toBe(`${name} ${name === "loud" ? "LOUD" : "quiet"}\n`);
    }
    const example: RunTarget = { kind: "example", project: client.uri("ws"), package: "quiet", name: "shown" };
    expect(await client.output(example)).toBe(cargo("run", "-p", "quiet", "--example", "shown"));
    const tests = await client.connection.sendRequest<TestsResult>(TestsRequest, { project: client.uri("ws") });
    const harness = tests.harnesses.find(({ label }) => label === "tests/all.rs");
    const said = async (alone: boolean): Promise<string | undefined> => {
      const target = { project: client.uri("ws"), program: harness?.program ?? "", names: ["of_quiet"], alone };
      const prepared = await client.prepare({ kind: "test", ...target }, true, ["--nocapture"]);
      if (prepared.kind !== "program") throw new Error(JSON.stringify(prepared));
      return /quiet$|LOUD$/m.exec(client.run(prepared.command).stdout)?.[0];
    };
    // As `cargo test --workspace` runs it, and `cargo test -p quiet`.
    expect([await said(false), await said(true), await said(false)]).toEqual(["LOUD", "quiet", "LOUD"]);
    // A save is in the program that was run last, whichever build that is of.
    const known = client.generations.length;
    project.write("ws/quiet/src/main.rs", says("very quiet"));
    await client.generation(known);
    expect(await client.output(client.bin("ws", "quiet"))).toBe("very quiet quiet\n");
    expect(await client.output(client.bin("ws", "loud"))).toBe("loud LOUD\n");
    // Another manifest, other features.
    project.write("ws/loud/Cargo.toml", manifest("loud", '[dependencies]\ndep = { path = "../dep" }\n'));
    expect(await client.output(client.bin("ws", "loud"))).toBe("loud quiet\n");
    expect(await client.output(client.bin("ws", "quiet"))).toBe("very quiet quiet\n");
  });
});

describe.runIf(HAS_ENGINE)("where tests have other features than the program", () => {
  let project: Project;
  let client: LanguageClient;
  afterEach(() => {
    client.kill();
    project.remove();
  });

  it("the program is its own again after tests were built, and after a command line built it otherwise", async () => {
    project = new Project("features", {
      "ws/Cargo.toml": manifest(
        "app",
        '[dependencies]\ndep = { path = "dep" }\n[dev-dependencies]\ndep = { path = "dep", features = ["loud"] }\n[features]\nmore = ["dep/loud"]\n[workspace]\n',
      ),
      "ws/src/main.rs": says("app"),
      "ws/tests/all.rs": "#[test]\nfn passes() {}\n",
      "ws/dep/Cargo.toml": FILES["ws/dep/Cargo.toml"] ?? "",
      "ws/dep/src/lib.rs": FILES["ws/dep/src/lib.rs"] ?? "",
    });
    client = await new LanguageClient(project).open("ws");
    await client.state("ws", "current");
    expect(await client.output(client.bin("ws", "app"))).toBe("app quiet\n");
    await client.connection.sendRequest(TestsRequest, { project: client.uri("ws") });
    expect(await client.output(client.bin("ws", "app"))).toBe("app quiet\n");
    expect(project.exec(process.execPath, [project.cli, "run", "-q", "--features", "more"], {}, "ws").stdout).toBe(
      "app LOUD\n",
    );
    // What is there is not run for what was built before, though nothing has changed since.
    expect(await client.prepare(client.bin("ws", "app"), false)).toMatchObject({ kind: "none" });
    expect(await client.output(client.bin("ws", "app"))).toBe("app quiet\n");
  });
});
