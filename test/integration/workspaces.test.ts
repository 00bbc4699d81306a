/** Workspaces that come and go, under the language server. */
import * as fs from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { GATE, HELLO, MAIN } from "./hello.js";
import { LanguageClient } from "./languageClient.js";
import { HAS_ENGINE, Project } from "./project.js";

describe.runIf(HAS_ENGINE)("the language server", () => {
  let project: Project;
  let client: LanguageClient;
  const start = (files: Readonly<Record<string, string>>): LanguageClient => {
    project = new Project("server", files);
    client = new LanguageClient(project);
    return client;
  };
  afterEach(() => {
    client.kill();
    project.remove();
  });
  /** Removes a folder that something may just be written to. */
  const removed = (folder: string): Promise<true> =>
    client.until(`${folder} is removed`, () => {
      try {
        fs.rmSync(project.path(folder), { recursive: true, force: true });
        return true;
      } catch {
        return undefined;
      }
    });

  it("opens and closes workspaces with their folders, however many a folder has", async () => {
    const other = (name: string): Record<string, string> => ({
      [`many/${name}/Cargo.toml`]: (HELLO["ws/Cargo.toml"] ?? "").replace("hello", name),
      [`many/${name}/src/main.rs`]: MAIN.replace("hello", name),
    });
    await start({ ...HELLO, ...other("one"), ...other("two"), "many/node_modules/x/Cargo.toml": "" }).open("ws");
    await client.state("ws", "current");
    await client.changeFolders(["many"], []);
    await client.state("many/one", "current");
    await client.state("many/two", "current");
    expect(client.statuses.at(-1)?.projects).toHaveLength(3);
    expect(await client.output(client.bin("many/two", "two"))).toBe("two\n");
    await client.changeFolders([], ["many"]);
    await client.until("one project", () => client.statuses.at(-1)?.projects.length === 1);
    expect(client.status("ws")?.state.kind).toBe("current");
    expect(await client.prepare(client.bin("many/two", "two"), true)).toMatchObject({ kind: "none" });
  });

  it("goes on when the target directory is removed", async () => {
    await start(HELLO).open("ws");
    await client.state("ws", "current");
    await removed("ws/target");
    expect(await client.prepare(client.bin("ws", "hello"), false)).toMatchObject({ kind: "none" });
    expect(await client.output(client.bin("ws", "hello"))).toBe("hello\n");
  });

  it("lets go of a workspace that is removed, and takes it back", async () => {
    await start(HELLO).open("ws");
    await client.state("ws", "current");
    await removed("ws");
    await client.until("no project", () => client.statuses.at(-1)?.projects.length === 0);
    project.write("ws/src/main.rs", MAIN.replace("hello", "back"));
    project.write("ws/Cargo.toml", HELLO["ws/Cargo.toml"] ?? "");
    await client.state("ws", "current");
    expect(await client.output(client.bin("ws", "hello"))).toBe("back\n");
  });

  it("leaves nothing where a workspace was that is moved away during a build, and takes it back", async () => {
    await start({ ...HELLO, "ws/build.rs": GATE.replaceAll("../", "") }).open("ws");
    await client.until("the build script runs", () => fs.existsSync(project.path("ws/started")));
    fs.renameSync(project.path("ws"), project.path("aside"));
    // cargo goes on, where the workspace was.
    project.write("aside/gate", "");
    await client.until("no project", () => client.statuses.at(-1)?.projects.length === 0);
    await client.until("nothing is left", () => !fs.existsSync(project.path("ws")));
    fs.renameSync(project.path("aside"), project.path("ws"));
    await client.state("ws", "current");
    expect(await client.output(client.bin("ws", "hello"))).toBe("hello\n");
  });

  it("leaves a folder alone that is the user's, whatever is in it", async () => {
    await start(HELLO).open("ws");
    await client.state("ws", "current");
    fs.rmSync(project.path("ws/src"), { recursive: true });
    for (const file of ["Cargo.toml", "Cargo.lock"]) fs.rmSync(project.path(`ws/${file}`));
    await client.until("no project", () => client.statuses.at(-1)?.projects.length === 0);
    expect(fs.readdirSync(project.path("ws"))).toEqual(["target"]);
    project.write("ws/src/main.rs", MAIN.replace("hello", "back"));
    project.write("ws/Cargo.toml", HELLO["ws/Cargo.toml"] ?? "");
    await client.state("ws", "current");
  });
});
