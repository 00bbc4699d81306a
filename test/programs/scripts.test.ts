/** The commands of the repository: what they say on a machine that lacks something, and `npm start` with and without a terminal. */
import { spawn } from "node:child_process";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isAtLeast, missingTools } from "../../scripts/lib/tools.mjs";
import { cleanEnvironment, run } from "./support/process.js";
import { fixture } from "./support/projects.js";
import { cache, repository } from "./support/repository.js";

const script = (name: string) => path.join(repository, "scripts", name);

describe("a machine that lacks something", () => {
  const good: Record<string, string> = {
    rustc: "rustc 1.95.0 (abc 2026-01-01)",
    cargo: "cargo 1.95.0",
    cc: "cc 12.2.0",
  };
  const machine = (changes: Record<string, string | undefined>, node = "20.0.0") => ({
    node,
    version: (command: string) => ({ ...good, ...changes })[command],
  });

  it("is told every missing tool and what to install", () => {
    expect(missingTools(machine({}))).toEqual([]);
    expect(missingTools(machine({ rustc: undefined })).join()).toContain("rustup");
    expect(missingTools(machine({ rustc: "rustc 1.70.0" })).join()).toContain("rustup update");
    expect(missingTools(machine({ cc: undefined })).join()).toContain("apt install gcc");
    expect(missingTools(machine({}, "18.19.0")).join()).toContain("install Node 20");
    expect(missingTools(machine({ rustc: undefined, cargo: undefined, cc: undefined }))).toHaveLength(3);
  });

  it("compares versions by number", () => {
    expect(isAtLeast("rustc 1.100.0", [1, 95])).toBe(true);
    expect(isAtLeast("rustc 1.9.0", [1, 95])).toBe(false);
    expect(isAtLeast("2.0", [1, 95])).toBe(true);
    expect(isAtLeast("nonsense", [0, 0])).toBe(false);
  });

  it("gets the message from the command itself", async () => {
    const bin = path.join(cache, "only-node");
    await rm(bin, { recursive: true, force: true });
    await mkdir(bin, { recursive: true });
    await symlink(process.execPath, path.join(bin, "node"));
    const outcome = await run(process.execPath, [script("build.mjs")], { cwd: repository, env: { PATH: bin } });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/lacks what the build needs[\s\S]*cargo was not found[\s\S]*cc was not found/);
    expect(outcome.stderr).not.toContain("    at ");
  });
});

describe("npm start", () => {
  it("without a terminal: builds, runs once, ends", async () => {
    const dir = await fixture("sample");
    const outcome = await run(process.execPath, [script("start.mjs"), dir], { cwd: repository });
    expect(outcome.stderr).not.toContain("panicked");
    expect(outcome.stdout).toContain("Hello from the sample");
    expect(outcome.code).toBe(0);
  });

  it("with a terminal: reruns on each save, ends cleanly on Ctrl-C", async () => {
    const dir = await fixture("sample");
    const terminal = new Terminal(`${process.execPath} ${script("start.mjs")} ${dir}`);
    await terminal.shows("Hello from the sample");
    const main = path.join(dir, "crates/app/src/main.rs");
    await writeFile(main, (await readFile(main, "utf8")).replace("Hello from the", "Greetings from the edited"));
    await terminal.shows("Greetings from the edited sample");
    expect(await terminal.interrupt(), terminal.text).toBe(0);
  });

  // Others use the copy, and what is built in it, too.
  afterAll(() => fixture("sample"));
});

/** A pseudo-terminal, through `script` of util-linux. */
class Terminal {
  readonly #child;
  #text = "";
  #ended = false;

  constructor(command: string) {
    // A shell that stayed in between would die of Ctrl-C itself, and tell that instead of the command's exit code.
    this.#child = spawn("script", ["-qefc", `exec ${command}`, "/dev/null"], {
      cwd: repository,
      env: cleanEnvironment(),
    });
    this.#child.stdout.on("data", (chunk: Buffer) => (this.#text += chunk.toString()));
    this.#child.once("exit", () => (this.#ended = true));
  }

  get text(): string {
    return this.#text;
  }

  async shows(text: string, milliseconds = 240_000): Promise<void> {
    const end = Date.now() + milliseconds;
    while (!this.#text.includes(text)) {
      if (Date.now() > end || this.#ended) throw new Error(`the terminal does not show "${text}":\n${this.#text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  interrupt(milliseconds = 60_000): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const tooLate = (): void => reject(new Error(`the terminal's program does not end:\n${this.#text}`));
      const timer = setTimeout(tooLate, milliseconds);
      this.#child.once("exit", (code) => {
        clearTimeout(timer);
        resolve(code);
      });
      this.#child.stdin.write("\u0003");
    });
  }
}
