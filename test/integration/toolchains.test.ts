/** A project whose toolchain becomes another one. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { HELLO, MAIN } from "./hello.js";
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

  it("asks cargo when the toolchain is another one", async () => {
    await start(HELLO).open("ws");
    await client.state("ws", "current");
    project.write("ws/rust-toolchain.toml", '[toolchain]\npath = "/nonexistent/toolchain"\n');
    await client.until(
      "no toolchain",
      () => !["current", "rebuilding"].includes(client.status("ws")?.state.kind ?? ""),
    );
    expect(await client.prepare(client.bin("ws", "hello"), false)).toMatchObject({ kind: "program" });
    fs.rmSync(project.path("ws/rust-toolchain.toml"));
    await client.state("ws", "current");
    project.edit("ws/src/main.rs", '"hello"', '"there again"');
    expect(await client.output(client.bin("ws", "hello"))).toBe("there again\n");
  });

  it("builds everything with another toolchain, by an engine of its own", async () => {
    const main = MAIN.replace('"hello"', 'option_env!("RUSTUP_TOOLCHAIN").unwrap_or("none")');
    await start({ ...HELLO, "ws/src/main.rs": main }).open("ws");
    await client.state("ws", "current");
    const before = await client.output(client.bin("ws", "hello"));
    const other = copyToolchain(project.path("other-toolchain"));
    project.write("ws/rust-toolchain.toml", `[toolchain]\npath = "${other}"\n`);
    await client.generation(1);
    await client.state("ws", "current");
    expect(client.generations.at(-1)?.summary).toMatchObject({ lane: "cargo" });
    expect(await client.output(client.bin("ws", "hello"))).not.toBe(before);
    expect(sysroots()).toContain(other);
    // Edits are compiled by the new one, too.
    project.edit("ws/src/main.rs", '"none")', '"none").trim_end_matches("edited")');
    await client.generation(2);
    expect(await client.output(client.bin("ws", "hello"))).toBe(`${other}\n`);
    fs.rmSync(project.path("ws/rust-toolchain.toml"));
    await client.generation(3);
    expect(await client.output(client.bin("ws", "hello"))).toBe(before);
  });

  /** The toolchains of the engines that run. */
  const sysroots = (): string[] =>
    fs.readdirSync("/proc").flatMap((pid) => {
      const [, command, ...args] = read(`/proc/${pid}/cmdline`).split("\0");
      const isOurs = command === "serve" && args.some((arg) => arg.startsWith(project.dir));
      return isOurs ? [args[args.indexOf("--sysroot") + 1] ?? ""] : [];
    });
});

/** The text of a file of a process that may have ended. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The default toolchain once more, as far as it takes part in builds: programs and their libraries are where they are found from. */
function copyToolchain(folder: string): string {
  const sysroot = execFileSync("rustc", ["--print", "sysroot"], { encoding: "utf8" }).trim();
  for (const part of ["bin", "lib"]) {
    fs.mkdirSync(path.join(folder, part), { recursive: true });
    for (const entry of fs.readdirSync(path.join(sysroot, part), { withFileTypes: true })) {
      const [from, to] = [path.join(sysroot, part, entry.name), path.join(folder, part, entry.name)];
      // (A symbolic link would lead the compiler back to where it comes from, and another name of the file would change the toolchain of all
      // other tests, since that is a change of the file.)
      if (entry.isFile()) fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE);
      else fs.symlinkSync(from, to);
    }
  }
  return folder;
}
